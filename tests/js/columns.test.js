import assert from "node:assert/strict";
import { test } from "node:test";

import { Columns, TEXT } from "../../static/js/columns.js";
import { spanEvent } from "../../static/js/spans.js";

/** @param {Columns} columns @param {number} seq @param {string} event @param {number} span @param {string} text */
function push(columns, seq, event, span, text) {
  const kind = columns.codeOf(event, spanEvent(event));
  return columns.push({ seq, t_us: seq * 10, kind, form: TEXT, span, text });
}

test("what goes in comes out, over several growths", () => {
  const columns = new Columns();
  const texts = ["", "a", "é😀", "x".repeat(500), "\n", "\u2028"];
  for (let seq = 0; seq < 5000; seq++) {
    push(
      columns,
      seq,
      seq % 2 ? "on_chat_model_stream" : "on_chain_stream",
      1 + (seq % 3),
      `${seq}${texts[seq % 6]}`,
    );
  }
  assert.equal(columns.length, 5000);
  for (const row of [0, 1, 1023, 1024, 2047, 4999]) {
    assert.equal(columns.text(row), `${row}${texts[row % 6]}`);
    assert.equal(columns.seq[row], row);
    assert.equal(columns.t_us[row], row * 10);
  }
  assert.deepEqual(columns.kindAt(1), { event: "on_chat_model_stream", type: "chat_model", phase: "stream" });
});

test("the rows of a span are found in order", () => {
  const columns = new Columns();
  for (const [seq, span] of [0, 1, 2, 1, 1, 2, 0].entries()) push(columns, seq, "on_chain_stream", span, "");
  const rows = (/** @type {number} */ span) => {
    const found = [];
    for (let row = columns.first(span); row >= 0; row = columns.next(row)) found.push(row);
    return found;
  };
  assert.deepEqual(rows(1), [1, 3, 4]);
  assert.deepEqual(rows(2), [2, 5]);
  assert.deepEqual(rows(9), []);
  assert.deepEqual(rows(0), [], "rows without a span belong together to none");
});

test("rows are found by time and by seq", () => {
  const columns = new Columns();
  for (const seq of [0, 1, 2, 5, 6]) push(columns, seq, "on_chain_stream", 1, "x");
  assert.equal(columns.rowOf(5), 3);
  assert.equal(columns.rowOf(4), -1);
  assert.equal(columns.rowAt(50), 3);
  assert.equal(columns.rowAt(999), 5);
  assert.equal(columns.hasText(0), true);
});

test("more names of events than there are codes share the last", () => {
  const columns = new Columns();
  for (let name = 0; name < 400; name++) assert.ok(columns.codeOf(`event ${name}`, null) < 255);
  assert.equal(
    columns.codeOf("on_tool_start", spanEvent("on_tool_start")),
    columns.codeOf("on_tool_start", null),
  );
});
