// The tree of spans and their bars, which appear and grow with the run. Only the rows in view exist.

import { el, setAttribute, setText, show, turnPool } from "../dom.js";
import { rowsInView, scrollFor, scrolling } from "../layout.js";
import { HoverCard } from "./hover.js";
import { makePaint } from "./paint.js";
import { nameWidth, Row } from "./row.js";
import { RulerView } from "./ruler.js";
import { RulerTools } from "./ruler_tools.js";

/** @typedef {import("../scene.js").Scene} Scene */
/** @typedef {import("../store.js").RunStore} RunStore */
/** @typedef {import("../loop.js").Frame} Frame */
/** @typedef {import("../dom.js").PageEvent} PageEvent */

const RIGHT = 16;
const NAMES = 320;
const MOST_NAMES = 480;
const LEAST_BARS = 300;
/** Rows whose names are measured. */
const MEASURED = 2000;
/** While a log is read, rows that come to say something else in one frame: all of them at once would hold it up. */
const MOST_NEW = 6;
/** Of what is scrolled to, so many rows beside it are seen. */
const AROUND = 2;
/** How much one notch of a wheel zooms. */
const WHEEL = 0.0022;
const REDUCED = matchMedia("(prefers-reduced-motion: reduce)");
const NARROW = matchMedia("(max-width: 479.98px)");

export class TimelineView {
  /** @type {RunStore | null} */
  #store = null;
  /** @type {Row[]} */
  #pool = [];
  /** Which of the pool stands first in the document. */
  #turn = 0;
  #height = 26;
  /** How much room the longest name takes, and how many spans were measured. */
  #needed = 0;
  #measured = 0;
  /** What came while the log was read is to be measured. */
  #remeasure = false;
  /** The row that waits for the next frame, and those after it; -1 for none. */
  #undrawn = -1;
  #width = 0;
  #room = 0;
  /** How wide bars are is a guess. */
  #refit = false;
  /** All of the panel, names and bars. */
  #wide = 0;
  /** @type {number | null} */
  #selected = null;
  #reveal = false;
  /** Stays at the newest row until the user scrolls up. */
  #following = true;
  /** How far it is scrolled: to ask the browser in a frame would make it lay out all anew. */
  #scrolled = 0;
  #boxHeight = "";
  /** How many rows there were when it was last scrolled to the newest. */
  #scrolledFor = 0;
  /** The element of the selected row, for who reads by keyboard. @type {Row | null} */
  #active = null;
  #byKey = false;

  /** @param {HTMLElement} root @param {Scene} scene @param {import("../dom.js").Send} send @param {() => void} touch */
  constructor(root, scene, send, touch) {
    this.root = root;
    this.scene = scene;
    this.send = send;
    this.touch = touch;
    this.paint = makePaint(touch);
    this.ruler = new RulerView(scene, touch);
    this.tools = new RulerTools(scene, touch, () => {
      this.#reveal = true;
    });
    this.ruler.root.setAttribute("aria-hidden", "true");
    const ruler = el("div", "ruler");
    ruler.append(this.tools.root, this.ruler.root);
    this.scroller = el("div", "rows", "", {
      role: "treegrid",
      "aria-label": "Spans",
      tabindex: "0",
      "aria-readonly": "true",
    });
    this.space = el("div", "rows-space", "", { role: "rowgroup" });
    this.lines = this.ruler.lines;
    this.empty = el("div", "empty rows-empty");
    this.space.append(this.lines);
    this.scroller.append(this.space);
    this.hover = new HoverCard(scene, touch);
    root.replaceChildren(ruler, this.scroller, this.empty, this.hover.root);
    this.#listen();
    new ResizeObserver(() => this.resize()).observe(this.scroller);
  }

