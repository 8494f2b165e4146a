// The events of a run as columns: some 30 bytes a line in typed arrays, their texts in blocks. No DOM.

import { PHASES, SPAN_TYPES } from "./spans.js";
import { countUpTo, larger, NumberList } from "./typed.js";

/** The text is a preview of the line. */
export const PREVIEW = 0;
/** The text is a piece of what the span streams, whole. */
export const TEXT = 1;
/** The text is JSON, a Piece of excerpt.js: pieces of tool calls, of reasoning, of a refusal, and of text beside. */
export const CALLS = 2;
/** The span streams a value that grows: where it grew last, a line break, what is there. */
export const TREE = 3;

/** What a row counts as: a chunk of a span that runs, one that holds something (both as the fold says), a model's piece. */
export const CHUNK = 1;
export const HOLDS = 2;
export const PIECE = 4;

/** @typedef {{ event: string, type: string, phase: string }} Kind  `type` and `phase` are "" for what is no span's event. */
/**
 * @typedef {{ seq: number, t_us: number, kind: number, form: number, span: number, text: string, mark?: number }} Row
 * `span` is its number, 0 for none; `mark` is of CHUNK, HOLDS, PIECE.
 */
/** @typedef {{ row: number, rank: number, chunks: number, pieces: number }} Counts  Of a span's rows up to one: the last of them, how many. */
/**
 * @typedef {{
 *   seq: Float64Array, t_us: Float64Array, kind: Uint8Array, form: Uint8Array, mark: Uint8Array, span: Float64Array,
 *   begin: Uint32Array, size: Uint32Array, text: Uint8Array, kinds: Kind[],
 * }} RowBatch  Rows to be added; `begin` and `size` of each row's text are in `text`; `kinds`: those that are new.
 */

const FIRST_ROWS = 1024;
const MOST_KINDS = 255;
/** Of many rows, room for more is made while there still is some for so many. */
const MANY = 1 << 17;
const SPARE = 1 << 16;
/** A span's rows are counted anew from every so many of them. */
const STRIDE = 64;
const BLOCK_BITS = 22;
const BLOCK = 1 << BLOCK_BITS;
/** Texts beyond that are cut to this many bytes: a page that runs out of memory shows nothing at all. */
const MOST_TEXT = 160 * 2 ** 20;
const CUT_TO = 160;

/** The names of events by their codes. */
export class Kinds {
  /** @type {Kind[]} */
  list = [];
  /** @type {Map<string, number>} */
  #codes = new Map();
  #given = 0;

  constructor() {
    for (const type of SPAN_TYPES)
      for (const phase of PHASES) this.add({ event: `on_${type}_${phase}`, type, phase });
    this.#given = this.list.length;
  }

  /** The code of an event's name. @param {string} event @param {[string, string] | null} parts type and phase */
  codeOf(event, parts) {
    const known = this.#codes.get(event);
    if (known !== undefined) return known;
    // A file made to confuse has no more names than this; the rest share the last code.
    if (this.list.length >= MOST_KINDS) return MOST_KINDS - 1;
    return this.add({ event, type: parts?.[0] ?? "", phase: parts?.[1] ?? "" });
  }

  /** @param {Kind} kind */
  add(kind) {
    const code = this.list.length;
    this.list.push(kind);
    this.#codes.set(kind.event, code);
    return code;
  }

  /** Those that are new since it was asked for last. */
  drain() {
    const given = this.#given;
    this.#given = this.list.length;
    return this.list.slice(given);
  }
}

export class Columns {
  length = 0;
  seq = new Float64Array(FIRST_ROWS);
  t_us = new Float64Array(FIRST_ROWS);
  kind = new Uint8Array(FIRST_ROWS);
  form = new Uint8Array(FIRST_ROWS);
  mark = new Uint8Array(FIRST_ROWS);
  /** The bytes of texts that were cut, since there were too many. */
  cutText = 0;
  /** Where the row's text begins, in all blocks one after another, and how many bytes it has. */
  #begin = new Uint32Array(FIRST_ROWS);
  #size = new Uint32Array(FIRST_ROWS);
  /** The next row of the same span; 0 for none. */
  #next = new Uint32Array(FIRST_ROWS);
  /** Blocks of text; one that begins in a block lies whole in it. @type {Uint8Array[]} */
  #blocks = [];
  #textEnd = 0;
  #encoder = new TextEncoder();
  #decoder = new TextDecoder();
  /** The span of each row by its slot; 0 for none. Slots count from 1 in the order in which spans come: in most runs they are the numbers. */
  span = new Uint32Array(FIRST_ROWS);
  #slots = 0;
  /** The slots of spans whose number is another. @type {Map<number, number>} */
  #slotOf = new Map();
  /** @type {Map<number, number>} */
  #numberOf = new Map();
  /** First and last row of each span, plus 1, and how many it has, by its slot. */
  #first = new Uint32Array(64);
  #last = new Uint32Array(64);
  #count = new Uint32Array(64);
  /** Of spans with many rows, every STRIDE-th of them: the row, the chunks and pieces so far. @type {Map<number, NumberList<Uint32Array>>} */
  #skips = new Map();
  /** The rows of each span that stream a value that grows. @type {Map<number, NumberList<Uint32Array>>} */
  #trees = new Map();
  /** What the codes of `kind` stand for. */
  #kinds = new Kinds();

