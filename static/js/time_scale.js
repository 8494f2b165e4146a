// From times to places: the same, or with idle stretches cut short. Places are microseconds of what is drawn. No DOM.

/** @typedef {{ from_us: number, to_us: number }} Idle  Nothing happened between these times. */
/** @typedef {Idle & { from: number, to: number }} Cut  The same with the places it is drawn between. */

/** Shorter ones are never cut. */
const LEAST_US = 100_000;
/** Of all idle stretches, the longest are kept. */
const MOST_IDLE = 400;
/** How long one has to be, in shares of the time in which something happens. */
const WORTH = 0.02;
/** How much room is left to it, in the same shares. */
const LEFT = 0.008;

/** The stretches of a run in which nothing happened, found as its lines come. */
export class IdleTimes {
  /** @type {Idle[]} */
  found = [];
  /** Grows with each that is found. */
  version = 0;
  #rows = 0;
  #last_us = 0;

  /**
   * Looks at the lines that are new.
   * @param {{ length: number, t_us: ArrayLike<number> }} columns
   */
  sync({ length, t_us }) {
    let last = this.#last_us;
    for (let row = this.#rows; row < length; row++) {
      const time = /** @type {number} */ (t_us[row]);
      if (time - last >= LEAST_US) {
        this.found.push({ from_us: last, to_us: time });
        this.version++;
      }
      last = time;
    }
    this.#last_us = last;
    this.#rows = length;
    if (this.found.length < MOST_IDLE * 2) return;
    const long = [...this.found].sort((a, b) => lengthOf(b) - lengthOf(a)).slice(0, MOST_IDLE);
    this.found = long.sort((a, b) => a.from_us - b.from_us);
  }

  /** Those that are worth cutting in a run of this length. @param {number} all_us @returns {Idle[]} */
  worth(all_us) {
    const idle = this.found.reduce((sum, one) => sum + lengthOf(one), 0);
    const busy = Math.max(LEAST_US, all_us - idle);
    return this.found.filter((one) => lengthOf(one) >= Math.max(LEAST_US, busy * WORTH));
  }
}

/** @param {Idle} idle */
const lengthOf = ({ from_us, to_us }) => to_us - from_us;

export class TimeScale {
  /** @type {Cut[]} */
  cuts = [];

  /** @param {Idle[]} [idle] in order, and apart from each other @param {number} [all_us] how long all takes */
  constructor(idle = [], all_us = 0) {
    const busy = all_us - idle.reduce((sum, one) => sum + lengthOf(one), 0);
    const left = Math.max(1, busy * LEFT);
    let gone = 0;
    for (const { from_us, to_us } of idle) {
      const from = from_us - gone;
      const room = Math.min(left, to_us - from_us);
      this.cuts.push({ from_us, to_us, from, to: from + room });
      gone += to_us - from_us - room;
    }
  }

  /** Whether time is drawn as it passed. */
  get isPlain() {
    return this.cuts.length === 0;
  }

  /** @param {number} t_us @returns {number} its place */
  place(t_us) {
    const cut = this.#before(t_us, "from_us");
    if (!cut) return t_us;
    if (t_us >= cut.to_us) return t_us - cut.to_us + cut.to;
    return cut.from + ((t_us - cut.from_us) / lengthOf(cut)) * (cut.to - cut.from);
  }

  /** @param {number} place @returns {number} the time there */
  time(place) {
    const cut = this.#before(place, "from");
    if (!cut) return place;
    if (place >= cut.to) return place - cut.to + cut.to_us;
    return cut.from_us + ((place - cut.from) / Math.max(1e-9, cut.to - cut.from)) * lengthOf(cut);
  }

  /** The cuts in a stretch of places. @param {number} from @param {number} to @returns {Cut[]} */
  between(from, to) {
    return this.cuts.filter((cut) => cut.to >= from && cut.from <= to);
  }

  /**
   * The stretches in which places go as time does, with the cuts between them, from place to place.
   * @param {number} from @param {number} to
   * @returns {{ from: number, to: number, from_us: number, to_us: number }[]}
   */
  pieces(from, to) {
    const found = [];
    let at = from;
    for (const cut of this.between(from, to)) {
      if (cut.from > at) found.push(this.#piece(at, cut.from));
      found.push(this.#piece(Math.max(from, cut.from), Math.min(to, cut.to)));
      at = Math.min(to, cut.to);
    }
    if (at < to) found.push(this.#piece(at, to));
    return found;
  }

  /** @param {number} from @param {number} to */
  #piece(from, to) {
    return { from, to, from_us: this.time(from), to_us: this.time(to) };
  }

  /** The last cut that begins at or before a value. @param {number} value @param {"from" | "from_us"} key */
  #before(value, key) {
    const { cuts } = this;
    let low = 0;
    let high = cuts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (/** @type {Cut} */ (cuts[middle])[key] <= value) low = middle + 1;
      else high = middle;
    }
    return cuts[low - 1];
  }
}
