// One line of a tree of JSON, as elements.

import { button, el, setAttribute, setText, show } from "../dom.js";
import { count } from "../format.js";
import { isFlat } from "../json_lines.js";

/** @typedef {import("../growth.js").GrowthNode} GrowthNode */
/** @typedef {import("../json_lines.js").JsonLine} JsonLine */

const LIT_MS = 900;
const DEEPEST = 24;
const AS_KEY = /^[\p{L}_$][\p{L}\p{N}_$-]*$/u;

let ids = 0;

export class JsonRow {
  /** @type {JsonLine | null} */
  line = null;
  #version = -1;

  /** @param {boolean} times */
  constructor(times) {
    this.element = el("div", "json-line", "", { role: "treeitem", id: `json-line-${++ids}` });
    this.twisty = el("span", "json-twisty", "", { "aria-hidden": "true" });
    this.key = el("span", "json-key");
    this.colon = el("span", "json-mark", ": ");
    this.value = el("span", "json-value");
    this.count = el("span", "json-count");
    this.more = button("json-more", "", { tabindex: "-1" });
    this.body = el("span", "json-body");
    this.body.append(this.key, this.colon, this.value, this.count, this.more);
    this.element.append(this.twisty, this.body);
    this.first = button("json-time json-first", "", { tabindex: "-1" });
    this.last = button("json-time json-last", "", { tabindex: "-1" });
    if (times) this.element.append(this.first, this.last);
  }

  /**
   * @param {JsonLine} line @param {((row: number) => string) | null} timeOf
   * @param {boolean} selected @param {number} ms @returns {boolean} whether it is lit
   */
  draw(line, timeOf, selected, ms) {
    const lit = ms - line.lit < LIT_MS;
    this.element.classList.toggle("lit", lit);
    setAttribute(this.element, "aria-selected", String(selected));
    if (line === this.line && line.version === this.#version) return lit;
    this.line = line;
    this.#version = line.version;
    const { node, depth } = line;
    const { element } = this;
    const siblings = line.parent?.children.length ?? 1;
    setAttribute(element, "aria-level", String(depth + 1));
    setAttribute(element, "aria-setsize", String(siblings));
    setAttribute(element, "aria-posinset", String(line.index + 1));
    setAttribute(element, "aria-expanded", line.opens ? String(line.open) : null);
    element.style.setProperty("--depth", String(Math.min(depth, DEEPEST)));
    const key = node.key === null ? "" : typeof node.key === "number" ? String(node.key) : keyText(node.key);
    setText(this.key, key);
    this.key.classList.toggle("json-index", typeof node.key === "number");
    show(this.colon, key !== "");
    this.#drawValue(line);
    if (timeOf) {
      const { first, last } = datesOf(line);
      setText(this.first, first < 0 ? "" : timeOf(first));
      setText(this.last, last < 0 || last === first ? "" : timeOf(last));
    }
    return lit;
  }

  /** @param {JsonLine} line */
  #drawValue(line) {
    const { node } = line;
    const { value } = this;
    let more = "";
    let size = "";
    if (line.isNested) {
      const shut = !line.open;
      value.className = "json-value json-mark";
      const type = node.type ? `${node.type} ` : "";
      const [begin, end] = node.kind === "array" ? ["[", "]"] : ["{", "}"];
      if (shut && line.opens && isFlat(node)) {
        value.replaceChildren(`${type}${begin} `, ...inline(node), ` ${end}`);
      } else {
        setText(value, `${type}${begin}${line.open ? "" : line.opens ? `…${end}` : end}`);
        if (line.opens) size = sizeText(node);
      }
    } else {
      value.className = `json-value ${valueClass(node)}`;
      const { length } = node.leaf;
      const text = leafText(node, line.shown);
      if (length > line.shown) {
        size = `${count(line.shown)} of ${count(length)} characters`;
        more = "Show more";
      }
      grow(value, text, node.kind === "string");
    }
    setText(this.count, size);
    show(this.count, size !== "");
    setText(this.more, more);
    show(this.more, more !== "");
  }
}

/** What stands on one line came with the first thing in it, and changed with the last. @param {JsonLine} line */
export function datesOf({ node }) {
  return { first: node.first, last: node.last };
}

/** A string that goes on keeps its text node: the quote at its end moves on. @param {HTMLElement} value @param {string} text @param {boolean} quoted */
function grow(value, text, quoted) {
  const written = value.firstChild;
  if (!(written instanceof Text) || value.childNodes.length > 1) {
    value.textContent = text;
    return;
  }
  const before = written.data;
  const kept = quoted ? before.length - 1 : before.length;
  if (kept > 0 && text.length > before.length && text.startsWith(before.slice(0, kept))) {
    written.replaceData(kept, before.length - kept, text.slice(kept));
  } else if (before !== text) written.data = text;
}

/** Little objects on one line. @param {GrowthNode} node @returns {(Node | string)[]} */
function inline(node) {
  /** @type {(Node | string)[]} */
  const parts = [];
  for (const child of node.children) {
    if (parts.length) parts.push(", ");
    if (typeof child.key === "string") parts.push(el("span", "json-key", keyText(child.key)), ": ");
    parts.push(el("span", valueClass(child), leafText(child, 200)));
  }
  return parts;
}

/** @param {GrowthNode} node @param {number} most */
function leafText(node, most) {
  const cut = node.leaf.length > most ? `${node.leaf.slice(0, most)}…` : node.leaf;
  return node.kind === "string" ? JSON.stringify(cut) : cut;
}

/** @param {string} key */
const keyText = (key) => (AS_KEY.test(key) ? key : JSON.stringify(key));

/** @param {GrowthNode} node */
function sizeText(node) {
  const size = node.children.length;
  const noun = node.kind === "array" ? "item" : "key";
  return `${count(size)} ${noun}${size === 1 ? "" : "s"}`;
}

/** @param {GrowthNode} node */
function valueClass(node) {
  if (node.kind === "string") return "json-string";
  if (node.type) return "json-marker";
  return /^-?[0-9]/.test(node.leaf) ? "json-number" : "json-word";
}