  /** The code of an event's name. @param {string} event @param {[string, string] | null} parts type and phase */
  codeOf(event, parts) {
    return this.#kinds.codeOf(event, parts);
  }

  /** @param {Row} row @returns {number} the index of the row */
  push({ seq, t_us, kind, form, span, text, mark = 0 }) {
    if (text !== this.#lastText) {
      this.#write(text, form);
      this.#lastText = text;
    }
    return this.#add(seq, t_us, kind, form, mark, span);
  }

  /** What is repeated row by row, as each token is by the steps above a model, stands once. */
  #lastText = "";
  #lastBegin = 0;
  #lastSize = 0;

  /** @param {RowBatch} batch */
  append({ seq, t_us, kind, form, mark, span, begin, size, text, kinds }) {
    for (const one of kinds) this.#kinds.add(one);
    const base = this.length;
    const rows = base + seq.length;
    if (rows > MANY && rows + SPARE > this.#wanted) this.reserve(rows + (rows >> 1));
    this.#make(rows);
    this.seq.set(seq, base);
    this.t_us.set(t_us, base);
    this.kind.set(kind, base);
    this.form.set(form, base);
    this.mark.set(mark, base);
    this.length = rows;
    if (text.length && text.length <= BLOCK && this.#textEnd + text.length <= MOST_TEXT) {
      const block = this.#room(text.length);
      const from = this.#textEnd;
      block.set(text, from % BLOCK);
      for (let at = 0; at < begin.length; at++) {
        this.#begin[base + at] = from + /** @type {number} */ (begin[at]);
      }
      this.#size.set(size, base);
      this.#textEnd += text.length;
    } else {
      this.#appendTexts(base, form, begin, size, text);
    }
    // The next text is not the one that was written last.
    this.#lastText = "";
    this.#lastBegin = this.#lastSize = 0;
    for (let at = 0; at < span.length; at++) {
      const number = /** @type {number} */ (span[at]);
      if (number) this.#ofSpan(base + at, number, /** @type {number} */ (form[at]));
    }
  }

  /** @param {number} base @param {Uint8Array} form @param {Uint32Array} begin @param {Uint32Array} size @param {Uint8Array} text */
  #appendTexts(base, form, begin, size, text) {
    let last = -1;
    let lastSize = -1;
    for (let at = 0; at < begin.length; at++) {
      const from = /** @type {number} */ (begin[at]);
      const bytes = /** @type {number} */ (size[at]);
      if (from !== last || bytes !== lastSize) {
        this.#keep(text.subarray(from, from + bytes), /** @type {number} */ (form[at]));
        last = from;
        lastSize = bytes;
      }
      this.#begin[base + at] = this.#lastBegin;
      this.#size[base + at] = this.#lastSize;
    }
  }

  /** @param {number} seq @param {number} t_us @param {number} kind @param {number} form @param {number} mark @param {number} span */
  #add(seq, t_us, kind, form, mark, span) {
    const index = this.length;
    if (index === this.#rows) this.#make(index + 1);
    this.seq[index] = seq;
    this.t_us[index] = t_us;
    this.kind[index] = kind;
    this.form[index] = form;
    this.mark[index] = mark;
    this.#begin[index] = this.#lastBegin;
    this.#size[index] = this.#lastSize;
    this.length = index + 1;
    if (span) this.#ofSpan(index, span, form);
    return index;
  }

