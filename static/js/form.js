// The form of a line: the bytes that it shares with others, and the places in which it differs. No DOM.

import { TEXT } from "./columns.js";
import { excerptOf } from "./excerpt.js";
import { isObject } from "./values.js";

/** @typedef {import("./spans.js").Line} Line */
/**
 * @typedef {{
 *   kind: number, parts: Uint8Array[], words: Int32Array[], holes: Uint8Array, text: number, prefix: Uint8Array,
 * }} Form  What follows the span's number in a line that streams something: `parts`, all bytes of it but those in the
 * `holes` between them, each a STRING or a NUMBER; `words`: the parts, four bytes each, little end first. `text`: the
 * hole that is shown, after `prefix`; -1: `prefix` is all that is shown.
 */

/** What stands in a hole: a string without its quotes, a number. */
export const STRING = 1;
export const NUMBER = 2;

/** Longer lines, and those with more holes, are parsed: what makes them long differs in more than that. */
const MOST = 16_384;
const MOST_HOLES = 64;
const FRONT =
  /^\{"seq":(?:0|[1-9]\d{0,14}),"t_us":(?:0|[1-9]\d{0,14}),"event":"on_[a-z_]+_stream","span":(?:0|[1-9]\d{0,14})(?=,"data":)/;
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|[[\]{}]/g;
/** What is shown of a value that has no parts. */
const SINGLE = /^(?:true|false|null|"[^"]*"|-?[\d.]+)$/;
const encoder = new TextEncoder();

/**
 * The form of a line that streams a text or a value; null where it may not be known by its bytes.
 * @param {string} text the line @param {Line} line the same, parsed @param {number} kind TEXT or TREE, as its row has it
 * @returns {Form | null}
 */
export function formOf(text, line, kind) {
  const front = FRONT.exec(text)?.[0];
  if (!front || text.length > MOST) return null;
  const { chunk } = line.data;
  // Values that stand for others, questions of a graph and counts of tokens are not for here.
  if (
    text.includes('"$tracer"') ||
    (isObject(chunk) && ("__interrupt__" in chunk || "usage_metadata" in chunk))
  )
    return null;
  const found = cut(text.slice(front.length), kind, isObject(chunk));
  if (!found) return null;
  const first = shownOf(line.event, found, 0, kind);
  const second = shownOf(line.event, found, 1, kind);
  if (!first || !second || first.hole !== second.hole || first.prefix !== second.prefix) return null;
  const parts = found.parts.map((part) => encoder.encode(part));
  const words = parts.map((part) => {
    const view = new DataView(part.buffer, part.byteOffset, part.length);
    return Int32Array.from({ length: part.length >> 2 }, (_, word) => view.getInt32(word * 4, true));
  });
  const { hole, prefix } = first;
  return {
    kind,
    parts,
    words,
    holes: Uint8Array.from(found.holes),
    text: hole,
    prefix: encoder.encode(prefix),
  };
}

/**
 * Cuts the values out that may differ. Of a text, these are itself and a message's id: anything else may decide how it
 * is shown. Of any other value, all strings and numbers but those that say what something is.
 * @param {string} rest of the line @param {number} kind @param {boolean} inObject the text is in an object
 * @returns {{ parts: string[], holes: number[] } | null}
 */
function cut(rest, kind, inObject) {
  const parts = [];
  const holes = [];
  let depth = 0;
  let end = 0;
  let key = "";
  // Only as tracer writes it: no white space in between, and keys that are spelled as they are.
  if (/\s/.test(rest.replace(TOKEN, ""))) return null;
  for (const { 0: token, index } of rest.matchAll(TOKEN)) {
    const code = token.charCodeAt(0);
    if (code === 0x7b || code === 0x5b) depth++;
    else if (code === 0x7d || code === 0x5d) depth--;
    if ("{}[]".includes(token)) {
      key = "";
      continue;
    }
    const isString = code === 0x22;
    const after = index + token.length;
    if (isString && rest[after] === ":") {
      if (token.includes("\\")) return null;
      key = token;
      continue;
    }
    const own = rest[index - 1] === ":" ? key : "";
    if (!isHole(own, isString, kind, depth, inObject)) continue;
    const [from, to] = isString ? [index + 1, after - 1] : [index, after];
    parts.push(rest.slice(end, from));
    holes.push(isString ? STRING : NUMBER);
    end = to;
    if (holes.length > MOST_HOLES) return null;
  }
  parts.push(rest.slice(end));
  return { parts, holes };
}

/** @param {string} key with its quotes; "" in a list @param {boolean} isString @param {number} kind @param {number} depth @param {boolean} inObject */
function isHole(key, isString, kind, depth, inObject) {
  if (kind !== TEXT) return depth > 1 && key !== '"type"';
  if (!inObject) return isString && depth === 1 && key === '"chunk"';
  return isString && depth === 2 && (key === '"content"' || key === '"text"' || key === '"id"');
}

/**
 * What is shown of a line with other values in these places; null where it would count as more than that.
 * @param {string} event @param {{ parts: string[], holes: number[] }} found @param {number} turn @param {number} kind
 * @returns {{ hole: number, prefix: string } | null}
 */
function shownOf(event, { parts, holes }, turn, kind) {
  const values = holes.map((hole, at) =>
    hole === STRING ? `${"vw"[turn]}${at}` : String((turn + 1) * 1000 + at),
  );
  const span = 7 + turn;
  const t_us = 3 + turn;
  let text = `{"seq":0,"t_us":${t_us},"event":"${event}","span":${span}`;
  for (const [at, part] of parts.entries()) text += part + (values[at] ?? "");
  /** @type {Line} */
  const line = JSON.parse(text);
  if (line.t_us !== t_us || line.event !== event || line.span !== span || !isObject(line.data)) return null;
  if (Object.keys(line).length !== 5 || Object.keys(line.data).length !== 1) return null;
  const shown = excerptOf(line, "stream");
  if (shown.form !== kind) return null;
  if (kind === TEXT) {
    const hole = values.indexOf(shown.text);
    return hole < 0 ? null : { hole, prefix: "" };
  }
  const stop = shown.text.lastIndexOf("\n") + 1;
  const last = shown.text.slice(stop);
  const hole = values.findIndex((value, at) => last === (holes[at] === STRING ? `"${value}"` : value));
  if (hole >= 0) return { hole, prefix: shown.text.slice(0, stop) };
  return SINGLE.test(last) ? { hole, prefix: shown.text } : null;
}