  #listen() {
    const { scroller, touch } = this;
    scroller.addEventListener("scroll", () => {
      this.#scrolled = scroller.scrollTop;
      this.#following = this.#scrolled + scroller.clientHeight >= scroller.scrollHeight - 4;
      this.hover.scrolled();
      touch();
    });
    scroller.addEventListener("click", (event) => this.#click(event));
    scroller.addEventListener("dblclick", (event) => {
      const index = this.#indexAt(event);
      if (index >= 0) this.#toggle(index);
    });
    scroller.addEventListener("pointermove", (event) => {
      if (event.pointerType === "touch") return;
      const row = /** @type {Element} */ (event.target).closest(".row");
      const index = this.#indexAt(event);
      if (row && index >= 0) this.hover.over(index, row, event.clientX, event.clientY);
      else this.hover.out();
    });
    for (const left of ["pointerleave", "pointerdown", "blur"]) {
      scroller.addEventListener(left, () => this.hover.out());
    }
    for (const panel of [scroller, this.ruler.root]) {
      panel.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    }
  }

  /** Another run. @param {RunStore} store */
  show(store) {
    this.#store = store;
    this.scene.show(store);
    this.#needed = this.#measured = this.#scrolledFor = 0;
    this.#selected = null;
    this.#following = true;
    this.scroller.scrollTop = this.#scrolled = 0;
    this.hover.out();
    this.ruler.forget();
    this.touch();
  }

  /** @param {number | null} span @param {boolean} reveal scroll to it */
  select(span, reveal) {
    this.#selected = span;
    this.#reveal ||= reveal;
    this.touch();
  }

