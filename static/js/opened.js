// A log that lies somewhere as bytes: read once from its start, and its lines again when somebody looks. No DOM.

import { isOdd, parseLine } from "./exact.js";
import { Whole } from "./expand.js";
import { LineFinder } from "./find_lines.js";
import { check } from "./lines.js";
import { Elements, eventIn, PlainLines, shapeOf } from "./plain.js";
import { buffersOf, LogReader } from "./reader.js";
import { FIRST } from "./source.js";
import { Track } from "./track.js";
import { larger, NumberList } from "./typed.js";
import { isTree } from "./values.js";

/** @typedef {import("./spans.js").Line} Line */
/** @typedef {import("./source.js").Source} Source */
/**
 * @typedef {{ type: "batch", batch: import("./reader.js").LogBatch, size: number }
 *   | { type: "turn" }
 *   | { type: "done", size: number, plain: boolean }
 *   | { type: "failed", text: string }
 *   | { type: "found", id: number, hits: import("./find_lines.js").Hit[], share: number, done: boolean, error?: string }
 *   | { type: "answer", id: number, text?: string, error?: string }} Told  What the page is told.
 */

const FORMAT = 1;
/** Bytes that are asked for at a time, and how many times before they are taken in: each has a long way. */
const SLICE = 1 << 22;
const AHEAD = 2;
/** Lines after which a file with no good one is taken for no log. */
const LOOKED_AT = 200;
const BLOCK = 1 << 18;
const BLOCKS = 16;
const FIRST_ROWS = 200;
/** How long a search works before it listens. */
const TURN_MS = 25;

export class Opened {
  /** @type {import("./plain.js").Shape | null} */
  #plain = null;
  /** @type {LogReader} */
  #reader;
  /** The spans of plain events, by their place. */
  #spans = new NumberList(Float64Array);
  /** Blocks of bytes read lately, by their number. @type {Map<number, Uint8Array>} */
  #blocks = new Map();
  #whole = new Whole((seq) => this.#raw(seq));
  #told = 0;

  /**
   * @param {Source} source @param {(told: Told, buffers?: Transferable[]) => void} tell
   * @param {() => Promise<void>} turn lets the page draw what it was given
   */
  constructor(source, tell, turn) {
    this.source = source;
    this.tell = tell;
    this.turn = turn;
    this.#reader = new LogReader((batch) => this.#give(batch));
  }

