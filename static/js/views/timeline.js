// The tree of spans and their bars, which appear and grow with the run. Only the rows in view exist.

import { el, setAttribute, setText, show, turnPool } from "../dom.js";
import { tickLabel } from "../format.js";
import { GraphNodes } from "../graph_nodes.js";
import { approach, domainFor, rowsInView, tickStep, ticks, treeRows } from "../layout.js";
import { nameWidth, Row } from "./row.js";

/** @typedef {import("../layout.js").TreeRow} TreeRow */
/** @typedef {import("../store.js").RunStore} RunStore */
/** @typedef {import("../loop.js").Frame} Frame */

const RIGHT = 16;
const NAMES = 320;
const MOST_NAMES = 480;
const LEAST_BARS = 320;
/** Rows whose names are measured. */
const MEASURED = 2000;
const TICK = 34;
const REDUCED = matchMedia("(prefers-reduced-motion: reduce)");

export class TimelineView {
  /** @type {RunStore | null} */
  #store = null;
  /** @type {TreeRow[]} */
  #rows = [];
  /** @type {Set<number>} */
  #collapsed = new Set();
  /** @type {Row[]} */
  #pool = [];
  /** Which of the pool stands first in the document. */
  #turn = 0;
  #foldVersion = -1;
  #nodes = new GraphNodes();
  #height = 26;
  /** How much room the longest name takes. */
  #needed = 0;
  #width = 0;
  #room = 0;
  #domain = 0;
  #lastMs = 0;
  /** How many rows the last frame had. */
  #drawn = 0;
  #tickKey = "";
  /** @type {number | null} */
  #selected = null;
  #reveal = false;
  /** Stays at the newest row until the user scrolls up. */
  #following = true;
  /** How many rows there were when it was last scrolled to the newest. */
  #scrolledFor = 0;

  /** @param {HTMLElement} root @param {import("../dom.js").Send} send @param {() => void} touch */
  constructor(root, send, touch) {
    this.root = root;
    this.send = send;
    this.touch = touch;
    this.ticks = el("div", "ticks");
    this.rulerNow = el("div", "now");
    this.ticks.append(this.rulerNow);
    const ruler = el("div", "ruler", "", { "aria-hidden": "true" });
    const names = el("div", "ruler-names");
    names.append(el("span", "", "Span"), el("span", "", "duration"));
    ruler.append(names, this.ticks);
    this.scroller = el("div", "rows", "", {
      role: "treegrid",
      "aria-label": "Spans",
      tabindex: "0",
      "aria-readonly": "true",
    });
    this.space = el("div", "rows-space", "", { role: "rowgroup" });
    this.lines = el("div", "rows-lines", "", { "aria-hidden": "true" });
    this.now = el("div", "now");
    this.lines.append(this.now);
    this.empty = el("div", "empty rows-empty");
    this.space.append(this.lines);
    this.scroller.append(this.space);
    root.replaceChildren(ruler, this.scroller, this.empty);
    this.scroller.addEventListener("scroll", () => {
      const { scrollTop, clientHeight, scrollHeight } = this.scroller;
      this.#following = scrollTop + clientHeight >= scrollHeight - 4;
      touch();
    });
    this.scroller.addEventListener("click", (event) => this.#click(event));
    this.scroller.addEventListener("dblclick", (event) => {
      const row = this.#rowAt(event);
      if (row) this.#toggle(row);
    });
    this.scroller.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.resize()).observe(this.scroller);
  }

  /** Another run. @param {RunStore} store */
  show(store) {
    this.#store = store;
    this.#collapsed.clear();
    this.#rows = [];
    this.#needed = 0;
    this.#foldVersion = -1;
    this.#domain = this.#drawn = this.#scrolledFor = 0;
    this.#selected = null;
    this.#following = true;
    this.scroller.scrollTop = 0;
    this.touch();
  }

  /** @param {number | null} span @param {boolean} reveal scroll to it */
  select(span, reveal) {
    this.#selected = span;
    this.#reveal ||= reveal;
    if (reveal) this.#open(span);
    this.touch();
  }

  /** Opens what the span is folded into. @param {number | null} span */
  #open(span) {
    const fold = this.#store?.fold;
    let above = fold?.span(fold.span(span)?.parent);
    for (let levels = 0; above && levels < 1000; levels++) {
      if (this.#collapsed.delete(above.span)) this.#foldVersion = -1;
      above = fold?.span(above.parent);
    }
  }

