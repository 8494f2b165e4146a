// Lines that say a thing of a known form, read out of their bytes without being parsed: most lines of most logs. No DOM.

import { TEXT } from "./columns.js";
import { formOf, NUMBER } from "./form.js";

/** @typedef {import("./spans.js").Line} Line */
/** @typedef {import("./form.js").Form} Form */
/** @typedef {{ event: string, head: Uint8Array, code: number, forms: Form[], learned: number, hits: number }} Known  An event's name, and the forms its lines have; `code`: of its kind, for who reads. */

/** Events whose name is known, and forms of each, at most. */
const MOST_EVENTS = 32;
const MOST_FORMS = 8;
/** Forms that are learned of an event before any is of use, and after how many lines that agree one more. */
const TRIES = 16;
const EARNED = 32;
/** Pieces that a line may repeat, and how long such a one may be. */
const RECENT = 64;
const ROOM = 256;

const encoder = new TextEncoder();
/** @param {string} text */
const bytesOf = (text) => encoder.encode(text);
const SEQ = bytesOf('{"seq":');
const TIME = bytesOf(',"t_us":');
const SAME = bytesOf(',"same":{"/chunk":[');
const THERE = bytesOf(',"/chunk"]}}');
const NAME = /^on_[a-z_]+_stream$/;
const [NEWLINE, QUOTE, MINUS, POINT, ZERO, NINE, BACKSLASH] = [0x0a, 0x22, 0x2d, 0x2e, 0x30, 0x39, 0x5c];
/** Of each byte: 0, or what has to be looked at in a string. */
const SPECIAL = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < 0x20 ? 1 : byte === QUOTE ? 2 : byte === BACKSLASH ? 3 : byte >= 0x80 ? 4 : 0,
);
/** What may stand after a backslash, but for `u`: halves of surrogate pairs want a closer look. */
const ESCAPES = Uint8Array.from({ length: 256 }, (_, byte) =>
  '"\\/bfnrt'.includes(String.fromCharCode(byte)) ? 1 : 0,
);

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Lines of a form differ in their numbers and in strings that stand in known places. A form is learned from a line that
 * was parsed; further lines only have to agree in all other bytes. What does not agree is left to those who parse.
 */
export class Forms {
  // What `take` found.
  /** @type {Known} */
  known = NOTHING;
  span = 0;
  t_us = 0;
  /** TEXT or TREE. */
  kind = TEXT;
  /** Of a TREE, what its text begins with. @type {Uint8Array} */
  prefix = EMPTY;
  /** Where the string or number stands that is its text; -1: `prefix` is all of it. */
  from = 0;
  to = 0;
  /** There are escapes in it. */
  isEscaped = false;
  /** It is a number, to be shown as it stands. */
  isNumber = false;
  /** The line that it repeats, as no model does; -1: none. */
  repeats = -1;
  /** The slot in which what it repeats is kept. */
  slot = 0;
  /** @type {Known[]} */
  #events = [];
  #number = 0;
  /** The newest pieces of text, by the seq of their lines modulo how many these are. */
  #seqs = new Float64Array(RECENT).fill(-1);
  #sizes = new Uint16Array(RECENT);
  #texts = new Uint8Array(RECENT * ROOM);
  /** Words of a line, compared four bytes at a time. @type {DataView} */
  #view = new DataView(EMPTY.buffer);

