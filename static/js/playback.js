// Playing a run back: where in it one is, and how that moves with the time of the one who watches. No DOM.

import { CALLS, TEXT } from "./columns.js";
import { isModel } from "./spans.js";

/** @typedef {import("./store.js").RunStore} RunStore */

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64];
/** With waiting skipped, so much is left of each wait, in ms of the one who watches. */
const WAIT_LEFT_MS = 300;

/**
 * At the newest line (`isFollowing`), or at a moment of the run that is shown; playing, the moment moves on. The store's
 * cursor is the one truth of where it is.
 */
export class Playback {
  isPlaying = false;
  speed = 1;
  skipsWaiting = false;
  /** @type {RunStore | null} */
  #store = null;
  /** Microseconds since the run began. */
  #at_us = 0;

  /** Another run: at its newest line. @param {RunStore} store */
  show(store) {
    this.#store = store;
    this.isPlaying = false;
    this.#at_us = 0;
  }

  /** Whether the newest line is shown, and what is yet to come as it comes. */
  get isFollowing() {
    return !this.#store || this.#store.cursor === null;
  }

  /** Whether nothing is left to be played: it plays from the start then. */
  get isAtEnd() {
    return this.isFollowing || this.row >= this.#columns.length - 1;
  }

  /** The row that is shown last. */
  get row() {
    const store = this.#store;
    return store ? (store.cursor ?? store.columns.length - 1) : -1;
  }

  /** Where it is, in microseconds since the run began. */
  get at_us() {
    const { t_us } = this.#columns;
    return this.isFollowing ? (t_us[this.row] ?? 0) : this.#at_us;
  }

  /** How long the run is up to now, in microseconds. */
  get length_us() {
    const { t_us, length } = this.#columns;
    return t_us[length - 1] ?? 0;
  }

  get #columns() {
    return this.#store?.columns ?? { length: 0, t_us: /** @type {number[]} */ ([]) };
  }

  /** Shows the moment after a row. @param {number} row */
  seek(row) {
    const store = this.#store;
    if (!store?.columns.length) return;
    const at = Math.max(0, Math.min(Math.floor(row), store.columns.length - 1));
    this.#at_us = /** @type {number} */ (store.columns.t_us[at]);
    store.seek(at);
  }

  /** Shows a moment. @param {number} us */
  seekTime(us) {
    const store = this.#store;
    if (!store?.columns.length) return;
    this.#at_us = Math.max(0, Math.min(us, this.length_us));
    store.seek(Math.max(0, rowUpTo(store, this.#at_us)), this.#at_us);
  }

  /** Back to the newest line. */
  follow() {
    this.isPlaying = false;
    this.#store?.seek(null);
  }

  /** Plays or pauses. From the end, it plays from the start. */
  toggle() {
    if (this.isPlaying) {
      this.isPlaying = false;
      return;
    }
    if (!this.#store?.columns.length) return;
    if (this.isAtEnd) this.seek(0);
    this.isPlaying = true;
  }

  /** One of SPEEDS further. @param {1 | -1} step */
  faster(step) {
    const at = SPEEDS.indexOf(this.speed) + step;
    this.speed = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at))] ?? 1;
  }

  /** One line on or back. @param {1 | -1} step */
  stepEvent(step) {
    this.isPlaying = false;
    this.seek(this.row + step);
  }

  /** To the next line, or the one before, in which a model streamed something. @param {1 | -1} step */
  stepToken(step) {
    this.isPlaying = false;
    const store = this.#store;
    if (!store) return;
    const { columns } = store;
    for (let row = this.row + step; row >= 0 && row < columns.length; row += step) {
      const { type, phase } = columns.kindAt(row);
      if (phase !== "stream" || !isModel(type)) continue;
      const form = columns.form[row];
      if (form !== CALLS && !(form === TEXT && columns.hasText(row))) continue;
      this.seek(row);
      return;
    }
    this.seek(step > 0 ? columns.length - 1 : 0);
  }

  /**
   * Time passes for the one who watches. @param {number} ms since it was last called
   * @returns {boolean} whether it plays on
   */
  tick(ms) {
    const store = this.#store;
    if (!this.isPlaying || !store) return false;
    const { columns } = store;
    const last = columns.length - 1;
    let at = this.#at_us + ms * 1000 * this.speed;
    if (this.skipsWaiting) {
      const row = Math.max(this.row, rowUpTo(store, at));
      const next = /** @type {number} */ (columns.t_us[row + 1] ?? at);
      at = Math.max(at, next - WAIT_LEFT_MS * 1000 * this.speed);
    }
    if (at < this.length_us) {
      const row = Math.max(this.row, rowUpTo(store, at));
      this.#at_us = at;
      store.seek(row, at);
      return true;
    }
    this.isPlaying = false;
    // A run that goes on has been caught up with.
    if (store.running) this.follow();
    else this.seek(last);
    return false;
  }
}

/** The last row that had come at a time; -1 before the first. @param {RunStore} store @param {number} us */
const rowUpTo = ({ columns }, us) => columns.rowAt(Math.floor(us) + 1) - 1;
