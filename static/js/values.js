// Reading encoded values: messages, text, and what JSON cannot say (objects with the key "$tracer"). No DOM.

import { ExactNumber } from "./exact.js";

/** @param {unknown} value @returns {value is Record<string, any>} */
export const isObject = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);

/** The marker's name where the value stands for something that JSON cannot say. @param {unknown} value */
export const markerOf = (value) =>
  isObject(value) && typeof value.$tracer === "string" ? value.$tracer : null;

/**
 * A string, also one with half a surrogate pair; null for anything else.
 * @param {unknown} value
 * @returns {string | null}
 */
export function stringOf(value) {
  if (typeof value === "string") return value;
  const marker = markerOf(value);
  const { json, head } = /** @type {Record<string, any>} */ (value ?? {});
  if (marker === "surrogate" && typeof json === "string") {
    try {
      return JSON.parse(`"${json}"`);
    } catch {
      return json;
    }
  }
  return marker === "cut" && typeof head === "string" ? head : null;
}

/**
 * What an encoded value stands for, in a few words; null where it can be shown as it is.
 * @param {unknown} value
 * @returns {string | null}
 */
export function markerText(value) {
  const marker = markerOf(value);
  if (marker === null) return null;
  const about = /** @type {Record<string, any>} */ (value);
  const said = (/** @type {unknown} */ one) =>
    typeof one === "string" || typeof one === "number" ? String(one) : "";
  switch (marker) {
    case "nan":
      return "NaN";
    case "inf":
      return "Infinity";
    case "-inf":
      return "-Infinity";
    case "bytes":
      return `${said(about.size)} bytes`;
    case "int":
    case "datetime":
    case "uuid":
    case "decimal":
    case "path":
      return said(about.value);
    case "timedelta":
      return `${said(about.seconds)} s`;
    case "enum":
      return `${said(about.type)}.${said(about.name)}`;
    case "secret":
      return about.kind === undefined ? "secret, not recorded" : `secret (${said(about.kind)}), not recorded`;
    case "repr":
      return said(about.repr) || `${said(about.type)} (${said(about.error)})`;
    case "cycle":
      return `the same ${said(about.type)} again`;
    case "exception":
      return `${said(about.type)}: ${said(about.message)}`;
    case "array":
      return `${said(about.type)} ${JSON.stringify(about.shape ?? [])}`;
    case "cut":
      return about.head === undefined ? `cut: ${said(about.kind)} of ${said(about.size)}` : null;
    default:
      return null;
  }
}

/** The value inside a marker that wraps one, else the value. @param {unknown} value @returns {unknown} */
export function unwrap(value) {
  const marker = markerOf(value);
  const about = /** @type {Record<string, any>} */ (value);
  if (marker === "object" || marker === "set") return about.value;
  if (marker === "cut" && about.head !== undefined) return about.head;
  if (marker === "dict" && Array.isArray(about.items)) return about.items;
  return value;
}

const MESSAGES = new Set(["human", "ai", "system", "tool", "function", "chat", "developer", "remove"]);

/** Whether it is a message or a piece of one. @param {unknown} value @returns {value is Record<string, any>} */
export const isMessage = (value) =>
  isObject(value) &&
  typeof value.type === "string" &&
  "content" in value &&
  (MESSAGES.has(value.type) || value.type.endsWith("MessageChunk") || value.type.endsWith("Message"));

/** @typedef {{ index: number, id: string, name: string, args: string }} CallPiece */

const THOUGHT = /reasoning|thinking/;

/**
 * The text of a message's content: a string, or the text blocks of a list.
 * @param {unknown} content
 * @returns {string}
 */
export function contentText(content) {
  const text = stringOf(content);
  if (text !== null) return text;
  if (!Array.isArray(content)) return "";
  let joined = "";
  for (const block of content) {
    const own = stringOf(block);
    if (own !== null) joined += own;
    else if (isObject(block) && !THOUGHT.test(String(block.type))) joined += stringOf(block.text) ?? "";
  }
  return joined;
}

/**
 * The text of what a span streams or gives: a string, a message, a generation; null for any other value.
 * @param {unknown} value
 * @returns {string | null}
 */
export function textOf(value) {
  const text = stringOf(value);
  if (text !== null) return text;
  if (isMessage(value)) return contentText(value.content);
  if (isObject(value)) {
    const type = value.type;
    if (typeof type === "string" && type.includes("Generation")) return stringOf(value.text) ?? "";
    if (markerOf(value) === "object" && isObject(value.value) && "text" in value.value)
      return stringOf(value.value.text);
    // An LLM's end: one list of generations a prompt.
    const first = Array.isArray(value.generations) ? value.generations[0] : null;
    const one = Array.isArray(first) ? first[0] : first;
    if (isObject(one)) return stringOf(one.text);
  }
  return null;
}

/**
 * The pieces of tool calls in a message's chunk, or the whole calls of a message.
 * @param {unknown} value
 * @returns {CallPiece[]}
 */
export function callsOf(value) {
  if (!isMessage(value)) return [];
  const pieces = Array.isArray(value.tool_call_chunks) ? value.tool_call_chunks : null;
  const calls = pieces ?? (Array.isArray(value.tool_calls) ? value.tool_calls : []);
  /** @type {CallPiece[]} */
  const found = [];
  for (const call of calls) {
    if (!isObject(call)) continue;
    const args =
      stringOf(call.args) ?? (call.args === null || call.args === undefined ? "" : JSON.stringify(call.args));
    const index = Number.isInteger(call.index) ? call.index : found.length;
    found.push({ index, id: stringOf(call.id) ?? "", name: stringOf(call.name) ?? "", args });
  }
  return found;
}

/** Whether it is worth a tree: an object or a list, no message and no text. @param {unknown} value */
export function isTree(value) {
  const inner = unwrap(value);
  const nested = Array.isArray(inner) || isObject(inner);
  return nested && textOf(value) === null && markerText(value) === null;
}
