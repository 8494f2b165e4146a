// States: what draws each, what each means, and where a failure began.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { SpanColumns } from "../../static/js/span_columns.js";
import { Fold } from "../../static/js/spans.js";
import { failedFirst, originOf, stateAbout, stateGlyph } from "../../static/js/states.js";
import { RunStore } from "../../static/js/store.js";
import { served } from "./served.js";

const FINAL = ["error", "propagated", "cancelled", "interrupted", "abandoned", "unfinished", "lost"];
const root = new URL("../../", import.meta.url);

/** @param {string} name */
const linesOf = (name) => served(readFileSync(new URL(`tests/fixtures/${name}.jsonl`, root)));

/** @param {string} name */
function foldOf(name) {
  const fold = new Fold();
  for (const line of linesOf(name)) fold.add(line);
  fold.lost();
  return fold;
}

test("each state but ok and running has a glyph of its own, and each a meaning", () => {
  const glyphs = FINAL.map(stateGlyph);
  assert.equal(new Set(glyphs).size, FINAL.length);
  const drawn = readFileSync(new URL("templates/glyphs.html", root), "utf-8");
  for (const glyph of glyphs) assert.ok(drawn.includes(`id="glyph-${glyph}"`), glyph);
  for (const state of [...FINAL, "ok", "running"]) assert.notEqual(stateAbout(state), "");
  assert.equal(stateGlyph("ok"), "");
  assert.equal(stateAbout("new one"), "");
});

test("each state has a bar and a dot of its own in the style sheets", () => {
  const css = ["timeline", "controls"].map((name) =>
    readFileSync(new URL(`static/css/${name}.css`, root), "utf-8"),
  );
  for (const state of FINAL) {
    for (const sheet of css) assert.ok(sheet.includes(`[data-state="${state}"]`), state);
  }
});

test("where a failure began", () => {
  const store = new RunStore("r");
  for (const line of linesOf("propagated")) store.take(line, 0, false);
  const fold = store.moment;
  const top = fold.spans.find((span) => span.state === "propagated");
  assert.ok(top);
  const origin = originOf(fold, top);
  assert.equal(origin?.state, "error");
  assert.equal(originOf(fold, /** @type {NonNullable<typeof origin>} */ (origin)), undefined);
  assert.equal(failedFirst(fold), origin);
});

test("causes that go in a circle end", () => {
  const spans = [
    { span: 1, cause: 2 },
    { span: 2, cause: 1 },
  ];
  const fold = { span: (/** @type {number | null} */ number) => spans.find((one) => one.span === number) };
  assert.ok(originOf(fold, /** @type {{ span: number, cause: number }} */ (spans[0])));
});

test("a failure that was made good warns nobody above", () => {
  const fold = foldOf("fallback");
  const columns = new SpanColumns();
  columns.sync(fold.spans, fold.version, () => false, fold.findings);
  const good = fold.spans.filter((span) => span.recovered);
  assert.equal(good.length, 1);
  assert.equal(columns.failsBelow(columns.indexOf(good[0]?.span ?? null)), true);
  const above = new Set();
  for (let at = good[0]?.parent ?? null; at !== null; at = fold.span(at)?.parent ?? null) above.add(at);
  assert.ok(above.size > 0);
  for (const span of above) assert.equal(columns.failsBelow(columns.indexOf(span)), false, `${span}`);
});
