import assert from "node:assert/strict";
import { test } from "node:test";

import * as format from "../../static/js/format.js";

/** @template T @param {string} name @param {(value: T) => unknown} function_ @param {[T, unknown][]} cases */
function table(name, function_, cases) {
  test(name, () => {
    for (const [value, expected] of cases) assert.equal(function_(value), expected, JSON.stringify(value));
  });
}

table("durations", format.duration, [
  [0, "0 ms"],
  [40, "0 ms"],
  [412, "0.4 ms"],
  [9940, "9.9 ms"],
  [9960, "10 ms"],
  [204_000, "204 ms"],
  [999_400, "999 ms"],
  [999_600, "1.00 s"],
  [3_420_000, "3.42 s"],
  [12_340_000, "12.3 s"],
  [59_960_000, "1 m 00 s"],
  [65_000_000, "1 m 05 s"],
  [3_600_000_000, "1 h 00 m"],
  [-5, "0 ms"],
]);

test("a duration that counts has one decimal", () => {
  assert.equal(format.duration(0, true), "0.0 s");
  assert.equal(format.duration(3_449_999, true), "3.4 s");
  assert.equal(format.duration(65_000_000, true), "1 m 05 s");
});

test("ticks", () => {
  assert.equal(format.tickLabel(0, 1e6), "0");
  assert.equal(format.tickLabel(500, 500), "0.5 ms");
  assert.equal(format.tickLabel(500_000, 500_000), "500 ms");
  assert.equal(format.tickLabel(1_500_000, 500_000), "1.5 s");
  assert.equal(format.tickLabel(20_000_000, 10_000_000), "20 s");
  assert.equal(format.tickLabel(90_000_000, 30_000_000), "1:30");
  assert.equal(format.tickLabel(3_660_000_000, 60_000_000), "1:01:00");
});

table("places in a run, as the replay writes them", format.offset, [
  [0, "+0.000 s"],
  [3_391_400, "+3.391 s"],
  [59_999_400, "+59.999 s"],
  [59_999_600, "+1:00.000"],
  [546_541_000, "+9:06.541"],
  [3_600_000_000, "+1:00:00.000"],
]);

table("counts", format.count, [
  [0, "0"],
  [999, "999"],
  [1048, "1,048"],
  [1_234_567, "1,234,567"],
]);

table("bytes", format.byteSize, [
  [0, "0 B"],
  [999, "999 B"],
  [4100, "4.1 kB"],
  [256_000, "256 kB"],
  [999_600, "1.0 MB"],
  [5e12, "5000 GB"],
]);

table("rates", format.perSecond, [
  [0, "0"],
  [8.66, "8.7"],
  [87.4, "87"],
  [20_000, "20,000"],
]);

table("paths", format.pathName, [
  [[], ""],
  [["countries", 2, "population"], "countries[2].population"],
  [["a b", 0, "größe"], '["a b"][0].größe'],
]);

table("offsets", format.offset, [
  [3_391_400, "+3.391 s"],
  [0, "+0.000 s"],
]);

table("chain labels", format.chainLabel, [
  ["tracer.demo:rag", "rag"],
  ["plain", "plain"],
  ["odd:", "odd:"],
]);

test("compact JSON stops where it is enough", () => {
  assert.equal(
    format.compactJson({ a: [1, "x", null], b: { c: true } }, 100),
    '{"a": [1, "x", null], "b": {"c": true}}',
  );
  const long = format.compactJson({ list: Array.from({ length: 1e5 }, (_, index) => index) }, 60);
  assert.ok(long.length <= 61 && long.endsWith("…"), long);
  /** @type {any} */
  let deep = 1;
  for (let level = 0; level < 5000; level++) deep = [deep];
  assert.ok(format.compactJson(deep, 1000).includes("…"));
  assert.equal(format.compactJson({ $tracer: "nan" }, 20), "NaN");
  assert.equal(format.compactJson({ $tracer: "object", type: "m.Point", value: { x: 1 } }, 20), '{"x": 1}');
});

test("what a server says begins like a sentence, unless it begins with a name", () => {
  assert.equal(format.sentence("this is no log"), "This is no log");
  for (const same of ["steps: too many", "'a:b' is not served", "Ok", ""])
    assert.equal(format.sentence(same), same);
});

test("one line, cut between characters", () => {
  assert.equal(format.oneLine("a\n  b\tc ", 10), "a b c");
  assert.equal(format.oneLine("abcdef", 4), "abc…");
  const cut = format.oneLine("ab😀😀😀", 4);
  assert.ok(!/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/.test(cut), cut);
});

test("types and errors have names", () => {
  assert.equal(format.typeName("chat_model"), "chat model");
  assert.equal(format.lookOf("llm"), "model");
  assert.equal(format.typeName("some_thing"), "some thing");
  assert.equal(format.lookOf("some_thing"), "chain");
  assert.equal(format.errorName("openai.RateLimitError"), "RateLimitError");
});

test("when something was, in few letters", () => {
  const today = new Date(2026, 10, 20, 16, 0);
  /** @param {number[]} date */
  const said = (...date) =>
    format.dayTime(new Date(.../** @type {[number, number]} */ (date)).toISOString(), today);
  assert.equal(said(2026, 10, 20, 14, 5), "14:05");
  assert.equal(said(2026, 10, 19, 9, 12), "yesterday 9:12");
  assert.equal(
    format.dayTime(new Date(2026, 0, 31, 23, 59).toISOString(), new Date(2026, 1, 1)),
    "yesterday 23:59",
  );
  assert.match(said(2026, 10, 3, 9, 12), /3.* 9:12$/);
  assert.match(said(2025, 10, 20, 9, 12), /20.* 2025$/);
  assert.equal(format.dayTime("never"), "");
});
