// Whole lines out of compact ones, held to the same fixtures as its twin in tests/log/test_expand.py.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { Draft, tokens, valueAt } from "../../static/js/delta.js";
import { Whole } from "../../static/js/expand.js";
import { served } from "./served.js";

const fixtures = fileURLToPath(new URL("../fixtures/", import.meta.url));
const names = readdirSync(fixtures).filter((name) => name.endsWith(".whole.json"));
const LONG = "x".repeat(80);

/** @param {Record<string, any>[]} lines @returns {Record<string, any>[]} */
const put = (lines) => {
  const whole = new Whole();
  return lines.map((line) => whole.line(line));
};

/** @param {unknown} seq */
const missing = (seq) => ({ $tracer: "missing", seq });

test("there are fixtures", () => assert.ok(names.length >= 7));

for (const name of names) {
  const expected = JSON.parse(readFileSync(fixtures + name, "utf-8"));
  const lines = served(readFileSync(fixtures + name.replace(".whole.json", ".jsonl")));

  test(`${name}, line after line`, () => {
    assert.ok(lines.some((line) => line.same) || lines.some((line) => line.delta));
    assert.deepStrictEqual(put(lines), expected);
    // Also in the order of their keys.
    assert.equal(
      JSON.stringify(put(lines).map((line) => line.data)),
      JSON.stringify(expected.map((/** @type {any} */ line) => line.data)),
    );
  });

  test(`${name}, any line alone and backwards`, () => {
    const before = JSON.stringify(lines);
    for (let seq = lines.length - 1; seq >= 0; seq--) {
      assert.deepStrictEqual(new Whole((at) => lines[at]).line(lines[seq] ?? {}), expected[seq]);
    }
    const whole = new Whole((at) => lines[at]);
    assert.deepStrictEqual(
      [...lines].reverse().map((line) => whole.line(line)),
      [...expected].reverse(),
    );
    assert.equal(JSON.stringify(lines), before, "lines are left as they were");
  });
}

test("what does not change is the same object", () => {
  const value = { kept: { deep: [LONG] }, list: [{ n: 1 }, { n: 2 }] };
  const ops = [{ op: "append", path: "/list/1/text", value: "b" }];
  const first = { ...value, list: [{ n: 1 }, { n: 2, text: "a" }] };
  const [one, two, three] = put([
    { seq: 0, event: "on_parser_stream", data: { chunk: first } },
    { seq: 1, event: "on_parser_stream", delta: { "/chunk": { base: 0, ops } } },
    { seq: 2, event: "on_chain_stream", same: { "/chunk": [1, "/chunk"] } },
  ]).map((line) => line.data.chunk);
  assert.equal(two.kept, one.kept);
  assert.equal(two.list[0], one.list[0]);
  assert.notEqual(two.list[1], one.list[1]);
  assert.deepEqual(two.list[1], { n: 2, text: "ab" });
  assert.deepEqual(one.list[1], { n: 2, text: "a" });
  assert.equal(three, two);
});

test("what cannot be followed is a marker, and never an exception", () => {
  const base = { seq: 0, event: "a", data: { v: { text: LONG, list: [1] } } };
  /** @type {[Record<string, any>, unknown][]} */
  const cases = [
    [{ same: { "/v": [1, "/v"] } }, missing(1)],
    [{ same: { "/v": [7, "/v"] } }, missing(7)],
    [{ same: { "/v": [-1, "/v"] } }, missing(-1)],
    [{ same: { "/v": [0, "/nothing"] } }, missing(0)],
    [{ same: { "/v": [0, "v"] } }, missing(0)],
    [{ same: { "/v": [0, 5] } }, missing(0)],
    [{ same: { "/v": [0, "/v/list/01"] } }, missing(0)],
    [{ same: { "/v": [0, "/a".repeat(65)] } }, missing(0)],
    [{ same: { "/v": ["0", "/v"] } }, missing(null)],
    [{ same: { "/v": [0] } }, missing(null)],
    [{ same: { "/v": null } }, missing(null)],
    [{ same: { nowhere: [0, "/v"], "/v": [0, "/v/text"] } }, LONG],
    [{ same: [1], delta: 5, data: { v: 3 } }, 3],
    [{ delta: { "/v": { base: 0 } } }, missing(0)],
    [{ delta: { "/v": { base: 1, ops: [] } } }, missing(1)],
    [{ delta: { "/v": { base: 0, ops: [] } } }, base.data.v],
    [{ delta: { "/v": { base: 0, from: "/v/list", ops: [{ op: "remove", path: "/0" }] } } }, []],
    ...[
      { op: "append", path: "/list", value: "x" },
      { op: "append", path: "/text", value: 1 },
      { op: "append", path: "/text" },
      { op: "replace", path: "/none", value: 1 },
      { op: "remove", path: "/none" },
      { op: "remove", path: "" },
      { op: "add", path: "/list/5", value: 1 },
      { op: "add", path: "/text/0", value: 1 },
      { op: "copy", path: "/list", from: "/text" },
      { op: "toString", path: "", value: 1 },
      null,
    ].map((op) => /** @type {[any, any]} */ ([{ delta: { "/v": { base: 0, ops: [op] } } }, missing(0)])),
  ];
  for (const [fields, value] of cases) {
    const [, line] = put([base, { seq: 1, event: "a", ...fields }]);
    assert.deepStrictEqual(line?.data.v, value, JSON.stringify(fields));
  }
});

