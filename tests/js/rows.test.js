// Spans in columns and in rows: the same as found by walking the whole tree, however they come and whatever is folded.

import assert from "node:assert/strict";
import { test } from "node:test";

import { RowOrder } from "../../static/js/row_order.js";
import { isPlumbing, MOST_LANES, SpanColumns } from "../../static/js/span_columns.js";
import { Fold } from "../../static/js/spans.js";
import { aboveFailures, foldOf, linesOf, numbers, plainRows } from "./spans_made.js";

/** @typedef {import("./spans_made.js").PlainRow} PlainRow */

const nothing = () => false;

/** @param {RowOrder} order @returns {PlainRow[]} */
function rowsOf(order) {
  while (order.sync(0)) assert.ok(true);
  const rows = [];
  for (let row = 0; row < order.length; row++) {
    const index = Number(order.rows[row]);
    rows.push({
      span: Number(order.columns.number[index]),
      level: order.level(index),
      size: order.siblings(index),
      position: order.position(index),
      children: order.children(index),
    });
    assert.equal(order.rowOf(index), row);
  }
  return rows;
}

/** @param {Fold} fold @param {SpanColumns} columns */
function sync(fold, columns) {
  while (columns.sync(fold.spans, fold.version, nothing, fold.findings, 0)) assert.ok(true);
}

/** What is kept of plumbing: what did not end well, and what something was found of. @param {Fold} fold */
function hiddenIn(fold) {
  const found = new Set(fold.findings.map((one) => one.span));
  return (/** @type {import("../../static/js/span.js").SpanNow} */ span) =>
    isPlumbing(span) && (span.state === "ok" || span.state === "running") && !found.has(span.span);
}

for (let seed = 1; seed <= 40; seed++) {
  test(`rows of a made run, as it comes (${seed})`, () => {
    const next = numbers(seed * 7919);
    const lines = linesOf(20 + next(160), seed);
    const fold = new Fold();
    const columns = new SpanColumns();
    const order = new RowOrder(columns, 40);
    /** @type {Set<number>} */
    const folded = new Set();
    for (let at = 0; at < lines.length; ) {
      for (const stop = Math.min(lines.length, at + 1 + next(25)); at < stop; at++)
        fold.add(/** @type {any} */ (lines[at]));
      sync(fold, columns);
      // Sometimes an arrangement is still going on while more comes.
      if (next(3)) order.sync(0);
      const act = next(6);
      const span = fold.spans[next(fold.spans.length)];
      if (act === 0 && span) {
        while (order.sync(0)) assert.ok(true);
        const index = columns.indexOf(span.span);
        const isOpen = !folded.has(span.span);
        if (order.isShown(index)) {
          order.toggle(index, !isOpen);
          if (isOpen) folded.add(span.span);
          else folded.delete(span.span);
        }
      } else if (act === 1) order.hide([true, false, null][next(3)] ?? null);
      const hides = order.choice ?? fold.spans.length > 40;
      const isHidden = hiddenIn(fold);
      const seen = rowsOf(order);
      // What is folded and hidden folds nothing.
      const folds = new Set([...folded].filter((one) => order.isShown(columns.indexOf(one))));
      const wanted = plainRows(fold.spans, (one) => hides && isHidden(one), folds);
      assert.deepEqual(seen, wanted);
      const roots = new Set(wanted.filter((row) => row.level === 1).map((row) => row.span));
      const hidden = fold.spans.filter((one) => isHidden(one) && one.parent !== null && !roots.has(one.span));
      assert.ok(order.hidden <= hidden.length);
      if (hides)
        assert.equal(
          seen.length + order.hidden,
          plainRows(fold.spans, nothing, folds).length + inside(order, folds),
        );
    }
    const fails = aboveFailures(fold.spans);
    for (const span of fold.spans)
      assert.equal(columns.failsBelow(columns.indexOf(span.span)), fails.has(span.span));
  });
}

