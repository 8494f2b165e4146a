// A log from its bytes into batches of rows, for the page to show: what a worker does with a file. No DOM.

import { Kinds, TEXT as PIECE } from "./columns.js";
import { Whole, WINDOW } from "./expand.js";
import { Intake } from "./intake.js";
import { check, checkText, textOfBytes } from "./lines.js";
import { Pieces } from "./pieces.js";
import { spanEvent } from "./spans.js";
import { NumberList } from "./typed.js";

/** @typedef {import("./spans.js").Line} Line */
/**
 * @typedef {{
 *   rows: import("./columns.js").RowBatch, fold: import("./spans.js").FoldBatch,
 *   facts: import("./intake.js").Fact[], bad: Uint32Array, read: number,
 * }} LogBatch  `bad`: rows of lines that are none; `read`: bytes of the log so far.
 */

/** Rows in a batch at most: the page takes one in a few milliseconds. */
const ROWS = 4096;
const TEXT_ROOM = 1 << 20;
const SHORT = 40;
/** Lines that are kept parsed, since most references are to what came a moment ago. */
const RECENT = 256;

/** Collects rows. */
class Rows {
  length = 0;
  kinds = new Kinds();
  seq = new Float64Array(ROWS);
  t_us = new Float64Array(ROWS);
  kind = new Uint8Array(ROWS);
  form = new Uint8Array(ROWS);
  mark = new Uint8Array(ROWS);
  span = new Float64Array(ROWS);
  begin = new Uint32Array(ROWS);
  size = new Uint32Array(ROWS);
  text = new Uint8Array(TEXT_ROOM);
  textEnd = 0;
  #encoder = new TextEncoder();
  #lastText = "";
  #lastBegin = 0;
  #lastSize = 0;

  /** @param {import("./intake.js").Taken} taken */
  push({ event, parts, row }) {
    this.add(row.seq, row.t_us, this.kinds.codeOf(event, parts), row.form, row.mark, row.span, row.text);
  }

  /** @param {number} seq @param {number} t_us @param {number} kind @param {number} form @param {number} mark @param {number} span @param {string} text */
  add(seq, t_us, kind, form, mark, span, text) {
    const at = this.length++;
    this.seq[at] = seq;
    this.t_us[at] = t_us;
    this.kind[at] = kind;
    this.form[at] = form;
    this.mark[at] = mark;
    this.span[at] = span;
    if (text !== this.#lastText) this.#write(text);
    this.begin[at] = this.#lastBegin;
    this.size[at] = this.#lastSize;
  }

  /** @param {string} text */
  #write(text) {
    const most = this.textEnd + text.length * 3;
    if (most > this.text.length) {
      const larger = new Uint8Array(Math.max(most, this.text.length * 2));
      larger.set(this.text.subarray(0, this.textEnd));
      this.text = larger;
    }
    this.#lastText = text;
    this.#lastBegin = this.textEnd;
    this.#lastSize = this.#encode(text);
    this.textEnd += this.#lastSize;
  }

  /** @param {string} text @returns {number} how many bytes it has */
  #encode(text) {
    // Most are a word, for which calling the encoder takes longest.
    let size = 0;
    if (text.length < SHORT) {
      for (; size < text.length; size++) {
        const code = text.charCodeAt(size);
        if (code >= 0x80) break;
        this.text[this.textEnd + size] = code;
      }
    }
    if (size === text.length) return size;
    return this.#encoder.encodeInto(text, this.text.subarray(this.textEnd)).written;
  }

  get isFull() {
    return this.length === ROWS;
  }

  /** @returns {import("./columns.js").RowBatch} */
  drain() {
    const { length } = this;
    const batch = {
      seq: this.seq.slice(0, length),
      t_us: this.t_us.slice(0, length),
      kind: this.kind.slice(0, length),
      form: this.form.slice(0, length),
      mark: this.mark.slice(0, length),
      span: this.span.slice(0, length),
      begin: this.begin.slice(0, length),
      size: this.size.slice(0, length),
      text: this.text.slice(0, this.textEnd),
      kinds: this.kinds.drain(),
    };
    this.length = 0;
    this.textEnd = 0;
    this.#lastText = "";
    this.#lastBegin = this.#lastSize = 0;
    return batch;
  }
}

