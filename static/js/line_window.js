// The newest lines of a log as text, as far back as a line may refer to. No DOM.

import { WINDOW } from "./expand.js";

/** @typedef {import("./spans.js").Line} Line */

/** Lines that are kept parsed, since most references are to what came a moment ago. */
const RECENT = 64;
/** Lines that are given up, rather than that so many places stand empty. */
const GAP = 1 << 16;

export class LineWindow {
  /** From the line `#first` on; empty where there is none. @type {string[]} */
  #texts = [];
  /** Where each begins. @type {number[]} */
  #begins = [];
  #first = 0;
  /** How many of them are gone. */
  #gone = 0;
  #end = 0;
  #parse;
  /** By their seq modulo how many these are. @type {(Line | undefined)[]} */
  #parsed = [];

  /** @param {(text: string) => Line} parse */
  constructor(parse) {
    this.#parse = parse;
  }

  /** @param {number} seq greater than any before @param {string} text @param {Line} [line] the same, parsed */
  push(seq, text, line) {
    const next = this.#first + this.#texts.length;
    if (seq < next || seq - next > GAP) {
      this.#texts = [];
      this.#begins = [];
      this.#gone = 0;
      this.#first = seq;
    }
    while (this.#first + this.#texts.length < seq) this.#add("");
    this.#parsed[seq % RECENT] = line;
    this.#add(text);
    const begin = this.#end - text.length - 1;
    while (/** @type {number} */ (this.#begins[this.#gone]) < begin - WINDOW) this.#texts[this.#gone++] = "";
    if (this.#gone < 4096 || this.#gone * 2 < this.#texts.length) return;
    this.#texts = this.#texts.slice(this.#gone);
    this.#begins = this.#begins.slice(this.#gone);
    this.#first += this.#gone;
    this.#gone = 0;
  }

  /** @param {string} text */
  #add(text) {
    this.#texts.push(text);
    this.#begins.push(this.#end);
    if (text) this.#end += text.length + 1;
  }

  /** How long a line is; 0: it is not here. @param {number} seq */
  size(seq) {
    return this.#texts[seq - this.#first]?.length ?? 0;
  }

  /** A line as it stands in the log; null where it is not here. @param {number} seq @returns {Line | null} */
  line(seq) {
    const text = this.#texts[seq - this.#first];
    if (!text) return null;
    const known = this.#parsed[seq % RECENT];
    if (known?.seq === seq) return known;
    const line = this.#parse(text);
    this.#parsed[seq % RECENT] = line;
    return line;
  }
}
