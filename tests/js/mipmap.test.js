// What is painted of lanes with many spans: the same as looking at each of them; and the rate of tokens.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Branches } from "../../static/js/branches.js";
import { Columns, HOLDS, PIECE } from "../../static/js/columns.js";
import { Mipmap, NOTHING, sample } from "../../static/js/mipmap.js";
import { areaOf, Rate, Rates, stepsOf } from "../../static/js/rates.js";
import { ERROR, SpanColumns } from "../../static/js/span_columns.js";
import { Fold } from "../../static/js/spans.js";
import { linesOf, numbers } from "./spans_made.js";

/** Spans that follow one another. @param {number} count @param {number} seed */
function made(count, seed) {
  const next = numbers(seed);
  const spans = [];
  let at = next(1000);
  for (let one = 0; one < count; one++) {
    const start = at + (next(3) ? next(50) : next(40_000));
    const end = start + (next(5) ? next(2000) : next(90_000));
    spans.push({ start, end, look: next(30) === 0 ? ERROR : next(6) });
    at = end;
  }
  return spans;
}

test("every stretch shows its longest span, what is covered, and every failure, at any scale", () => {
  for (let seed = 1; seed <= 30; seed++) {
    const next = numbers(seed * 31);
    const spans = made(seed % 3 ? 20 + next(600) : 1500 + next(2000), seed);
    const map = new Mipmap(ERROR);
    for (const { start, end, look } of spans) map.add(0, start, end, look);
    const all = Number(spans.at(-1)?.end);
    const out = { look: new Uint8Array(700), alpha: new Uint8Array(700), failed: new Uint8Array(700) };
    for (let view = 0; view < 12; view++) {
      const count = 100 + next(600);
      const from = view ? next(all) : 0;
      const to = view ? from + 1 + next(all - from) : all;
      sample(map, 0, from, to, count, out);
      const width = (to - from) / count;
      // Buckets do not end where pixels do: what is in a neighbour may be seen, nothing may be missing.
      const isFine = width < map.bucket_us || !map.lanes[0]?.levels.length;
      const slack = isFine ? 0 : map.bucket_us * 2 ** map.levelFor(width);
      for (let at = 0; at < count; at++) {
        const left = from + at * width;
        const inside = spans.filter((one) => one.end > left + 1e-6 && one.start < left + width - 1e-6);
        const around = spans.filter((one) => one.end >= left - slack && one.start <= left + width + slack);
        if (inside.length) assert.notEqual(out.look[at], NOTHING, `${seed} ${view}: pixel ${at} of ${count}`);
        if (!around.length) assert.equal(out.look[at], NOTHING);
        if (out.look[at] !== NOTHING) assert.ok(around.some((one) => one.look === out.look[at]));
        const fails = inside.some((one) => one.look === ERROR);
        if (fails) assert.equal(out.failed[at], 1, `${seed} ${view}: a failure in pixel ${at}`);
        if (out.failed[at]) assert.ok(around.some((one) => one.look === ERROR));
      }
    }
  }
});

test("of many spans in a bucket the longest is seen", () => {
  const map = new Mipmap(ERROR);
  const next = numbers(9);
  const longest = new Map();
  for (let at = 0; at < 5000; at++) {
    const start = at * 100;
    const end = start + 1 + next(99);
    const look = next(6);
    map.add(0, start, end, look);
    const pixel = Math.floor(start / 2048);
    if (end <= (pixel + 1) * 2048 && end - start > (longest.get(pixel)?.long ?? 0)) {
      longest.set(pixel, { long: end - start, looks: new Set([look]) });
    } else if (end - start === longest.get(pixel)?.long) longest.get(pixel).looks.add(look);
  }
  const count = 244;
  const out = { look: new Uint8Array(count), alpha: new Uint8Array(count), failed: new Uint8Array(count) };
  sample(map, 0, 0, count * 2048, count, out);
  // A span over the edge of two pixels is in both, and may be the longest in either.
  let same = 0;
  for (const [pixel, { looks }] of longest) if (looks.has(out.look[pixel])) same++;
  assert.ok(same > count * 0.8, `${same} of ${count}`);
});

test("added one by one over a growing time it is the same as what was there from the start", () => {
  const spans = made(2000, 3);
  const grown = new Mipmap(ERROR);
  for (const { start, end, look } of spans) grown.add(0, start, end, look);
  const whole = new Mipmap(ERROR);
  // A span far out makes the buckets as wide at once.
  whole.add(1, 0, Number(spans.at(-1)?.end), 0);
  for (const { start, end, look } of spans) whole.add(0, start, end, look);
  assert.equal(grown.bucket_us, whole.bucket_us);
  for (const [level, a] of Object.entries(grown.lanes[0]?.levels ?? [])) {
    const b = whole.lanes[0]?.levels[Number(level)];
    for (let at = 0; at < a.look.length; at++) {
      assert.ok(
        Math.abs(Number(a.covered[at]) - Number(b?.covered[at])) < 8,
        `covered, level ${level}, ${at}`,
      );
      assert.equal(a.failed[at], b?.failed[at]);
      assert.equal(a.longest[at], b?.longest[at]);
    }
  }
});

