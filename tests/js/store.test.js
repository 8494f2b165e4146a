import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { worthSeeing } from "../../static/js/choice.js";
import { RunClock } from "../../static/js/clock.js";
import { CALLS, PREVIEW, TEXT } from "../../static/js/columns.js";
import { RowsFilter } from "../../static/js/rows_filter.js";
import { RunStore } from "../../static/js/store.js";

/** @param {Record<string, any>[]} lines @param {RunStore} [store] */
function taken(lines, store = new RunStore("r")) {
  for (const line of lines) {
    const seq = store.lastSeq + 1;
    store.take({ seq, t_us: seq * 100_000, ...line }, 1000, false);
  }
  return store;
}

/** @param {string} content @param {Record<string, any>} [more] */
const chunk = (content, more = {}) => ({
  event: "on_chat_model_stream",
  span: 2,
  data: { chunk: { type: "AIMessageChunk", content, ...more } },
});
const CHAIN = {
  event: "on_chain_start",
  span: 1,
  parent: null,
  name: "Seq",
  data: { input: { question: "Why?" } },
};
const MODEL = { event: "on_chat_model_start", span: 2, parent: 1, name: "ChatOpenAI", data: {} };
const PARSER = { event: "on_parser_start", span: 3, parent: 1, name: "JsonOutputParser", data: {} };

/** All text a span streamed. @param {RunStore} store @param {number} span */
function text({ columns }, span) {
  let joined = "";
  for (let row = columns.first(span); row >= 0; row = columns.next(row)) {
    if (columns.form[row] === TEXT) joined += columns.text(row);
  }
  return joined;
}

test("text is kept whole, other lines as a preview", () => {
  const long = "x".repeat(5000);
  const store = taken([CHAIN, MODEL, chunk("Hel"), chunk(""), chunk(long)]);
  assert.equal(text(store, 2), `Hel${long}`);
  assert.equal(store.pieces(2), 2);
  assert.equal(store.columns.form[0], PREVIEW);
  assert.equal(store.columns.text(0), '{"question": "Why?"}');
});

test("lines that are there already are left out, a gap is told", () => {
  const store = taken([CHAIN, MODEL]);
  assert.equal(store.take({ seq: 1, ...MODEL }, 0, false), "known");
  assert.equal(store.take({ seq: 4, ...MODEL }, 0, false), "gap");
  assert.equal(store.columns.length, 2);
});

test("a pair of surrogates cut apart comes together again", () => {
  const half = (/** @type {string} */ json) => chunk("", { content: { $tracer: "surrogate", json } });
  const store = taken([CHAIN, MODEL, half("a\\ud83d"), half("\\ude00b"), chunk("c")]);
  assert.equal(text(store, 2), "a😀bc");
});

test("pieces of tool calls are kept with their index", () => {
  const piece = { name: "weather", args: '{"ci', id: "c1", index: 0, type: "tool_call_chunk" };
  const store = taken([CHAIN, MODEL, chunk("", { tool_call_chunks: [piece] })]);
  assert.equal(store.columns.form[2], CALLS);
  assert.deepEqual(JSON.parse(store.columns.text(2)), {
    text: "",
    calls: [{ index: 0, id: "c1", name: "weather", args: '{"ci' }],
  });
  assert.equal(store.pieces(2), 1);
});

test("a parser's objects grow, and its note says where", () => {
  const object = (/** @type {any} */ value) => ({
    event: "on_parser_stream",
    span: 3,
    data: { chunk: value },
  });
  const store = taken([CHAIN, PARSER, object({ a: [] })]);
  const span = /** @type {any} */ (store.fold.span(3));
  assert.equal(store.growth(span)?.version, 1);
  taken([object({ a: [{ b: 1 }] })], store);
  assert.equal(store.note(span), "a[0].b");
  assert.equal(store.growth(span)?.version, 2);
  assert.equal(store.objectSeq(3), 3);
  taken([{ event: "on_parser_end", span: 3, data: { output: { a: [{ b: 12 }] } } }], store);
  assert.equal(store.growth(span)?.root?.children[0]?.children[0]?.children[0]?.leaf, "12");
});

test("a chain's objects grow once somebody looks", () => {
  const object = (/** @type {any} */ value) => ({
    event: "on_chain_stream",
    span: 1,
    data: { chunk: value },
  });
  const store = taken([CHAIN, object({ a: 1 })]);
  const span = /** @type {any} */ (store.fold.span(1));
  const growth = store.growth(span);
  assert.equal(growth?.version, 1);
  taken([object({ a: 2 })], store);
  assert.equal(growth?.version, 2);
});

test("tokens: as reported, else counted in pieces", () => {
  const store = taken([CHAIN, MODEL, chunk("a"), chunk("b")]);
  assert.deepEqual([store.tokens().input, store.tokens().output, store.tokens().exact], [null, 2, false]);
  const usage_metadata = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };
  taken(
    [
      {
        event: "on_chat_model_end",
        span: 2,
        data: { output: { type: "ai", content: "ab", usage_metadata } },
      },
    ],
    store,
  );
  assert.deepEqual([store.tokens().input, store.tokens().output, store.tokens().exact], [10, 5, true]);
  assert.equal(store.firstToken(), 200_000);
});

