// The spans that fit, in the order of the tree: how many, which one it is, the next, how many in a stretch of time. No DOM.

/** @typedef {import("./span_columns.js").SpanColumns} SpanColumns */

export class FindHits {
  /** Their places in the columns. */
  #hits = new Uint32Array(0);
  /** How many of the spans before one fit. */
  #sums = new Uint32Array(1);
  /** @type {SpanColumns | null} */
  #columns = null;
  #placed = { index: -1, place: -1 };

  get count() {
    return this.#hits.length;
  }

  /** These are known to fit. @param {SpanColumns | null} columns @param {Uint32Array<ArrayBuffer>} hits */
  settle(columns, hits) {
    this.#columns = columns;
    this.#hits = hits;
    this.#placed.index = -1;
    const sums = new Uint32Array((columns?.length ?? 0) + 1);
    for (const index of hits) sums[index + 1] = 1;
    for (let at = 1; at < sums.length; at++)
      sums[at] = /** @type {number} */ (sums[at]) + /** @type {number} */ (sums[at - 1]);
    this.#sums = sums;
  }

  /** How many begin in a stretch of time. @param {number} from_us @param {number} to_us */
  between(from_us, to_us) {
    const known = this.#sums.length - 1;
    const low = Math.min(known, this.#beginsBefore(from_us));
    const high = Math.min(known, this.#beginsBefore(to_us));
    return /** @type {number} */ (this.#sums[high]) - /** @type {number} */ (this.#sums[low]);
  }

  /** How many spans begin before a time. @param {number} us */
  #beginsBefore(us) {
    const starts = this.#columns?.start_us ?? [];
    let low = 0;
    let high = this.#columns?.length ?? 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (/** @type {number} */ (starts[middle]) < us) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Which of them a span is, from 1; 0 for none. @param {number} index */
  place(index) {
    if (index < 0) return 0;
    if (this.#placed.index !== index) this.#placed = { index, place: this.#hits.indexOf(index) + 1 };
    return this.#placed.place;
  }

  /** The next one after or before a span, round and round; -1 where there is none. @param {number} index -1: none @param {number} step 1 or -1 */
  next(index, step) {
    const hits = this.#hits;
    if (!hits.length) return -1;
    const at = this.place(index) - 1;
    let to = at + step;
    if (at < 0) {
      const after = index < 0 ? 0 : this.#after(index);
      to = step > 0 ? after : after - 1;
      if (index < 0 && step < 0) to = -1;
    }
    return /** @type {number} */ (hits[(to + hits.length) % hits.length]);
  }

  /** How many of them stand before a span. @param {number} index */
  #after(index) {
    let low = 0;
    let high = this.#hits.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#isBefore(/** @type {number} */ (this.#hits[middle]), index)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Whether one of two spans stands before the other in the tree. @param {number} a @param {number} b */
  #isBefore(a, b) {
    const { depth, parent } = /** @type {SpanColumns} */ (this.#columns);
    const down = Number(depth[a]) - Number(depth[b]);
    for (let step = down; step > 0; step--) a = Number(parent[a]);
    for (let step = down; step < 0; step++) b = Number(parent[b]);
    if (a === b) return down < 0;
    while (parent[a] !== parent[b]) {
      a = Number(parent[a]);
      b = Number(parent[b]);
    }
    return a < b;
  }
}
