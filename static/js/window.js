// The stretch of time that is seen: zoomed, panned, fitted, kept inside what there is, and moved along with a run that
// goes on. Measured in places (time_scale.js). No DOM.

/** No window is narrower than this. */
export const LEAST = 20;
const EASE_MS = 70;
/** How near to the end of what happened a window has to be to go along with it, in shares of its width. */
const NEAR = 0.02;
/** The room it keeps ahead of now. */
const AHEAD = 0.08;

export class TimeWindow {
  /** What is drawn. */
  from = 0;
  to = 0;
  /** All of it is seen, however much there will be. */
  isWhole = true;
  /** It goes along with what happens. */
  follows = false;
  #from = 0;
  #to = 0;
  #extent = 0;

  get width() {
    return Math.max(1e-9, this.to - this.from);
  }

  /** Where it is going to be, or is. */
  get target() {
    return { from: this.#from, to: this.#to };
  }

  get isMoving() {
    return this.from !== this.#from || this.to !== this.#to;
  }

  /** Another run: all of it, at once. */
  reset() {
    this.from = this.to = this.#from = this.#to = this.#extent = 0;
    this.isWhole = true;
    this.follows = false;
  }

  /**
   * @param {number} extent the place where what can be seen ends
   * @param {number} now the place of what happens now; NaN where nothing goes on
   * @param {number} ms since the last frame; Infinity: at once
   */
  step(extent, now, ms) {
    this.#extent = extent;
    if (this.isWhole) {
      this.#from = 0;
      this.#to = extent;
    } else if (this.follows && Number.isFinite(now)) {
      const before = this.#to;
      const edge = before - (before - this.#from) * AHEAD;
      if (now > edge) this.#set(this.#from + now - edge, before + now - edge);
      // What goes along with time is not eased: it would always be behind.
      const moved = Math.min(this.#to - before, Math.max(0, extent - this.to));
      this.from += moved;
      this.to += moved;
    } else {
      this.#set(this.#from, this.#to);
    }
    if (this.to <= this.from || !Number.isFinite(ms)) this.jump();
    else this.#ease(ms);
  }

  /** Goes to where it is going at once. */
  jump() {
    this.from = this.#from;
    this.to = this.#to;
  }

  /** @param {number} place what stays where it is @param {number} by 2: twice as near @param {number} [now] */
  zoom(place, by, now = Number.NaN) {
    const share = (place - this.from) / this.width;
    const width = Math.max(LEAST, (this.#to - this.#from) / by);
    this.show(place - share * width, place + (1 - share) * width, now);
  }

  /** @param {number} by in shares of its width @param {number} [now] */
  pan(by, now = Number.NaN) {
    const width = this.#to - this.#from;
    this.show(this.#from + by * width, this.#to + by * width, now);
  }

  /** @param {number} from @param {number} to @param {number} [now] the place of what happens now, if anything does */
  show(from, to, now = Number.NaN) {
    this.#set(from, to);
    this.isWhole = this.#from <= 0 && this.#to >= this.#extent;
    const width = this.#to - this.#from;
    this.follows =
      !this.isWhole && Number.isFinite(now) && this.#to >= now - width * NEAR && this.#from <= now;
  }

  all() {
    this.isWhole = true;
    this.follows = false;
    this.#from = 0;
    this.#to = this.#extent;
  }

  /** Inside what there is, and not too narrow. @param {number} from @param {number} to */
  #set(from, to) {
    const width = Math.min(Math.max(LEAST, to - from), Math.max(LEAST, this.#extent));
    const least = Math.max(0, Math.min(from, this.#extent - width));
    this.#from = least;
    this.#to = least + width;
  }

  /**
   * The width by ratio, so that from seconds to milliseconds takes no longer, and the edges by the same share, so that
   * the place a zoom began at stays where it is.
   * @param {number} ms
   */
  #ease(ms) {
    const width = this.to - this.from;
    const wanted = this.#to - this.#from;
    const share = 1 - Math.exp(-ms / EASE_MS);
    const next = wanted * (width / wanted) ** (1 - share);
    const part = Math.abs(wanted - width) > wanted * 1e-6 ? (next - width) / (wanted - width) : share;
    this.from += (this.#from - this.from) * part;
    this.to += (this.#to - this.to) * part;
    const near = wanted * 0.002;
    if (Math.abs(this.from - this.#from) < near && Math.abs(this.to - this.#to) < near) this.jump();
  }
}
