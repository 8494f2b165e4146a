// A log from its bytes into batches of rows, for the page to show: what a worker does with a file. No DOM.

import { Kinds } from "./columns.js";
import { Whole, WINDOW } from "./expand.js";
import { Intake } from "./intake.js";
import { check } from "./lines.js";
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
    const at = this.length++;
    this.seq[at] = row.seq;
    this.t_us[at] = row.t_us;
    this.kind[at] = this.kinds.codeOf(event, parts);
    this.form[at] = row.form;
    this.mark[at] = row.mark;
    this.span[at] = row.span;
    if (row.text !== this.#lastText) this.#write(row.text);
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
    this.#lastSize = text ? this.#encoder.encodeInto(text, this.text.subarray(this.textEnd)).written : 0;
    this.textEnd += this.#lastSize;
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
  /** The beginning of a line whose end has not come. */
  #rest = new Uint8Array(0);
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
    let from = 0;
    while (!this.ended) {
      const newline = bytes.indexOf(10, from);
      if (newline < 0) break;
      let raw = bytes.subarray(from, newline);
      if (this.#rest.length) {
        raw = joined(this.#rest, raw);
        this.#rest = new Uint8Array(0);
      }
      from = newline + 1;
      this.#take(raw);
    }
    if (!this.ended && from < bytes.length) this.#rest = joined(this.#rest, bytes.subarray(from));
  }

  /** There is no more: a last line without its newline counts. */
  end() {
    if (this.#rest.length && !this.ended) this.#take(this.#rest);
    this.#rest = new Uint8Array(0);
    this.flush();
  }

  /** Gives what there is. */
  flush() {
    if (this.#rows.length) this.#drain();
  }

  /** @param {Uint8Array} raw */
  #take(raw) {
    this.offsets.push(this.read);
    this.read += raw.length + 1;
    const line = check(this.lines, raw);
    this.#recent[this.lines % RECENT] = line;
    this.lines++;
    this.add(this.#whole.line(line, raw.length));
  }

  /** A line before this one, as it stands in the log; null where it is too far back. @param {number} seq */
  #earlier(seq) {
    const recent = this.#recent[seq % RECENT];
    if (recent?.seq === seq) return recent;
    const begin = this.offsets.at(seq);
    const end = this.offsets.at(seq + 1) - 1;
    if (begin < this.read - WINDOW) return null;
    let at = this.#blocks.findLastIndex((block) => block.begin <= begin);
    if (at < 0) return null;
    /** @type {Uint8Array} */
    let raw = new Uint8Array(0);
    for (; at < this.#blocks.length; at++) {
      const block = /** @type {{ begin: number, bytes: Uint8Array }} */ (this.#blocks[at]);
      if (block.begin >= end) break;
      const part = block.bytes.subarray(Math.max(0, begin - block.begin), end - block.begin);
      raw = raw.length ? joined(raw, part) : part;
    }
    return check(seq, raw);
  }

  /** @param {Line} line */
  add(line) {
    const taken = this.intake.take(line, line.seq);
    if (line.event === "bad_line") this.#bad.push(this.intake.fold.lines - 1);
    for (const fact of this.intake.facts) this.#facts.push(fact);
    this.#rows.push(taken);
    if (line.event === "run_end") this.ended = true;
    if (this.#rows.isFull) this.#drain();
  }

  #drain() {
    const facts = this.#facts;
    const bad = Uint32Array.from(this.#bad);
    this.#facts = [];
    this.#bad = [];
    this.#give({ rows: this.#rows.drain(), fold: this.intake.fold.drain(), facts, bad, read: this.read });
  }
}

/** @param {Uint8Array} before @param {Uint8Array} after */
function joined(before, after) {
  if (!before.length) return after.slice();
  const all = new Uint8Array(before.length + after.length);
  all.set(before);
  all.set(after, before.length);
  return all;
}

/** The buffers of a batch, which are handed over, not copied. @param {LogBatch} batch @returns {ArrayBuffer[]} */
export function buffersOf({ rows, fold, bad }) {
  const { kinds: _, ...columns } = rows;
  const arrays = [...Object.values(columns), ...Object.values(fold.spans.columns), ...fold.lists];
  arrays.push(fold.spans.index, fold.spans.id, bad);
  return [...new Set(arrays.map((array) => /** @type {ArrayBuffer} */ (array.buffer)))];
}
