import assert from "node:assert/strict";
import { test } from "node:test";

import {
  asJson,
  asMarkdown,
  code,
  cutDown,
  MOST_SPANS,
  runReport,
  spanReport,
} from "../../static/js/report.js";
import { RunStore } from "../../static/js/store.js";
import { chances } from "./chance.js";

const header = {
  event: "run_start",
  chain: "m:c",
  mode: "stream",
  started_at: "2026-11-20T11:38:00Z",
  versions: { tracer: "0.1.0", python: "3.11.7" },
};
const secret = { $tracer: "secret", kind: "api_key" };
const LINES = [
  header,
  {
    event: "on_chain_start",
    span: 1,
    parent: null,
    name: "Seq",
    tags: [],
    metadata: {},
    data: { input: "why?" },
  },
  {
    event: "on_chat_model_start",
    span: 2,
    parent: 1,
    name: "Chat`Model",
    tags: ["t"],
    metadata: { ls_model_name: "gpt" },
    invocation_params: { temperature: 0, key: secret },
    data: { input: { messages: [] } },
  },
  { event: "on_chat_model_stream", span: 2, data: { chunk: { type: "AIMessageChunk", content: "Be" } } },
  { event: "on_chat_model_stream", span: 2, data: { chunk: { type: "AIMessageChunk", content: "cause" } } },
  {
    event: "on_chat_model_error",
    span: 2,
    data: { error: { type: "openai.RateLimitError", message: "too ```many```", traceback: "Traceback …\n" } },
  },
  { event: "finding", span: 2, kind: "k", text: "It was slow.", advice: "Ask less." },
  {
    event: "on_chain_error",
    span: 1,
    cause: 2,
    data: { error: { type: "openai.RateLimitError", message: "too many" } },
  },
  {
    event: "run_end",
    status: "error",
    error: { type: "openai.RateLimitError", message: "too many" },
    spans: 2,
  },
].map((line, seq) => ({ seq, t_us: seq * 100_000, ...line }));

/** @param {Record<string, any>[]} lines */
function storeOf(lines) {
  const store = new RunStore("r1");
  for (const line of lines) store.take(line, 0, false);
  return store;
}
const linesOf = async (/** @type {number} */ first, /** @type {number} */ last) =>
  LINES.slice(first, last + 1);

test("a span with all that is known of it, as JSON", async () => {
  const store = storeOf(LINES);
  const span = store.moment.span(2);
  assert.ok(span);
  const report = JSON.parse(asJson(await spanReport(store, span, linesOf)));
  assert.deepEqual(report, {
    chain: "m:c",
    run: "r1",
    status: "error",
    mode: "stream",
    started_at: header.started_at,
    versions: header.versions,
    span: {
      number: 2,
      type: "chat_model",
      name: "Chat`Model",
      state: "error",
      path: ["Seq"],
      started_after: "200 ms",
      took: "300 ms",
      first_token_after: "100 ms",
      tags: ["t"],
      metadata: { ls_model_name: "gpt" },
      model: "gpt",
      parameters: { temperature: 0, key: secret },
      input: { messages: [] },
      streamed: "Because",
      error: { type: "openai.RateLimitError", message: "too ```many```", traceback: "Traceback …\n" },
      findings: [{ span: 2, kind: "k", text: "It was slow.", advice: "Ask less." }],
    },
  });
});

test("the same as Markdown, in which no text is taken for markup", async () => {
  const store = storeOf(LINES);
  const span = store.moment.span(2);
  assert.ok(span);
  const text = asMarkdown(await spanReport(store, span, linesOf));
  assert.ok(text.startsWith("## chat model ``Chat`Model``: error\n"), text.slice(0, 60));
  assert.ok(text.includes("````\nopenai.RateLimitError: too ```many```\n````"));
  assert.ok(text.includes("- span 2 in `Seq`"));
  assert.ok(text.includes("- versions: tracer 0.1.0, python 3.11.7"));
  assert.ok(text.includes('"kind": "api_key"'));
  assert.ok(text.includes("- span 2: It was slow. Ask less."));
});

test("at a moment before, nothing of what came after", async () => {
  const store = storeOf(LINES);
  store.seek(3);
  const span = store.moment.span(2);
  assert.ok(span);
  const report = await spanReport(store, span, linesOf);
  assert.equal(report.span.state, "running");
  assert.equal(report.span.streamed, "Be");
  assert.equal(report.span.error, undefined);
  assert.equal(report.line, 3);
  const run = runReport(store);
  assert.equal(run.status, "running");
  assert.equal(run.tree[0].steps[0].state, "running");
});

test("the tree of a run with states, durations, errors and findings", () => {
  const report = runReport(storeOf(LINES));
  assert.deepEqual(
    report.tree.map((/** @type {any} */ one) => [
      one.name,
      one.state,
      one.steps.map((/** @type {any} */ step) => step.error.message),
    ]),
    [["Seq", "propagated", ["too ```many```"]]],
  );
  const text = asMarkdown(report);
  assert.ok(text.includes("- chain `Seq` · propagated · 600 ms"), text);
  assert.ok(
    text.includes(
      "  - chat model ``Chat`Model`` · error · 300 ms · `gpt` · ```` openai.RateLimitError: too ```many``` ```` (2)",
    ),
    text,
  );
  assert.ok(text.includes("### Findings"));
});

test("a long run is cut, and says so", () => {
  const lines = [
    header,
    ...Array.from({ length: MOST_SPANS + 7 }, (_, at) => ({
      event: "on_tool_start",
      span: at + 1,
      parent: at ? 1 : null,
      name: `t${at}`,
      tags: [],
      metadata: {},
      data: {},
    })),
  ].map((line, seq) => ({ seq, t_us: seq, ...line }));
  const report = runReport(storeOf(lines));
  assert.equal(report.tree[0].steps.length, MOST_SPANS - 1);
  assert.equal(report.cut, "7 spans cut");
});

test("long values are cut with their length, and stay JSON", () => {
  assert.equal(cutDown("x".repeat(5000)), `${"x".repeat(4000)}… 1,000 characters cut …`);
  assert.ok(!/[\ud800-\udbff]…/.test(cutDown(`${"x".repeat(3999)}${"😀".repeat(50)}`)));
  const list = cutDown(Array.from({ length: 130 }, (_, at) => at));
  assert.equal(list.length, 101);
  assert.equal(list.at(-1), "… 30 items cut …");
  const chance = chances(2);
  /** @param {number} depth @returns {any} */
  const value = (depth) => {
    if (depth > 5 || chance() < 0.2) return "y".repeat(Math.floor(chance() * 9000));
    if (chance() < 0.5) return Array.from({ length: Math.floor(chance() * 5) }, () => value(depth + 1));
    return Object.fromEntries(
      Array.from({ length: Math.floor(chance() * 5) }, (_, at) => [`k${at}`, value(depth + 1)]),
    );
  };
  for (let round = 0; round < 200; round++) {
    assert.ok(JSON.stringify(cutDown([value(0), value(0), value(0)])).length < 90_000);
  }
});

test("code stays code", () => {
  assert.equal(code("a"), "`a`");
  assert.equal(code("a`b"), "``a`b``");
  assert.equal(code("`"), "`` ` ``");
  assert.equal(code("two\nlines"), "`two lines`");
});