  /** How wide the names are where the user has not said so, in pixels. */
  get namesWidth() {
    const room = this.#wide;
    const least = Math.min(NAMES, room * 0.5) || NAMES;
    const most = Math.max(least, Math.min(MOST_NAMES, room - LEAST_BARS));
    return Math.round(Math.max(least, Math.min(most, this.#needed)));
  }

  /** Measures anew: the panel's room or the height of rows changed. */
  resize() {
    this.#wide = this.root.clientWidth;
    this.root.style.setProperty("--names-fit", `${this.namesWidth}px`);
    const style = getComputedStyle(this.scroller);
    this.#height = Number.parseFloat(style.getPropertyValue("--row")) || 26;
    this.#width = Math.max(40, this.lines.clientWidth - RIGHT);
    this.#room = this.scroller.clientHeight;
    this.#scrolled = this.scroller.scrollTop;
    this.ruler.forget();
    this.touch();
  }

  focus() {
    this.scroller.focus();
  }

  /** Shows a stretch of time. @param {number} from_us @param {number} to_us */
  showTimes(from_us, to_us) {
    const { scale, window, now } = this.scene;
    window.show(scale.place(from_us), scale.place(to_us), now);
    this.touch();
  }

  /** @param {Frame} frame @returns {boolean} whether it moves by itself */
  draw(frame) {
    const store = this.#store;
    if (!store) return false;
    const { scene } = this;
    if (this.#refit) {
      // Where the user says how wide names are, they did not widen.
      this.#refit = false;
      this.#setWidth(this.lines.clientWidth - RIGHT);
    }
    scene.step(frame, REDUCED.matches);
    this.#choose();
    this.#measure(store);
    const { order } = scene;
    setAttribute(this.scroller, "aria-rowcount", String(order.length));
    this.ruler.draw(this.#width, order.length === 0);
    this.tools.draw();
    this.#scroll();
    const isWhole = this.#drawRows(store, frame.ms);
    this.#drawEmpty(store);
    this.#tellWindow();
    const waits = this.hover.draw(frame.ms);
    return scene.isLive || scene.isBusy || waits || this.#refit || !isWhole;
  }

  /** Finds what is selected, as soon as it is there. */
  #choose() {
    const { columns, order } = this.scene;
    const index = columns.indexOf(this.#selected);
    order.select(index);
    if (this.#reveal && index >= 0) order.reveal(index);
  }

  /**
   * The names of the first rows decide how wide their column is. When it gets wider all rows are laid out anew, so while
   * a log is read only those that come at once are measured, and the others when all of it is there.
   * @param {RunStore} store
   */
  #measure(store) {
    const { columns } = this.scene;
    if (store.loading && this.#measured) {
      this.#remeasure = true;
      return;
    }
    if (this.#remeasure) this.#measured = 0;
    const until = Math.min(MEASURED, columns.length);
    let needed = this.#needed;
    for (; this.#measured < until; this.#measured++) {
      const findings = store.findings(Number(columns.number[this.#measured]));
      needed = Math.max(needed, nameWidth(this.scene, this.#measured, findings));
    }
    this.#widen(needed);
  }

  /** @param {number} needed */
  #widen(needed) {
    if (needed <= this.#needed) return;
    this.#needed = needed;
    const wider = this.namesWidth - Number.parseFloat(this.root.style.getPropertyValue("--names-fit"));
    if (!wider) return;
    this.root.style.setProperty("--names-fit", `${this.namesWidth}px`);
    // Asked now, the browser would have to lay out all rows first; in the next frame it has.
    this.#setWidth(this.#width - wider);
    this.#refit = true;
  }

  /** Of the bars. @param {number} width */
  #setWidth(width) {
    if (width === this.#width) return;
    this.#width = Math.max(40, width);
    this.ruler.forget();
  }

  #scroll() {
    const { order, columns, window } = this.scene;
    const top = this.#top();
    if (this.#reveal) {
      const index = columns.indexOf(this.#selected);
      const row = order.rowOf(index);
      if (row < 0) {
        // It is on its way, or there is no such span.
        if (!this.scene.isBusy && this.#store?.fold.status !== "running") this.#reveal = false;
        return;
      }
      this.#reveal = false;
      const y = row * this.#height;
      const around = Math.min(AROUND * this.#height, this.#room / 3);
      const isFar = y < top - this.#room || y > top + 2 * this.#room;
      if (isFar) this.#scrollTo(y - (this.#room - this.#height) / 2);
      else if (y < top) this.#scrollTo(y - around);
      else if (y + this.#height > top + this.#room) this.#scrollTo(y + this.#height + around - this.#room);
    } else if (
      this.#following &&
      this.scene.isLive &&
      !this.scene.isOld &&
      order.length !== this.#scrolledFor &&
      (window.isWhole || window.follows)
    ) {
      this.#scrolledFor = order.length;
      this.#scrollTo(order.length * this.#height);
    }
  }

  /** How many pixels of all rows are above what is seen; makes room for all of them first. */
  #top() {
    const { height, top } = scrolling(this.scene.order.length, this.#height, this.#scrolled, this.#room);
    const style = `${height}px`;
    if (this.#boxHeight !== style) this.space.style.height = this.#boxHeight = style;
    return top;
  }

  /** @param {number} top */
  #scrollTo(top) {
    const { length } = this.scene.order;
    const { height } = scrolling(length, this.#height, 0, this.#room);
    const wanted = scrollFor(length, this.#height, top, this.#room);
    this.#scrolled = Math.max(0, Math.min(wanted, height - this.#room));
    this.scroller.scrollTop = this.#scrolled;
  }

  /** @param {RunStore} store @param {number} ms @returns {boolean} whether all of them are drawn */
  #drawRows(store, ms) {
    const { scene } = this;
    const { order, window, columns } = scene;
    const { top, shift } = scrolling(order.length, this.#height, this.#scrolled, this.#room);
    const [first, last] = rowsInView(order.length, this.#height, top, this.#room);
    const size = Math.max(last - first, 1);
    if (this.#pool.length < size) this.#turn = turnPool(this.space, this.#pool, this.#turn, 0);
    while (this.#pool.length < size) {
      const row = new Row(this.#pool.length);
      this.#pool.push(row);
      show(row.element, false);
      this.space.append(row.element);
    }
    // A row keeps its element while it scrolls: row modulo the pool's size.
    if (last > first) this.#turn = turnPool(this.space, this.#pool, this.#turn, first % this.#pool.length);
    const selected = columns.indexOf(this.#selected);
    const frame = {
      scene,
      store,
      ms,
      shift,
      width: this.#width,
      height: this.#height,
      from: window.from,
      scale: this.#width / window.width,
      self: this.tools.self,
      paint: this.paint(),
      narrow: NARROW.matches,
    };
    let active = null;
    let needed = this.#needed;
    let left = store.loading ? MOST_NEW : Number.POSITIVE_INFINITY;
    const used = new Set();
    // Where it stopped in the frame before: the rows on top may be others in every frame.
    const begin = this.#undrawn >= first && this.#undrawn < last ? this.#undrawn : first;
    this.#undrawn = -1;
    for (let at = first; at < last; at++) {
      const row = at - first + begin < last ? at - first + begin : at - last + begin;
      const pooled = /** @type {Row} */ (this.#pool[row % this.#pool.length]);
      const index = /** @type {number} */ (order.rows[row]);
      used.add(pooled);
      if (left <= 0 && index !== selected) {
        if (this.#undrawn < 0) this.#undrawn = row;
        continue;
      }
      show(pooled.element, true);
      const isNew = pooled.draw(index, row, index === selected, frame);
      if (isNew) left--;
      if ((isNew || this.#remeasure) && row < MEASURED && !store.loading) {
        needed = Math.max(needed, nameWidth(scene, index, store.findings(Number(columns.number[index]))));
      }
      if (index === selected) active = pooled;
    }
    this.#remeasure &&= store.loading;
    for (const pooled of this.#pool) if (!used.has(pooled)) show(pooled.element, false);
    setAttribute(this.scroller, "aria-activedescendant", active?.element.id ?? null);
    this.#tellByKey(active);
    this.#widen(needed);
    return this.#undrawn < 0;
  }

  /** Who comes to a row by keyboard is told of it too, after a while. @param {Row | null} active */
  #tellByKey(active) {
    if (active !== this.#active || this.#byKey) {
      this.#active = active;
      if (this.#byKey && active && this.scroller.matches(":focus-visible")) {
        const { right, top } = active.name.getBoundingClientRect();
        this.hover.over(active.index, active.element, right - 160, top, true);
      }
    }
    this.#byKey = false;
  }

  /** @param {RunStore} store */
  #drawEmpty(store) {
    const { order, columns } = this.scene;
    show(this.empty, order.length === 0 && columns.length === 0);
    if (order.length) return;
    const failed = store.moment.status === "error";
    const none = failed ? "The run failed before its first step." : "This log has no spans.";
    setText(this.empty, store.running ? "Waiting for the first event…" : none);
  }

  #toldWindow = "|";

  /** Says which stretch of time is seen, once it rests. */
  #tellWindow() {
    const { window, seen } = this.scene;
    if (window.isMoving || window.follows) return;
    const from_us = window.isWhole ? null : Math.round(seen.from_us);
    const to_us = window.isWhole ? null : Math.round(seen.to_us);
    const key = `${from_us ?? ""}|${to_us ?? ""}`;
    if (key === this.#toldWindow) return;
    this.#toldWindow = key;
    this.send({ type: "window", from_us, to_us });
  }

  // ── What the user does ──

  /** @param {PageEvent} event */
  hear(event) {
    const { scene } = this;
    const { window, columns, order } = scene;
    const index = columns.indexOf(this.#selected);
    switch (event.type) {
      case "zoom": {
        // At what is selected, where that is in view; else in the middle.
        const { from, to } = index >= 0 ? scene.placesOf(index) : { from: 0, to: 0 };
        const seen = Math.max(from, window.from) + Math.min(to, window.to);
        const isInView = index >= 0 && to >= window.from && from <= window.to;
        window.zoom(isInView ? seen / 2 : (window.from + window.to) / 2, event.by, scene.now);
        break;
      }
      case "pan":
        window.pan(event.by, scene.now);
        break;
      case "fit":
        if (event.all || index < 0) window.all();
        else scene.fit(index);
        this.#reveal = index >= 0 && !event.all;
        break;
      case "error":
        this.#toError(event.step);
        break;
      case "row":
        this.#go(event.go, index, order.rowAbove(index));
        break;
      case "fold":
        if (event.all) order.toggleAll(order.collapsed.size > 0);
        else if (index >= 0) this.#toggle(index);
        this.#reveal = !event.all;
        break;
    }
    this.touch();
  }

  /** @param {number} step */
  #toError(step) {
    const { columns, window } = this.scene;
    const failed = (this.#store?.moment.failures() ?? []).map((span) => columns.indexOf(span.span));
    failed.sort((a, b) => a - b);
    if (!failed.length) return;
    const now = columns.indexOf(this.#selected);
    const next = step > 0 ? failed.find((one) => one > now) : failed.findLast((one) => one < now);
    const index = next ?? /** @type {number} */ (step > 0 ? failed[0] : failed.at(-1));
    this.send({ type: "select", span: Number(columns.number[index]) });
    const { from, to } = this.scene.placesOf(index);
    if (to < window.from || from > window.to) this.bring(index);
  }

  /** Moves the window to a span, as wide as it is. @param {number} index */
  bring(index) {
    const { window, now } = this.scene;
    const { from, to } = this.scene.placesOf(index);
    const { width } = window;
    const left = to - from < width * 0.8 ? (from + to - width) / 2 : from - width * 0.1;
    window.show(left, left + width, now);
  }

  /** @param {import("../dom.js").RowStep} step @param {number} index @param {number} row */
  #go(step, index, row) {
    const { order } = this.scene;
    if (!order.length) return;
    const page = Math.max(1, Math.floor(this.#room / this.#height) - 1);
    const last = order.length - 1;
    this.#byKey = true;
    /** @param {number} to */
    const go = (to) => this.#choseRow(Math.max(0, Math.min(last, to)), false);
    if (step === "next") go(row + 1);
    else if (step === "previous") go(row < 0 ? 0 : row - 1);
    else if (step === "first") go(0);
    else if (step === "last") go(last);
    else if (step === "page-down") go(row + page);
    else if (step === "page-up") go(row - page);
    else if (row < 0) return;
    else if (step === "open") this.#choseRow(row, true);
    else if (step === "in") {
      if (order.children(index) > 0 && !order.isOpen(index)) this.#toggle(index);
      else if (order.children(index) > 0) go(row + 1);
    } else if (order.isOpen(index)) this.#toggle(index);
    else if (order.above(index) >= 0) go(order.rowOf(order.above(index)));
  }

  /** @param {number} row @param {boolean} open */
  #choseRow(row, open) {
    const { order, columns } = this.scene;
    const index = /** @type {number} */ (order.rows[row]);
    const span = Number(columns.number[index]);
    this.send(open ? { type: "select", span, open } : { type: "select", span });
  }

  /** @param {Event} event @returns {number} the span whose row it is about, or -1 */
  #indexAt(event) {
    const row = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest(".row"));
    return row ? this.scene.columns.indexOf(Number(row.dataset.span)) : -1;
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const index = this.#indexAt(event);
    if (index < 0) return;
    const { order, columns } = this.scene;
    const target = /** @type {Element} */ (event.target);
    if (target.closest(".bar-arrow")) {
      this.bring(index);
      this.touch();
    } else if (target.closest(".twisty") && order.children(index)) {
      if (event.shiftKey) order.toggleAll(!order.isOpen(index));
      else this.#toggle(index);
      this.touch();
    } else {
      this.send({ type: "select", span: Number(columns.number[index]), open: true });
    }
  }

  /** @param {number} index */
  #toggle(index) {
    const { order } = this.scene;
    if (order.children(index) > 0) order.toggle(index, !order.isOpen(index));
    this.touch();
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    const { window, now } = this.scene;
    const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? this.#room : 1;
    const x = event.clientX - this.lines.getBoundingClientRect().left;
    if (event.ctrlKey || event.metaKey) {
      const place = window.from + (Math.max(0, Math.min(this.#width, x)) / this.#width) * window.width;
      window.zoom(place, Math.exp(-event.deltaY * unit * WHEEL), now);
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const by = ((event.shiftKey && !event.deltaX ? event.deltaY : event.deltaX) * unit) / this.#width;
      window.pan(by, now);
      window.jump();
    } else {
      return;
    }
    event.preventDefault();
    this.touch();
  }
}
