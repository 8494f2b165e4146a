// The times between chunks in constant memory. Twin of tracer/log/gaps.py: integers only, so both say the same.

/** Buckets to a doubling: a quantile is at most 1/16 above the true value. */
const FINE = 16;
const MOST = 2 ** 31 - 1;

/** Counts times (microseconds, up to 35 minutes apiece) by buckets that grow with them. */
export class Gaps {
  count = 0;
  longest_us = 0;
  /** @type {Map<number, number>} */
  #buckets = new Map();

  /** @param {number} us */
  add(us) {
    const gap = Math.min(us, MOST);
    this.count++;
    this.longest_us = Math.max(this.longest_us, gap);
    const bucket = bucketOf(gap);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
  }

  /**
   * The upper bound of the bucket that holds this share of the gaps; 0 without any.
   * @param {number} percent
   */
  quantileUs(percent) {
    const wanted = Math.ceil((this.count * percent) / 100);
    let seen = 0;
    for (const [bucket, count] of [...this.#buckets].sort(([a], [b]) => a - b)) {
      seen += count;
      if (seen >= wanted) return Math.min(upper(bucket), this.longest_us);
    }
    return 0;
  }
}

/** @param {number} value */
function bucketOf(value) {
  const doublings = Math.max(0, 27 - Math.clz32(value));
  return doublings * FINE + (value >>> doublings);
}

/** The largest value in the bucket. @param {number} bucket */
function upper(bucket) {
  const doublings = Math.max(0, Math.floor(bucket / FINE) - 1);
  return (bucket - doublings * FINE + 1) * 2 ** doublings - 1;
}
