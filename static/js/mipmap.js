// What is painted where more spans than pixels stand side by side: lanes of buckets at every scale, each with the look of
// its longest span, how much of it is covered, and whether anything in it failed. No DOM.

const BUCKETS = 4096;
const LEVELS = 6;
const FIRST_WIDTH = 1;
const FIRST_SPANS = 16;
/** Lanes with fewer spans than this are painted from the spans themselves. */
const FEW = 1024;
/** Of more spans than this in sight, those that no pixel shows are skipped. */
const MANY = 8192;

/**
 * @typedef {{ look: Uint8Array, longest: Float32Array, covered: Float32Array, failed: Uint8Array }} Level
 * One value a bucket: `look` 255 where nothing is, `covered` and `longest` in microseconds.
 */

export const NOTHING = 255;

/** One lane: spans that do not overlap, given in the order they ended. */
class Lane {
  /** None while there are few spans. @type {Level[]} */
  levels = [];
  length = 0;
  start = new Float64Array(FIRST_SPANS);
  end = new Float64Array(FIRST_SPANS);
  look = new Uint8Array(FIRST_SPANS);

  /** @param {number} start @param {number} end @param {number} look */
  keep(start, end, look) {
    if (this.length === this.start.length) {
      const { start: starts, end: ends, look: looks } = this;
      this.start = new Float64Array(this.length * 2);
      this.end = new Float64Array(this.length * 2);
      this.look = new Uint8Array(this.length * 2);
      this.start.set(starts);
      this.end.set(ends);
      this.look.set(looks);
    }
    // They are told in the order they ended, which in a lane is the order they began.
    const at = this.length++;
    this.start[at] = start;
    this.end[at] = end;
    this.look[at] = look;
  }

  /** The first span that ends after a time. @param {number} t_us */
  after(t_us) {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (/** @type {number} */ (this.end[middle]) <= t_us) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export class Mipmap {
  /** @type {Lane[]} */
  lanes = [];
  /** How many microseconds a bucket of the finest level holds. */
  bucket_us = FIRST_WIDTH;
  /** Grows with each span. */
  version = 0;

  /** @param {number} error the look of what failed */
  constructor(error) {
    this.error = error;
  }

  /** @param {number} lane @param {number} start_us @param {number} end_us @param {number} look */
  add(lane, start_us, end_us, look) {
    while (this.lanes.length <= lane) this.lanes.push(new Lane());
    while (end_us >= this.bucket_us * BUCKETS) this.#widen();
    const one = /** @type {Lane} */ (this.lanes[lane]);
    one.keep(start_us, end_us, look);
    this.version++;
    if (one.levels.length) this.#fill(one, start_us, end_us, look);
    else if (one.length >= FEW) this.#level(one);
  }

  /** Makes the buckets of a lane that has become long. @param {Lane} lane */
  #level(lane) {
    for (let level = 0; level < LEVELS; level++) {
      const size = BUCKETS >> level;
      lane.levels.push({
        look: new Uint8Array(size).fill(NOTHING),
        longest: new Float32Array(size),
        covered: new Float32Array(size),
        failed: new Uint8Array(size),
      });
    }
    for (let at = 0; at < lane.length; at++) {
      this.#fill(lane, Number(lane.start[at]), Number(lane.end[at]), Number(lane.look[at]));
    }
  }

  /** @param {Lane} lane @param {number} start_us @param {number} end_us @param {number} look */
  #fill(lane, start_us, end_us, look) {
    const long = end_us - start_us;
    for (let level = 0; level < LEVELS; level++) {
      const { look: looks, longest, covered, failed } = /** @type {Level} */ (lane.levels[level]);
      const width = this.bucket_us * 2 ** level;
      const last = Math.floor(end_us / width);
      for (let at = Math.floor(start_us / width); at <= last; at++) {
        const inside = Math.min(end_us, (at + 1) * width) - Math.max(start_us, at * width);
        if (inside <= 0 && long > 0) continue;
        covered[at] = /** @type {number} */ (covered[at]) + inside;
        if (look === this.error) failed[at] = 1;
        if (looks[at] === NOTHING || long > /** @type {number} */ (longest[at])) {
          looks[at] = look;
          longest[at] = long;
        }
      }
    }
  }

  /**
   * In which of `count` stretches between two times there is anything.
   * @param {number} lane @param {number} from_us @param {number} to_us @param {number} count @returns {number[]}
   */
  seenIn(lane, from_us, to_us, count) {
    if (!this.lanes[lane] || count < 1) return [];
    const out = { look: new Uint8Array(count), alpha: new Uint8Array(count), failed: new Uint8Array(count) };
    sample(this, lane, from_us, to_us, count, out);
    const found = [];
    for (let at = 0; at < count; at++) if (out.look[at] !== NOTHING) found.push(at);
    return found;
  }

  /** The level whose buckets are as wide as this or, at most, less than twice as narrow. @param {number} us */
  levelFor(us) {
    const level = Math.floor(Math.log2(Math.max(us, this.bucket_us) / this.bucket_us));
    return Math.min(LEVELS - 1, Math.max(0, level));
  }

