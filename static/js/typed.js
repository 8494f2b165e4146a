// Typed arrays that grow. No DOM.

/** @typedef {Uint8Array | Uint32Array | Float64Array} Typed */
/** @typedef {{ new (length: number): any }} TypedKind */

/** @template {Typed} T @param {T} old @param {number} size @returns {T} the same with room for `size` */
export function larger(old, size) {
  const copy = /** @type {T} */ (new /** @type {any} */ (old.constructor)(size));
  copy.set(/** @type {any} */ (old));
  return copy;
}

/**
 * How many of the first `length` values are at most `limit`; the values never decrease.
 * @param {ArrayLike<number>} values @param {number} length @param {number} limit
 */
export function countUpTo(values, length, limit) {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (/** @type {number} */ (values[middle]) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * A list of numbers, or of records of `stride` numbers.
 * @template {Typed} T
 */
export class NumberList {
  length = 0;
  /** @type {T} */
  data;
  #taken = 0;

  /** @param {{ new (length: number): T }} Kind */
  constructor(Kind, room = 64) {
    this.data = new Kind(room);
  }

  /** @param {number} value */
  push(value) {
    if (this.length === this.data.length) this.data = larger(this.data, this.length * 2);
    this.data[this.length++] = value;
  }

  /** @param {ArrayLike<number>} values */
  append(values) {
    const needed = this.length + values.length;
    if (needed > this.data.length) this.data = larger(this.data, Math.max(needed, this.data.length * 2));
    this.data.set(values, this.length);
    this.length = needed;
  }

  /** @param {number} index @returns {number} */
  at(index) {
    return /** @type {number} */ (this.data[index]);
  }

  /** How many of them are at most `limit`, where they never decrease. @param {number} limit */
  upTo(limit) {
    return countUpTo(this.data, this.length, limit);
  }

  /** What was added since it was asked for last. @returns {T} */
  drain() {
    const from = this.#taken;
    this.#taken = this.length;
    return /** @type {T} */ (this.data.slice(from, this.length));
  }
}

/** Values by number: strings of which many are alike stand here once. @template T */
export class Interned {
  /** @type {T[]} */
  values = [];
  /** @type {Map<string, number>} */
  #known = new Map();
  #taken = 0;

  /** @param {T} value @param {string} [key] what says which values are the same */
  code(value, key = /** @type {any} */ (value)) {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    // What differs every time is not worth being looked up.
    if (this.#known.size >= 8192) this.#known.clear();
    const code = this.values.length;
    this.values.push(value);
    this.#known.set(key, code);
    return code;
  }

  /** @param {number} code @returns {T} */
  at(code) {
    return /** @type {T} */ (this.values[code]);
  }

  /** What was added since it was asked for last. @returns {T[]} */
  drain() {
    const from = this.#taken;
    this.#taken = this.values.length;
    return this.values.slice(from);
  }

  /** The same, and keeps the codes but not what they stand for. @returns {T[]} */
  giveAway() {
    const from = this.#taken;
    const given = this.drain();
    this.values.fill(/** @type {any} */ (null), from);
    return given;
  }

  /** @param {T[]} values as `drain` gave them */
  append(values) {
    for (const value of values) this.values.push(value);
  }
}
