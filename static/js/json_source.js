// The text that an object was made from: what the model before its parser said. No DOM.

import { CALLS, TEXT } from "./columns.js";
import { isModel } from "./spans.js";

/** @typedef {import("./span.js").SpanNow} SpanNow */
/** @typedef {import("./moment.js").Moment} Moment */
/** @typedef {import("./store.js").RunStore} RunStore */

/** Spans that are looked at. */
const MOST = 5000;

/**
 * The model that a span's object comes from: itself, one inside it, or the nearest one in a step before.
 * @param {Moment} moment @param {SpanNow} span @returns {SpanNow | null}
 */
export function sourceOf(moment, span) {
  if (isModel(span.type)) return span;
  let left = MOST;
  /** @param {SpanNow} one @returns {SpanNow | null} the newest model in it */
  const within = (one) => {
    if (isModel(one.type)) return one;
    for (const child of moment.childrenOf(one).reverse()) {
      if (--left < 0) return null;
      const found = within(child);
      if (found) return found;
    }
    return null;
  };
  const inside = span.type === "parser" ? null : within(span);
  if (inside) return inside;
  for (let at = /** @type {SpanNow | undefined} */ (span); at && left > 0; ) {
    const above = moment.span(at.parent);
    const beside = above ? moment.childrenOf(above) : [];
    for (const one of beside.filter(({ index }) => index < /** @type {SpanNow} */ (at).index).reverse()) {
      const found = within(one);
      if (found) return found;
    }
    at = above;
  }
  return null;
}

/** What a model said up to now, read on from where it was. */
export class ModelText {
  /** @type {RunStore | null} */
  #store = null;
  #span = 0;
  #row = -1;
  #rows = 0;
  #text = "";
  /** @type {Map<number, string>} */
  #calls = new Map();

  /** Its text, or else what it called the last tool with. @param {RunStore} store @param {number} span */
  read(store, span) {
    if (store !== this.#store || span !== this.#span || store.rows < this.#rows) {
      this.#store = store;
      this.#span = span;
      this.#row = -1;
      this.#text = "";
      this.#calls.clear();
    }
    this.#rows = store.rows;
    const { columns, rows } = store;
    let row = this.#row < 0 ? columns.first(span) : columns.next(this.#row);
    for (; row >= 0 && row < rows; row = columns.next(row)) {
      this.#row = row;
      const form = columns.form[row];
      if (form === TEXT) this.#text += columns.text(row);
      else if (form === CALLS) {
        /** @type {import("./excerpt.js").Piece} */
        const piece = JSON.parse(columns.text(row));
        this.#text += piece.text;
        for (const { index, args } of piece.calls)
          this.#calls.set(index, (this.#calls.get(index) ?? "") + args);
      }
    }
    return this.#text.trim() ? this.#text : ([...this.#calls.values()].at(-1) ?? this.#text);
  }
}

/**
 * Where in a text the JSON stands that is meant: in a fence, or all of it; null where none is meant.
 * @param {string} text @returns {{ begin: number, end: number } | null}
 */
export function jsonPart(text) {
  const fence = /(?:^|\n)[ \t]*```(?:json\b)?[^\n`]*\n/i.exec(text);
  const start = /\S/.exec(text);
  if (start && /[{[]/.test(start[0])) return { begin: start.index, end: text.length };
  if (!fence) return null;
  const begin = fence.index + fence[0].length;
  const close = text.indexOf("```", begin);
  if (!/^\s*[{[]/.test(text.slice(begin, begin + 200)) && !/```json/i.test(fence[0])) return null;
  return { begin, end: close < 0 ? text.length : close };
}