  /** @param {import("./reader.js").LogBatch} batch */
  #give(batch) {
    this.#told += batch.rows.seq.length;
    this.tell({ type: "batch", batch, size: this.source.size }, buffersOf(batch));
  }

  /** All of it. Throws Error in words. */
  async read() {
    const { source } = this;
    if (!source.size) throw new Error("The file is empty.");
    let bytes = await source.read(0, FIRST);
    this.#plain = shapeOf(bytes);
    if (this.#plain) await this.#readPlain(bytes, this.#plain);
    else {
      const slices = slicesOf(source, bytes.length);
      while (bytes.length && !this.#reader.ended) {
        this.#reader.push(bytes);
        this.#look();
        await this.#rest(this.#reader.lines);
        bytes = await slices();
      }
      this.#reader.end();
      this.#look(true);
    }
    this.tell({ type: "done", size: source.size, plain: this.#plain !== null });
  }

  /** @param {number} lines read so far */
  async #rest(lines) {
    // The first screen must not wait for a whole batch.
    if (this.#told < FIRST_ROWS || lines < 20_000) this.#reader.flush();
    if (this.#told) await this.turn();
  }

  /** Throws Error where it is no log, or a newer one. @param {boolean} [whole] nothing more comes */
  #look(whole = false) {
    const { fold, format } = this.#reader.intake;
    if (format > FORMAT) {
      throw new Error(
        `This log was made by a newer tracer (format ${format}; this one reads up to ${FORMAT}).`,
      );
    }
    const none = fold.lines === fold.bad_lines;
    if (none && (whole || fold.lines >= LOOKED_AT)) {
      throw new Error("This is no log: no line of it is a JSON object with an event.");
    }
  }

  /** @param {Uint8Array} head @param {import("./plain.js").Shape} shape */
  async #readPlain(head, shape) {
    const { source } = this;
    const lines = new PlainLines();
    const split = shape === "array" ? new Elements() : new LineSplitter();
    const reader = this.#reader;
    // The line that is put before them has no place in the file.
    this.#spans.push(0);
    reader.offsets.push(0);
    let begun = false;
    let seq = 0;
    /** @type {Line[]} */
    const early = [];
    const take = (/** @type {Uint8Array} */ raw, /** @type {number} */ begin) => {
      if (raw.every((byte) => byte <= 0x20)) return;
      seq++;
      const event = eventIn(raw, seq === 1);
      const line = event
        ? lines.line(seq, event)
        : { seq, t_us: seq, event: "bad_line", line: seq, bytes: raw.length };
      reader.offsets.push(begin);
      this.#ends.push(begin + raw.length);
      this.#spans.push(Number.isInteger(line.span) ? line.span : 0);
      if (!begun && event === null) {
        early.push(line);
        return;
      }
      if (event && !begun) {
        begun = true;
        reader.add(lines.header("", event));
        for (const one of early) reader.add(one);
      }
      reader.add(line);
    };
    let bytes = head;
    const slices = slicesOf(source, bytes.length);
    for (let at = 0; bytes.length; ) {
      at += bytes.length;
      for (const [index, raw] of split.push(bytes).entries())
        take(raw, /** @type {number} */ (split.begins[index]));
      reader.read = at;
      await this.#rest(seq);
      bytes = await slices();
    }
    if (split instanceof LineSplitter) for (const raw of split.end()) take(raw, split.last);
    if (begun) reader.add(lines.footer(seq + 1, reader.intake.fold));
    reader.flush();
    this.#look(true);
  }

  /** Where plain events end. */
  #ends = new NumberList(Float64Array);

  /** A line as it stands in the log; null where there is none. @param {number} seq @returns {Line | null} */
  #raw(seq) {
    const raw = this.#rawBytes(seq);
    return raw && this.#lineOf(seq, raw);
  }

  /** @param {number} seq @param {Uint8Array} raw */
  #lineOf(seq, raw) {
    return this.#plain ? this.#plainLine(seq, raw) : exact(check(seq, raw), raw);
  }

  /** The bytes of a line; null where there is none. @param {number} seq @returns {Uint8Array | null} */
  #rawBytes(seq) {
    const { offsets } = this.#reader;
    if (seq < 0 || seq >= offsets.length) return null;
    const begin = offsets.at(seq);
    const end = this.#plain
      ? this.#ends.at(seq - 1)
      : seq + 1 < offsets.length
        ? offsets.at(seq + 1) - 1
        : this.#reader.read - 1;
    if (!(end > begin)) return this.#plain ? null : new Uint8Array(0);
    return this.#bytes(begin, end);
  }

  /** @param {number} seq @param {Uint8Array} raw @returns {Line} */
  #plainLine(seq, raw) {
    const event = eventIn(raw);
    if (!event) return { seq, t_us: seq, event: "bad_line", line: seq, bytes: raw.length };
    const { run_id: _, parent_ids: __, ...rest } = event;
    const span = this.#spans.at(seq);
    return { seq, t_us: seq, ...rest, ...(span ? { span } : {}), run_id: event.run_id };
  }

  /** @param {number} begin @param {number} end */
  #bytes(begin, end) {
    if (end - begin > BLOCK) return this.source.now(begin, end);
    const first = this.#block(Math.floor(begin / BLOCK));
    const from = begin % BLOCK;
    if (from + end - begin <= BLOCK) return first.subarray(from, from + end - begin);
    const both = larger(first.subarray(from), end - begin);
    both.set(
      this.#block(Math.floor(begin / BLOCK) + 1).subarray(0, end - begin - (BLOCK - from)),
      BLOCK - from,
    );
    return both;
  }

  /** @param {number} number */
  #block(number) {
    let block = this.#blocks.get(number);
    if (!block) {
      block = this.source.now(number * BLOCK, Math.min(this.source.size, (number + 1) * BLOCK));
      if (this.#blocks.size >= BLOCKS)
        this.#blocks.delete(/** @type {number} */ (this.#blocks.keys().next().value));
      this.#blocks.set(number, block);
    }
    return block;
  }

  /** Whole lines. @param {number} first @param {number} last @returns {Line[]} */
  lines(first, last) {
    const found = [];
    for (let seq = Math.max(0, first); seq <= last; seq++) {
      const line = this.#raw(seq);
      if (line) found.push(this.#whole.line(line));
    }
    return found;
  }

  /**
   * Looks for texts in what has been read of it, in turns between which others are heard.
   * @param {string[]} texts @param {(hits: import("./find_lines.js").Hit[], share: number) => void} hear
   * @param {() => boolean} isStopped
   */
  async find(texts, hear, isStopped) {
    const finder = new LineFinder(texts, (seq) => this.#raw(seq));
    const { offsets } = this.#reader;
    const utf8 = new TextDecoder();
    let until = performance.now() + TURN_MS;
    /** @type {import("./find_lines.js").Hit[]} */
    let hits = [];
    for (let seq = 0; seq < offsets.length; seq++) {
      const raw = this.#rawBytes(seq);
      if (raw) {
        const parse = () => /** @type {Line} */ (this.#lineOf(seq, raw));
        hits.push(...finder.take(seq, offsets.at(seq), utf8.decode(raw), parse));
      }
      if (performance.now() < until) continue;
      hear(hits, seq / offsets.length);
      hits = [];
      await new Promise((resolve) => setTimeout(resolve));
      if (isStopped()) return;
      until = performance.now() + TURN_MS;
    }
    hear(hits, 1);
  }

  /**
   * What a span streamed. @param {number[]} seqs of the lines with its values @param {number[]} rows of those
   * @returns {import("./track.js").Steps}
   */
  track(seqs, rows) {
    const track = new Track();
    for (const [at, seq] of seqs.entries()) {
      const chunk = this.lines(seq, seq)[0]?.data?.chunk;
      if (isTree(chunk)) track.push(/** @type {number} */ (rows[at]), chunk);
    }
    return track.steps;
  }
}

/**
 * What follows of a source, piece by piece; nothing where there is no more. The next ones are on their way meanwhile.
 * @param {Source} source @param {number} from
 * @returns {() => Promise<Uint8Array>}
 */
function slicesOf(source, from) {
  /** @type {Promise<Uint8Array>[]} */
  const asked = [];
  let at = from;
  const ask = () => {
    if (at >= source.size) return;
    const slice = source.read(at, at + SLICE);
    // It is heard of when its turn comes.
    slice.catch(() => {});
    asked.push(slice);
    at += SLICE;
  };
  for (let ahead = 0; ahead < AHEAD; ahead++) ask();
  return async () => {
    const next = asked.shift();
    ask();
    return next ?? new Uint8Array(0);
  };
}

/** Lines out of pieces of a file, with where each begins. */
class LineSplitter {
  /** @type {number[]} */
  begins = [];
  /** Where the line begins that has not ended. */
  last = 0;
  #read = 0;
  #rest = new Uint8Array(0);

  /** @param {Uint8Array} bytes @returns {Uint8Array[]} */
  push(bytes) {
    const found = [];
    this.begins = [];
    let from = 0;
    for (let newline = bytes.indexOf(10); newline >= 0; newline = bytes.indexOf(10, from)) {
      let raw = bytes.subarray(from, newline);
      if (this.#rest.length) {
        const all = larger(this.#rest, this.#rest.length + raw.length);
        all.set(raw, this.#rest.length);
        raw = all;
        this.#rest = new Uint8Array(0);
      }
      found.push(raw);
      this.begins.push(this.last);
      from = newline + 1;
      this.last = this.#read + from;
    }
    if (from < bytes.length) {
      const rest = bytes.subarray(from);
      const all = larger(this.#rest, this.#rest.length + rest.length);
      all.set(rest, this.#rest.length);
      this.#rest = all;
    }
    this.#read += bytes.length;
    return found;
  }

  end() {
    return this.#rest.length ? [this.#rest] : [];
  }
}

/** A line with its numbers and the order of its keys as they are written. @param {Line} line @param {Uint8Array} raw @returns {Line} */
function exact(line, raw) {
  if (line.event === "bad_line") return line;
  const text = new TextDecoder().decode(raw);
  return isOdd(text) ? { ...parseLine(text), seq: line.seq } : line;
}
