// What a span streamed, step by step: the value as it was at any row, and when each part of it came and changed. No DOM.

import { Draft } from "./delta.js";
import { ExactNumber, keysOf } from "./exact.js";
import { isObject } from "./values.js";

/** @typedef {string | number} Key */
/**
 * @typedef {{ op: "set", path: Key[], value: unknown } | { op: "append", path: Key[], value: string }
 *   | { op: "cut", path: Key[], length: number } | { op: "remove", path: Key[], key: string }} Change
 * set: a member or element, which may be new; append: to a string; cut: a list to its first `length`.
 */
/** @typedef {{ rows: number[], changes: Change[][] }} Steps  What changed in each row; it can be handed to another thread. */
/** @typedef {{ first: number, last: number, below: Map<Key, Times> }} Times  Rows in which it began and changed last. */

/** So far apart whole values are kept. */
const KEPT_EVERY = 64;
const DEEPEST = 200;
/** Values looked into for one step. A forged log may hold one that takes minutes to be gone through. */
const MOST_VALUES = 50_000;
/** Values that one step changes; one that changes more makes all of it anew. */
const MOST_CHANGED = 20_000;
/** @typedef {{ left: number }} Room */

export class Track {
  /** @type {Steps} */
  steps = { rows: [], changes: [] };
  /** The value after every KEPT_EVERY-th step. @type {unknown[]} */
  #kept = [];
  #newest = /** @type {unknown} */ (undefined);
  /** @type {{ step: number, value: unknown }} */
  #found = { step: -1, value: undefined };
  /** @type {{ step: number, root: Times } | null} */
  #times = null;

  /** @param {Steps} [steps] made elsewhere */
  constructor(steps) {
    if (steps) this.steps = steps;
  }

  get length() {
    return this.steps.rows.length;
  }

