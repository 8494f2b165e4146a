// Lines that bring a piece of text and nothing else, read without being parsed: most lines of most logs. No DOM.

import { TEXT } from "./columns.js";
import { excerptOf } from "./excerpt.js";
import { isMessage } from "./values.js";

/** @typedef {import("./spans.js").Line} Line */
/** @typedef {{ event: string, head: string, tail: string, misses: number }} Shape  What stands before and after the text in each line of a span. */

/** Spans whose shape is known, at most. */
const MOST = 1024;
/** Lines that a shape may fail before its span is left alone. */
const MISSES = 4;
/** Pieces that a line may repeat. */
const RECENT = 64;
const FRONT =
  /^\{"seq":(?:0|[1-9]\d{0,14}),"t_us":(?:0|[1-9]\d{0,14}),("event":"(on_[a-z_]+_stream)","span":([1-9]\d{0,8}),"data":\{"chunk":(?:\{"type":"\w+","content":)?")/;
const NAME = /^on_[a-z_]+_stream$/;
const SAME = ',"same":{"/chunk":[';
const THERE = ',"/chunk"]}}';
const MARK = "\u0001";

/**
 * Lines of one span mostly differ in their numbers and in one string. Once that is known of a span, since a line of
 * it with another string and time in these places was parsed, further lines only have to agree in all other bytes.
 * What does not agree is left to those who parse.
 */
export class Pieces {
  // What `take` found.
  event = "";
  span = 0;
  t_us = 0;
  text = "";
  /** The line that it repeats, as no model does; -1: none. */
  repeats = -1;
  /** @type {Map<number, Shape>} */
  #shapes = new Map();
  /** The newest pieces of text, by the seq of their lines modulo how many these are. */
  #seqs = new Array(RECENT).fill(-1);
  #texts = new Array(RECENT).fill("");
  /** The number that was read last. */
  #number = 0;
  #strict;

  /** @param {boolean} [strict] a line that says another seq than that of its place is none */
  constructor(strict = false) {
    this.#strict = strict;
  }

  /**
   * Whether the line is one that is known: then its parts stand here.
   * @param {number} seq its place @param {string} text has the line in it @param {number} begin @param {number} end
   */
  take(seq, text, begin, end) {
    if (!text.startsWith('{"seq":', begin)) return false;
    let at = this.#digits(text, begin + 7);
    if (at < 0 || (this.#strict && this.#number !== seq) || !text.startsWith(',"t_us":', at)) return false;
    at = this.#digits(text, at + 8);
    if (at < 0 || !text.startsWith(',"event":"on_', at)) return false;
    this.t_us = this.#number;
    const head = at + 1;
    const quote = text.indexOf('"', head + 9);
    if (!text.startsWith('","span":', quote)) return false;
    at = this.#digits(text, quote + 9);
    if (at < 0) return false;
    this.span = this.#number;
    if (text.startsWith(SAME, at)) return this.#repeats(text, head, quote, at + SAME.length, end);
    const shape = this.#shapes.get(this.span);
    if (!shape) return false;
    const from = head + shape.head.length;
    const to = end - shape.tail.length;
    if (to <= from || !text.startsWith(shape.head, head) || !text.startsWith(shape.tail, to)) {
      shape.misses++;
      return false;
    }
    for (let here = from; here < to; here++) {
      const code = text.charCodeAt(here);
      if (code === 0x22 || code === 0x5c || code < 0x20)
        return this.#escaped(seq, shape, text.slice(from, to));
    }
    this.#found(seq, shape, text.slice(from, to));
    return true;
  }

  /**
   * A line was parsed that streams text: perhaps the next one of its span need not be.
   * @param {string} text the line as it stands @param {Line} line one that refers to no other
   */
  learn(text, line) {
    const { chunk } = line.data;
    const piece = isMessage(chunk) ? chunk.content : chunk;
    if (typeof piece !== "string") return;
    if (chunk.__interrupt__ === undefined) this.#remember(line.seq, piece);
    const known = this.#shapes.get(line.span);
    if (!piece || (known && known.misses > MISSES)) return;
    const front = FRONT.exec(text);
    if (!front) return;
    const [all, head = "", event = "", span] = front;
    let end = all.length;
    for (; text[end] !== '"'; end++) if (text[end] === "\\") end++;
    const tail = text.slice(end);
    const shape = { event: own(event), head: own(head), tail: own(tail), misses: (known?.misses ?? 0) + 1 };
    // No line agrees with a break in it.
    if (Number(span) !== line.span || !isShape(shape, line.span)) shape.head = "\n";
    if (this.#shapes.size >= MOST) this.#shapes.clear();
    this.#shapes.set(line.span, shape);
  }

  /** @param {number} seq @param {Shape} shape @param {string} text */
  #found(seq, shape, text) {
    shape.misses = 0;
    this.event = shape.event;
    this.text = text;
    this.repeats = -1;
    this.#remember(seq, text);
  }

  /** A string with escapes in it. @param {number} seq @param {Shape} shape @param {string} raw */
  #escaped(seq, shape, raw) {
    // Halves of surrogate pairs want a closer look.
    if (raw.includes("\\u")) return false;
    try {
      this.#found(seq, shape, JSON.parse(`"${raw}"`));
      return true;
    } catch {
      return false;
    }
  }

  /** @param {string} text @param {number} head @param {number} quote @param {number} from @param {number} end */
  #repeats(text, head, quote, from, end) {
    const at = this.#digits(text, from);
    if (at < 0 || at + THERE.length !== end || !text.startsWith(THERE, at)) return false;
    const slot = this.#number % RECENT;
    if (this.#seqs[slot] !== this.#number) return false;
    const event = text.slice(head + 9, quote);
    if (!NAME.test(event)) return false;
    this.event = event;
    this.text = this.#texts[slot];
    this.repeats = this.#number;
    return true;
  }

  /** @param {number} seq @param {string} text */
  #remember(seq, text) {
    this.#seqs[seq % RECENT] = seq;
    this.#texts[seq % RECENT] = text;
  }

  /** Reads a whole number. @param {string} text @param {number} from @returns {number} where it ends; -1: it is none */
  #digits(text, from) {
    let at = from;
    let number = 0;
    for (let code = text.charCodeAt(at); code >= 0x30 && code <= 0x39; code = text.charCodeAt(++at))
      number = number * 10 + code - 0x30;
    if (at === from || at - from > 15 || (at - from > 1 && text.charCodeAt(from) === 0x30)) return -1;
    this.#number = number;
    return at;
  }
}

/** The same text, without the long one that it was cut out of. @param {string} text @returns {string} */
const own = (text) => JSON.parse(JSON.stringify(text));

/** Whether a line with any text and time in these places is one that streams this text, and no more. @param {Shape} shape @param {number} span */
function isShape({ event, head, tail }, span) {
  /** @type {Line} */
  const line = JSON.parse(`{"seq":0,"t_us":1,${head}\\u0001${tail}`);
  if (line.t_us !== 1 || line.event !== event || line.span !== span) return false;
  if (Object.keys(line).length !== 5 || Object.keys(line.data).length !== 1) return false;
  const { chunk } = line.data;
  if (typeof chunk === "object" && (chunk.usage_metadata !== undefined || chunk.__interrupt__ !== undefined))
    return false;
  const { form, text } = excerptOf(line, "stream");
  return form === TEXT && text === MARK;
}