test("the rate is of the last second", () => {
  const store = taken([CHAIN, MODEL]);
  for (let piece = 0; piece < 100; piece++) {
    store.take({ seq: store.lastSeq + 1, t_us: 1e6 + piece * 20_000, ...chunk("x") }, 0, false);
  }
  assert.ok(Math.abs(store.rate(2_990_000) - 50) < 2, String(store.rate(2_990_000)));
  assert.equal(store.rate(9e6), 0);
});

test("all fixtures go in, whatever they hold", () => {
  const fixtures = fileURLToPath(new URL("../fixtures/", import.meta.url));
  for (const name of ["hostile-types", "fallback", "cancelled", "tool-call-first-token", "late-error"]) {
    const store = new RunStore(name);
    const lines = readFileSync(`${fixtures}${name}.jsonl`, "utf-8").split("\n").filter(Boolean);
    for (const line of lines) assert.equal(store.take(JSON.parse(line), 0, false), "ok");
    assert.equal(store.columns.length, lines.length);
    for (let row = 0; row < store.columns.length; row++)
      assert.equal(typeof store.columns.text(row), "string");
    assert.notEqual(worthSeeing(store, null), undefined);
  }
});

test("events are filtered by phase, type and name, also as they come", () => {
  const store = taken([CHAIN, MODEL, chunk("a"), { event: "on_tool_error", span: 9, data: {} }]);
  const filter = new RowsFilter();
  const shown = () => {
    filter.update(store);
    return Array.from({ length: filter.length }, (_, index) => filter.row(index));
  };
  assert.deepEqual(shown(), [0, 1, 2, 3]);
  filter.set({ phases: "stream" });
  assert.deepEqual(shown(), [2]);
  taken([chunk("b")], store);
  assert.deepEqual(shown(), [2, 4]);
  filter.set({ phases: "errors" });
  assert.deepEqual(shown(), [3]);
  filter.set({ phases: "all", type: "model" });
  assert.deepEqual(shown(), [1, 2, 4]);
  filter.set({ type: "", name: "chatopen" });
  assert.deepEqual(shown(), [1, 2, 4]);
  assert.equal(filter.indexOf(3), 2);
  assert.equal(filter.isOn, true);
});

test("what grows is worth seeing; of a failed run, where it failed", () => {
  const store = taken([CHAIN, MODEL]);
  assert.equal(worthSeeing(store, null), 2);
  taken([PARSER, { event: "on_parser_stream", span: 3, data: { chunk: { a: 1 } } }], store);
  assert.equal(worthSeeing(store, 2), 3);
  const error = { type: "x.RateLimitError", message: "429" };
  taken(
    [
      { event: "on_chat_model_error", span: 2, data: { error } },
      { event: "on_chain_error", span: 1, cause: 2, data: { error } },
      { event: "run_end", status: "error", error },
    ],
    store,
  );
  assert.equal(worthSeeing(store, 3), 2);
});

test("while a run is stopped, what is looked at stays", () => {
  const tree = { event: "on_parser_stream", span: 3, data: { chunk: { a: 1 } } };
  const store = taken([CHAIN, MODEL, PARSER, tree]);
  assert.equal(worthSeeing(store, 2), 3);
  const error = { type: "asyncio.CancelledError", message: "" };
  taken([{ event: "on_parser_error", span: 3, data: { error } }], store);
  assert.equal(worthSeeing(store, 3), 3, "the model ends a moment later");
  taken([{ ...MODEL, span: 4 }], store);
  assert.equal(worthSeeing(store, 3), 4, "it goes on with another model: only this part was cut off");
  taken([{ event: "run_end", status: "cancelled" }], store);
  assert.equal(worthSeeing(store, 3), 3);
  assert.equal(worthSeeing(store, null), 4);
});

test("an answer that goes into a graph is told as one", () => {
  const input = {
    $tracer: "object",
    type: "langgraph.types.Command",
    value: { update: null, resume: "yes" },
  };
  const store = taken([
    { event: "run_start", continues: "a", input },
    { ...CHAIN, data: { input } },
  ]);
  assert.deepEqual([store.columns.text(0), store.columns.text(1)], ["answer: yes", "answer: yes"]);
  const truth = { ...input, value: { resume: false } };
  assert.equal(taken([{ event: "run_start", input: truth }]).columns.text(0), "answer: false");
});

test("the clock goes on between lines, and never before the newest", () => {
  const clock = new RunClock();
  clock.begin("2026-11-20T11:38:00.000000Z");
  const began = Date.parse("2026-11-20T11:38:00.000Z");
  clock.line(1_000_000, began + 5000, false);
  assert.equal(clock.at(began + 5000), 5_000_000, "a line from before the connection is old");
  clock.line(6_000_000, began + 6010, true);
  assert.equal(clock.at(began + 6100), 6_100_000);
  assert.equal(clock.at(began), 6_000_000);
});

test("a server whose clock is far behind or ahead does not matter once lines come", () => {
  const began = Date.parse("2026-11-20T11:38:00.000Z");
  for (const skew of [-3_600_000, 3_600_000]) {
    const clock = new RunClock();
    clock.begin("2026-11-20T11:38:00.000Z");
    clock.line(2_000_000, began + skew + 2000, true);
    assert.equal(clock.at(began + skew + 2500), 2_500_000);
  }
});
