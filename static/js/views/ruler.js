// The ruler of the timeline and the lines under it: ticks of what is seen, idle stretches that were cut, now.

import { isTimed } from "../clock.js";
import { el, setText, show } from "../dom.js";
import { duration, tickLabel } from "../format.js";
import { tickStep, ticks } from "../layout.js";

/** @typedef {import("../scene.js").Scene} Scene */

/** Labels nearer to each other than this are left out, and those that would be cut off at the right edge. */
const LEAST = 46;
const LETTER = 6.2;
const EDGE = 16;
const BUTTON = 72;
/** A drag shorter than this is a click. */
const LEAST_DRAG = 4;

/** @typedef {{ label: HTMLElement, line: HTMLElement }} Mark */

export class RulerView {
  /** @type {Mark[]} */
  #ticks = [];
  /** @type {Mark[]} */
  #cuts = [];
  #key = "";
  #width = 0;

  /** @param {Scene} scene @param {() => void} touch */
  constructor(scene, touch) {
    this.scene = scene;
    this.touch = touch;
    this.root = el("div", "ticks");
    this.now = el("div", "now");
    this.range = el("div", "ruler-range");
    this.all = el("button", "ruler-all", "Show all", { type: "button", tabindex: "-1" });
    this.all.addEventListener("click", () => {
      scene.window.all();
      touch();
    });
    this.root.append(this.now, this.range, this.all);
    this.lines = el("div", "rows-lines", "", { "aria-hidden": "true" });
    this.linesNow = el("div", "now");
    this.lines.append(this.linesNow);
    show(this.range, false);
    this.root.addEventListener("pointerdown", (event) => this.#drag(event));
    this.root.addEventListener("dblclick", () => {
      scene.window.all();
      touch();
    });
  }

  /** Everything anew. */
  forget() {
    this.#key = "";
  }

  /** @param {number} width of what is seen, in pixels @param {boolean} isEmpty */
  draw(width, isEmpty) {
    const { scene } = this;
    const { window, store } = scene;
    this.#width = width;
    const scale = width / window.width;
    const at = (scene.scale.place(scene.now_us) - window.from) * scale;
    const isShown = !isEmpty && (scene.isLive || store?.cursor !== null) && at >= 0 && at <= width + 1;
    for (const edge of [this.now, this.linesNow]) {
      show(edge, isShown);
      edge.style.transform = `translateX(${at.toFixed(1)}px)`;
    }
    show(this.all, !window.isWhole);
    this.lines.classList.toggle("blank", isEmpty);
    const key = `${window.from}|${window.to}|${width}|${scene.scale.cuts.length}`;
    if (key === this.#key) return;
    this.#key = key;
    this.#drawTicks(scale, width);
    this.#drawCuts(scale);
  }

  /** @param {number} scale @param {number} width */
  #drawTicks(scale, width) {
    const { window, scale: times } = this.scene;
    const step = tickStep(window.width, width);
    const end = width + EDGE - (window.isWhole ? 0 : BUTTON);
    let used = 0;
    let last = Number.NEGATIVE_INFINITY;
    for (const piece of times.pieces(window.from, window.to)) {
      if (times.cuts.some((cut) => piece.from >= cut.from && piece.to <= cut.to)) continue;
      for (const us of ticks(piece.from_us, piece.to_us, step)) {
        const x = (times.place(us) - window.from) * scale;
        const mark = this.#mark(this.#ticks, used++, "tick", "line");
        // Where times only count lines, so do the ticks.
        const text = isTimed(this.scene.store?.header) ? tickLabel(us, step) : step < 1 ? "" : `line ${us}`;
        const isCut = x - last < LEAST || x + text.length * LETTER + 8 > end;
        if (!isCut) last = x;
        place(mark, x);
        setText(mark.label, text);
        mark.label.classList.toggle("cut", isCut);
        mark.line.classList.toggle("first", us === 0);
      }
    }
    hideRest(this.#ticks, used);
  }

  /** @param {number} scale */
  #drawCuts(scale) {
    const { window, scale: times } = this.scene;
    let used = 0;
    for (const cut of times.between(window.from, window.to)) {
      const mark = this.#mark(this.#cuts, used++, "cut-label", "cut-band");
      const x = (cut.from - window.from) * scale;
      const width = Math.max(2, (cut.to - cut.from) * scale);
      place(mark, x);
      mark.line.style.width = `${width.toFixed(1)}px`;
      mark.label.style.width = `${width.toFixed(1)}px`;
      setText(mark.label, `${duration(cut.to_us - cut.from_us)}`);
      mark.label.classList.toggle("tight", width < 44);
    }
    hideRest(this.#cuts, used);
  }

  /** @param {Mark[]} pool @param {number} at @param {string} label @param {string} line @returns {Mark} */
  #mark(pool, at, label, line) {
    let mark = pool[at];
    if (!mark) {
      mark = { label: el("span", label), line: el("i", line) };
      pool.push(mark);
      this.root.insertBefore(mark.label, this.now);
      this.lines.insertBefore(mark.line, this.linesNow);
    }
    show(mark.label, true);
    show(mark.line, true);
    return mark;
  }

  /** A drag along the ruler chooses what is seen. @param {PointerEvent} down */
  #drag(down) {
    if (down.button !== 0 || /** @type {Element} */ (down.target).closest("button")) return;
    const box = this.root.getBoundingClientRect();
    const begin = down.clientX - box.left;
    const clamp = (/** @type {number} */ x) => Math.max(0, Math.min(this.#width, x - box.left));
    this.root.setPointerCapture(down.pointerId);
    const move = (/** @type {PointerEvent} */ event) => {
      const x = clamp(event.clientX);
      show(this.range, Math.abs(x - begin) >= LEAST_DRAG);
      this.range.style.transform = `translateX(${Math.min(x, begin)}px)`;
      this.range.style.width = `${Math.abs(x - begin)}px`;
    };
    const up = (/** @type {PointerEvent} */ event) => {
      const x = clamp(event.clientX);
      show(this.range, false);
      this.root.removeEventListener("pointermove", move);
      this.root.removeEventListener("pointerup", up);
      this.root.removeEventListener("pointercancel", up);
      if (event.type === "pointercancel" || Math.abs(x - begin) < LEAST_DRAG) return;
      const { window, now } = this.scene;
      const places = [begin, x].map((one) => window.from + (one / this.#width) * window.width);
      window.show(Math.min(...places), Math.max(...places), now);
      this.touch();
    };
    this.root.addEventListener("pointermove", move);
    this.root.addEventListener("pointerup", up);
    this.root.addEventListener("pointercancel", up);
  }
}

/** @param {Mark} mark @param {number} x */
function place({ label, line }, x) {
  label.style.transform = line.style.transform = `translateX(${x.toFixed(1)}px)`;
}

/** @param {Mark[]} pool @param {number} used */
function hideRest(pool, used) {
  for (let at = used; at < pool.length; at++) {
    const mark = /** @type {Mark} */ (pool[at]);
    show(mark.label, false);
    show(mark.line, false);
  }
}
