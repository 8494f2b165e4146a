// A JSON value as a tree. It grows in place: only what changed is touched, and lit for a moment.

import { button, el, setText } from "../dom.js";
import { count } from "../format.js";

/** @typedef {import("../growth.js").Growth} Growth */
/** @typedef {import("../growth.js").GrowthNode} GrowthNode */
/**
 * @typedef {{
 *   node: GrowthNode, kind: string, box: HTMLElement, line: HTMLElement, value: HTMLElement, time: HTMLElement,
 *   body: HTMLElement | null, close: HTMLElement | null, more: HTMLButtonElement | null, limit: number, children: Branch[],
 *   drawn: number, spine: boolean,
 * }} Branch
 * `spine`: on the way to where the value was last seen to grow.
 */

const LIT_MS = 900;
const SHOWN = 200;
const MORE = 2000;
const FLAT_LENGTH = 56;
const FLAT_MEMBERS = 5;
const LONG = 20_000;
const AS_KEY = /^[\p{L}_$][\p{L}\p{N}_$-]*$/u;

export class JsonTree {
  /** @type {Growth | null} */
  #growth = null;
  /** @type {Branch | null} */
  #root = null;
  #drawn = 0;
  /** @type {Map<HTMLElement, number>} */
  #lit = new Map();
  /** @type {HTMLElement | null} */
  #caretAt = null;

  /** @param {HTMLElement} root @param {{ times: boolean }} options `times`: say when each value came */
  constructor(root, { times }) {
    this.root = root;
    this.times = times;
    this.caret = el("span", "caret", "", { "aria-hidden": "true" });
  }

  /**
   * @param {Growth} growth @param {boolean} growing it is still being written @param {number} ms
   * @returns {boolean} whether something is still lit
   */
  draw(growth, growing, ms) {
    if (growth !== this.#growth) {
      this.#growth = growth;
      this.#root = null;
      this.#drawn = 0;
      this.#lit.clear();
      this.#caretAt = null;
      this.root.replaceChildren();
    }
    if (growing) growth.settle();
    if (growth.root && (growth.version !== this.#drawn || !this.#root)) {
      const fresh = this.#root === null;
      if (!this.#root) {
        this.#root = this.#make(growth.root);
        this.root.append(this.#root.box);
      }
      this.#patch(this.#root, this.#drawn, fresh ? null : ms, growing, true);
      this.#drawn = growth.version;
    }
    if (!growing && this.#root?.spine) this.#complete(this.#root);
    this.#placeCaret(growing);
    for (const [element, since] of this.#lit) {
      if (ms - since < LIT_MS) continue;
      element.classList.remove("lit");
      this.#lit.delete(element);
    }
    return this.#lit.size > 0;
  }

  /** @param {GrowthNode} node @returns {Branch} */
  #make(node) {
    const box = el("div", "json-node");
    const line = el("div", "json-line");
    if (typeof node.key === "string") {
      const key = el("span", "json-key", AS_KEY.test(node.key) ? node.key : JSON.stringify(node.key));
      line.append(key, el("span", "json-mark", ": "));
    }
    const value = el("span", "json-value");
    const comma = el("span", "json-comma", ",");
    const time = el("time", "json-time");
    line.append(value, comma, time);
    box.append(line);
    return {
      node,
      kind: "",
      box,
      line,
      value,
      time,
      body: null,
      close: null,
      more: null,
      limit: SHOWN,
      children: [],
      drawn: 0,
      spine: false,
    };
  }

  /**
   * @param {Branch} branch @param {number} drawn what was drawn before @param {number | null} ms null: light nothing
   * @param {boolean} growing @param {boolean} last whether the newest change may be in it
   */
  #patch(branch, drawn, ms, growing, last) {
    const { node } = branch;
    if (node.touched <= branch.drawn) {
      if (branch.spine && !(growing && last)) this.#complete(branch);
      return;
    }
    branch.spine = growing && last;
    branch.drawn = node.touched;
    const nested = node.kind === "object" || node.kind === "array";
    if (branch.kind !== node.kind) this.#become(branch, nested);
    if (nested) this.#patchChildren(branch, drawn, ms, growing, last);
    else this.#leaf(branch);
    if (ms !== null && !nested && node.changed > drawn) this.#light(branch.value, ms);
    this.#shape(branch, growing && last);
    if (this.times) setText(branch.time, timeText(node, branch.box.classList.contains("flat")));
  }

  /** @param {Branch} branch @param {number} drawn @param {number | null} ms @param {boolean} growing @param {boolean} last */
  #patchChildren(branch, drawn, ms, growing, last) {
    const { node } = branch;
    const body = /** @type {HTMLElement} */ (branch.body);
    const shown = Math.min(node.children.length, branch.limit);
    for (const gone of branch.children.splice(shown)) gone.box.remove();
    for (let index = 0; index < shown; index++) {
      const child = /** @type {GrowthNode} */ (node.children[index]);
      let below = branch.children[index];
      if (below && below.node !== child) {
        const anew = this.#make(child);
        below.box.replaceWith(anew.box);
        branch.children[index] = below = anew;
      } else if (!below) {
        below = this.#make(child);
        branch.children.push(below);
        body.append(below.box);
      }
      this.#patch(below, drawn, ms, growing, last && index === node.children.length - 1);
    }
    this.#drawMore(branch, shown);
    const open = node.kind === "array" ? "[" : "{";
    const type = node.type ? `${node.type} ` : "";
    const empty = node.children.length === 0;
    const shut = node.kind === "array" ? "]" : "}";
    setText(branch.value, `${type}${open}${empty ? shut : ""}`);
    const twisty = /** @type {HTMLElement} */ (branch.line.querySelector(".json-twisty"));
    twisty.hidden = empty;
    setText(/** @type {HTMLElement} */ (branch.line.querySelector(".json-count")), sizeText(node));
  }