/** Takes the bytes of a log in order. */
export class LogReader {
  /** How many lines have been read. */
  lines = 0;
  /** How many bytes. */
  read = 0;
  /** `run_end` was read: nothing counts after it. */
  ended = false;
  /** Where each line begins. */
  offsets = new NumberList(Float64Array, 1024);
  intake = new Intake();
  #whole = new Whole(
    (seq) => this.#earlier(seq),
    (seq) => this.offsets.at(seq + 1) - this.offsets.at(seq),
  );
  /** The newest lines as they stand in the log, by their seq modulo how many these are. @type {Line[]} */
  #recent = [];
  /** The bytes of lines before, as far back as a line may refer to. @type {{ begin: number, bytes: Uint8Array }[]} */
  #blocks = [];
  /** How many bytes came. */
  #came = 0;
  #rows = new Rows();
  /** @type {import("./intake.js").Fact[]} */
  #facts = [];
  /** @type {number[]} */
  #bad = [];
  /** The beginning of a line whose end has not come. @type {Uint8Array[]} */
  #rest = [];
  #pieces = new Pieces();
  #give;

  /** @param {(batch: LogBatch) => void} give gets each batch that is full */
  constructor(give) {
    this.#give = give;
    this.intake.fold.track();
  }

  /** @param {Uint8Array} bytes */
  push(bytes) {
    this.#blocks.push({ begin: this.#came, bytes });
    this.#came += bytes.length;
    while (this.#blocks[1] && this.#blocks[1].begin < this.read - WINDOW) this.#blocks.shift();
    if (this.ended) return;
    let from = 0;
    // One that began before; and the first one may have a byte order mark.
    if (this.#rest.length || !this.lines) {
      const newline = bytes.indexOf(10);
      if (newline >= 0) this.#take(this.#joined(bytes.subarray(0, newline)));
      from = newline + 1;
    }
    const end = bytes.lastIndexOf(10) + 1;
    if (end > from && !this.ended) this.#takeAll(bytes.subarray(from, end));
    if (end < bytes.length && !this.ended) this.#rest.push(bytes.subarray(end));
  }

  /** The line whose end this is. @param {Uint8Array} end */
  #joined(end) {
    const parts = [...this.#rest, end];
    this.#rest = [];
    return parts.length === 1 ? end : joined(parts);
  }

  /** There is no more: a last line without its newline counts. */
  end() {
    if (this.#rest.length && !this.ended) this.#take(this.#joined(new Uint8Array(0)));
    this.#rest = [];
    this.flush();
  }

  /** Gives what there is. */
  flush() {
    if (this.#rows.length) this.#drain();
  }

  /** @param {Uint8Array} raw */
  #take(raw) {
    this.#place(raw.length);
    this.#line(check(this.lines, raw), raw.length);
  }

  /** Whole lines, each with its newline. @param {Uint8Array} bytes */
  #takeAll(bytes) {
    const text = textOfBytes(bytes);
    let from = 0;
    let begin = 0;
    while (from < bytes.length && !this.ended) {
      const newline = bytes.indexOf(10, from);
      const size = newline - from;
      if (text === null) this.#take(bytes.subarray(from, newline));
      else {
        const end = text.length === bytes.length ? begin + size : text.indexOf("\n", begin);
        this.#place(size);
        if (!this.#pieces.take(this.lines, text, begin, end) || !this.#piece())
          this.#parsed(text.slice(begin, end), size);
        begin = end + 1;
      }
      from = newline + 1;
    }
  }

  /** Where the next line stands. @param {number} size */
  #place(size) {
    this.offsets.push(this.read);
    this.read += size + 1;
  }

  /** @param {string} text @param {number} size */
  #parsed(text, size) {
    const line = checkText(this.lines, text, size);
    const { row, parts } = this.#line(line, size);
    const isOwn = line.same === undefined && line.delta === undefined;
    if (row.form === PIECE && isOwn && parts?.[1] === "stream") this.#pieces.learn(text, line);
  }

  /** The line that `#pieces` has found; false where it has to be parsed. */
  #piece() {
    const { event, span, repeats } = this.#pieces;
    if (repeats >= 0 && this.#isGone(repeats)) return false;
    const shown = this.intake.piece(this.#pieces);
    if (shown === null) return false;
    const seq = this.lines++;
    const kind = this.#rows.kinds.codeOf(event, spanEvent(event));
    this.#rows.add(seq, this.intake.fold.t_us, kind, PIECE, this.intake.mark, span, shown);
    if (this.#rows.isFull) this.#drain();
    return true;
  }

  /** @param {Line} line as it stands in the log @param {number} size */
  #line(line, size) {
    this.#recent[this.lines % RECENT] = line;
    this.lines++;
    return this.add(this.#whole.line(line, size));
  }

  /** Whether it begins too far before the newest line. @param {number} seq */
  #isGone(seq) {
    return this.offsets.at(seq) < this.offsets.at(this.offsets.length - 1) - WINDOW;
  }

  /** A line before this one, as it stands in the log; null where it is too far back. @param {number} seq */
  #earlier(seq) {
    if (this.#isGone(seq)) return null;
    const recent = this.#recent[seq % RECENT];
    if (recent?.seq === seq) return recent;
    const begin = this.offsets.at(seq);
    const end = this.offsets.at(seq + 1) - 1;
    let at = this.#blocks.findLastIndex((block) => block.begin <= begin);
    if (at < 0) return null;
    const parts = [];
    for (; at < this.#blocks.length; at++) {
      const block = /** @type {{ begin: number, bytes: Uint8Array }} */ (this.#blocks[at]);
      if (block.begin >= end) break;
      parts.push(block.bytes.subarray(Math.max(0, begin - block.begin), end - block.begin));
    }
    return check(seq, joined(parts));
  }

  /** @param {Line} line a whole one */
  add(line) {
    const taken = this.intake.take(line, line.seq);
    if (line.event === "bad_line") this.#bad.push(this.intake.fold.lines - 1);
    for (const fact of this.intake.facts) this.#facts.push(fact);
    this.#rows.push(taken);
    if (line.event === "run_end") this.ended = true;
    if (this.#rows.isFull) this.#drain();
    return taken;
  }

  #drain() {
    const facts = this.#facts;
    const bad = Uint32Array.from(this.#bad);
    this.#facts = [];
    this.#bad = [];
    this.#give({ rows: this.#rows.drain(), fold: this.intake.fold.drain(), facts, bad, read: this.read });
  }
}

/** @param {Uint8Array[]} parts @returns {Uint8Array} */
function joined(parts) {
  if (parts.length === 1 && parts[0]) return parts[0];
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The buffers of a batch, which are handed over, not copied. @param {LogBatch} batch @returns {ArrayBuffer[]} */
export function buffersOf({ rows, fold, bad }) {
  const { kinds: _, ...columns } = rows;
  const arrays = [...Object.values(columns), ...Object.values(fold.spans.columns), ...fold.lists];
  arrays.push(fold.spans.index, fold.spans.id, bad);
  return [...new Set(arrays.map((array) => /** @type {ArrayBuffer} */ (array.buffer)))];
}
