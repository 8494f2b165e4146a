// What stands inside a folded span, as thin lanes: made when it is first seen, in slices, and kept up to date. No DOM.

import { Mipmap } from "./mipmap.js";
import { ERROR } from "./span_columns.js";

/** @typedef {import("./span_columns.js").SpanColumns} SpanColumns */

/** Lanes that a row has room for; what is deeper shares the last. */
export const STRIPES = 5;
const MOST_KEPT = 80;
/** Spans taken in at a time. */
const STRIDE = 20_000;

class Branch {
  map = new Mipmap(ERROR);
  /** The span to look at next, while it is made; -1 when all were. */
  at = 0;
  /** Spans from this one on have begun since: of them only sync tells. */
  count = 0;
  /** Those it came to while they ran, until it is made. @type {Set<number>} */
  running = new Set();
}

export class Branches {
  /** @type {Map<number, Branch>} */
  #kept = new Map();
  #ended = 0;

  /** @param {SpanColumns} columns */
  constructor(columns) {
    this.columns = columns;
  }

  /** Takes in what has ended since. */
  sync() {
    const { ended, endedCount, parent } = this.columns;
    if (this.#kept.size) {
      for (let at = this.#ended; at < endedCount; at++) {
        const index = /** @type {number} */ (ended[at]);
        for (let above = parent[index] ?? -1; above >= 0; above = parent[above] ?? -1) {
          const branch = this.#kept.get(above);
          // What it has yet to come to, it will find ended.
          if (!branch) continue;
          const isKnown = branch.at < 0 || index >= branch.count || branch.running.has(index);
          if (isKnown) this.#add(branch, above, index);
        }
      }
    }
    this.#ended = endedCount;
  }

  /**
   * The lanes of what is inside a span, and whether they are all there yet.
   * @param {number} index @returns {{ map: Mipmap, isWhole: boolean }}
   */
  of(index) {
    let branch = this.#kept.get(index);
    if (!branch) {
      branch = new Branch();
      branch.at = this.columns.firstChild[index] ?? -1;
      branch.count = this.columns.length;
      if (this.#kept.size >= MOST_KEPT)
        this.#kept.delete(/** @type {number} */ (this.#kept.keys().next().value));
      this.#kept.set(index, branch);
    }
    if (branch.at >= 0) this.#make(branch, index);
    return { map: branch.map, isWhole: branch.at < 0 };
  }

  /** @param {Branch} branch @param {number} root */
  #make(branch, root) {
    const { firstChild, next, parent, end_us } = this.columns;
    let at = branch.at;
    for (let step = 0; at >= 0 && step < STRIDE; step++) {
      if (at < branch.count) {
        if (Number.isFinite(end_us[at])) this.#add(branch, root, at);
        else branch.running.add(at);
      }
      const child = /** @type {number} */ (firstChild[at]);
      if (child >= 0) {
        at = child;
        continue;
      }
      while (at >= 0 && at !== root && /** @type {number} */ (next[at]) < 0)
        at = /** @type {number} */ (parent[at]);
      at = at === root || at < 0 ? -1 : /** @type {number} */ (next[at]);
    }
    branch.at = at;
    if (at < 0) branch.running.clear();
  }

  /** @param {Branch} branch @param {number} root @param {number} index */
  #add({ map }, root, index) {
    const { start_us, end_us, look } = this.columns;
    const stripe = Math.min(STRIPES - 1, stripeOf(this.columns, root, index));
    map.add(stripe, Number(start_us[index]), Number(end_us[index]), Number(look[index]));
  }
}

/** Which lane inside a span another one has, from 0. @param {SpanColumns} columns @param {number} root @param {number} index */
export const stripeOf = ({ lane }, root, index) => Math.max(0, Number(lane[index]) - Number(lane[root]) - 1);