  /** How wide the names are where the user has not said so, in pixels. */
  get namesWidth() {
    const room = this.root.clientWidth;
    const least = Math.min(NAMES, room * 0.5) || NAMES;
    const most = Math.max(least, Math.min(MOST_NAMES, room - LEAST_BARS));
    return Math.round(Math.max(least, Math.min(most, this.#needed)));
  }

  /** Measures anew: the panel's room or the height of rows changed. */
  resize() {
    this.root.style.setProperty("--names-fit", `${this.namesWidth}px`);
    const style = getComputedStyle(this.scroller);
    this.#height = Number.parseFloat(style.getPropertyValue("--row")) || 26;
    this.#width = Math.max(40, this.lines.clientWidth - RIGHT);
    this.#room = this.scroller.clientHeight;
    this.#tickKey = "";
    this.#foldVersion = -1;
    this.touch();
  }

  focus() {
    this.scroller.focus();
  }

  /** @param {Frame} frame @returns {boolean} whether it moves by itself */
  draw({ ms, wall }) {
    const store = this.#store;
    if (!store) return false;
    const { running } = store;
    const now_us = store.at(wall);
    if (store.fold.version !== this.#foldVersion) this.#arrange(store);
    const moving = this.#scale(now_us, running, ms);
    this.#drawRuler();
    const scale = this.#width / this.#domain;
    const nowX = `translateX(${(now_us * scale).toFixed(1)}px)`;
    for (const edge of [this.now, this.rulerNow]) {
      show(edge, running && this.#rows.length > 0);
      edge.style.transform = nowX;
    }
    this.#scroll();
    this.#drawRows(store, now_us, ms);
    show(this.empty, this.#rows.length === 0);
    this.lines.classList.toggle("blank", this.#rows.length === 0);
    if (!this.#rows.length) {
      const failed = store.fold.status === "error";
      const none = failed ? "The run failed before its first step." : "This log has no spans.";
      setText(this.empty, running ? "Waiting for the first event…" : none);
    }
    return running || moving;
  }

  /** @param {RunStore} store */
  #arrange(store) {
    this.#foldVersion = store.fold.version;
    this.#nodes.of(store.fold);
    this.#rows = treeRows(store.fold.spans, this.#collapsed);
    let needed = this.#needed;
    for (const row of this.#rows.slice(0, MEASURED)) {
      const { span } = row.span;
      needed = Math.max(needed, nameWidth(row, this.#nodes.run(span), store.findings(span)));
    }
    if (needed > this.#needed) {
      this.#needed = needed;
      this.resize();
      this.#foldVersion = store.fold.version;
    }
    this.space.style.height = `${this.#rows.length * this.#height}px`;
    setAttribute(this.scroller, "aria-rowcount", String(this.#rows.length));
  }

  /** @param {number} now_us @param {boolean} running @param {number} ms @returns {boolean} */
  #scale(now_us, running, ms) {
    const target = domainFor(now_us, running);
    const since = Math.min(100, ms - this.#lastMs);
    this.#lastMs = ms;
    const isDrawn = this.#domain > 0 && this.#drawn > 0;
    this.#drawn = this.#rows.length;
    this.#domain = isDrawn && !REDUCED.matches ? approach(this.#domain, target, since) : target;
    return this.#domain !== target;
  }

  #drawRuler() {
    const step = tickStep(this.#domain, this.#width);
    const key = `${step}|${Math.floor(this.#domain / step)}|${this.#width}`;
    const scale = this.#width / this.#domain;
    if (key !== this.#tickKey) {
      this.#tickKey = key;
      const marks = ticks(this.#domain, step);
      this.ticks.replaceChildren(
        ...marks.map((us) => el("span", "tick", tickLabel(us, step))),
        this.rulerNow,
      );
      this.lines.replaceChildren(...marks.map(() => el("i", "line")), this.now);
    }
    for (const parent of [this.ticks, this.lines]) {
      for (let index = 0; index < parent.children.length - 1; index++) {
        const mark = /** @type {HTMLElement} */ (parent.children[index]);
        const x = index * step * scale;
        mark.style.transform = `translateX(${x.toFixed(1)}px)`;
        // A label that would be cut off says nothing.
        if (parent === this.ticks) mark.classList.toggle("cut", x > this.#width + RIGHT - TICK);
      }
    }
  }

  #scroll() {
    if (this.#reveal) {
      this.#reveal = false;
      const at = this.#indexOf(this.#selected);
      if (at >= 0) {
        const top = at * this.#height;
        if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
        else if (top + this.#height > this.scroller.scrollTop + this.#room) {
          this.scroller.scrollTop = top + this.#height - this.#room;
        }
      }
    } else if (this.#following && this.#store?.running && this.#rows.length !== this.#scrolledFor) {
      this.#scrolledFor = this.#rows.length;
      this.scroller.scrollTop = this.#rows.length * this.#height;
    }
  }

  /** @param {RunStore} store @param {number} now_us @param {number} ms */
  #drawRows(store, now_us, ms) {
    const height = this.#height;
    const [first, last] = rowsInView(this.#rows.length, height, this.scroller.scrollTop, this.#room);
    let active = "";
    const size = Math.max(last - first, 1);
    if (this.#pool.length < size) this.#turn = turnPool(this.space, this.#pool, this.#turn, 0);
    while (this.#pool.length < size) {
      const row = new Row(this.#pool.length);
      this.#pool.push(row);
      this.space.append(row.element);
    }
    // A row keeps its element while it scrolls: index modulo the pool's size.
    if (last > first) this.#turn = turnPool(this.space, this.#pool, this.#turn, first % this.#pool.length);
    const used = new Set();
    for (let index = first; index < last; index++) {
      const row = /** @type {TreeRow} */ (this.#rows[index]);
      const pooled = /** @type {Row} */ (this.#pool[index % this.#pool.length]);
      used.add(pooled);
      show(pooled.element, true);
      const selected = row.span.span === this.#selected;
      pooled.draw(row, index, store, {
        now_us,
        domain_us: this.#domain,
        width: this.#width,
        height,
        selected,
        ms,
        nodes: this.#nodes,
      });
      if (selected) active = pooled.element.id;
    }
    for (const pooled of this.#pool) if (!used.has(pooled)) show(pooled.element, false);
    setAttribute(this.scroller, "aria-activedescendant", active || null);
  }

  /** @param {number | null} span */
  #indexOf(span) {
    return span === null ? -1 : this.#rows.findIndex((row) => row.span.span === span);
  }

  /** @param {Event} event @returns {TreeRow | undefined} */
  #rowAt(event) {
    const row = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest(".row"));
    const span = Number(row?.dataset.span);
    return row ? this.#rows.find((one) => one.span.span === span) : undefined;
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const row = this.#rowAt(event);
    if (!row) return;
    if (/** @type {Element} */ (event.target).closest(".twisty") && row.children) this.#toggle(row);
    else this.send({ type: "select", span: row.span.span, open: true });
  }

  /** @param {TreeRow} row */
  #toggle(row) {
    if (!row.children) return;
    if (row.open) this.#collapsed.add(row.span.span);
    else this.#collapsed.delete(row.span.span);
    this.#foldVersion = -1;
    this.touch();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || !this.#rows.length) return;
    const at = this.#indexOf(this.#selected);
    const row = this.#rows[at];
    const last = this.#rows.length - 1;
    const page = Math.max(1, Math.floor(this.#room / this.#height) - 1);
    /** @param {number} index */
    const go = (index) => {
      const next = this.#rows[Math.max(0, Math.min(last, index))];
      if (next) this.send({ type: "select", span: next.span.span });
    };
    switch (event.key) {
      case "ArrowDown":
        go(at + 1);
        break;
      case "ArrowUp":
        go(at < 0 ? 0 : at - 1);
        break;
      case "Home":
        go(0);
        break;
      case "End":
        go(last);
        break;
      case "PageDown":
        go(at + page);
        break;
      case "PageUp":
        go(at - page);
        break;
      case "ArrowRight":
        if (row?.children && !row.open) this.#toggle(row);
        else if (row?.children) go(at + 1);
        break;
      case "ArrowLeft":
        if (row?.open) this.#toggle(row);
        else if (row) this.#toParent(at);
        break;
      case "Enter":
      case " ":
        if (row) this.send({ type: "select", span: row.span.span, open: true });
        break;
      default:
        return;
    }
    event.preventDefault();
  }

  /** @param {number} at */
  #toParent(at) {
    const level = this.#rows[at]?.level ?? 1;
    for (let index = at - 1; index >= 0; index--) {
      const row = /** @type {TreeRow} */ (this.#rows[index]);
      if (row.level < level) {
        this.send({ type: "select", span: row.span.span });
        return;
      }
    }
  }
}
