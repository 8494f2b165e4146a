// The time of a run that goes on, between its lines. No DOM.

/** All times in ms of the caller's wall clock, but for `t_us`: microseconds since the run began. */
export class RunClock {
  #began = Number.NaN;
  /** The least that lines were behind the wall clock: what the server's clock is behind ours. */
  #behind = Number.POSITIVE_INFINITY;
  #least_us = 0;

  /** Whether a line came as it was written: before that, all may be from long ago. */
  get isFresh() {
    return Number.isFinite(this.#behind);
  }

  /** @param {string} startedAt ISO time, as the run's first line has it */
  begin(startedAt) {
    this.#began = Date.parse(startedAt);
  }

  /**
   * @param {number} t_us of a line
   * @param {number} now when it came
   * @param {boolean} fresh it came as it was written, not from before
   */
  line(t_us, now, fresh) {
    this.#least_us = Math.max(this.#least_us, t_us);
    if (Number.isNaN(this.#began)) this.#began = now - t_us / 1000;
    const behind = now - this.#began - t_us / 1000;
    // Lines from before the connection are as old as they are; ahead of our clock no line can be.
    if (fresh || behind < 0) this.#behind = Math.min(this.#behind, behind);
  }

  /** Microseconds since the run began; never before its newest line. @param {number} now @returns {number} */
  at(now) {
    if (Number.isNaN(this.#began)) return this.#least_us;
    const behind = Number.isFinite(this.#behind) ? this.#behind : 0;
    // A clock a little behind is transport; the run's time shown may well be ahead by that.
    const skew = Math.abs(behind) > 1000 ? behind : 0;
    return Math.max(this.#least_us, (now - this.#began - skew) * 1000);
  }
}

/** Whether a run's times are any: those of plain events, which nobody timed, only count them. @param {Record<string, any> | null | undefined} header its first line */
export const isTimed = (header) => header?.times !== "unknown";