  /** @param {Branch} branch @param {number} shown */
  #drawMore(branch, shown) {
    const hidden = branch.node.children.length - shown;
    if (hidden <= 0) {
      branch.more?.remove();
      branch.more = null;
      return;
    }
    if (!branch.more) {
      branch.more = button("btn small json-more", "");
      branch.more.addEventListener("click", () => {
        branch.limit += MORE;
        branch.drawn = 0;
        this.#patch(branch, this.#drawn, null, false, false);
      });
      branch.body?.after(branch.more);
    }
    setText(branch.more, `${count(hidden)} more`);
  }

  /** From one kind of value to another. @param {Branch} branch @param {boolean} nested */
  #become(branch, nested) {
    const { node, line, value } = branch;
    branch.kind = node.kind;
    branch.body?.remove();
    branch.close?.remove();
    branch.more?.remove();
    branch.more = null;
    branch.children = [];
    branch.body = branch.close = null;
    line.querySelector(".json-twisty")?.remove();
    line.querySelector(".json-count")?.remove();
    value.className = `json-value ${nested ? "json-mark" : valueClass(node)}`;
    if (!nested) return;
    const name = node.key === null ? "value" : typeof node.key === "number" ? `item ${node.key}` : node.key;
    const twisty = button("json-twisty", "", {
      "aria-expanded": "true",
      "aria-label": `Show what is in ${name}`,
    });
    twisty.addEventListener("click", () => {
      const open = twisty.getAttribute("aria-expanded") !== "true";
      twisty.setAttribute("aria-expanded", String(open));
      branch.box.classList.toggle("shut", !open);
    });
    line.prepend(twisty);
    value.after(el("span", "json-count"));
    branch.body = el("div", "json-body");
    const shut = node.kind === "array" ? "]" : "}";
    branch.close = el("div", "json-line json-close");
    branch.close.append(el("span", "json-mark", shut), el("span", "json-comma", ","));
    branch.box.append(branch.body, branch.close);
  }

  /** @param {Branch} branch */
  #leaf({ node, value }) {
    const isText = node.kind === "string";
    value.className = `json-value ${valueClass(node)}`;
    const cut = node.leaf.length > LONG ? `${node.leaf.slice(0, LONG)}…` : node.leaf;
    const text = isText ? `"${escaped(cut)}"` : cut;
    const written = value.firstChild;
    if (!(written instanceof Text)) {
      value.textContent = text;
      return;
    }
    // A string that goes on keeps its node: the quote at its end moves on.
    const before = written.data;
    const kept = isText ? before.length - 1 : before.length;
    if (kept > 0 && text.length > before.length && text.startsWith(before.slice(0, kept))) {
      written.replaceData(kept, before.length - kept, text.slice(kept));
    } else if (before !== text) {
      written.data = text;
    }
  }

  /** It is not where the value grows any more. @param {Branch} branch */
  #complete(branch) {
    branch.spine = false;
    this.#shape(branch, false);
    for (const child of branch.children) if (child.spine) this.#complete(child);
  }

  /** On one line, where there is little in it and nothing more comes. @param {Branch} branch @param {boolean} growing */
  #shape(branch, growing) {
    const { node, box } = branch;
    if (node.kind !== "object" && node.kind !== "array") return;
    const flat = !growing && node.key !== null && isFlat(node);
    if (box.classList.contains("flat") !== flat) {
      box.classList.toggle("flat", flat);
      if (this.times) setText(branch.time, timeText(node, flat));
    }
    const empty = node.children.length === 0;
    if (box.classList.contains("empty-value") !== empty) box.classList.toggle("empty-value", empty);
  }

  /** @param {HTMLElement} element @param {number} ms */
  #light(element, ms) {
    element.classList.add("lit");
    this.#lit.set(element, ms);
  }

  /** @param {boolean} growing */
  #placeCaret(growing) {
    if (!growing || !this.#root) {
      if (this.#caretAt) this.caret.remove();
      this.#caretAt = null;
      return;
    }
    let branch = this.#root;
    for (let next = branch.children.at(-1); next; next = branch.children.at(-1)) branch = next;
    if (branch.value === this.#caretAt) return;
    this.#caretAt = branch.value;
    branch.value.after(this.caret);
  }
}

/** @param {GrowthNode} node */
function isFlat(node) {
  if (node.children.length > FLAT_MEMBERS) return false;
  let length = 0;
  for (const child of node.children) {
    if (child.children.length || child.kind === "object" || child.kind === "array") return false;
    length += child.leaf.length + String(child.key ?? "").length + 6;
  }
  return length <= FLAT_LENGTH;
}

/** @param {GrowthNode} node */
function sizeText(node) {
  const size = node.children.length;
  const noun = node.kind === "array" ? "item" : "key";
  return `${count(size)} ${noun}${size === 1 ? "" : "s"}`;
}

/** When a value came; what stands on one line came with the last thing in it. @param {GrowthNode} node @param {boolean} flat */
function timeText(node, flat) {
  const us = flat ? Math.max(node.t_us, ...node.children.map((child) => child.t_us)) : node.t_us;
  return us ? `${(us / 1e6).toFixed(2)} s` : "";
}

/** @param {GrowthNode} node */
function valueClass(node) {
  if (node.kind === "string") return "json-string";
  if (node.type) return "json-marker";
  return /^-?[0-9]/.test(node.leaf) ? "json-number" : "json-word";
}

/** As JSON writes it, but with line breaks shown as such. @param {string} text */
const escaped = (text) => JSON.stringify(text).slice(1, -1);
