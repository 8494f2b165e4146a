// The events of a run as columns: a few bytes a line in typed arrays, their texts in one buffer. No DOM.

import { PHASES, SPAN_TYPES } from "./spans.js";

/** The text is a preview of the line. */
export const PREVIEW = 0;
/** The text is a piece of what the span streams, whole. */
export const TEXT = 1;
/** The text is JSON, a Piece of excerpt.js: pieces of tool calls, of reasoning, of a refusal, and of text beside. */
export const CALLS = 2;

/** @typedef {{ event: string, type: string, phase: string }} Kind  `type` and `phase` are "" for what is no span's event. */
/** @typedef {{ seq: number, t_us: number, kind: number, form: number, span: number, text: string }} Row  `span` is 0 for none. */

const FIRST_ROWS = 1024;
const MOST_KINDS = 255;

export class Columns {
  length = 0;
  seq = new Uint32Array(FIRST_ROWS);
  t_us = new Float64Array(FIRST_ROWS);
  kind = new Uint8Array(FIRST_ROWS);
  form = new Uint8Array(FIRST_ROWS);
  span = new Uint32Array(FIRST_ROWS);
  /** Where the row's text ends in the buffer; it begins where the one before ends. */
  #textEnd = new Float64Array(FIRST_ROWS);
  /** The next row of the same span; 0 for none. */
  #next = new Uint32Array(FIRST_ROWS);
  #text = new Uint8Array(FIRST_ROWS * 32);
  #encoder = new TextEncoder();
  #decoder = new TextDecoder();
  /** First and last row of each span. @type {Map<number, [number, number]>} */
  #ofSpan = new Map();
  /** What the codes of `kind` stand for. @type {Kind[]} */
  kinds = [];
  /** @type {Map<string, number>} */
  #codes = new Map();

  constructor() {
    for (const type of SPAN_TYPES) for (const phase of PHASES) this.#name(`on_${type}_${phase}`, type, phase);
  }

  /** The code of an event's name. @param {string} event @param {[string, string] | null} parts type and phase */
  codeOf(event, parts) {
    const known = this.#codes.get(event);
    if (known !== undefined) return known;
    // A file made to confuse has no more names than this; the rest share the last code.
    if (this.kinds.length >= MOST_KINDS) return MOST_KINDS - 1;
    return this.#name(event, parts?.[0] ?? "", parts?.[1] ?? "");
  }

  /** @param {Row} row @returns {number} the index of the row */
  push({ seq, t_us, kind, form, span, text }) {
    const index = this.length;
    if (index === this.seq.length) this.#grow();
    this.seq[index] = seq;
    this.t_us[index] = t_us;
    this.kind[index] = kind;
    this.form[index] = form;
    this.span[index] = span;
    this.#textEnd[index] = this.#write(index ? /** @type {number} */ (this.#textEnd[index - 1]) : 0, text);
    if (span) {
      const ends = this.#ofSpan.get(span);
      if (ends) {
        this.#next[ends[1]] = index;
        ends[1] = index;
      } else {
        this.#ofSpan.set(span, [index, index]);
      }
    }
    this.length = index + 1;
    return index;
  }

  /** @param {number} row @returns {string} */
  text(row) {
    const begin = row ? this.#textEnd[row - 1] : 0;
    return this.#decoder.decode(this.#text.subarray(begin, this.#textEnd[row]));
  }

  /** Whether the row's text is not empty. @param {number} row */
  hasText(row) {
    return (row ? this.#textEnd[row - 1] : 0) !== this.#textEnd[row];
  }

  /** @param {number} row @returns {Kind} */
  kindAt(row) {
    return /** @type {Kind} */ (this.kinds[this.kind[row] ?? 0]);
  }

  /** The first row of a span, or -1. @param {number} span */
  first(span) {
    return this.#ofSpan.get(span)?.[0] ?? -1;
  }

  /** The row of the same span after this one, or -1. @param {number} row */
  next(row) {
    return this.#next[row] || -1;
  }

  /** The first row with a time of at least `t_us`. @param {number} t_us */
  rowAt(t_us) {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (/** @type {number} */ (this.t_us[middle]) < t_us) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The row with this seq, or -1. @param {number} seq */
  rowOf(seq) {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (/** @type {number} */ (this.seq[middle]) < seq) low = middle + 1;
      else high = middle;
    }
    return low < this.length && this.seq[low] === seq ? low : -1;
  }

  /** @param {string} event @param {string} type @param {string} phase */
  #name(event, type, phase) {
    const code = this.kinds.length;
    this.kinds.push({ event, type, phase });
    this.#codes.set(event, code);
    return code;
  }

  /** @param {number} begin @param {string} text @returns {number} */
  #write(begin, text) {
    if (!text) return begin;
    const most = begin + text.length * 3;
    if (most > this.#text.length) {
      const larger = new Uint8Array(Math.max(this.#text.length * 2, most));
      larger.set(this.#text.subarray(0, begin));
      this.#text = larger;
    }
    return begin + this.#encoder.encodeInto(text, this.#text.subarray(begin)).written;
  }

  #grow() {
    const size = this.seq.length * 2;
    /** @template {Uint8Array | Uint32Array | Float64Array} T @param {T} old @returns {T} */
    const larger = (old) => {
      const copy = /** @type {T} */ (new /** @type {any} */ (old.constructor)(size));
      copy.set(/** @type {any} */ (old));
      return copy;
    };
    this.seq = larger(this.seq);
    this.t_us = larger(this.t_us);
    this.kind = larger(this.kind);
    this.form = larger(this.form);
    this.span = larger(this.span);
    this.#textEnd = larger(this.#textEnd);
    this.#next = larger(this.#next);
  }
}
