// The blocks of messages, in the shapes that providers and LangChain give them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { blocksOf, bytesOf, textIn } from "../../static/js/content.js";
import { excerptOf } from "../../static/js/excerpt.js";

const PNG = "iVBORw0KGgo=";
const DATA = `data:image/png;base64,${PNG}`;

/** @param {unknown} content @param {object} [more] */
const blocks = (content, more = {}) => blocksOf({ type: "ai", content, ...more });

test("text, as a string or in blocks, pieces of one joined", () => {
  assert.deepEqual(blocks("hi"), [{ kind: "text", text: "hi" }]);
  assert.deepEqual(blocks(""), []);
  assert.deepEqual(blocks(["a", { type: "text", text: "b" }, { type: "output_text", text: "c" }]), [
    { kind: "text", text: "abc" },
  ]);
});

test("reasoning in every shape", () => {
  for (const block of [
    { type: "reasoning", reasoning: "why" },
    { type: "thinking", thinking: "why", signature: "x" },
    { type: "reasoning", summary: [{ type: "summary_text", text: "why" }] },
    { type: "reasoning_content", reasoning_content: { text: "why" } },
  ]) {
    assert.deepEqual(blocks([block]), [{ kind: "reasoning", text: "why" }], JSON.stringify(block));
  }
  assert.deepEqual(blocks("so", { additional_kwargs: { reasoning_content: "why" } }), [
    { kind: "reasoning", text: "why" },
    { kind: "text", text: "so" },
  ]);
  assert.deepEqual(blocks([{ type: "thinking", signature: "x", index: 0 }]), []);
});

test("refusals, as a block or beside the content", () => {
  assert.deepEqual(blocks([{ type: "refusal", refusal: "no" }]), [{ kind: "refusal", text: "no" }]);
  assert.deepEqual(blocks("", { additional_kwargs: { refusal: "no" } }), [{ kind: "refusal", text: "no" }]);
});

test("images in every shape become data URLs", () => {
  for (const block of [
    { type: "image_url", image_url: { url: DATA } },
    { type: "image_url", image_url: DATA },
    { type: "input_image", image_url: DATA },
    { type: "image", base64: PNG, mime_type: "image/png" },
    { type: "image", source_type: "base64", data: PNG, mime_type: "image/png" },
    { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
    { type: "media", data: PNG, mime_type: "image/png" },
    { type: "image", url: DATA },
  ]) {
    assert.deepEqual(
      blocks([block]),
      [{ kind: "image", url: DATA, bytes: 8, about: "image/png" }],
      JSON.stringify(block),
    );
  }
});

test("nothing is loaded from elsewhere, and only four kinds of image are drawn", () => {
  for (const url of [
    "https://example.invalid/x.png",
    "//example.invalid/x.png",
    "/api/runs",
    "javascript:alert(1)",
    "data:image/svg+xml;base64,PHN2Zy8+",
    "data:text/html;base64,PHN2Zy8+",
    'data:image/png;base64,AAAA" onerror="x',
    "data:image/png,raw",
    "",
  ]) {
    const [block] = blocks([{ type: "image_url", image_url: { url } }]);
    assert.equal(block?.kind, "image");
    assert.equal(block?.kind === "image" && block.url, null, url);
  }
  const cut = { $tracer: "cut", kind: "str", size: 9_000_000, head: "data:image/png;base64,AAAA" };
  const [block] = blocks([{ type: "image_url", image_url: { url: cut } }]);
  assert.equal(block?.kind === "image" && block.url, null);
});

test("what is not known is kept as it is, tool calls are said elsewhere", () => {
  const audio = { type: "audio", data: "x" };
  assert.deepEqual(blocks([audio]), [{ kind: "other", value: audio }]);
  assert.deepEqual(blocks([{ type: "tool_use", name: "x", input: {} }, { type: "input_json_delta" }]), []);
  assert.deepEqual(blocks(null), []);
  assert.deepEqual(blocks([7, null]).length, 2);
});

test("bytes behind base64", () => {
  for (const [text, bytes] of /** @type {const} */ ([
    ["", 0],
    ["QQ==", 1],
    ["QUI=", 2],
    ["QUJD", 3],
  ]))
    assert.equal(bytesOf(text), bytes);
});

test("a piece of reasoning, of a refusal and of a call is told from text in the event log's row", () => {
  /** @param {object} chunk */
  const piece = (chunk) => {
    const { form, text } = excerptOf(
      { event: "on_chat_model_stream", data: { chunk: { type: "AIMessageChunk", content: "", ...chunk } } },
      "stream",
    );
    return { form, ...(form === 2 ? JSON.parse(text) : { text }) };
  };
  assert.deepEqual(piece({ content: "hi" }), { form: 1, text: "hi" });
  assert.deepEqual(piece({ content: [{ type: "reasoning", reasoning: "why" }] }), {
    form: 2,
    text: "",
    calls: [],
    reasoning: "why",
  });
  assert.equal(piece({ additional_kwargs: { reasoning_content: "why" } }).reasoning, "why");
  assert.equal(piece({ content: [{ type: "refusal", refusal: "no" }] }).refusal, "no");
  assert.equal(
    piece({ tool_call_chunks: [{ index: 0, id: "c", name: "f", args: '{"a' }] }).calls[0].args,
    '{"a',
  );
});

test("the text of one kind", () => {
  assert.equal(textIn(blocks(["a", { type: "reasoning", reasoning: "b" }, "c"]), "text"), "ac");
});
