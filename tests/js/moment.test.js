// A moment is the fold of what came up to it: for each prefix of each fixture, and of runs made by chance.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { worthSeeing } from "../../static/js/choice.js";
import { health } from "../../static/js/health.js";
import { Fold } from "../../static/js/spans.js";
import { RunStore } from "../../static/js/store.js";
import { chanceRun } from "./chance.js";
import { whole } from "./served.js";

/** @typedef {Record<string, any>} Line */

const fixtures = fileURLToPath(new URL("../fixtures/", import.meta.url));
const names = readdirSync(fixtures).filter((name) => name.endsWith(".jsonl"));

/** @param {unknown} value */
const plain = (value) => JSON.parse(JSON.stringify(value));

/** What all views read of a store. @param {RunStore} store */
function readings(store) {
  const { moment } = store;
  const numbers = Array.from({ length: 12 }, (_, at) => at);
  return plain({
    summary: moment.summary(),
    health: health(moment),
    header: store.header,
    footer: store.footer,
    bad: store.badSeqs,
    tokens: store.tokens(),
    first: store.firstToken(),
    rate: store.rate(moment.t_us),
    failures: store.failures().map(({ span }) => span),
    open: moment.open().map(({ span }) => span),
    version: moment.version,
    rows: store.rows,
    best: worthSeeing(store, null),
    hasModel: moment.hasModel,
    of: numbers.map((span) => [
      store.pieces(span),
      store.findings(span),
      store.objectSeq(span),
      store.endSaysMore(span),
      moment.span(span) ? store.note(/** @type {any} */ (moment.span(span))) : null,
    ]),
  });
}

/** @param {Line[]} lines */
function storeOf(lines) {
  const store = new RunStore("r");
  for (const line of lines) store.take(line, 0, false);
  return store;
}

/** @param {Line[]} lines @param {number[]} rows */
function holds(lines, rows) {
  const store = storeOf(lines);
  store.lost();
  for (const row of rows) {
    store.seek(row);
    const prefix = storeOf(lines.slice(0, row + 1));
    assert.deepEqual(readings(store), readings(prefix), `row ${row} of ${lines.length}`);
    const fold = new Fold();
    for (const line of lines.slice(0, row + 1)) fold.add(line);
    assert.deepEqual(plain(store.moment.summary()), plain(fold.summary()), `the fold up to row ${row}`);
  }
  store.seek(null);
  assert.equal(store.cursor, null);
  assert.notEqual(store.moment.status, "running", "the newest state is there again");
}

/** @param {number} length */
const all = (length) => Array.from({ length }, (_, row) => row);

for (const name of names) {
  test(`each moment of ${name}`, () => {
    const lines = whole(readFileSync(fixtures + name));
    holds(lines, all(lines.length).reverse());
  });
}

test("each moment of runs made by chance", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const lines = chanceRun(seed, 60);
    holds(lines, all(lines.length));
  }
});

test("moments of a long run: spans with thousands of lines, and many that run at once", () => {
  const lines = chanceRun(7, 12_000, { spans: 400, starts: 0.04, ends: 0.03 });
  const store = storeOf(lines);
  for (const row of [0, 63, 64, 65, 4095, 4096, 4097, 8191, 9000, 11_999]) {
    store.seek(row);
    assert.deepEqual(readings(store), readings(storeOf(lines.slice(0, row + 1))), `row ${row}`);
  }
});

test("a moment stays while lines come, and is left again", () => {
  const lines = chanceRun(3, 200);
  const store = storeOf(lines.slice(0, 100));
  store.seek(50);
  const before = readings(store);
  for (const line of lines.slice(100)) store.take(line, 0, false);
  assert.deepEqual(readings(store), before);
  assert.equal(store.rows, 51);
  store.seek(null);
  assert.deepEqual(readings(store), readings(storeOf(lines)));
});

test("a place beyond the ends is the nearest there is", () => {
  const store = storeOf(chanceRun(5, 30));
  store.seek(1e9);
  assert.equal(store.cursor, 29);
  store.seek(-5);
  assert.equal(store.cursor, 0);
  const empty = new RunStore("r");
  empty.seek(3);
  assert.equal(empty.cursor, null);
});

test("a span is the same object in each moment, so that views know it again", () => {
  const store = storeOf(chanceRun(5, 60));
  store.seek(50);
  const span = store.moment.spans[0];
  store.seek(20);
  assert.equal(store.moment.span(span?.span), span);
});

test("between two rows time goes on, the state does not", () => {
  const store = storeOf(chanceRun(5, 60));
  store.seek(20, store.moment.t_us);
  assert.ok(store.at(0) >= store.moment.t_us);
  const { t_us } = store.moment;
  store.seek(20, t_us + 5);
  assert.equal(store.at(0), t_us + 5);
  assert.equal(store.moment.t_us, t_us);
});
