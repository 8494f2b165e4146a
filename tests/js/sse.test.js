import assert from "node:assert/strict";
import { test } from "node:test";

import { SseParser } from "../../static/js/sse.js";

const encoder = new TextEncoder();

/** @param {string} text */
const whole = (text) => new SseParser().push(encoder.encode(text));

/** @type {[string, string, [string, string, string][]][]} */
const CASES = [
  ["one message", "data: a\n\n", [["message", "a", ""]]],
  ["data over two lines", "data: YHOO\ndata: +2\n\n", [["message", "YHOO\n+2", ""]]],
  [
    "only one space is taken",
    "data:test\n\ndata:  test\n\n",
    [
      ["message", "test", ""],
      ["message", " test", ""],
    ],
  ],
  [
    "empty data",
    "data\n\ndata\ndata\n\ndata:",
    [
      ["message", "", ""],
      ["message", "\n", ""],
    ],
  ],
  ["comments", ": ping\n\n:\ndata: a\n:x\n\n", [["message", "a", ""]]],
  [
    "event and id",
    "event: end\nid: 7\ndata: {}\n\ndata: b\n\n",
    [
      ["end", "{}", "7"],
      ["message", "b", "7"],
    ],
  ],
  ["an event without data is none", "event: x\n\ndata: a\n\n", [["message", "a", ""]]],
  ["an id without data counts for what follows", "id: 4\n\ndata: a\n\n", [["message", "a", "4"]]],
  [
    "an empty id takes it back",
    "id: 4\ndata: a\n\nid\ndata: b\n\n",
    [
      ["message", "a", "4"],
      ["message", "b", ""],
    ],
  ],
  ["an id with NUL is left out", "id: 4\0\ndata: a\n\n", [["message", "a", ""]]],
  [
    "CR and CRLF",
    "data: a\r\rdata: b\r\n\r\ndata: c\r\n\n",
    [
      ["message", "a", ""],
      ["message", "b", ""],
      ["message", "c", ""],
    ],
  ],
  ["a byte order mark", "\uFEFFdata: a\n\n", [["message", "a", ""]]],
  [
    "unknown fields, and names with a space",
    "datax: 1\n data: 2\nDATA: 3\ndata: a\n\n",
    [["message", "a", ""]],
  ],
  ["U+2028 and U+0085 end no line", "data: a\u2028b\u0085c\n\n", [["message", "a\u2028b\u0085c", ""]]],
  ["what is not complete is not given", "data: a\n\ndata: b\n", [["message", "a", ""]]],
  ["a colon in the value", "data: a:b\n\n", [["message", "a:b", ""]]],
];

for (const [name, text, expected] of CASES) {
  test(name, () => {
    const flat = (/** @type {import("../../static/js/sse.js").Message[]} */ messages) =>
      messages.map(({ event, data, id }) => [event, data, id]);
    assert.deepEqual(flat(whole(text)), expected);
    const bytes = encoder.encode(text);
    const parser = new SseParser();
    const one = [];
    for (let at = 0; at < bytes.length; at++) one.push(...parser.push(bytes.subarray(at, at + 1)));
    assert.deepEqual(flat(one), expected, "a byte at a time");
  });
}

test("10,000 generated messages come back whole, cut anywhere", () => {
  let seed = 7;
  const random = (/** @type {number} */ below) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * below);
  };
  const letters = ["a", "é", "😀", ":", " ", "data", "{", "\u2028", "\t", "", "x".repeat(300)];
  const ends = ["\n", "\r\n", "\r"];
  const sent = [];
  const parts = [];
  for (let seq = 0; seq < 10_000; seq++) {
    const lines = Array.from({ length: 1 + random(3) }, () =>
      Array.from({ length: random(6) }, () => letters[random(letters.length)]).join(""),
    );
    const end = /** @type {string} */ (ends[random(3)]);
    sent.push({ event: "message", data: lines.join("\n"), id: String(seq) });
    parts.push(
      `id: ${seq}${end}${lines.map((line) => `data: ${line}${end}`).join("")}${random(5) ? "" : `: c${end}`}${end}`,
    );
  }
  const bytes = encoder.encode(parts.join(""));
  const parser = new SseParser();
  const got = [];
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + random(random(2) ? 5 : 4000);
    got.push(...parser.push(bytes.subarray(at, at + size)));
    at += size;
  }
  assert.deepEqual(got, sent);
  assert.equal(parser.lastId, "9999");
});

test("the time to come back is read where it is a number", () => {
  const parser = new SseParser();
  parser.push(encoder.encode("retry: soon\n\n"));
  assert.equal(parser.retry, null);
  parser.push(encoder.encode("retry: 1500\n\n"));
  assert.equal(parser.retry, 1500);
});
