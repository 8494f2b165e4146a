// The event log: pooled rows over the columns, filtered, at its end unless scrolled away.

import { CALLS, TREE } from "../columns.js";
import { button, el, setAttribute, setText, show, turnPool } from "../dom.js";
import { count, lookOf, offset, oneLine } from "../format.js";
import { rowsInView } from "../layout.js";
import { PHASE_FILTERS, RowsFilter } from "../rows_filter.js";

/** @typedef {import("../store.js").RunStore} RunStore */

const HEIGHT = 21;
/** Browsers cannot scroll an element taller than about 33 million pixels; Firefox stops at half of that. */
const TALLEST = 15_000_000;
/** So many new lines between two frames, or soon after, are more than one reads. */
const FLOOD = 40;
const FLOOD_MS = 50;
const TYPES = [
  ["", "all types"],
  ["chain", "chains"],
  ["model", "models"],
  ["tool", "tools"],
  ["retriever", "retrievers"],
  ["parser", "parsers"],
  ["prompt", "prompts"],
];

class EventRow {
  constructor() {
    this.element = el("div", "event");
    this.seq = el("span", "event-seq");
    this.time = el("span", "event-time");
    this.kind = el("b", "event-kind");
    this.name = el("span", "event-name");
    this.text = el("span", "event-text");
    this.element.append(this.seq, this.time, this.kind, this.name, this.text);
    this.row = -1;
    this.top = -1;
  }

  /** @param {RunStore} store @param {number} row @param {number} top @param {boolean} marked @param {boolean} ofSelected */
  draw(store, row, top, marked, ofSelected) {
    this.element.classList.toggle("to-come", row >= store.rows);
    if (top !== this.top) {
      this.top = top;
      this.element.style.transform = `translateY(${top}px)`;
    }
    this.element.classList.toggle("marked", marked);
    this.element.classList.toggle("of-selected", ofSelected);
    if (row === this.row) return;
    this.row = row;
    const { columns, fold } = store;
    const { event, type, phase } = columns.kindAt(row);
    const span = columns.spanAt(row);
    this.element.dataset.look =
      phase === "error" || event === "bad_line" || (event === "run_end" && fold.status === "error")
        ? "error"
        : event === "finding"
          ? "finding"
          : lookOf(type);
    this.element.dataset.span = String(span);
    setText(this.seq, String(columns.seq[row]));
    const us = /** @type {number} */ (columns.t_us[row]);
    setText(this.time, offset(us));
    setText(this.kind, event);
    setText(this.name, fold.span(span)?.name ?? "");
    setText(this.text, textOf(store, row, phase));
  }
}

/** @param {RunStore} store @param {number} row @param {string} phase */
function textOf({ columns }, row, phase) {
  const text = columns.text(row);
  if (columns.form[row] === TREE) return text.replace("\n", " ").trim();
  if (columns.form[row] === CALLS) {
    /** @type {import("../excerpt.js").Piece} */
    const piece = JSON.parse(text);
    if (piece.reasoning) return `reasoning: ${JSON.stringify(piece.reasoning.slice(0, 300))}`;
    if (piece.refusal) return `refusal: ${JSON.stringify(piece.refusal.slice(0, 300))}`;
    const calls = piece.calls.map(
      (/** @type {any} */ call) => `${call.name}${call.name ? "(" : ""}${call.args}`,
    );
    return `→ ${oneLine(`${piece.text}${calls.join(" ")}`, 300)}`;
  }
  return phase === "stream" && columns.form[row]
    ? JSON.stringify(text.length > 300 ? `${text.slice(0, 299)}…` : text)
    : text;
}

export class EventsView {
  /** @type {RunStore | null} */
  #store = null;
  #filter = new RowsFilter();
  /** What is searched for. @type {import("../find.js").Find | null} */
  find = null;
  /** @type {EventRow[]} */
  #pool = [];
  /** Which of the pool stands first in the document. */
  #turn = 0;
  #following = true;
  #room = 0;
  #marked = -1;
  #markedAt = 0;
  #jumpTo = -1;
  /** The moment that was drawn last. @type {number | null} */
  #cursor = null;
  #lastTop = 0;