test("references inside each other are followed 16 deep", () => {
  /** @type {Record<string, any>[]} */
  const lines = [{ seq: 0, event: "a", data: { v: [LONG] } }];
  for (let seq = 1; seq < 20; seq++)
    lines.push({ seq, event: "a", data: { v: [null] }, same: { "/v/0": [seq - 1, "/v"] } });
  const whole = put(lines);
  assert.deepEqual(valueAt(whole[16]?.data.v, Array(16).fill("0")), [LONG]);
  assert.deepEqual(whole[17]?.data.v, [missing(16)]);
});

test("a value that holds the one before it many times is let in only so far", () => {
  /** @type {Record<string, any>[]} */
  const lines = [{ seq: 0, event: "a", data: { v: [LONG] } }];
  const pointers = Array.from({ length: 10 }, (_, n) => `/v/${n}`);
  for (let seq = 1; seq < 12; seq++) {
    const same = Object.fromEntries(pointers.map((pointer) => [pointer, [seq - 1, "/v"]]));
    lines.push({ seq, event: "a", data: { v: Array(10).fill(null) }, same });
  }
  const whole = put(lines);
  assert.deepEqual(whole[3]?.data.v[9][9][9], [LONG]);
  const first = whole.findIndex((line) => line.data.v.some((/** @type {any} */ one) => one.$tracer));
  assert.ok(first > 3 && first < 8, String(first));
});

test("what comes in counts, not all that the line it comes from may hold", () => {
  const text = "x".repeat(2_000_000);
  const keys = ["a", "b", "c", "d", "e", "f", "g", "h"];
  const none = Object.fromEntries(keys.map((key) => [key, null]));
  /** @type {Record<string, any>[]} */
  const lines = [{ seq: 0, event: "a", data: { v: { a: text } } }];
  for (let seq = 1; seq < 5; seq++) {
    const same = Object.fromEntries(keys.map((key) => [`/v/${key}`, [seq - 1, "/v/a"]]));
    lines.push({ seq, event: "a", data: { v: none }, same });
  }
  for (const { data } of put(lines).slice(1)) for (const key of keys) assert.equal(data.v[key], text);
});

test("a member named __proto__ is a member", () => {
  const lines = [
    '{"seq":0,"event":"a","data":{"v":{"__proto__":{"a":1},"k":"v"}}}',
    '{"seq":1,"event":"a","delta":{"/v":{"base":0,"ops":[{"op":"add","path":"/__proto__/b","value":2}]}}}',
    '{"seq":2,"event":"a","data":{},"same":{"/__proto__":[1,"/v"]}}',
  ].map((line) => JSON.parse(line));
  const whole = put(lines);
  assert.equal(JSON.stringify(whole[1]?.data), '{"v":{"__proto__":{"a":1,"b":2},"k":"v"}}');
  assert.equal(JSON.stringify(whole[2]?.data), '{"__proto__":{"__proto__":{"a":1,"b":2},"k":"v"}}');
  assert.equal(/** @type {any} */ ({}).b, undefined);
});

test("pointers", () => {
  assert.deepEqual(tokens(""), []);
  assert.deepEqual(tokens("/a~1b/~0/ /~01"), ["a/b", "~", " ", "~1"]);
  assert.deepEqual(tokens("/"), [""]);
  assert.equal(valueAt({ "": [0, "b"] }, ["", "1"]), "b");
  for (const wrong of [["x"], ["a", "b"], ["a", "-1"], ["a", "2"]])
    assert.throws(() => valueAt({ a: [1, 2] }, wrong));
  assert.throws(() => new Draft([1]).put(["1"], 2));
});