/** How many hidden spans stand inside folded ones, and so are no rows either way. @param {RowOrder} order @param {Set<number>} folded */
function inside(order, folded) {
  const { columns } = order;
  let found = 0;
  for (let index = 0; index < columns.length; index++) {
    if (order.isShown(index)) continue;
    for (let at = Number(columns.parent[index]); at >= 0; at = Number(columns.parent[at])) {
      if (folded.has(Number(columns.number[at])) && order.isShown(at)) {
        found++;
        break;
      }
    }
  }
  return found;
}

test("what is selected or revealed is shown though it is plumbing", () => {
  const fold = foldOf([
    { event: "on_chain_start", span: 1, parent: null, name: "a" },
    { event: "on_prompt_start", span: 2, parent: 1, name: "b" },
    { event: "on_parser_start", span: 3, parent: 1, name: "c" },
  ]);
  const columns = new SpanColumns();
  const order = new RowOrder(columns);
  sync(fold, columns);
  order.hide(true);
  const spans = () => rowsOf(order).map((row) => row.span);
  assert.deepEqual([spans(), order.hidden], [[1], 2]);
  order.select(1);
  assert.deepEqual([spans(), order.hidden], [[1, 2], 1]);
  order.select(2);
  assert.deepEqual([spans(), order.hidden], [[1, 3], 1]);
  order.reveal(1);
  order.select(-1);
  assert.deepEqual([spans(), order.hidden], [[1, 2], 1]);
  order.hide(true);
  assert.deepEqual([spans(), order.hidden], [[1], 2]);
});

test("all is folded but what stands at the top, and opened again", () => {
  const fold = foldOf(linesOf(200, 5));
  const columns = new SpanColumns();
  const order = new RowOrder(columns, 1000);
  sync(fold, columns);
  const all = rowsOf(order).length;
  order.toggleAll(false);
  const folded = rowsOf(order);
  assert.ok(folded.length < all && folded.every((row) => row.level <= 2));
  order.toggleAll(true);
  assert.equal(rowsOf(order).length, all);
});

test("spans side by side never share a lane, and stand under their parents", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const fold = foldOf(linesOf(120, seed));
    const columns = new SpanColumns();
    sync(fold, columns);
    const ends = fold.spans.map((span) => span.end_us ?? Number.POSITIVE_INFINITY);
    assert.ok(columns.lanes <= MOST_LANES);
    for (const [a, one] of fold.spans.entries()) {
      const parent = Number(columns.parent[a]);
      const lane = Number(columns.lane[a]);
      if (lane === MOST_LANES - 1) continue;
      if (parent >= 0) assert.ok(lane > Number(columns.lane[parent]));
      for (let b = 0; b < a; b++) {
        if (Number(columns.lane[b]) === lane) assert.ok(Number(ends[b]) <= one.start_us, `${a} and ${b}`);
      }
    }
  }
});

test("a chain twenty thousand deep, and one a hundred thousand wide", () => {
  const deep = foldOf(
    Array.from({ length: 20_000 }, (_, at) => ({
      event: "on_chain_start",
      span: at + 1,
      parent: at || null,
      name: "a",
    })),
  );
  const columns = new SpanColumns();
  const order = new RowOrder(columns, 1e9);
  sync(deep, columns);
  while (order.sync(1)) assert.ok(true);
  assert.equal(order.level(19_999), 20_000);
  assert.equal(order.rowOf(19_999), 19_999);
  order.toggle(0, false);
  assert.equal(order.length, 1);
  order.toggle(0, true);
  assert.equal(order.length, 20_000);
  const wide = foldOf(
    Array.from({ length: 100_000 }, (_, at) => ({
      event: "on_tool_start",
      span: at + 1,
      parent: at ? 1 : null,
      name: "a",
    })),
  );
  const many = new SpanColumns();
  const rows = new RowOrder(many, 1e9);
  sync(wide, many);
  while (rows.sync(1)) assert.ok(true);
  assert.deepEqual([rows.length, rows.children(0), rows.position(99_999)], [100_000, 99_999, 99_999]);
});
