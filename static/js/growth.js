// A JSON value that grows: what changed, when, found once, so that views touch only that. No DOM.

import { keysOf } from "./exact.js";
import { isObject, markerOf, markerText, stringOf, unwrap } from "./values.js";

/**
 * @typedef {{
 *   key: string | number | null,
 *   kind: "object" | "array" | "string" | "other",
 *   leaf: string,
 *   type: string,
 *   children: GrowthNode[],
 *   changed: number,
 *   touched: number,
 *   t_us: number,
 *   value: unknown,
 * }} GrowthNode
 * `leaf`: a string's text, or what to write for anything else that has no children; `type`: of an object that is no
 * plain one. `changed`: the version in which it itself changed, `touched`: in which it or something in it did;
 * `t_us`: when a leaf changed last, when anything else began; `value`: what it was made of, which is unchanged where it
 * is the same object.
 */
/** @typedef {(path: (string | number)[]) => number} TimeOf  When the value there changed last, in microseconds. */

// Deeper values are shown as text; a file made to confuse must not use up the call stack.
const MOST_DEPTH = 120;
// A screen shows no more states than this, and finding a change costs as much as the value is long.
const STEP_US = 16_000;

export class Growth {
  version = 0;
  /** @type {GrowthNode | null} */
  root = null;
  /** Where the newest change is. @type {(string | number)[]} */
  path = [];
  /** @type {{ value: unknown, t_us: number } | null} */
  #next = null;
  #last_us = Number.NEGATIVE_INFINITY;
  /** @type {TimeOf | null} */
  #timeOf = null;
  /** Where the value is that is looked at. @type {(string | number)[]} */
  #place = [];

  /** The value as it is now; taken up at once, or with the next one or `settle` if it follows too closely.
   * @param {unknown} value @param {number} t_us */
  offer(value, t_us) {
    this.#next = { value, t_us };
    if (t_us - this.#last_us >= STEP_US) this.settle();
  }

  /** The value is this now, which may be one from before. @param {unknown} value @param {TimeOf} timeOf */
  jump(value, timeOf) {
    this.#timeOf = timeOf;
    this.#next = { value, t_us: 0 };
    this.settle();
    this.#timeOf = null;
  }

  /** Takes up the value offered last. */
  settle() {
    if (!this.#next) return;
    const { value, t_us } = this.#next;
    this.#next = null;
    this.#last_us = t_us;
    this.version++;
    const path = /** @type {(string | number)[]} */ ([]);
    this.root ??= blank(null);
    if (this.#update(this.root, value, t_us, path, 0)) this.path = path.reverse();
  }

  /**
   * Whether anything changed; `path` gets the way to the last change, inside out.
   * @param {GrowthNode} node @param {unknown} value @param {number} t_us @param {(string | number)[]} path @param {number} depth
   * @returns {boolean}
   */
  #update(node, value, t_us, path, depth) {
    if (node.value === value && typeof value === "object" && value !== null) return false;
    node.value = value;
    const text = stringOf(value);
    const inner = text === null ? unwrap(value) : value;
    const marked = text === null ? markerText(value) : null;
    const nested = text === null && marked === null && (Array.isArray(inner) || isObject(inner));
    let changed = false;
    if (nested && depth < MOST_DEPTH) {
      const kind = Array.isArray(inner) ? "array" : "object";
      const type = typeOf(value);
      if (node.kind !== kind || node.type !== type) {
        node.kind = kind;
        node.type = type;
        node.leaf = "";
        node.children = [];
        changed = true;
      }
      const own = changed;
      const below = Array.isArray(inner)
        ? this.#items(node, inner, t_us, path, depth)
        : this.#members(node, /** @type {Record<string, unknown>} */ (inner), t_us, path, depth);
      changed = own || below;
      if (own) this.#mark(node, t_us);
    } else {
      const kind = text === null ? "other" : "string";
      const leaf = text ?? marked ?? (nested ? "…" : String(inner));
      if (node.kind !== kind || node.leaf !== leaf || node.children.length) {
        node.kind = kind;
        node.leaf = leaf;
        node.type = marked === null ? "" : (markerOf(value) ?? "");
        node.children = [];
        this.#mark(node, t_us);
        changed = true;
      }
    }
    if (changed) node.touched = this.version;
    return changed;
  }

  /** @param {GrowthNode} node @param {number} t_us */
  #mark(node, t_us) {
    node.changed = this.version;
    node.t_us = this.#timeOf ? this.#timeOf(this.#place) : t_us;
  }

  /** @param {GrowthNode} node @param {unknown[]} items @param {number} t_us @param {(string | number)[]} path @param {number} depth */
  #items(node, items, t_us, path, depth) {
    let changed = false;
    if (node.children.length > items.length) {
      node.children.length = items.length;
      node.changed = this.version;
      changed = true;
    }
    for (let index = 0; index < items.length; index++) {
      changed = this.#child(node, index, index, items[index], t_us, path, depth) || changed;
    }
    return changed;
  }

  /** @param {GrowthNode} node @param {Record<string, unknown>} members @param {number} t_us @param {(string | number)[]} path @param {number} depth */
  #members(node, members, t_us, path, depth) {
    const keys = keysOf(members);
    let changed = false;
    // The order of the keys is the order in which they came: one that moved or went makes the rest anew.
    const kept = node.children.findIndex((child, index) => child.key !== keys[index]);
    if (kept >= 0) {
      node.children.length = kept;
      node.changed = this.version;
      changed = true;
    }
    for (let index = 0; index < keys.length; index++) {
      const key = /** @type {string} */ (keys[index]);
      changed = this.#child(node, index, key, members[key], t_us, path, depth) || changed;
    }
    return changed;
  }

  /** @param {GrowthNode} node @param {number} index @param {string | number} key @param {unknown} value @param {number} t_us @param {(string | number)[]} path @param {number} depth */
  #child(node, index, key, value, t_us, path, depth) {
    let child = node.children[index];
    const isNew = !child;
    if (!child) {
      child = blank(key);
      node.children.push(child);
      node.changed = this.version;
    }
    /** @type {(string | number)[]} */
    const way = [];
    this.#place.push(key);
    const changed = this.#update(child, value, t_us, way, depth + 1) || isNew;
    if (changed) {
      child.touched = this.version;
      if (isNew) this.#mark(child, t_us);
      path.length = 0;
      path.push(...way, key);
    }
    this.#place.pop();
    return changed;
  }
}

/** @param {string | number | null} key @returns {GrowthNode} */
const blank = (key) => ({
  key,
  kind: "other",
  leaf: "",
  type: "",
  children: [],
  changed: 0,
  touched: 0,
  t_us: 0,
  value: undefined,
});

/** @param {unknown} value */
function typeOf(value) {
  const marker = markerOf(value);
  if (marker === null) return "";
  const type = isObject(value) && typeof value.type === "string" ? value.type : "";
  return type || marker;
}

/** @param {unknown} value @returns {Growth} a value that has stopped growing */
export function grown(value) {
  const growth = new Growth();
  growth.offer(value, 0);
  return growth;
}
