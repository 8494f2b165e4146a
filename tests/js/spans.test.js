// The fold, held to the same fixtures as its twin in tests/log/test_spans.py.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { Fold, spanEvent } from "../../static/js/spans.js";
import { whole } from "./served.js";

const fixtures = fileURLToPath(new URL("../fixtures/", import.meta.url));
const names = readdirSync(fixtures)
  .filter((name) => name.endsWith(".jsonl"))
  .map((name) => name.slice(0, -".jsonl".length));

test("there are fixtures", () => assert.ok(names.length >= 16));

for (const name of names) {
  test(`fixture ${name}`, () => {
    const fold = new Fold();
    for (const line of whole(readFileSync(`${fixtures}${name}.jsonl`))) fold.add(line);
    fold.lost(); // a fixture without run_end is a run whose writer died
    assert.deepEqual(
      JSON.parse(JSON.stringify(fold.summary())),
      JSON.parse(readFileSync(`${fixtures}${name}.fold.json`, "utf-8")),
    );
  });
}

test("event names are split into type and phase", () => {
  assert.deepEqual(spanEvent("on_chat_model_stream"), ["chat_model", "stream"]);
  for (const other of ["on_custom_event", "on__start", "on_start", "run_end", "", null, 7]) {
    assert.equal(spanEvent(other), null, String(other));
  }
});

test("a span is found by its number, and what has no span is only counted", () => {
  const fold = new Fold();
  assert.equal(fold.add({ event: "on_chain_stream", span: 9 }), undefined);
  const started = fold.add({ event: "on_chain_start", span: 1, name: "c", seq: 1, t_us: 5 });
  assert.equal(fold.span(1), started);
  assert.equal(fold.span(null), undefined);
  assert.equal(fold.lines, 2);
});
