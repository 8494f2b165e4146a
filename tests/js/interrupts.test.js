// What an interrupted run asks, and what is sent as the answer.

import assert from "node:assert/strict";
import { test } from "node:test";

import { answerIn, askedOf, resumeOf, written } from "../../static/js/interrupts.js";

/** @param {unknown} value @param {string} [id] */
const interrupt = (value, id = "i1") => ({
  $tracer: "object",
  type: "langgraph.types.Interrupt",
  value: { value, id, response_schema: null },
});

/** @param {unknown} value */
const one = (value) => askedOf({ interrupts: [interrupt(value)] })[0];

test("a text is the question", () => {
  assert.deepEqual(one("What is your name"), {
    id: "i1",
    question: "What is your name",
    rest: undefined,
    choices: [],
  });
});

test("an object's question is read, the rest is kept", () => {
  const asked = one({ question: "Which?", draft: "x" });
  assert.equal(asked?.question, "Which?");
  assert.deepEqual(asked?.rest, { draft: "x" });
  assert.equal(one({ question: "Which?" })?.rest, undefined);
  assert.deepEqual(one([1, 2])?.rest, [1, 2]);
});

test("a run that asks nothing that can be read asks nothing", () => {
  for (const footer of [null, {}, { interrupts: "x" }, { interrupts: [] }])
    assert.deepEqual(askedOf(footer), []);
  assert.deepEqual(askedOf({ interrupts: ["Sure?"] })[0]?.question, "Sure?");
});

test("a question for yes or no has both kinds at hand, as what they are", () => {
  const values = (/** @type {unknown} */ value) => one(value)?.choices.map((choice) => choice.value);
  assert.deepEqual(values("Should it be sent?"), ["yes", "no", true, false]);
  assert.deepEqual(values({ question: "Approve this order" }), ["yes", "no", true, false]);
  assert.deepEqual(values("What is the first word?"), []);
  assert.deepEqual(values({ question: "Which one?", options: ["a", "b"] }), ["a", "b"]);
  assert.deepEqual(values({ question: "Which one?", options: [{ a: 1 }] }), []);
});

test("the human-in-the-loop middleware gets a decision for each action, of those allowed", () => {
  const asked = one({
    action_requests: [
      { name: "send", args: {} },
      { name: "drop", args: {} },
    ],
    review_configs: [
      { action_name: "send", allowed_decisions: ["approve", "edit", "reject"] },
      { action_name: "drop", allowed_decisions: ["approve"] },
    ],
  });
  assert.deepEqual(asked?.choices, [
    { label: "approve all", value: { decisions: [{ type: "approve" }, { type: "approve" }] } },
  ]);
});

test("an answer is JSON where it looks so and nobody said otherwise", () => {
  assert.deepEqual(answerIn("yes", null), { kind: "text", ok: true, value: "yes" });
  assert.deepEqual(answerIn('{"a": 1}', null), { kind: "json", ok: true, value: { a: 1 } });
  assert.deepEqual(answerIn("true", null), { kind: "json", ok: true, value: true });
  assert.deepEqual(answerIn("true", "text"), { kind: "text", ok: true, value: "true" });
  assert.deepEqual(answerIn('"quoted"', null), { kind: "text", ok: true, value: '"quoted"' });
  assert.deepEqual(answerIn('"quoted"', "json"), { kind: "json", ok: true, value: "quoted" });
  assert.deepEqual(answerIn('""', "json"), { kind: "json", ok: true, value: "" });
  assert.equal(answerIn("{", "json").ok, false);
  for (const kind of /** @type {const} */ ([null, "text", "json"]))
    assert.equal(answerIn("  ", kind).ok, false);
});

test("what is at hand is written so that it is read again as the same", () => {
  for (const value of ["yes", "true", true, false, null, 3, { decisions: [] }]) {
    const { text, kind } = written(value);
    assert.deepEqual(answerIn(text, kind), { kind, ok: true, value });
  }
});

test("one answer goes as it is, several by the ids of what they answer", () => {
  const asked = askedOf({ interrupts: [interrupt("a?", "x"), interrupt("b?", "y")] });
  assert.deepEqual(resumeOf(asked, ["1", 2]), { x: "1", y: 2 });
  assert.equal(resumeOf(asked.slice(0, 1), ["1"]), "1");
  assert.equal(resumeOf([], ["1"]), "1");
});
