// What is in a message, block by block: text, reasoning, refusals, images, anything else. No DOM.

import { isObject, markerOf, stringOf } from "./values.js";

/**
 * @typedef {{ kind: "text", text: string } | { kind: "reasoning", text: string } | { kind: "refusal", text: string }
 *   | { kind: "image", url: string | null, bytes: number, about: string }
 *   | { kind: "other", value: unknown }} Block
 * image: `url` is a data URL that may be drawn; null where it is not, and `about` says why, else what it is.
 */

const TEXTS = new Set(["text", "output_text", "input_text", "text_delta"]);
const THOUGHTS = new Set([
  "reasoning",
  "thinking",
  "reasoning_content",
  "redacted_thinking",
  "thinking_delta",
]);
const IMAGES = new Set(["image", "image_url", "input_image", "media"]);
/** Blocks that LangChain repeats as a message's tool calls. */
const CALLS = new Set([
  "tool_use",
  "tool_call",
  "tool_call_chunk",
  "function_call",
  "input_json_delta",
  "invalid_tool_call",
]);
const DRAWN = /^data:(image\/(?:png|jpeg|gif|webp));base64,([A-Za-z0-9+/]+={0,2})$/;

/**
 * The blocks of a message or of a piece of one, tool calls aside.
 * @param {Record<string, any>} message
 * @returns {Block[]}
 */
export function blocksOf(message) {
  const more = isObject(message.additional_kwargs) ? message.additional_kwargs : {};
  /** @type {Block[]} */
  const found = [];
  const thought = stringOf(more.reasoning_content);
  if (thought) found.push({ kind: "reasoning", text: thought });
  const { content } = message;
  const text = stringOf(content);
  if (text !== null) {
    if (text) found.push({ kind: "text", text });
  } else if (Array.isArray(content)) {
    for (const one of content) {
      const block = blockOf(one);
      const last = found.at(-1);
      // Pieces of one text come as blocks of their own.
      if (block && "text" in block && last && "text" in last && last.kind === block.kind)
        last.text += block.text;
      else if (block) found.push(block);
    }
  } else if (isObject(content)) {
    found.push({ kind: "other", value: content });
  }
  const refusal = stringOf(more.refusal);
  if (refusal) found.push({ kind: "refusal", text: refusal });
  return found;
}

/** @param {unknown} one @returns {Block | null} */
function blockOf(one) {
  const own = stringOf(one);
  if (own !== null) return { kind: "text", text: own };
  if (!isObject(one)) return { kind: "other", value: one };
  const type = typeof one.type === "string" ? one.type : "";
  if (CALLS.has(type)) return null;
  if (THOUGHTS.has(type)) {
    const text = thoughtOf(one);
    return text === null ? { kind: "other", value: one } : text ? { kind: "reasoning", text } : null;
  }
  if (type === "refusal") return { kind: "refusal", text: stringOf(one.refusal) ?? "" };
  if (IMAGES.has(type)) return imageOf(one);
  const text = stringOf(one.text);
  if (text !== null && (TEXTS.has(type) || type === "")) return { kind: "text", text };
  return { kind: "other", value: one };
}

/** The text of a block of reasoning; null where it has none to read. @param {Record<string, any>} block */
function thoughtOf(block) {
  for (const name of ["reasoning", "thinking", "text"]) {
    const text = stringOf(block[name]);
    if (text !== null) return text;
  }
  if (isObject(block.reasoning_content)) return stringOf(block.reasoning_content.text);
  if (Array.isArray(block.summary)) {
    return block.summary.map((/** @type {any} */ part) => stringOf(part?.text) ?? "").join("\n\n");
  }
  // A signature alone comes at the end of what was thought.
  return "signature" in block || "index" in block ? "" : null;
}

/** @param {Record<string, any>} block @returns {Block} */
function imageOf(block) {
  const source = isObject(block.source) ? block.source : {};
  const data =
    block.base64 ?? block.data ?? source.data ?? (source.type === "base64" ? source.bytes : undefined);
  const mime = stringOf(block.mime_type ?? source.media_type) ?? "image/png";
  const address = isObject(block.image_url)
    ? block.image_url.url
    : (block.image_url ?? block.url ?? source.url);
  if (data !== undefined)
    return pictureOf(markerOf(data) ? data : `data:${mime};base64,${stringOf(data) ?? ""}`);
  if (address !== undefined) return pictureOf(address);
  return { kind: "other", value: block };
}

/** @param {unknown} address @returns {Block} */
function pictureOf(address) {
  if (isObject(address)) {
    return {
      kind: "image",
      url: null,
      bytes: 0,
      about: `cut when it was recorded, ${address.size ?? "?"} characters`,
    };
  }
  const url = stringOf(address) ?? "";
  const found = DRAWN.exec(url);
  if (found) {
    const [, mime = "", data = ""] = found;
    return { kind: "image", url, bytes: bytesOf(data), about: mime };
  }
  if (url.startsWith("data:")) {
    const type = /^data:([^;,]{0,60})/.exec(url)?.[1] || "unknown type";
    return { kind: "image", url: null, bytes: 0, about: `${type}, which is not drawn here` };
  }
  return {
    kind: "image",
    url: null,
    bytes: 0,
    about: url ? `${url.slice(0, 300)}, not loaded` : "without data",
  };
}

/** How many bytes base64 stands for. @param {string} data */
export function bytesOf(data) {
  const padding = data.endsWith("==") ? 2 : data.endsWith("=") ? 1 : 0;
  return Math.floor((data.length * 3) / 4) - padding;
}

/** All text of one kind. @param {Block[]} blocks @param {"text" | "reasoning" | "refusal"} kind */
export function textIn(blocks, kind) {
  let text = "";
  for (const block of blocks) if (block.kind === kind) text += block.text;
  return text;
}
