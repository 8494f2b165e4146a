// The lines of a span as they stand in the log, read again a page at a time.

import { button, el, setText } from "../dom.js";
import { writeJson } from "../exact.js";
import { byteSize, count, offset } from "../format.js";

/** @typedef {import("../store.js").RunStore} RunStore */
/** @typedef {import("../spans.js").Span} Span */

const PAGE = 50;
const NEAR = 12;
const SHOWN = 4000;
const ONE_LINE = 320;

export class RawView {
  /** @type {Span | null} */
  #span = null;
  /** The last row whose line was asked for. */
  #row = -1;
  #lines = 0;
  #reading = false;
  /** Counts how often the list was begun anew. */
  #asked = 0;
  /** How many lines the user wants to see. */
  #wanted = PAGE;

  /**
   * @param {HTMLElement} root
   * @param {(first: number, last: number) => Promise<Record<string, any>[]>} linesOf reads lines of the run by seq
   */
  constructor(root, linesOf) {
    this.linesOf = linesOf;
    this.list = el("div", "raw-lines");
    this.more = button("btn small raw-more", "Show more");
    this.note = el("p", "nothing");
    root.replaceChildren(this.list, this.more, this.note);
    this.more.addEventListener("click", () => {
      this.#wanted += PAGE * 4;
      this.touch();
    });
    this.touch = () => {};
  }

  /** @param {RunStore} store @param {Span} span */
  draw(store, span) {
    if (span !== this.#span || this.#row >= store.rows) {
      this.#span = span;
      this.#row = -1;
      this.#lines = 0;
      this.#wanted = PAGE;
      this.#asked++;
      this.list.replaceChildren();
      setText(this.note, "");
    }
    const { columns } = store;
    let next = this.#row < 0 ? columns.first(span.span) : columns.next(this.#row);
    if (next >= store.rows) next = -1;
    const full = this.#lines >= this.#wanted;
    this.more.hidden = !(full && next >= 0);
    setText(this.more, `Show more (${count(this.#lines)} shown)`);
    if (next >= 0 && !full && !this.#reading) void this.#read(store, span, next);
  }

  /** @param {RunStore} store @param {Span} span @param {number} row */
  async #read({ columns, rows }, span, row) {
    this.#reading = true;
    const asked = this.#asked;
    /** @type {number[]} */
    const seqs = [];
    let last = row;
    for (let at = row; at >= 0 && at < rows && seqs.length < PAGE; at = columns.next(at)) {
      seqs.push(/** @type {number} */ (columns.seq[at]));
      last = at;
    }
    try {
      const found = await Promise.all(ranges(seqs).map(([from, to]) => this.linesOf(from, to)));
      if (span !== this.#span || asked !== this.#asked) return;
      const wanted = new Set(seqs);
      for (const line of found.flat()) if (wanted.has(line.seq)) this.list.append(lineBox(line));
      this.#row = last;
      this.#lines += seqs.length;
      setText(this.note, "");
    } catch (error) {
      if (span !== this.#span) return;
      this.#wanted = this.#lines;
      this.more.hidden = false;
      setText(this.note, `The lines could not be read. ${error instanceof Error ? error.message : ""}`);
    } finally {
      this.#reading = false;
      this.touch();
    }
  }
}

/** Runs of numbers with small gaps between them, which one request may ask for. @param {number[]} seqs @returns {[number, number][]} */
export function ranges(seqs) {
  /** @type {[number, number][]} */
  const found = [];
  for (const seq of seqs) {
    const last = found.at(-1);
    if (last && seq - last[1] <= NEAR) last[1] = seq;
    else found.push([seq, seq]);
  }
  return found;
}

/** @param {Record<string, any>} line */
function lineBox(line) {
  const box = el("section", "raw-line");
  const head = el("h3", "raw-head", String(line.seq));
  const time = typeof line.t_us === "number" ? offset(line.t_us) : "";
  head.append(el("span", "", time), el("span", "raw-event", String(line.event)));
  const whole = writeJson(line);
  const text = whole.length > ONE_LINE ? writeJson(line, 2) : whole;
  const body = el("pre", "raw-text", text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
  box.append(head, body);
  if (text.length > SHOWN) {
    const all = button("btn small", `Show all ${byteSize(text.length)}`);
    all.addEventListener("click", () => {
      body.textContent = text;
      all.remove();
    });
    box.append(all);
  }
  return box;
}
