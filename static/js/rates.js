// How fast a model put out its tokens, over time: pieces counted in buckets that widen as it goes on. No DOM.

import { PIECE } from "./columns.js";

/** @typedef {import("./columns.js").Columns} Columns */

const BUCKETS = 64;
const FIRST_US = 20_000;
/** Rows that one look takes in at most. */
const MOST_ROWS = 4000;
const MOST_KEPT = 300;

/** The pieces of one model, from its first one on. */
export class Rate {
  bucket_us = FIRST_US;
  from_us = Number.NaN;
  /** How many buckets have been reached. */
  length = 0;
  version = 0;
  /** The row looked at last. */
  row = -1;

  /** @param {number} [buckets] an even number */
  constructor(buckets = BUCKETS) {
    this.counts = new Uint32Array(buckets);
  }

  /** @param {number} t_us of a piece; they come in order */
  add(t_us) {
    if (Number.isNaN(this.from_us)) this.from_us = t_us;
    while (t_us - this.from_us >= this.bucket_us * this.counts.length) this.#widen();
    const at = Math.max(0, Math.floor((t_us - this.from_us) / this.bucket_us));
    this.counts[at] = /** @type {number} */ (this.counts[at]) + 1;
    this.length = Math.max(this.length, at + 1);
    this.version++;
  }

  #widen() {
    this.bucket_us *= 2;
    const { counts } = this;
    const half = counts.length / 2;
    for (let at = 0; at < half; at++) {
      counts[at] = /** @type {number} */ (counts[at * 2]) + /** @type {number} */ (counts[at * 2 + 1]);
    }
    counts.fill(0, half);
    this.length = Math.ceil(this.length / 2);
  }
}

/** The rates of the spans that were looked at lately. */
export class Rates {
  /** @type {Map<number, Rate>} */
  #rates = new Map();

  /** @param {Columns} columns */
  constructor(columns) {
    this.columns = columns;
  }

  /** Takes in what is new of a span, a few thousand rows at a time. @param {number} span */
  of(span) {
    const { columns } = this;
    let rate = this.#rates.get(span);
    if (!rate) {
      rate = new Rate();
      if (this.#rates.size >= MOST_KEPT)
        this.#rates.delete(/** @type {number} */ (this.#rates.keys().next().value));
      this.#rates.set(span, rate);
    }
    let row = rate.row < 0 ? columns.first(span) : columns.next(rate.row);
    for (let rows = 0; row >= 0 && rows < MOST_ROWS; rows++) {
      rate.row = row;
      if (/** @type {number} */ (columns.mark[row]) & PIECE)
        rate.add(/** @type {number} */ (columns.t_us[row]));
      row = columns.next(row);
    }
    return rate;
  }
}

/** Pieces that a step of what is drawn holds, at least, on the average: fewer are noise. */
const LEAST_PIECES = 4;
const LEAST_STEPS = 3;

/**
 * The rate in steps wide enough to mean something.
 * @param {Rate} rate @param {number} [length] how many buckets of it @param {number} [most] steps
 * @returns {{ step_us: number, values: number[] }}
 */
export function stepsOf({ counts, bucket_us, length: all }, length = all, most = 120) {
  let pieces = 0;
  for (let at = 0; at < length; at++) pieces += Number(counts[at]);
  const wanted = Math.max(1, Math.min(most, length, Math.floor(pieces / LEAST_PIECES)));
  const group = Math.ceil(length / wanted);
  const values = [];
  for (let at = 0; at < length; at += group) {
    let sum = 0;
    const stop = Math.min(length, at + group);
    for (let one = at; one < stop; one++) sum += Number(counts[one]);
    // The last step may be shorter than the others.
    values.push(sum / (stop - at));
  }
  return { step_us: group * bucket_us, values };
}

/**
 * The rate as an area 100 high over a width of 100 for all of a span's answer, smoothed; "" where there is too little
 * to be drawn.
 * @param {Rate} rate @param {number} end_us where the answer ends, or now
 * @param {(t_us: number) => number} [place] where a time is drawn
 * @param {{ from: number, to: number }} [seen] the places of which the area is wanted, where not of all
 */
export function areaOf(
  rate,
  end_us,
  place = (t_us) => t_us,
  seen = { from: place(rate.from_us), to: place(end_us) },
) {
  const { from_us, bucket_us } = rate;
  const { from } = seen;
  const all = seen.to - from;
  const length = Math.min(rate.length, Math.ceil((end_us - from_us) / bucket_us));
  const { step_us, values } = stepsOf(rate, length, 48);
  if (!(all > 0) || values.length < LEAST_STEPS) return "";
  const most = Math.max(...values);
  /** @param {number} at */
  const x = (at) => ((place(from_us + Math.min(at * step_us, end_us - from_us)) - from) / all) * 100;
  /** @param {number} value */
  const y = (value) => (100 - (value / most) * 88).toFixed(1);
  let path = "";
  for (const [at, value] of values.entries()) {
    if (x(at + 1.5) >= 0 && x(at - 0.5) <= 100) path += `L${x(at + 0.5).toFixed(1)} ${y(value)}`;
  }
  const [first, last] = [values[0] ?? 0, values.at(-1) ?? 0];
  const [start, end] = [x(0).toFixed(1), x(values.length).toFixed(1)];
  return `M${start} 100L${start} ${y(first)}${path}L${end} ${y(last)}L${end} 100Z`;
}
