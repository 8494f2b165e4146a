// A value that is whole: messages as a conversation, documents, text, anything else as a tree.

import { blocksOf } from "../content.js";
import { el } from "../dom.js";
import { grown } from "../growth.js";
import { callsOf, contentText, isMessage, isObject, textOf, unwrap } from "../values.js";
import { drawBlocks } from "./content.js";
import { JsonTree } from "./json.js";
import { TextView } from "./text.js";

/** @param {HTMLElement} root @param {unknown} value */
export function drawValue(root, value) {
  root.replaceChildren();
  const messages = messagesOf(value);
  const documents = documentsOf(value);
  /** @type {Map<string, number>} */
  const seen = new Map();
  if (messages) for (const message of messages) root.append(messageCard(message, seen));
  else if (documents) for (const [index, one] of documents.entries()) root.append(documentCard(one, index));
  else drawPlain(root, value);
}

/** @param {HTMLElement} root @param {unknown} value */
function drawPlain(root, value) {
  const text = textOf(value);
  if (text !== null) {
    const box = el("div", "text");
    new TextView(box).append(text);
    root.append(text ? box : el("p", "nothing", "An empty text."));
    return;
  }
  drawTree(root, value);
}

/** @param {HTMLElement} root @param {unknown} value */
export function drawTree(root, value) {
  const box = el("div", "json");
  new JsonTree(box).draw(grown(value), false, 0);
  root.append(box);
}

/** The messages of a model's input, a prompt's output, a list of them or one; null for anything else.
 * @param {unknown} value @returns {Record<string, any>[] | null} */
export function messagesOf(value) {
  if (isMessage(value)) return [value];
  const inner = unwrap(value);
  const list =
    isObject(inner) && Object.keys(inner).length <= 2 && Array.isArray(inner.messages)
      ? inner.messages
      : inner;
  if (!Array.isArray(list)) return null;
  const flat = list.flat(1);
  return flat.length && flat.every(isMessage) ? flat : null;
}

/** @param {unknown} value @returns {Record<string, any>[] | null} */
function documentsOf(value) {
  const list = unwrap(value);
  const isDocument = (/** @type {unknown} */ one) =>
    isObject(one) && one.type === "Document" && "page_content" in one;
  return Array.isArray(list) && list.length && list.every(isDocument) ? list : null;
}

/** @type {Record<string, string>} */
const ROLES = { human: "human", ai: "ai", AIMessageChunk: "ai", system: "system", tool: "tool" };

/** @param {Record<string, any>} message @param {Map<string, number>} seen images drawn before */
function messageCard(message, seen) {
  const card = el("section", "message");
  const role = ROLES[message.type] ?? String(message.type);
  card.dataset.role = role;
  const head = el("h3", "message-role", role);
  if (typeof message.name === "string") head.append(el("span", "message-name", message.name));
  card.append(head);
  drawBlocks(card, blocksOf(message), seen);
  for (const call of callsOf(message)) card.append(callBox(call.name, call.args).box);
  if (card.childElementCount === 1) card.append(el("p", "nothing", "No content."));
  return card;
}

/**
 * A tool call; `args` can be set anew as it grows.
 * @param {string} name @param {string} args
 */
export function callBox(name, args) {
  const box = el("div", "call");
  const head = el("div", "call-name", name || "tool call");
  const body = el("pre", "call-args", "");
  const text = document.createTextNode(args);
  body.append(text);
  box.append(head, body);
  return { box, head, text };
}

/** @param {Record<string, any>} one @param {number} index */
function documentCard(one, index) {
  const card = el("section", "message document");
  const metadata = isObject(one.metadata) ? one.metadata : {};
  const title = metadata.title ?? metadata.source ?? "";
  const head = el("h3", "message-role", `document ${index + 1}`);
  if (typeof title === "string" && title) head.append(el("span", "message-name", title));
  card.append(head);
  const box = el("div", "text");
  new TextView(box).append(contentText(one.page_content));
  card.append(box);
  if (Object.keys(metadata).length) drawTree(card, metadata);
  return card;
}
