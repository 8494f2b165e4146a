// JSON as it was written: the order of keys, the digits of numbers.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Draft } from "../../static/js/delta.js";
import { isOdd, keysOf, parseExact, parseLine, writeJson } from "../../static/js/exact.js";
import { grown } from "../../static/js/growth.js";
import { Track } from "../../static/js/track.js";
import { Chance } from "./chance.js";

const KEYS = [
  "a",
  "b",
  "1",
  "0",
  "10",
  "2",
  "-1",
  "01",
  "__proto__",
  "constructor",
  "",
  'é"\\',
  "4294967296",
];
const NUMBERS = [
  ..."0 1 -1 -0 0.0 1.0 1.50 1e5 1E5 1e-05 1e+16 12345678901234567890 9007199254740993 9007199254740992".split(
    " ",
  ),
  ..."0.1 0.30000000000000004 0.0000001 -0.0000001 0.1000000000000000055511151231257827 100 1000000000000000".split(
    " ",
  ),
];

/** @param {Chance} chance @param {number} depth @returns {string} a JSON text */
function made(chance, depth) {
  const kind = depth > 3 ? chance.below(2) : chance.below(4);
  if (kind === 0) return chance.of(NUMBERS);
  if (kind === 1) return chance.of(['"x"', '"1"', '"\\"1\\": 1.0"', "true", "null", '"é\\\\"', '"1.0, 2.0"']);
  const size = chance.below(5);
  if (kind === 2) return `[${Array.from({ length: size }, () => made(chance, depth + 1)).join(",")}]`;
  const keys = [...new Set(Array.from({ length: size }, () => chance.of(KEYS)))];
  return `{${keys.map((key) => `${JSON.stringify(key)}:${made(chance, depth + 1)}`).join(",")}}`;
}

test("any JSON is written again as it was", () => {
  const chance = new Chance(7);
  for (let round = 0; round < 3000; round++) {
    const text = made(chance, 0);
    assert.equal(writeJson(parseExact(text)), text);
    assert.deepEqual(
      JSON.parse(JSON.stringify(parseExact(text))),
      JSON.parse(JSON.stringify(JSON.parse(text))),
    );
    if (!isOdd(text)) assert.equal(JSON.stringify(JSON.parse(text)), text);
  }
});

test("keys written in escapes, spaces between, depth", () => {
  assert.deepEqual(keysOf(parseExact('{ "b" : 1 , "\\u0031" : [ 1.0 , {} ] , "a":2}')), ["b", "1", "a"]);
  assert.throws(() => parseExact('{"a":1.0,}'), SyntaxError);
  const deep = `${"[".repeat(100_000)}1.0${"]".repeat(100_000)}`;
  assert.ok(Array.isArray(parseExact(deep)));
});

test("a changed value keeps its order, what is new comes last", () => {
  const before = parseExact('{"b":1,"2":2,"1":3}');
  const draft = new Draft(before);
  draft.apply({ op: "add", path: "/0", value: parseExact("1.0") });
  draft.apply({ op: "replace", path: "/2", value: "x" });
  draft.apply({ op: "remove", path: "/b" });
  assert.equal(writeJson(draft.value), '{"2":"x","1":3,"0":1.0}');
  assert.equal(writeJson(before), '{"b":1,"2":2,"1":3}');
  const plain = new Draft({ b: 1 });
  plain.apply({ op: "add", path: "/7", value: 1 });
  assert.equal(writeJson(plain.value), '{"b":1,"7":1}');
});

test("what is the log's own in a line are plain numbers", () => {
  const line = parseLine(
    '{"seq":1.0,"same":{"/a":[0.0,"/b"]},"delta":{"/c":{"base":1.0,"ops":[]}},"data":{"n":1.0}}',
  );
  assert.deepEqual([line.seq, line.same["/a"][0], line.delta["/c"].base], [1, 0, 1]);
  assert.equal(String(line.data.n), "1.0");
});

test("the tree and what is played back have them", () => {
  const states = ['{"b":1,"2":12345678901234567890}', '{"b":1,"2":12345678901234567891,"1":1.0}'];
  const track = new Track();
  for (const [row, text] of states.entries()) track.push(row, parseExact(text));
  for (const [row, text] of states.entries()) {
    assert.equal(writeJson(track.valueAt(row)), text);
    const { root } = grown(parseExact(text));
    assert.equal(`{${root?.children.map(({ key, leaf }) => `"${key}":${leaf}`).join(",")}}`, text);
  }
});
