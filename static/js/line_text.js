// The text of lines out of a block of bytes: of many that follow each other, made at once. No DOM.

import { textOfBytes } from "./lines.js";

/** Bytes that are made text at a time, at most. */
const MOST = 1 << 16;

export class LineText {
  /** @type {Uint8Array} */
  #bytes = new Uint8Array(0);
  /** The text of the bytes from `#begin` up to `#end`, null where they are none. @type {string | null} */
  #text = "";
  #begin = 0;
  #end = 0;
  /** Where the line begins that would follow the one asked for last, in bytes and in the text. */
  #next = -1;
  #at = 0;
  #size = 0;

  /** @param {Uint8Array} bytes of whole lines */
  look(bytes) {
    this.#bytes = bytes;
    this.#begin = this.#end = this.#size = 0;
    this.#next = -1;
  }

  /** The text of a line after those asked for before; null where it, or one that follows it, is none. @param {number} from @param {number} newline @returns {string | null} */
  of(from, newline) {
    const isNext = from === this.#next;
    const isAscii = this.#text !== null && this.#text.length === this.#end - this.#begin;
    this.#next = newline + 1;
    if (newline >= this.#end || !(isNext || isAscii)) this.#make(from, newline, isNext);
    const text = this.#text;
    if (text === null) return null;
    if (text.length === this.#end - this.#begin) return text.slice(from - this.#begin, newline - this.#begin);
    const begin = this.#at;
    const end = text.indexOf("\n", begin);
    this.#at = end + 1;
    return text.slice(begin, end);
  }

  /** @param {number} from @param {number} newline @param {boolean} isNext */
  #make(from, newline, isNext) {
    // One line at first: what follows may not be asked for.
    this.#size = isNext ? Math.min(MOST, this.#size * 2) : newline + 1 - from;
    const bytes = this.#bytes;
    const least = Math.max(newline, Math.min(bytes.length, from + this.#size) - 1);
    this.#begin = from;
    this.#end = bytes.indexOf(10, least) + 1;
    this.#text = textOfBytes(bytes.subarray(from, this.#end));
    this.#at = 0;
  }
}