  /** The value is this now. Parts that are the same objects as before are taken for unchanged. @param {number} row @param {unknown} value */
  push(row, value) {
    /** @type {Change[]} */
    let changes = [];
    const room = { left: this.length && nested(value) ? MOST_CHANGED : 0 };
    if (room.left) compare(this.#newest, value, [], changes, room);
    if (room.left <= 0) changes = [{ op: "set", path: [], value }];
    this.#newest = value;
    this.steps.rows.push(row);
    this.steps.changes.push(changes);
  }

  /** The step that a row has reached, or -1. @param {number} row */
  stepAt(row) {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (/** @type {number} */ (this.steps.rows[middle]) <= row) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The value as it was after a row; undefined before the first. Parts that did not change are the same objects. @param {number} row @returns {unknown} */
  valueAt(row) {
    const step = this.stepAt(row);
    if (step < 0) return undefined;
    // On from where it was, or from the nearest value that was kept.
    let from = this.#found.step <= step ? this.#found.step : -1;
    let value = from < 0 ? undefined : this.#found.value;
    for (let at = Math.min(Math.floor(step / KEPT_EVERY), this.#kept.length - 1); at >= 0; at--) {
      if (at * KEPT_EVERY <= from) break;
      if (this.#kept[at] === undefined) continue;
      from = at * KEPT_EVERY;
      value = this.#kept[at];
      break;
    }
    while (from < step) {
      value = applied(value, /** @type {Change[]} */ (this.steps.changes[++from]));
      if (from % KEPT_EVERY === 0) this.#kept[from / KEPT_EVERY] = value;
    }
    this.#found = { step, value };
    return value;
  }

  /**
   * The rows in which what is at a path first came and last changed, up to a row; null where nothing is there.
   * @param {Key[]} path @param {number} [row]
   * @returns {{ first: number, last: number } | null}
   */
  firstAndLast(path, row = Number.POSITIVE_INFINITY) {
    let times = /** @type {Times | undefined} */ (this.#timesAt(this.stepAt(row)));
    for (const key of path) times = times?.below.get(key);
    return times ? { first: times.first, last: times.last } : null;
  }

  /** @param {number} step */
  #timesAt(step) {
    if (!this.#times || this.#times.step > step) this.#times = { step: -1, root: blank(0) };
    const times = this.#times;
    while (times.step < step) {
      const row = /** @type {number} */ (this.steps.rows[++times.step]);
      if (times.step === 0) times.root = blank(row);
      for (const change of /** @type {Change[]} */ (this.steps.changes[times.step]))
        note(times.root, change, row);
    }
    return times.root;
  }
}

/** @param {number} row @returns {Times} */
const blank = (row) => ({ first: row, last: row, below: new Map() });

/** @param {Times} root @param {Change} change @param {number} row */
function note(root, change, row) {
  let at = root;
  at.last = row;
  for (const key of change.path) {
    let below = at.below.get(key);
    if (!below) {
      below = blank(row);
      at.below.set(key, below);
    }
    below.last = row;
    at = below;
  }
  if (change.op === "set") {
    if (!nested(change.value)) at.below.clear();
    fill(at, change.value, row, 0, { left: MOST_VALUES });
  } else if (change.op === "remove") at.below.delete(change.key);
  else if (change.op === "cut")
    for (const key of at.below.keys()) if (Number(key) >= change.length) at.below.delete(key);
}

/** What is in a value that came as a whole. @param {Times} times @param {unknown} value @param {number} row @param {number} depth @param {Room} room */
function fill(times, value, row, depth, room) {
  if (!nested(value) || depth > DEEPEST || room.left-- <= 0) return;
  for (const [key, inner] of membersOf(value)) {
    const below = blank(row);
    times.below.set(key, below);
    fill(below, inner, row, depth + 1, room);
  }
}

/** @param {unknown} value @returns {value is Record<string, any> | unknown[]} */
const nested = (value) => typeof value === "object" && value !== null && !(value instanceof ExactNumber);

/** @param {Record<string, any> | unknown[]} value @returns {Iterable<[Key, unknown]>} */
const membersOf = (value) => (Array.isArray(value) ? value.entries() : Object.entries(value));

/** What makes one value of another. @param {unknown} before @param {unknown} after @param {Key[]} path @param {Change[]} changes @param {Room} room */
function compare(before, after, path, changes, room) {
  if (before === after) return;
  if (room.left-- <= 0) return;
  if (before instanceof ExactNumber && after instanceof ExactNumber && before.text === after.text) return;
  if (
    typeof before === "string" &&
    typeof after === "string" &&
    after.length > before.length &&
    after.startsWith(before)
  ) {
    changes.push({ op: "append", path, value: after.slice(before.length) });
  } else if (Array.isArray(before) && Array.isArray(after) && path.length < DEEPEST) {
    if (after.length < before.length) changes.push({ op: "cut", path, length: after.length });
    for (let at = 0; at < after.length; at++) {
      if (at >= before.length) changes.push({ op: "set", path: [...path, at], value: after[at] });
      else if (before[at] !== after[at]) compare(before[at], after[at], [...path, at], changes, room);
    }
  } else if (isObject(before) && isObject(after) && path.length < DEEPEST && isOrdered(before, after)) {
    for (const key of keysOf(before))
      if (!Object.hasOwn(after, key)) changes.push({ op: "remove", path, key });
    for (const key of keysOf(after)) {
      const value = after[key];
      if (!Object.hasOwn(before, key)) changes.push({ op: "set", path: [...path, key], value });
      else if (before[key] !== value) compare(before[key], value, [...path, key], changes, room);
    }
  } else {
    changes.push({ op: "set", path, value: after });
  }
}

/** Whether what they share stands in the same order, and what is new behind it. @param {Record<string, any>} before @param {Record<string, any>} after */
function isOrdered(before, after) {
  const kept = keysOf(before).filter((key) => Object.hasOwn(after, key));
  let at = 0;
  for (const key of keysOf(after)) {
    if (kept[at] !== key) return at === kept.length;
    at++;
  }
  return true;
}

/** @param {unknown} value @param {Change[]} changes @returns {unknown} */
function applied(value, changes) {
  if (!changes.length) return value;
  const draft = new Draft(value);
  for (const change of changes) {
    const path = change.path.map(String);
    if (change.op === "set") draft.apply(operation("add", path, change.value, draft.value));
    else if (change.op === "append") draft.apply({ op: "append", path: pointer(path), value: change.value });
    else if (change.op === "remove") draft.apply({ op: "remove", path: pointer([...path, change.key]) });
    else {
      const list = /** @type {unknown[]} */ (at(draft.value, change.path));
      for (let left = list.length; left > change.length; left--) {
        draft.apply({ op: "remove", path: pointer([...path, String(left - 1)]) });
      }
    }
  }
  return draft.value;
}

/** @param {string} op @param {string[]} path @param {unknown} value @param {unknown} whole */
function operation(op, path, value, whole) {
  const inside = at(whole, path.slice(0, -1));
  const key = path.at(-1);
  // An element that is there is replaced, not moved on.
  const isThere = Array.isArray(inside) && Number(key) < inside.length;
  return { op: isThere ? "replace" : op, path: pointer(path), value };
}

/** @param {unknown} value @param {Key[]} path */
const at = (value, path) => path.reduce((inner, key) => /** @type {any} */ (inner)?.[key], value);

/** @param {string[]} path */
const pointer = (path) => path.map((key) => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
