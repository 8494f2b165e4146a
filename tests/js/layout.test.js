import assert from "node:assert/strict";
import { test } from "node:test";

import { approach, domainFor, rowsInView, tickStep, ticks, treeRows } from "../../static/js/layout.js";
import { Fold } from "../../static/js/spans.js";

/** @param {[number, number | null, string?][]} list span, parent, state */
function spans(list) {
  const fold = new Fold();
  for (const [span, parent] of list) fold.add({ event: "on_chain_start", span, parent, name: `s${span}` });
  for (const [span, , state] of list) {
    if (state) /** @type {any} */ (fold.span(span)).state = state;
  }
  return fold.spans;
}

test("parents stand before their children, siblings in the order they began", () => {
  const rows = treeRows(
    spans([
      [1, null],
      [2, 1],
      [3, 1],
      [4, 2],
      [5, null],
    ]),
    new Set(),
  );
  assert.deepEqual(
    rows.map((row) => [row.span.span, row.level, row.position, row.size]),
    [
      [1, 1, 1, 2],
      [2, 2, 1, 2],
      [4, 3, 1, 1],
      [3, 2, 2, 2],
      [5, 1, 2, 2],
    ],
  );
});

test("what is collapsed hides all that is in it", () => {
  const rows = treeRows(
    spans([
      [1, null],
      [2, 1],
      [3, 2],
      [4, null],
    ]),
    new Set([1]),
  );
  assert.deepEqual(
    rows.map((row) => [row.span.span, row.open, row.children]),
    [
      [1, false, 1],
      [4, false, 0],
    ],
  );
});

test("a parent that never began makes an orphan; rings and own parents cannot be", () => {
  const rows = treeRows(
    spans([
      [1, 9],
      [2, 2],
      [3, 4],
      [4, 3],
    ]),
    new Set(),
  );
  assert.deepEqual(
    rows.map((row) => [row.span.span, row.level, row.orphan]),
    [
      [1, 1, true],
      [2, 1, true],
      [3, 1, true],
      [4, 2, false],
    ],
  );
});

test("all above a failure is marked", () => {
  const rows = treeRows(
    spans([
      [1, null, "ok"],
      [2, 1, "ok"],
      [3, 2, "error"],
      [4, 1, "ok"],
    ]),
    new Set(),
  );
  assert.deepEqual(
    rows.map((row) => [row.span.span, row.failedBelow]),
    [
      [1, true],
      [2, true],
      [3, false],
      [4, false],
    ],
  );
});

test("a thousand levels are no problem", () => {
  const list = /** @type {[number, number | null][]} */ (
    Array.from({ length: 20_000 }, (_, at) => [at + 1, at || null])
  );
  assert.equal(treeRows(spans(list), new Set()).at(-1)?.level, 20_000);
});

test("the domain stays for a while as time goes on, and always holds it", () => {
  const seen = new Set();
  for (let now = 0; now < 100e6; now += 1e5) {
    const domain = domainFor(now, true);
    assert.ok(domain >= now * 1.1);
    assert.ok(domain <= Math.max(1e6, now * 1.1 * 1.67));
    seen.add(domain);
  }
  assert.ok(seen.size < 25, `${seen.size} domains`);
  assert.ok(domainFor(5000, false) < 6000);
  assert.ok(domainFor(0, false) > 0);
});

test("what is shown comes near and arrives", () => {
  let shown = 1e6;
  let frames = 0;
  while (shown !== 5000 && frames < 200) {
    shown = approach(shown, 5000, 16);
    frames++;
  }
  assert.ok(frames < 80, `${frames} frames`);
});

test("ticks are a hand's width apart and round", () => {
  for (let domain = 100; domain < 1e12; domain *= 1.7) {
    for (const width of [120, 400, 1200]) {
      const step = tickStep(domain, width);
      assert.ok((step / domain) * width >= 83.9 || step === 1, `${domain} ${width} ${step}`);
      assert.ok(ticks(domain, step).length <= Math.max(2, width / 84 + 2));
    }
  }
  assert.deepEqual(ticks(3.5e6, 1e6), [0, 1e6, 2e6, 3e6]);
});

test("only rows in view", () => {
  assert.deepEqual(rowsInView(1000, 26, 0, 260), [0, 12]);
  assert.deepEqual(rowsInView(1000, 26, 2600, 260), [98, 112]);
  assert.deepEqual(rowsInView(3, 26, 0, 260), [0, 3]);
  assert.deepEqual(rowsInView(3, 26, 9999, 260), [3, 3]);
});