  /** The bytes that lines are in from now on. @param {Uint8Array} bytes */
  look(bytes) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /**
   * Whether the line that begins there is of a known form: then its parts stand here.
   * @param {Uint8Array} bytes as `look` was told, the last one a newline @param {number} begin
   * @returns {number} where its newline is; -1: it has to be parsed
   */
  take(bytes, begin) {
    if (!agrees(bytes, begin, SEQ)) return -1;
    let at = this.#digits(bytes, begin + SEQ.length);
    if (at < 0 || !agrees(bytes, at, TIME)) return -1;
    at = this.#digits(bytes, at + TIME.length);
    if (at < 0) return -1;
    this.t_us = this.#number;
    for (const known of this.#events) {
      if (!agrees(bytes, at, known.head)) continue;
      const after = this.#digits(bytes, at + known.head.length);
      if (after < 0) return -1;
      this.known = known;
      this.span = this.#number;
      if (bytes[after + 2] === 0x73) return this.#same(bytes, after);
      const { forms } = known;
      for (let place = 0; place < forms.length; place++) {
        const form = /** @type {Form} */ (forms[place]);
        const end = this.#match(bytes, after, form);
        if (end < 0) continue;
        known.hits++;
        if (place > 0) {
          forms[place] = /** @type {Form} */ (forms[place - 1]);
          forms[place - 1] = form;
        }
        return end;
      }
      return -1;
    }
    return -1;
  }

  /** @param {Uint8Array} bytes @param {number} after @param {Form} form @returns {number} */
  #match(bytes, after, { parts, words, holes, text, kind, prefix }) {
    let at = after;
    this.from = -1;
    this.isEscaped = this.isNumber = false;
    for (let place = 0; ; place++) {
      const part = /** @type {Uint8Array} */ (parts[place]);
      if (at + part.length >= bytes.length) return -1;
      if (!this.#same4(bytes, at, part, /** @type {Int32Array} */ (words[place]))) return -1;
      at += part.length;
      if (place === holes.length) break;
      const from = at;
      if (holes[place] === NUMBER) {
        at = numberEnd(bytes, at);
        if (at < 0) return -1;
        if (place === text) {
          if (!isPlainInteger(bytes, from, at)) return -1;
          this.isNumber = true;
        }
      } else {
        let isEscaped = false;
        let isAscii = true;
        for (;;) {
          const what = /** @type {number} */ (SPECIAL[/** @type {number} */ (bytes[at])]);
          if (what === 0) {
            at++;
            continue;
          }
          if (what === 2) break;
          if (what === 1) return -1;
          if (what === 4) {
            isAscii = false;
            at++;
          } else {
            if (!ESCAPES[/** @type {number} */ (bytes[at + 1])]) return -1;
            isEscaped = true;
            at += 2;
          }
        }
        if (!isAscii && !isUtf8(bytes.subarray(from, at))) return -1;
        if (place === text) this.isEscaped = isEscaped;
      }
      if (place !== text) continue;
      this.from = from;
      this.to = at;
      // A model's piece with nothing in it counts otherwise.
      if (kind === TEXT && at === from) return -1;
    }
    if (bytes[at] !== NEWLINE) return -1;
    this.kind = kind;
    this.prefix = prefix;
    this.repeats = -1;
    return at;
  }