  /** @param {number} row @param {number} span its number @param {number} form */
  #ofSpan(row, span, form) {
    const slot = this.#slot(span, true);
    this.span[row] = slot;
    this.#link(row, slot);
    if (form === TREE) this.#tree(row, slot);
  }

  /** @param {number} number @param {boolean} make @returns {number} 0 for none */
  #slot(number, make = false) {
    if (number > 0 && number <= this.#slots && this.#numberOf.size === 0) return number;
    const known = this.#slotOf.get(number);
    if (known !== undefined) return known;
    if (number > 0 && number <= this.#slots && !this.#numberOf.has(number)) return number;
    if (!make) return 0;
    const slot = ++this.#slots;
    if (slot !== number) {
      this.#slotOf.set(number, slot);
      this.#numberOf.set(slot, number);
    }
    if (slot >= this.#first.length) {
      const size = this.#first.length * 2;
      this.#first = larger(this.#first, size);
      this.#last = larger(this.#last, size);
      this.#count = larger(this.#count, size);
    }
    return slot;
  }

  /** @param {number} row @param {number} slot */
  #link(row, slot) {
    const last = /** @type {number} */ (this.#last[slot]);
    if (last) this.#next[last - 1] = row;
    else this.#first[slot] = row + 1;
    this.#last[slot] = row + 1;
    const count = /** @type {number} */ (++this.#count[slot]);
    if (count % STRIDE) return;
    let skips = this.#skips.get(slot);
    if (!skips) {
      skips = new NumberList(Uint32Array, 12);
      this.#skips.set(slot, skips);
    }
    const { length } = skips;
    let chunks = length ? skips.at(length - 2) : 0;
    let pieces = length ? skips.at(length - 1) : 0;
    let at = length
      ? /** @type {number} */ (this.#next[skips.at(length - 3)])
      : /** @type {number} */ (this.#first[slot]) - 1;
    for (;;) {
      const mark = /** @type {number} */ (this.mark[at]);
      if (mark & CHUNK) chunks++;
      if (mark & PIECE) pieces++;
      if (at === row) break;
      at = /** @type {number} */ (this.#next[at]);
    }
    for (const value of [row, chunks, pieces]) skips.push(value);
  }

  /** @param {number} row @param {number} slot */
  #tree(row, slot) {
    let rows = this.#trees.get(slot);
    if (!rows) {
      rows = new NumberList(Uint32Array, 8);
      this.#trees.set(slot, rows);
    }
    rows.push(row);
  }

  /** The number of the row's span; 0 for none. @param {number} row */
  spanAt(row) {
    const slot = /** @type {number} */ (this.span[row]);
    return this.#numberOf.get(slot) ?? slot;
  }

  /**
   * What there is of a span up to a row; null for nothing.
   * @param {number} span its number @param {number} row
   * @returns {Counts | null}
   */
  upTo(span, row) {
    const slot = this.#slot(span);
    let at = /** @type {number} */ (this.#first[slot]) - 1;
    if (!slot || at < 0 || at > row) return null;
    let rank = 0;
    let chunks = 0;
    let pieces = 0;
    let found = -1;
    const skips = this.#skips.get(slot);
    if (skips) {
      const step = stepOf(skips, row);
      if (step >= 0) {
        found = skips.at(step * 3);
        chunks = skips.at(step * 3 + 1);
        pieces = skips.at(step * 3 + 2);
        rank = (step + 1) * STRIDE;
        at = this.next(found);
      }
    }
    for (; at >= 0 && at <= row; at = this.next(at)) {
      const mark = /** @type {number} */ (this.mark[at]);
      if (mark & CHUNK) chunks++;
      if (mark & PIECE) pieces++;
      rank++;
      found = at;
    }
    return { row: found, rank, chunks, pieces };
  }

  /** A row of a span at most STRIDE rows before its `rank`-th, counted from 0. @param {number} span @param {number} rank */
  near(span, rank) {
    const slot = this.#slot(span);
    const skips = this.#skips.get(slot);
    const step = Math.min(Math.floor(rank / STRIDE), (skips?.length ?? 0) / 3) - 1;
    return skips && step >= 0 ? skips.at(step * 3) : this.first(span);
  }

  /** The newest row of a span, up to a row, that streams a value that grows; -1 for none. @param {number} span @param {number} limit */
  lastTree(span, limit) {
    const rows = this.#trees.get(this.#slot(span));
    const at = rows ? rows.upTo(limit) - 1 : -1;
    return rows && at >= 0 ? rows.at(at) : -1;
  }

  /** The rows of a span that stream a value that grows. @param {number} span */
  treeRows(span) {
    const rows = this.#trees.get(this.#slot(span));
    return rows ? rows.data.subarray(0, rows.length) : NO_ROWS;
  }

  /** @param {number} row @returns {string} */
  text(row) {
    const begin = /** @type {number} */ (this.#begin[row]);
    const size = /** @type {number} */ (this.#size[row]);
    if (!size) return "";
    const block = /** @type {Uint8Array} */ (this.#blocks[Math.floor(begin / BLOCK)]);
    const from = begin % BLOCK;
    return this.#decoder.decode(block.subarray(from, from + size));
  }

  /** Whether the row's text is not empty. @param {number} row */
  hasText(row) {
    return this.#size[row] !== 0;
  }

  /** @param {number} row @returns {Kind} */
  kindAt(row) {
    return /** @type {Kind} */ (this.#kinds.list[this.kind[row] ?? 0]);
  }

  /** The first row of a span, or -1. @param {number} span */
  first(span) {
    return /** @type {number} */ (this.#first[this.#slot(span)]) - 1;
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
      const middle = (low + high) >>> 1;
      if (/** @type {number} */ (this.t_us[middle]) < t_us) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The row with this seq, or -1. @param {number} seq */
  rowOf(seq) {
    const row = countUpTo(this.seq, this.length, seq) - 1;
    return row >= 0 && this.seq[row] === seq ? row : -1;
  }

  /** @param {string} text @param {number} form */
  #write(text, form) {
    if (!text) {
      this.#lastSize = 0;
      return;
    }
    const most = text.length * 3;
    if (most > BLOCK || this.#textEnd + most > MOST_TEXT) {
      this.#keep(this.#encoder.encode(text), form);
      return;
    }
    const block = this.#room(most);
    const { written } = this.#encoder.encodeInto(text, block.subarray(this.#textEnd % BLOCK));
    this.#lastBegin = this.#textEnd;
    this.#lastSize = written;
    this.#textEnd += written;
  }

  /** @param {Uint8Array} bytes @param {number} form */
  #keep(bytes, form) {
    let kept = bytes;
    if (this.#textEnd + bytes.length > MOST_TEXT && bytes.length > CUT_TO) {
      let end = form === CALLS ? 0 : CUT_TO;
      // Not in the middle of a character.
      while (end > 0 && /** @type {number} */ (bytes[end] & 0xc0) === 0x80) end--;
      kept = bytes.subarray(0, end);
      this.cutText += bytes.length - end;
    }
    this.#lastSize = kept.length;
    if (!kept.length) return;
    const block = this.#room(kept.length);
    block.set(kept, this.#textEnd % BLOCK);
    this.#lastBegin = this.#textEnd;
    this.#textEnd = kept.length > BLOCK ? this.#blocks.length * BLOCK : this.#textEnd + kept.length;
  }

  /** The block in which so many bytes have room from `#textEnd` on. @param {number} bytes */
  #room(bytes) {
    if (this.#blocks.length * BLOCK - this.#textEnd < bytes) {
      this.#textEnd = this.#blocks.length * BLOCK;
      // What is larger than a block has its own, which takes the place of several.
      const places = Math.max(1, Math.ceil(bytes / BLOCK));
      this.#blocks.push(new Uint8Array(places * BLOCK));
      for (let more = 1; more < places; more++) this.#blocks.push(EMPTY);
    }
    return /** @type {Uint8Array} */ (this.#blocks[Math.floor(this.#textEnd / BLOCK)]);
  }

  /** So many rows will come: room for them is made bit by bit, without a long pause. @param {number} rows */
  reserve(rows) {
    this.#wanted = Math.max(this.#wanted, rows);
  }

  /** How many rows there is room for, and will have to be. */
  #rows = FIRST_ROWS;
  #wanted = FIRST_ROWS;

  /** Makes room for so many rows, and for one column of those to come. @param {number} rows */
  #make(rows) {
    if (rows > this.#rows) this.#wanted = Math.max(this.#wanted, rows, this.#rows * 2);
    else if (this.#wanted === this.#rows) return;
    let turns = 1;
    this.#rows = this.#wanted;
    /** @type {<T extends import("./typed.js").Typed>(column: T) => T} */
    const grown = (column) => {
      const isDue = column.length < rows || (column.length < this.#wanted && turns-- > 0);
      this.#rows = Math.min(this.#rows, isDue ? this.#wanted : column.length);
      return isDue ? larger(column, this.#wanted) : column;
    };
    this.seq = grown(this.seq);
    this.t_us = grown(this.t_us);
    this.kind = grown(this.kind);
    this.form = grown(this.form);
    this.mark = grown(this.mark);
    this.span = grown(this.span);
    this.#begin = grown(this.#begin);
    this.#size = grown(this.#size);
    this.#next = grown(this.#next);
  }
}

const EMPTY = new Uint8Array(0);
const NO_ROWS = new Uint32Array(0);

/** The last step at or before a row, or -1. @param {NumberList<Uint32Array>} skips @param {number} row */
function stepOf(skips, row) {
  let low = 0;
  let high = skips.length / 3;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (skips.at(middle * 3) <= row) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