  /** @param {HTMLElement} root @param {import("../dom.js").Send} send @param {() => void} touch */
  constructor(root, send, touch) {
    this.root = root;
    this.touch = touch;
    this.send = send;
    const head = el("div", "events-head");
    this.toggle = button("events-toggle", "", { "aria-expanded": "true", "aria-controls": "events-body" });
    this.toggle.append(el("span", "twisty-mark"), el("b", "", "Events"));
    this.count = el("span", "events-count");
    const chips = el("div", "events-chips", "", { role: "group", "aria-label": "Show events" });
    this.chips = PHASE_FILTERS.map((phases) => {
      const chip = button("chip", phases, { "aria-pressed": String(phases === "all") });
      chip.addEventListener("click", () => this.#set({ phases }));
      chips.append(chip);
      return chip;
    });
    this.type = el("select", "select events-type", "", { "aria-label": "Event type" });
    for (const [value, label] of TYPES) this.type.append(new Option(label, value));
    this.type.addEventListener("change", () => this.#set({ type: this.type.value }));
    this.name = el("input", "field events-name", "", {
      type: "search",
      placeholder: "Name",
      "aria-label": "Filter events by name",
      autocomplete: "off",
      spellcheck: "false",
    });
    this.name.addEventListener("input", () => this.#set({ name: this.name.value.trim() }));
    this.follow = button("chip follow", "following", { "aria-pressed": "true" });
    this.follow.addEventListener("click", () => this.#follow(!this.#following));
    this.controls = el("div", "events-controls");
    this.controls.append(chips, this.type, this.name, el("span", "spacer"), this.follow);
    head.append(this.toggle, this.count, this.controls);
    this.body = el("div", "events-body", "", { id: "events-body" });
    this.scroller = el("div", "events-rows", "", {
      role: "log",
      "aria-label": "Events",
      "aria-live": "off",
      tabindex: "0",
    });
    this.space = el("div", "events-space");
    this.scroller.append(this.space);
    this.none = el("div", "empty events-none");
    this.none.append(el("p", "", "No event fits these filters."));
    const clear = button("btn small", "Clear the filters");
    clear.addEventListener("click", () => {
      this.type.value = this.name.value = "";
      this.#set({ phases: "all", type: "", name: "" });
    });
    this.none.append(clear);
    this.body.append(this.scroller, this.none);
    root.replaceChildren(head, this.body);
    this.toggle.addEventListener("click", () => this.open(this.root.classList.contains("shut"), true));
    this.scroller.addEventListener("scroll", () => this.#scrolled());
    this.scroller.addEventListener("click", (event) => {
      const span = Number(
        /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest(".event"))?.dataset
          .span,
      );
      if (span) send({ type: "select", span, open: true });
    });
    new ResizeObserver(() => {
      this.#room = this.scroller.clientHeight;
      this.#lastTop = this.scroller.scrollTop;
      touch();
    }).observe(this.scroller);
  }

  /** @param {boolean} open @param {boolean} [byUser] */
  open(open, byUser = false) {
    this.root.classList.toggle("shut", !open);
    setAttribute(this.toggle, "aria-expanded", String(open));
    show(this.body, open);
    show(this.controls, open);
    if (byUser) this.send({ type: "layout", byUser });
    this.touch();
  }

  get isOpen() {
    return !this.root.classList.contains("shut");
  }

  /** Another run. @param {RunStore} store */
  show(store) {
    this.#store = store;
    this.#marked = this.#jumpTo = -1;
    for (const row of this.#pool) row.row = -1;
    this.#follow(true);
  }

  /** Shows and marks the line with this seq. @param {number} seq */
  jump(seq) {
    this.open(true);
    this.type.value = this.name.value = "";
    this.#set({ phases: "all", type: "", name: "" });
    this.#jumpTo = seq;
    this.touch();
  }

  /** @param {Partial<import("../rows_filter.js").Filter>} change */
  #set(change) {
    this.#filter.set(change);
    const { phases } = this.#filter.filter;
    for (const [at, chip] of this.chips.entries()) {
      setAttribute(chip, "aria-pressed", String(PHASE_FILTERS[at] === phases));
    }
    for (const row of this.#pool) row.row = -1;
    this.touch();
  }

  /** @param {boolean} on */
  #follow(on) {
    this.#following = on;
    setAttribute(this.follow, "aria-pressed", String(on));
    setText(this.follow, on ? "following" : "follow");
    this.touch();
  }

  #scrolled() {
    const { scrollTop, clientHeight, scrollHeight } = this.scroller;
    const atEnd = scrollTop + clientHeight >= scrollHeight - 4;
    // Only scrolling up is leaving: rows that come move the end away by themselves.
    if (atEnd && !this.#following) this.#follow(true);
    else if (this.#following && scrollTop < this.#lastTop - 2 && !atEnd) this.#follow(false);
    this.#lastTop = scrollTop;
    this.touch();
  }

  #laidOut = new ResizeObserver(() => {
    this.#laidOut.unobserve(this.space);
    if (this.#following && this.#store?.cursor === null) this.scroller.scrollTop = TALLEST;
  });
  /** How many lines were drawn last, and when. */
  #drawnRows = 0;
  #drawnMs = 0;

  /** @param {number | null} selected @param {number} ms @returns {boolean} whether something is still lit */
  draw(selected, ms) {
    const store = this.#store;
    if (!store) return false;
    this.#filter.update(store);
    const all = store.columns.length;
    const shown = this.#filter.length;
    const part = this.#filter.isOn ? shown : store.rows;
    setText(this.count, part < all ? `${count(part)} of ${count(all)}` : count(all));
    const found = store.moment.findings.length;
    const chip = this.chips[PHASE_FILTERS.indexOf("findings")];
    if (chip) setText(chip, found ? `findings ${count(found)}` : "findings");
    if (!this.isOpen) return false;
    // Where every line in view is another one each time, none can be read: then the log turns over less often.
    const isFlood = shown - this.#drawnRows > FLOOD && ms - this.#drawnMs < FLOOD_MS;
    if (isFlood && this.#following && store.cursor === null && this.#jumpTo < 0) return true;
    this.#drawnRows = shown;
    this.#drawnMs = ms;
    show(this.none, shown === 0 && this.#filter.isOn);
    show(this.scroller, shown > 0 || !this.#filter.isOn);
    const tall = Math.min(TALLEST, shown * HEIGHT);
    const height = `${tall}px`;
    const grows = this.space.style.height !== height;
    if (grows) this.space.style.height = height;
    const atEnd = this.#following && store.cursor === null && this.#jumpTo < 0;
    if (this.#jumpTo >= 0) this.#jump(store, ms);
    else if (atEnd) {
      // Once it is laid out, scrolling to its end costs no layout of its own.
      if (grows) this.#laidOut.observe(this.space);
      else if (this.#lastTop < tall - this.#room - 1) this.scroller.scrollTop = tall;
    } else if (this.#following && store.cursor !== this.#cursor) this.#show(store.rows - 1, shown, tall);
    this.#cursor = store.cursor;
    this.#drawRows(
      store,
      shown,
      tall,
      atEnd ? Math.max(0, tall - this.#room) : this.scroller.scrollTop,
      selected,
    );
    return this.#marked >= 0 && this.#fade(ms);
  }

  /** @param {RunStore} store @param {number} shown @param {number} tall @param {number} scrollTop @param {number | null} selected */
  #drawRows(store, shown, tall, scrollTop, selected) {
    // Beyond the tallest element, a pixel of scrolling stands for more than a pixel of rows.
    const whole = shown * HEIGHT;
    const top =
      whole > tall ? (scrollTop / Math.max(1, tall - this.#room)) * (whole - this.#room) : scrollTop;
    const shift = scrollTop - top;
    const [first, last] = rowsInView(shown, HEIGHT, top, this.#room);
    if (this.#pool.length < last - first) this.#turn = turnPool(this.space, this.#pool, this.#turn, 0);
    while (this.#pool.length < last - first) {
      const row = new EventRow();
      this.#pool.push(row);
      this.space.append(row.element);
    }
    if (last > first) this.#turn = turnPool(this.space, this.#pool, this.#turn, first % this.#pool.length);
    const used = new Set();
    for (let index = first; index < last; index++) {
      const pooled = /** @type {EventRow} */ (this.#pool[index % this.#pool.length]);
      const row = this.#filter.row(index);
      used.add(pooled);
      show(pooled.element, true);
      const ofSelected = selected !== null && store.columns.spanAt(row) === selected;
      pooled.draw(store, row, Math.round(index * HEIGHT + shift), row === this.#marked, ofSelected);
      const fits = !this.find?.isOn || this.find.matches(store.fold.table.indexOf(store.columns.spanAt(row)));
      pooled.element.classList.toggle("no-match", !fits);
    }
    for (const pooled of this.#pool) if (!used.has(pooled)) show(pooled.element, false);
  }

  /** Scrolls to a row that is not in view, or near its edge. @param {number} row @param {number} shown @param {number} tall */
  #show(row, shown, tall) {
    const whole = shown * HEIGHT;
    const room = this.#room;
    const wanted = this.#filter.indexOf(row) * HEIGHT;
    const scale = whole > tall ? (tall - room) / Math.max(1, whole - room) : 1;
    const top = this.scroller.scrollTop / scale;
    if (wanted < top + HEIGHT || wanted > top + room - 3 * HEIGHT) {
      this.scroller.scrollTop = Math.max(0, wanted - room * 0.6) * scale;
      this.#lastTop = this.scroller.scrollTop;
    }
  }

  /** @param {RunStore} store @param {number} ms */
  #jump(store, ms) {
    const row = store.columns.rowOf(this.#jumpTo);
    this.#jumpTo = -1;
    if (row < 0) return;
    this.#marked = row;
    this.#markedAt = ms;
    this.#follow(false);
    this.scroller.scrollTop = Math.max(0, this.#filter.indexOf(row) * HEIGHT - this.#room / 2);
  }

  /** @param {number} ms */
  #fade(ms) {
    if (ms - this.#markedAt < 2500) return true;
    this.#marked = -1;
    this.touch();
    return false;
  }
}