test("what is inside a folded span is all there, also what ends later", () => {
  for (let seed = 1; seed <= 15; seed++) {
    const lines = linesOf(150, seed);
    const fold = new Fold();
    const columns = new SpanColumns();
    const branches = new Branches(columns);
    const half = lines.length >> 1;
    const take = (/** @type {any[]} */ some) => {
      for (const line of some) fold.add(line);
      columns.sync(fold.spans, fold.version, () => false, fold.findings);
      branches.sync();
    };
    take(lines.slice(0, half));
    for (let index = 0; index < 20; index++) branches.of(index);
    for (let at = half; at < lines.length; at += 9) take(lines.slice(at, at + 9));
    for (let index = 0; index < 20; index++) {
      let inside = 0;
      for (let one = index + 1; one < columns.length; one++) {
        let above = Number(columns.parent[one]);
        while (above > index) above = Number(columns.parent[above]);
        if (above === index && Number.isFinite(columns.end_us[one])) inside++;
      }
      const { map, isWhole } = branches.of(index);
      assert.equal(isWhole, true);
      assert.equal(map.version, inside, `${seed}: span ${index}`);
    }
  }
});

test("a branch that is made in slices has each span once, whatever ends meanwhile", () => {
  const fold = new Fold();
  const columns = new SpanColumns();
  const branches = new Branches(columns);
  const sync = () => {
    columns.sync(fold.spans, fold.version, () => false, fold.findings);
    branches.sync();
  };
  const count = 45_000;
  for (let span = 1; span <= count; span++) {
    fold.add({ event: "on_tool_start", span, parent: span > 1 ? 1 : null, name: "a", t_us: span });
  }
  const end = (/** @type {number} */ span) =>
    fold.add({ event: "on_tool_end", span, t_us: count + span, data: {} });
  for (let span = 2; span <= count; span += 2) end(span);
  sync();
  assert.equal(branches.of(0).isWhole, false);
  for (let span = 3; span <= count; span += 2) end(span);
  fold.add({ event: "on_tool_start", span: count + 1, parent: 2, name: "late", t_us: 3 * count });
  sync();
  end(count + 1);
  sync();
  while (!branches.of(0).isWhole) assert.ok(true);
  assert.ok(branches.of(0).map.version <= count, "none is there twice");
  assert.ok(branches.of(0).map.version >= count, "none is missing");
});

test("a rate counts every piece, however long it goes on", () => {
  const rate = new Rate();
  for (let at = 0; at < 5000; at++) rate.add(1e6 + at * 37_000);
  assert.equal(
    rate.counts.reduce((sum, one) => sum + one, 0),
    5000,
  );
  const { step_us, values } = stepsOf(rate);
  const perSecond = values.slice(0, -1).map((one) => (one / rate.bucket_us) * 1e6);
  for (const one of perSecond) assert.ok(Math.abs(one - 27) < 2, `${one} a second`);
  assert.ok(step_us >= rate.bucket_us);
  const path = areaOf(rate, 1e6 + 5000 * 37_000);
  assert.match(path, /^M0\.0 100L0\.0 [\d.]+(L[\d.]+ [\d.]+)+L100\.0 100Z$/);
  const part = areaOf(rate, 1e6 + 5000 * 37_000, (t_us) => t_us, { from: 50e6, to: 60e6 });
  assert.ok(part.length < path.length && part.startsWith("M-"), "only what is seen of it");
  assert.equal(areaOf(new Rate(), 1e6), "", "nothing came");
});

test("rates of a span are found among the rows of others, and go on", () => {
  const columns = new Columns();
  const kind = columns.codeOf("on_chat_model_stream", ["chat_model", "stream"]);
  const rates = new Rates(columns);
  let seq = 0;
  const push = (/** @type {number} */ span, /** @type {number} */ t_us, /** @type {number} */ mark) =>
    columns.push({ seq: seq++, t_us, kind, form: 1, span, text: "a", mark });
  for (let at = 0; at < 100; at++) push(1 + (at % 2), at * 10_000, at % 10 < 2 ? HOLDS : PIECE | HOLDS);
  assert.equal(rates.of(1).version, 40);
  for (let at = 100; at < 120; at++) push(1, at * 10_000, PIECE);
  assert.equal(rates.of(1).version, 60);
  assert.equal(rates.of(3).version, 0);
});