  /** Buckets twice as wide: the run goes on longer than they reach. */
  #widen() {
    this.bucket_us *= 2;
    for (const { levels } of this.lanes) {
      if (!levels.length) continue;
      // Each level becomes what the next one was; the last is made of its own pairs.
      for (let level = 0; level < LEVELS; level++) {
        const to = /** @type {Level} */ (levels[level]);
        const size = BUCKETS >> level;
        const from = levels[level + 1] ?? paired(to, size);
        to.look.fill(NOTHING).set(from.look.subarray(0, size / 2));
        to.longest.fill(0).set(from.longest.subarray(0, size / 2));
        to.covered.fill(0).set(from.covered.subarray(0, size / 2));
        to.failed.fill(0).set(from.failed.subarray(0, size / 2));
      }
    }
  }
}

/** @param {Level} level @param {number} size @returns {Level} */
function paired(level, size) {
  const half = size / 2;
  const to = {
    look: new Uint8Array(half),
    longest: new Float32Array(half),
    covered: new Float32Array(half),
    failed: new Uint8Array(half),
  };
  for (let at = 0; at < half; at++) {
    const a = at * 2;
    const b = a + 1;
    const [la, lb] = [/** @type {number} */ (level.longest[a]), /** @type {number} */ (level.longest[b])];
    const isFirst = level.look[b] === NOTHING || (level.look[a] !== NOTHING && la >= lb);
    to.look[at] = /** @type {number} */ (level.look[isFirst ? a : b]);
    to.longest[at] = Math.max(la, lb);
    to.covered[at] = /** @type {number} */ (level.covered[a]) + /** @type {number} */ (level.covered[b]);
    to.failed[at] = /** @type {number} */ (level.failed[a]) | /** @type {number} */ (level.failed[b]);
  }
  return to;
}

/**
 * What stands in each of `count` stretches of a lane between two times, for painting: a look and an opacity a stretch.
 * Costs about as much as there are stretches, however many spans there are.
 * @param {Mipmap} map @param {number} lane @param {number} from_us @param {number} to_us @param {number} count
 * @param {{ look: Uint8Array, alpha: Uint8Array, failed: Uint8Array }} out at least `count` long
 */
export function sample(map, lane, from_us, to_us, count, out) {
  const { look, alpha, failed } = out;
  look.fill(NOTHING, 0, count);
  failed.fill(0, 0, count);
  const one = map.lanes[lane];
  if (!one || to_us <= from_us) return;
  const width = (to_us - from_us) / count;
  if (!one.levels.length || width < map.bucket_us) {
    fine(one, map.error, from_us, width, count, out);
    return;
  }
  const level = map.levelFor(width);
  const { look: looks, longest, covered, failed: fails } = /** @type {Level} */ (one.levels[level]);
  const bucket = map.bucket_us * 2 ** level;
  for (let at = 0; at < count; at++) {
    const first = Math.floor((from_us + at * width) / bucket);
    const last = Math.max(first, Math.ceil((from_us + (at + 1) * width) / bucket) - 1);
    let best = -1;
    let sum = 0;
    for (let index = Math.max(0, first); index <= last && index < looks.length; index++) {
      if (looks[index] === NOTHING) continue;
      sum += /** @type {number} */ (covered[index]);
      if (/** @type {number} */ (longest[index]) > best) {
        best = /** @type {number} */ (longest[index]);
        look[at] = /** @type {number} */ (looks[index]);
      }
      if (fails[index]) failed[at] = 1;
    }
    alpha[at] = opacity(sum / ((last - first + 1) * bucket));
  }
}

/** How long the longest span in each pixel is. */
let longest = new Float64Array(256);
/** How much of it is covered. */
let covered = new Float64Array(256);

/**
 * The same from the spans themselves, where there are few or buckets are wider than what is painted.
 * @param {Lane} lane @param {number} error @param {number} from_us @param {number} width @param {number} count
 * @param {{ look: Uint8Array, alpha: Uint8Array, failed: Uint8Array }} out
 */
function fine(lane, error, from_us, width, count, { look, alpha, failed }) {
  const to_us = from_us + width * count;
  if (longest.length < count) {
    longest = new Float64Array(count * 2);
    covered = new Float64Array(count * 2);
  }
  longest.fill(-1, 0, count);
  covered.fill(0, 0, count);
  const begin = lane.after(from_us);
  const skips = lane.after(to_us) - begin > MANY;
  for (let at = begin; at < lane.length; ) {
    const start = /** @type {number} */ (lane.start[at]);
    if (start >= to_us) break;
    const end = /** @type {number} */ (lane.end[at]);
    const first = Math.max(0, Math.floor((start - from_us) / width));
    const last = Math.min(count - 1, Math.max(first, Math.ceil((end - from_us) / width) - 1));
    const code = /** @type {number} */ (lane.look[at]);
    for (let pixel = first; pixel <= last; pixel++) {
      const left = from_us + pixel * width;
      covered[pixel] = Number(covered[pixel]) + Math.min(end, left + width) - Math.max(start, left);
      if (code === error) failed[pixel] = 1;
      if (end - start > Number(longest[pixel])) {
        look[pixel] = code;
        longest[pixel] = end - start;
      }
    }
    const seen = from_us + (last + 1) * width;
    at = skips && end < seen ? Math.max(at + 1, lane.after(seen)) : at + 1;
  }
  for (let pixel = 0; pixel < count; pixel++) {
    if (look[pixel] !== NOTHING) alpha[pixel] = opacity(Number(covered[pixel]) / width);
  }
}

/** What is covered only in part is still seen. @param {number} share */
const opacity = (share) => Math.round(255 * Math.min(1, 0.5 + 0.5 * share));
