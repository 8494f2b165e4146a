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
 *   first: number,
 *   last: number,
 *   value: unknown,
 * }} GrowthNode
 * `leaf`: a string's text, or what to write for anything else that has no children; `type`: of an object that is no
 * plain one. `changed`: the version in which it itself changed, `touched`: in which it or something in it did;
 * `first`, `last`: the rows in which it came and in which it or something in it changed last, -1 where that is not
 * known; `value`: what it was made of, which is unchanged where it is the same object.
 */
/** @typedef {(path: (string | number)[]) => { first: number, last: number } | null} RowsOf  Rows in which the value there came and changed last. */

// Deeper values are shown as text; a file made to confuse must not use up the call stack.
const MOST_DEPTH = 120;
// A screen shows no more states than this, and finding a change costs as much as the value is long.
const STEP_US = 16_000;
const UNKNOWN = { first: -1, last: -1 };
/** Values looked into at a time. A forged log may hold one that takes minutes to be gone through. */
const MOST_VALUES = 200_000;

export class Growth {
  version = 0;
  /** @type {GrowthNode | null} */
  root = null;
  /** Where the newest change is. @type {(string | number)[]} */
  path = [];
  /** @type {{ value: unknown, t_us: number, row: number } | null} */
  #next = null;
  /** Of some of it is not known when it came. */
  undated = false;
  #row = -1;
  #left = 0;
  #last_us = Number.NEGATIVE_INFINITY;
  /** @type {RowsOf | null} */
  #rowsOf = null;
  /** Where the value is that is looked at. @type {(string | number)[]} */
  #place = [];

  /** The value as it is now; taken up at once, or with the next one or `settle` if it follows too closely.
   * @param {unknown} value @param {number} t_us @param {number} [row] of the line it came in; -1: it came before */
  offer(value, t_us, row = -1) {
    this.#next = { value, t_us, row };
    if (t_us - this.#last_us >= STEP_US) this.settle();
  }

  /** The value is this now, which may be one from before. @param {unknown} value @param {RowsOf} rowsOf */
  jump(value, rowsOf) {
    this.#rowsOf = rowsOf;
    this.#next = { value, t_us: 0, row: -1 };
    this.settle();
    this.#rowsOf = null;
  }

  /** When it came is known now. @param {RowsOf} rowsOf */
  date(rowsOf) {
    this.undated = false;
    if (!this.root) return;
    this.version++;
    /** @type {(string | number)[]} */
    const place = [];
    /** @param {GrowthNode} node */
    const visit = (node) => {
      const rows = node.first < 0 ? rowsOf(place) : null;
      if (rows) {
        node.first = rows.first;
        node.last = Math.max(node.last, rows.last);
        node.touched = this.version;
      }
      for (const child of node.children) {
        place.push(/** @type {string | number} */ (child.key));
        visit(child);
        place.pop();
        if (child.touched === this.version) node.touched = this.version;
      }
    };
    visit(this.root);
  }

  /** Takes up the value offered last. */
  settle() {
    if (!this.#next) return;
    const { value, t_us, row } = this.#next;
    this.#row = row;
    if (row < 0 && !this.#rowsOf) this.undated = true;
    this.#next = null;
    this.#last_us = t_us;
    this.version++;
    const path = /** @type {(string | number)[]} */ ([]);
    if (!this.root) {
      this.root = blank(null);
      this.root.first = row;
    }
    this.#left = MOST_VALUES;
    if (this.#update(this.root, value, path, 0)) this.path = path.reverse();
  }

  /**
   * Whether anything changed; `path` gets the way to the last change, inside out.
   * @param {GrowthNode} node @param {unknown} value @param {(string | number)[]} path @param {number} depth
   * @returns {boolean}
   */
  #update(node, value, path, depth) {
    if (node.value === value && typeof value === "object" && value !== null) return false;
    node.value = value;
    const text = stringOf(value);
    const inner = text === null ? unwrap(value) : value;
    const marked = text === null ? markerText(value) : null;
    const nested = text === null && marked === null && (Array.isArray(inner) || isObject(inner));
    let changed = false;
    if (nested && depth < MOST_DEPTH && this.#left-- > 0) {
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
        ? this.#items(node, inner, path, depth)
        : this.#members(node, /** @type {Record<string, unknown>} */ (inner), path, depth);
      changed = own || below;
      if (own) node.changed = this.version;
    } else {
      const kind = text === null ? "other" : "string";
      const leaf = text ?? marked ?? (nested ? "…" : String(inner));
      if (node.kind !== kind || node.leaf !== leaf || node.children.length) {
        node.kind = kind;
        node.leaf = leaf;
        node.type = marked === null ? "" : (markerOf(value) ?? "");
        node.children = [];
        node.changed = this.version;
        changed = true;
      }
    }
    if (!this.#rowsOf) {
      if (changed) node.last = this.#row;
    } else if (this.#date(node, this.#rowsOf(this.#place))) changed = true;
    if (changed) node.touched = this.version;
    return changed;
  }

  /** @param {GrowthNode} node @param {{ first: number, last: number } | null} rows */
  #date(node, rows) {
    if (!rows) this.undated = true;
    const { first, last } = rows ?? UNKNOWN;
    const changed = node.first !== first || node.last !== last;
    node.first = first;
    node.last = last;
    return changed;
  }

  /** @param {GrowthNode} node @param {unknown[]} items @param {(string | number)[]} path @param {number} depth */
  #items(node, items, path, depth) {
    let changed = false;
    if (node.children.length > items.length) {
      node.children.length = items.length;
      node.changed = this.version;
      changed = true;
    }
    for (let index = 0; index < items.length; index++) {
      changed = this.#child(node, index, index, items[index], path, depth) || changed;
    }
    return changed;
  }

  /** @param {GrowthNode} node @param {Record<string, unknown>} members @param {(string | number)[]} path @param {number} depth */
  #members(node, members, path, depth) {
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
      changed = this.#child(node, index, key, members[key], path, depth) || changed;
    }
    return changed;
  }

  /** @param {GrowthNode} node @param {number} index @param {string | number} key @param {unknown} value @param {(string | number)[]} path @param {number} depth */
  #child(node, index, key, value, path, depth) {
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
    const changed = this.#update(child, value, way, depth + 1) || isNew;
    if (changed) {
      child.touched = this.version;
      if (isNew) child.changed = this.version;
      if (isNew && !this.#rowsOf) child.first = this.#row;
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
  first: -1,
  last: -1,
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
