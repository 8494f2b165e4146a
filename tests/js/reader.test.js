// A file read in pieces gives the page the same run as its lines one by one.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { Whole } from "../../static/js/expand.js";
import { buffersOf, LogReader } from "../../static/js/reader.js";
import { RunStore } from "../../static/js/store.js";
import { chanceRun, chances } from "./chance.js";
import { served } from "./served.js";

const fixtures = fileURLToPath(new URL("../fixtures/", import.meta.url));

/** As a worker hands it over. @param {import("../../static/js/reader.js").LogBatch} batch */
const handed = (batch) => structuredClone(batch, { transfer: buffersOf(batch) });

/** @param {Uint8Array} bytes @param {number} seed */
function storeOf(bytes, seed) {
  const store = new RunStore("r");
  const reader = new LogReader((batch) => store.apply(handed(batch)));
  const chance = chances(seed);
  for (let at = 0; at < bytes.length; ) {
    const next = at + 1 + Math.floor(chance() * chance() * 4000);
    reader.push(bytes.subarray(at, next));
    if (chance() < 0.5) reader.flush();
    at = next;
  }
  reader.end();
  return store;
}

/** What can be seen of a store, now and at some moments before. @param {RunStore} store */
function seen(store) {
  const { columns } = store;
  const rows = Array.from({ length: columns.length }, (_, row) => [
    columns.seq[row],
    columns.t_us[row],
    columns.kindAt(row),
    columns.form[row],
    columns.spanAt(row),
    columns.text(row),
    columns.next(row),
  ]);
  const states = [];
  for (const row of [null, 0, 3, columns.length >> 1, columns.length - 2]) {
    store.seek(row);
    const { moment } = store;
    const open = moment.open().map(({ span }) => span);
    const notes = moment.spans.map((span) => [
      store.note(span),
      store.pieces(span.span),
      store.objectSeq(span.span),
    ]);
    states.push(
      JSON.stringify({ now: moment.summary(), open, notes, tokens: store.tokens(), bad: store.badSeqs }),
    );
  }
  store.seek(null);
  return { rows, states, header: store.header, footer: store.footer, failures: store.failures().length };
}

for (const name of readdirSync(fixtures).filter((one) => one.endsWith(".jsonl"))) {
  test(`fixture ${name}, in pieces`, () => {
    const bytes = readFileSync(fixtures + name);
    const store = new RunStore("r");
    const whole = new Whole();
    for (const line of served(bytes)) store.take(whole.line(line), 0, false);
    for (const seed of [1, 2, 3]) assert.deepEqual(seen(storeOf(bytes, seed)), seen(store));
  });
}

test("runs made by chance, in pieces", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const bytes = new TextEncoder().encode(
      chanceRun(seed, 300)
        .map((line) => `${JSON.stringify(line)}\n`)
        .join(""),
    );
    const store = new RunStore("r");
    for (const line of served(Buffer.from(bytes))) store.take(line, 0, false);
    assert.deepEqual(seen(storeOf(bytes, seed)), seen(store), `seed ${seed}`);
  }
});

test("more rows than a batch holds", () => {
  const lines = chanceRun(9, 20_000, { spans: 300, starts: 0.02, ends: 0.02 }).filter(
    ({ event }) => event !== "run_end",
  );
  const bytes = new TextEncoder().encode(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const store = storeOf(bytes, 4);
  assert.equal(store.columns.length, lines.length);
  const direct = new RunStore("r");
  for (const line of served(Buffer.from(bytes))) direct.take(line, 0, false);
  assert.equal(JSON.stringify(store.moment.summary()), JSON.stringify(direct.moment.summary()));
});

test("where each line begins is known", () => {
  const bytes = readFileSync(`${fixtures}sequence.jsonl`);
  const reader = new LogReader(() => {});
  reader.push(bytes);
  reader.end();
  for (let seq = 0; seq < reader.lines; seq++) {
    const begin = reader.offsets.at(seq);
    assert.equal(JSON.parse(bytes.toString("utf-8", begin, bytes.indexOf(10, begin))).seq, seq);
  }
});
