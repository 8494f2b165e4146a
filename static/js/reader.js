// A log from its bytes into batches of rows, for the page to show: what a worker does with a file. No DOM.

import { TEXT, TREE } from "./columns.js";
import { Whole, WINDOW } from "./expand.js";
import { Forms } from "./forms.js";
import { Intake } from "./intake.js";
import { LineText } from "./line_text.js";
import { check, checkText } from "./lines.js";
import { RowBatch } from "./row_batch.js";
import { shownText, writeShown } from "./shown.js";
import { spanEvent } from "./spans.js";
import { NumberList } from "./typed.js";
import { isMessage } from "./values.js";

/** @typedef {import("./spans.js").Line} Line */
/**
 * @typedef {{
 *   rows: import("./columns.js").RowBatch, fold: import("./spans.js").FoldBatch,
 *   facts: import("./intake.js").Fact[], bad: Uint32Array, read: number,
 * }} LogBatch  `bad`: rows of lines that are none; `read`: bytes of the log so far.
 */

/** Lines that are kept parsed, since most references are to what came a moment ago. */
const RECENT = 256;
/** Bytes that what is shown of a string takes at most. */
const ROOM = 512;
const encoder = new TextEncoder();

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
  #rows = new RowBatch();
  /** @type {import("./intake.js").Fact[]} */
  #facts = [];
  /** @type {number[]} */
  #bad = [];
  /** The beginning of a line whose end has not come. @type {Uint8Array[]} */
  #rest = [];
  #forms = new Forms();
  #text = new LineText();
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
    const forms = this.#forms;
    forms.look(bytes);
    this.#text.look(bytes);
    for (let from = 0; from < bytes.length && !this.ended; ) {
      let newline = forms.take(bytes, from);
      if (newline < 0 || !this.#known(bytes, newline - from)) {
        newline = bytes.indexOf(10, from);
        this.#parsed(bytes, from, newline);
      }
      from = newline + 1;
    }
  }

  /** Where the next line stands. @param {number} size */
  #place(size) {
    this.offsets.push(this.read);
    this.read += size + 1;
  }

  /** @param {Uint8Array} bytes @param {number} from @param {number} newline */
  #parsed(bytes, from, newline) {
    const text = this.#text.of(from, newline);
    const size = newline - from;
    if (text === null) {
      this.#take(bytes.subarray(from, newline));
      return;
    }
    this.#place(size);
    const line = checkText(this.lines, text, size);
    const { row, parts } = this.#line(line, size);
    if (parts?.[1] === "stream" && (row.form === TEXT || row.form === TREE))
      this.#learn(text, line, row.form);
  }

  /** @param {string} text @param {Line} line that streams something @param {number} kind TEXT or TREE */
  #learn(text, line, kind) {
    const forms = this.#forms;
    forms.meet(line.event);
    if (line.same !== undefined || line.delta !== undefined) return;
    forms.learn(text, line, kind);
    const { chunk } = line.data;
    const piece = isMessage(chunk) ? chunk.content : chunk;
    if (kind !== TEXT || typeof piece !== "string" || chunk.__interrupt__ !== undefined) return;
    const bytes = encoder.encode(piece);
    forms.remember(line.seq, bytes, 0, bytes.length);
  }

  /** Takes the line that `#forms` has found; false where it has to be parsed. @param {Uint8Array} bytes @param {number} size */
  #known(bytes, size) {
    const forms = this.#forms;
    const { span, known, kind, repeats } = forms;
    if (repeats >= 0 && this.#isGone(repeats, this.read)) return false;
    const mark = this.intake.streams(span, forms.t_us, kind === TREE, repeats >= 0);
    if (mark < 0) return false;
    this.#place(size);
    const seq = this.lines++;
    const rows = this.#rows;
    if (repeats >= 0) this.#repeat(repeats);
    else if (kind === TREE) this.#tree(bytes);
    else {
      if (forms.isEscaped) rows.write(forms.text(bytes));
      else rows.copy(bytes, forms.from, forms.to);
      forms.remember(seq, rows.text, rows.textEnd - rows.lastSize, rows.textEnd);
      this.#written = seq;
    }
    if (known.code < 0) known.code = rows.kinds.codeOf(known.event, spanEvent(known.event));
    rows.add(seq, this.intake.fold.t_us, known.code, kind, mark, span);
    if (rows.isFull) this.#drain();
    return true;
  }

  /** The line whose text was written last. */
  #written = -1;

  /** @param {number} seq of the line whose text comes again */
  #repeat(seq) {
    if (this.#written === seq) return;
    const { repeated } = this.#forms;
    this.#rows.copy(repeated, 0, repeated.length);
    this.#written = seq;
  }

  /** @param {Uint8Array} bytes */
  #tree(bytes) {
    const forms = this.#forms;
    const { prefix, from, to } = forms;
    const rows = this.#rows;
    this.#written = -1;
    rows.begins(prefix.length + ROOM);
    rows.append(prefix, 0, prefix.length);
    if (from < 0) return;
    if (forms.isNumber) rows.append(bytes, from, to);
    else if (!writeShown(rows, bytes, from, to)) {
      const shown = encoder.encode(shownText(forms.text(bytes)));
      rows.append(shown, 0, shown.length);
    }
  }

  /** @param {Line} line as it stands in the log @param {number} size */
  #line(line, size) {
    this.#recent[this.lines % RECENT] = line;
    this.lines++;
    return this.add(this.#whole.line(line, size));
  }

  /** Whether it begins too far before a line. @param {number} seq @param {number} begin of that one */
  #isGone(seq, begin) {
    return this.offsets.at(seq) < begin - WINDOW;
  }

  /** A line before this one, as it stands in the log; null where it is too far back. @param {number} seq */
  #earlier(seq) {
    if (this.#isGone(seq, this.offsets.at(this.offsets.length - 1))) return null;
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
    this.#written = -1;
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
    this.#written = -1;
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