  /** @param {Uint8Array} bytes @param {number} at @param {Uint8Array} part @param {Int32Array} words */
  #same4(bytes, at, part, words) {
    const view = this.#view;
    let here = at;
    for (let word = 0; word < words.length; word++, here += 4) {
      if (view.getInt32(here, true) !== words[word]) return false;
    }
    for (let rest = words.length * 4; rest < part.length; rest++, here++) {
      if (bytes[here] !== part[rest]) return false;
    }
    return true;
  }

  /** @param {Uint8Array} bytes @param {number} after @returns {number} */
  #same(bytes, after) {
    if (!agrees(bytes, after, SAME)) return -1;
    const at = this.#digits(bytes, after + SAME.length);
    if (at < 0 || !agrees(bytes, at, THERE) || bytes[at + THERE.length] !== NEWLINE) return -1;
    const slot = this.#number % RECENT;
    if (this.#seqs[slot] !== this.#number) return -1;
    this.kind = TEXT;
    this.repeats = this.#number;
    this.slot = slot;
    return at + THERE.length;
  }

  /** What the line repeats that was taken. @returns {Uint8Array} */
  get repeated() {
    const from = this.slot * ROOM;
    return this.#texts.subarray(from, from + /** @type {number} */ (this.#sizes[this.slot]));
  }

  /** The text of the line that was taken, where it has to be made. @param {Uint8Array} bytes @returns {string} */
  text(bytes) {
    const raw = utf8.decode(bytes.subarray(this.from, this.to));
    return this.isEscaped ? JSON.parse(`"${raw}"`) : raw;
  }

  /**
   * This was streamed in a line: another one may repeat it.
   * @param {number} seq @param {Uint8Array} bytes @param {number} from @param {number} to
   */
  remember(seq, bytes, from, to) {
    const slot = seq % RECENT;
    const size = to - from;
    if (size > ROOM) return;
    const begin = slot * ROOM;
    for (let at = 0; at < size; at++) this.#texts[begin + at] = /** @type {number} */ (bytes[from + at]);
    this.#sizes[slot] = size;
    this.#seqs[slot] = seq;
  }

  /**
   * A line was parsed that streams something: perhaps the next one of its form need not be.
   * @param {string} text the line as it stands @param {Line} line one that refers to no other @param {number} kind TEXT or TREE
   */
  learn(text, line, kind) {
    const known = this.meet(line.event);
    if (!known || known.learned > TRIES + known.hits / EARNED) return;
    known.learned++;
    const form = formOf(text, line, kind);
    if (!form) return;
    known.forms.unshift(form);
    if (known.forms.length > MOST_FORMS) known.forms.pop();
  }

  /** Lines of this event are to be known. @param {string} event @returns {Known | undefined} undefined where they are not */
  meet(event) {
    const found = this.#events.find((one) => one.event === event);
    if (found || this.#events.length >= MOST_EVENTS || !NAME.test(event)) return found;
    const head = bytesOf(`,"event":"${event}","span":`);
    const known = { event, head, code: -1, forms: [], learned: 0, hits: 0 };
    this.#events.push(known);
    return known;
  }

  /** Reads a whole number. @param {Uint8Array} bytes @param {number} from @returns {number} where it ends; -1: it is none */
  #digits(bytes, from) {
    let at = from;
    let number = 0;
    for (
      let code = /** @type {number} */ (bytes[at]);
      code >= ZERO && code <= NINE;
      code = /** @type {number} */ (bytes[++at])
    )
      number = number * 10 + code - ZERO;
    if (at === from || at - from > 15 || (at - from > 1 && bytes[from] === ZERO)) return -1;
    this.#number = number;
    return at;
  }
}

const EMPTY = new Uint8Array(0);
/** @type {Known} */
const NOTHING = { event: "", head: EMPTY, code: -1, forms: [], learned: 0, hits: 0 };

/** @param {Uint8Array} bytes @param {number} at @param {Uint8Array} part */
function agrees(bytes, at, part) {
  for (let index = 0; index < part.length; index++) if (bytes[at + index] !== part[index]) return false;
  return true;
}

/** @param {Uint8Array} bytes */
function isUtf8(bytes) {
  try {
    utf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Where a number ends that no reader takes for one beyond all numbers; -1: it is none. @param {Uint8Array} bytes @param {number} from */
function numberEnd(bytes, from) {
  let at = bytes[from] === MINUS ? from + 1 : from;
  const first = at;
  while (isDigit(bytes[at])) at++;
  if (at === first || at - first > 15 || (at - first > 1 && bytes[first] === ZERO)) return -1;
  if (bytes[at] !== POINT) return at;
  const point = at++;
  while (isDigit(bytes[at])) at++;
  return at - point > 1 && at - point < 100 ? at : -1;
}

/** Whether it is written as it stands. @param {Uint8Array} bytes @param {number} from @param {number} to */
function isPlainInteger(bytes, from, to) {
  for (let at = bytes[from] === MINUS ? from + 1 : from; at < to; at++) if (!isDigit(bytes[at])) return false;
  return bytes[from] !== MINUS || bytes[from + 1] !== ZERO;
}

/** @param {number | undefined} byte */
const isDigit = (byte) => byte !== undefined && byte >= ZERO && byte <= NINE;
