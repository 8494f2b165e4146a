import assert from "node:assert/strict";
import { test } from "node:test";

import { parseQuery } from "../../static/js/find_query.js";
import { tabOf } from "../../static/js/find_tab.js";

const span = {
  name: "Retriever",
  tags: ["nightly"],
  metadata: { team: "Red" },
  error: { type: "ValueError", message: "Too late" },
};

/** @param {string} query @param {string} place @param {string} [open] */
const tab = (query, place, open = "Output") => tabOf(parseQuery(query), place, span, open);

test("a match is shown by the tab in which it can be seen", () => {
  assert.equal(tab("word", "in its input"), "Input");
  assert.equal(tab("word", "in its output", "Input"), "Output");
  assert.equal(tab("word", "in what it streamed", "Attributes"), "Output");
  assert.equal(tab("nightly", ""), "Attributes");
  assert.equal(tab("red retriever", ""), "Attributes");
  assert.equal(tab("tag:nightly", ""), "Attributes");
  assert.equal(tab("late", "", "Input"), "Output");
});

test("a tab that shows it stays, and so does any where the name alone was meant", () => {
  assert.equal(tab("word", "in its output", "JSON"), "JSON");
  for (const place of ["in its input", "in its output", ""]) assert.equal(tab("red", place, "Raw"), "Raw");
  assert.equal(tab("retriever", "", "Attributes"), "Attributes");
  assert.equal(tab("word", "in a finding", "Input"), "Input");
});
