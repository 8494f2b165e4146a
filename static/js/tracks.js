// What spans streamed, read again from the log when somebody looks at a moment. No DOM.

import { Whole } from "./expand.js";
import { Track } from "./track.js";
import { isTree } from "./values.js";

/** @typedef {import("./store.js").RunStore} RunStore */
/** @typedef {(seqs: number[], rows: number[]) => Promise<import("./track.js").Steps>} ReadSteps */
/** @typedef {{ track: Track | null, rows: number, reading: boolean, promise?: Promise<void> }} Known  `rows`: how many of its rows it holds. */

const MOST = 8;

export class Tracks {
  /** @type {Map<number, Known>} */
  #known = new Map();

  /** @param {() => RunStore} store @param {ReadSteps} read @param {() => void} changed */
  constructor(store, read, changed) {
    this.store = store;
    this.read = read;
    this.changed = changed;
  }

  clear() {
    this.#known.clear();
  }

  /** Its track as far as it is known; null where there is none yet. @param {number} span @returns {Track | null} */
  now(span) {
    const rows = this.store().columns.treeRows(span);
    if (!rows.length) return null;
    let known = this.#known.get(span);
    if (!known) {
      if (this.#known.size >= MOST)
        this.#known.delete(/** @type {number} */ (this.#known.keys().next().value));
      known = { track: null, rows: 0, reading: false };
      this.#known.set(span, known);
    }
    if (known.rows < rows.length && !known.reading) void this.#more(known, Array.from(rows));
    return known.track;
  }

  /** The whole track; null where the span streamed no values that grow. @param {number} span @returns {Promise<Track | null>} */
  async of(span) {
    const { length } = this.store().columns.treeRows(span);
    if (!length) return null;
    this.now(span);
    const known = /** @type {Known} */ (this.#known.get(span));
    await known.promise;
    if (known.rows < length) await this.#more(known, Array.from(this.store().columns.treeRows(span)));
    return known.track;
  }

  /** @param {Known} known @param {number[]} rows */
  #more(known, rows) {
    known.promise = this.#read(known, rows);
    return known.promise;
  }

  /** @param {Known} known @param {number[]} rows */
  async #read(known, rows) {
    const { columns } = this.store();
    known.reading = true;
    try {
      const seqs = rows.map((row) => /** @type {number} */ (columns.seq[row]));
      known.track = new Track(await this.read(seqs, rows));
      known.rows = rows.length;
    } catch {
      // It stays as it was; the next who looks asks again.
    } finally {
      known.reading = false;
      this.changed();
    }
  }
}

/**
 * The steps of a span from the lines of a run on the server, which are few enough to be had at once.
 * @param {import("./api.js").Api} api @param {string} run @param {number[]} seqs @param {number[]} rows
 */
export async function stepsOf(api, run, seqs, rows) {
  const track = new Track();
  const whole = new Whole();
  /** @type {Map<number, number>} */
  const wanted = new Map(seqs.map((seq, at) => [seq, /** @type {number} */ (rows[at])]));
  const lines = await api.lines(`/api/runs/${encodeURIComponent(run)}/log?from=0&to=${seqs.at(-1)}`);
  for (const line of lines) {
    const { data } = whole.line(line);
    const row = wanted.get(line.seq);
    if (row !== undefined && isTree(data?.chunk)) track.push(row, data.chunk);
  }
  return track.steps;
}
