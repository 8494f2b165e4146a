// Numbers in a row with their sums up to a place: set, added at the end and taken from there in O(log n). No DOM.

export class Sums {
  /** A Fenwick tree: at i, counted from 1, the sum of the numbers (i − lowest bit of i, i]. @type {number[]} */
  #tree = [0];

  get length() {
    return this.#tree.length - 1;
  }

  /** @param {number} number */
  push(number) {
    const at = this.#tree.length;
    let sum = number;
    for (let below = at - 1; below > at - (at & -at); below -= below & -below)
      sum += /** @type {number} */ (this.#tree[below]);
    this.#tree.push(sum);
  }

  /** Keeps the first of them. @param {number} length */
  cut(length) {
    this.#tree.length = length + 1;
  }

  /** @param {number} index @param {number} more */
  add(index, more) {
    for (let at = index + 1; at < this.#tree.length; at += at & -at)
      this.#tree[at] = /** @type {number} */ (this.#tree[at]) + more;
  }

  /** The sum of those before it. @param {number} index */
  before(index) {
    let sum = 0;
    for (let at = index; at > 0; at -= at & -at) sum += /** @type {number} */ (this.#tree[at]);
    return sum;
  }

  /** The last one with at most `sum` before it; -1 where there is none. @param {number} sum */
  find(sum) {
    let at = 0;
    let left = sum;
    let step = 1;
    while (step * 2 < this.#tree.length) step *= 2;
    for (; step > 0; step >>= 1) {
      const next = at + step;
      const own = this.#tree[next];
      if (own === undefined || own > left) continue;
      at = next;
      left -= own;
    }
    return Math.min(at, this.length - 1);
  }
}
