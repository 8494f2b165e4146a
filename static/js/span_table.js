// The spans of a run as columns: about 130 bytes a span, so that a million of them are held. No DOM.

import { Interned, larger } from "./typed.js";

/** @typedef {{ type: string, message: string, traceback?: string }} RunError */
/** @typedef {import("./tokens.js").Usage} Usage */
/** @typedef {import("./tokens.js").UsageFrom} UsageFrom */
/**
 * @typedef {{
 *   readonly span: number, readonly parent: number | null, readonly type: string, readonly name: string,
 *   readonly run_id: string, readonly tags: unknown[], readonly metadata: Record<string, unknown>,
 *   readonly state: string, readonly recovered: boolean, readonly start_us: number, readonly end_us: number | null,
 *   readonly first_us: number | null, readonly chunks: number, readonly error: RunError | null,
 *   readonly cause: number | null, readonly model: string | null, readonly usage: Usage | null,
 *   readonly usage_from: UsageFrom | null, readonly finish_reason: string | null, readonly start_seq: number,
 *   readonly end_seq: number | null, readonly stack: string | null,
 * }} Span  One LangChain run inside a run. Times are microseconds since the run began.
 */
/** @typedef {{ row: number, state?: string, end_us?: number, end_seq?: number | null, recovered?: boolean, stack?: string | null }} Before */

/** For a row: there is none. */
export const NONE = 0xffffffff;
/** The states by their codes. */
export const STATES = [
  "running",
  "ok",
  "error",
  "propagated",
  "cancelled",
  "interrupted",
  "abandoned",
  "unfinished",
  "lost",
];
export const RUNNING = 0;
const FIRST_SPANS = 256;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** @type {unknown[]} */
const NOTHING = [];

/** Which columns there are. */
const COLUMNS = /** @type {const} */ ({
  number: Float64Array,
  /** NaN for none. */
  parent: Float64Array,
  start_us: Float64Array,
  /** NaN while it runs. */
  end_us: Float64Array,
  first_us: Float64Array,
  start_seq: Float64Array,
  end_seq: Float64Array,
  type: Uint32Array,
  name: Uint32Array,
  tags: Uint32Array,
  metadata: Uint32Array,
  /** As the start line has it. */
  asked: Uint32Array,
  model: Uint32Array,
  finish: Uint32Array,
  start_row: Uint32Array,
  /** The first row in which it was no longer running. */
  end_row: Uint32Array,
  first_row: Uint32Array,
  chunks: Uint32Array,
  state: Uint8Array,
  recovered: Uint8Array,
});
/** @typedef {keyof typeof COLUMNS} ColumnName */
const NAMES = /** @type {ColumnName[]} */ (Object.keys(COLUMNS));
/** What few spans have. */
const RARE = /** @type {const} */ (["error", "cause", "counted", "stack", "before", "run_id"]);

/**
 * @typedef {{
 *   index: Uint32Array, columns: Record<ColumnName, import("./typed.js").Typed>, id: Uint8Array,
 *   rare: Record<(typeof RARE)[number], [number, any][]>,
 *   texts: (string | null)[], tags: unknown[][], metadata: Record<string, unknown>[],
 * }} SpanBatch  Spans that are new or changed: one value a column for each number in `index`.
 */

export class SpanTable {
  length = 0;
  number = new Float64Array(FIRST_SPANS);
  parent = new Float64Array(FIRST_SPANS);
  start_us = new Float64Array(FIRST_SPANS);
  end_us = new Float64Array(FIRST_SPANS);
  first_us = new Float64Array(FIRST_SPANS);
  start_seq = new Float64Array(FIRST_SPANS);
  end_seq = new Float64Array(FIRST_SPANS);
  type = new Uint32Array(FIRST_SPANS);
  name = new Uint32Array(FIRST_SPANS);
  tags = new Uint32Array(FIRST_SPANS);
  metadata = new Uint32Array(FIRST_SPANS);
  asked = new Uint32Array(FIRST_SPANS);
  model = new Uint32Array(FIRST_SPANS);
  finish = new Uint32Array(FIRST_SPANS);
  start_row = new Uint32Array(FIRST_SPANS);
  end_row = new Uint32Array(FIRST_SPANS);
  first_row = new Uint32Array(FIRST_SPANS);
  chunks = new Uint32Array(FIRST_SPANS);
  state = new Uint8Array(FIRST_SPANS);
  recovered = new Uint8Array(FIRST_SPANS);
  /** The 16 bytes of a run id that is a UUID. */
  id = new Uint8Array(FIRST_SPANS * 16);
  /** Links from a span to its children: each holds an index + 1, 0 for none. */
  firstChild = new Uint32Array(FIRST_SPANS);
  lastChild = new Uint32Array(FIRST_SPANS);
  nextSibling = new Uint32Array(FIRST_SPANS);

  /** Names, types, models and reasons; code 0 is null. @type {Interned<string | null>} */
  texts = new Interned();
  /** @type {Interned<unknown[]>} */
  tagLists = new Interned();
  /** @type {Interned<Record<string, unknown>>} */
  metadatas = new Interned();
  /** Run ids that are no UUIDs. @type {Map<number, string>} */
  run_id = new Map();
  /** @type {Map<number, RunError>} */
  error = new Map();
  /** @type {Map<number, number>} */
  cause = new Map();
  /** @type {Map<number, { usage: Usage, from: UsageFrom }>} */
  counted = new Map();
  /** @type {Map<number, string>} */
  stack = new Map();
  /** What was so until a later row than that of its end: the oldest first. @type {Map<number, Before[]>} */
  before = new Map();

  /** Spans whose number is not their place. @type {Map<number, number>} */
  #places = new Map();
  /** Children of spans that have not begun. @type {Map<number, number[]>} */
  #early = new Map();
  /** @type {Set<number> | null} */
  #dirty = null;

  constructor() {
    this.texts.code(null, "\0");
    this.texts.drain();
  }

  /** The place of the span with this number, or -1. @param {number} number */
  indexOf(number) {
    const place = number - 1;
    if (place >= 0 && place < this.length && this.number[place] === number) return place;
    return this.#places.get(number) ?? -1;
  }

  /** @param {number} number @param {number | null} parent @returns {number} its place */
  add(number, parent) {
    const index = this.length;
    if (index === this.#room) this.#make(index + 1);
    this.number[index] = number;
    this.parent[index] = parent ?? Number.NaN;
    this.end_us[index] = this.first_us[index] = this.end_seq[index] = Number.NaN;
    this.end_row[index] = this.first_row[index] = NONE;
    this.length = index + 1;
    this.#place(index);
    return index;
  }

  /** @param {number} index */
  #place(index) {
    const number = /** @type {number} */ (this.number[index]);
    if (number !== index + 1) this.#places.set(number, index);
    const early = this.#early.get(number);
    if (early) {
      this.#early.delete(number);
      for (const child of early) this.#link(index, child);
    }
    const parent = /** @type {number} */ (this.parent[index]);
    if (Number.isNaN(parent)) return;
    const above = this.indexOf(parent);
    if (above >= 0) this.#link(above, index);
    else {
      const early = this.#early.get(parent);
      if (early) early.push(index);
      else this.#early.set(parent, [index]);
    }
  }

  /** @param {number} above @param {number} child */
  #link(above, child) {
    const last = /** @type {number} */ (this.lastChild[above]);
    if (last) this.nextSibling[last - 1] = child + 1;
    else this.firstChild[above] = child + 1;
    this.lastChild[above] = child + 1;
  }

  /** The places of a span's children, in the order they began. @param {number} index */
  *childrenOf(index) {
    for (let at = this.firstChild[index]; at; at = this.nextSibling[at - 1]) yield at - 1;
  }

  /** @param {number} index @param {string} id */
  setRunId(index, id) {
    if (!UUID.test(id)) {
      this.run_id.set(index, id);
      return;
    }
    for (let at = 0, byte = index * 16; at < 36; at += 2) {
      if (id.charCodeAt(at) === 45) at++;
      this.id[byte++] = Number.parseInt(id.slice(at, at + 2), 16);
    }
  }

  /** @param {number} index */
  runIdOf(index) {
    const odd = this.run_id.get(index);
    if (odd !== undefined) return odd;
    let id = "";
    for (let byte = 0; byte < 16; byte++) {
      if (byte === 4 || byte === 6 || byte === 8 || byte === 10) id += "-";
      id += HEX[/** @type {number} */ (this.id[index * 16 + byte])];
    }
    return id;
  }

  /** @param {unknown[]} tags */
  tagsCode(tags) {
    return tags.length ? this.tagLists.code(tags, JSON.stringify(tags)) : this.tagLists.code(NOTHING, "[]");
  }

  /** Remembers how it was until this row. @param {number} index @param {Before} before */
  was(index, before) {
    const known = this.before.get(index);
    if (known) known.push(before);
    else this.before.set(index, [before]);
  }

  /** From now on, `drain` gives what changes. */
  track() {
    this.#dirty = new Set();
  }

  /** It is new or has changed. @param {number} index */
  touch(index) {
    this.#dirty?.add(index);
  }

  /**
   * What changed since it was asked for last. What only readers need of spans is not kept here after that.
   * @returns {SpanBatch}
   */
  drain() {
    const index = Uint32Array.from(this.#dirty ?? []);
    this.#dirty?.clear();
    const columns = /** @type {SpanBatch["columns"]} */ ({});
    for (const name of NAMES) {
      const from = this[name];
      const values = new COLUMNS[name](index.length);
      for (let at = 0; at < index.length; at++) {
        values[at] = /** @type {number} */ (from[/** @type {number} */ (index[at])]);
      }
      columns[name] = values;
    }
    const id = new Uint8Array(index.length * 16);
    for (const [at, one] of index.entries()) id.set(this.id.subarray(one * 16, one * 16 + 16), at * 16);
    const rare = /** @type {SpanBatch["rare"]} */ ({});
    for (const name of RARE) {
      rare[name] = [...this[name]];
      this[name].clear();
    }
    const texts = this.texts.drain();
    const tags = this.tagLists.giveAway();
    const metadata = this.metadatas.giveAway();
    return { index, columns, id, rare, texts, tags, metadata };
  }

  /** @param {SpanBatch} batch */
  apply({ index, columns, id, rare, texts, tags, metadata }) {
    this.texts.append(texts);
    this.tagLists.append(tags);
    this.metadatas.append(metadata);
    const before = this.length;
    let length = before;
    for (const one of index) length = Math.max(length, one + 1);
    this.#make(length);
    this.length = length;
    for (const name of NAMES) {
      const to = this[name];
      const values = columns[name];
      for (let at = 0; at < index.length; at++) {
        to[/** @type {number} */ (index[at])] = /** @type {number} */ (values[at]);
      }
    }
    for (const [at, one] of index.entries()) this.id.set(id.subarray(at * 16, at * 16 + 16), one * 16);
    for (let one = before; one < length; one++) this.#place(one);
    for (const [one, was] of rare.before) for (const entry of was) this.was(one, entry);
    for (const name of RARE) {
      if (name === "before") continue;
      for (const [one, value] of rare[name]) /** @type {Map<number, any>} */ (this[name]).set(one, value);
    }
  }

  /** So many spans will come: room for them is made bit by bit, without a long pause. @param {number} spans */
  reserve(spans) {
    this.#wanted = Math.max(this.#wanted, spans);
  }

  /** How many spans there is room for, and will have to be. */
  #room = FIRST_SPANS;
  #wanted = FIRST_SPANS;

  /** Makes room for so many spans, and for one column of those to come. @param {number} spans */
  #make(spans) {
    if (spans > this.#room) this.#wanted = Math.max(this.#wanted, spans, this.#room * 2);
    else if (this.#wanted === this.#room) return;
    let turns = 1;
    this.#room = this.#wanted;
    /** @type {<T extends import("./typed.js").Typed>(column: T, stride?: number) => T} */
    const grown = (column, stride = 1) => {
      const has = column.length / stride;
      const isDue = has < spans || (has < this.#wanted && turns-- > 0);
      this.#room = Math.min(this.#room, isDue ? this.#wanted : has);
      return isDue ? larger(column, this.#wanted * stride) : column;
    };
    for (const name of NAMES) /** @type {any} */ (this)[name] = grown(this[name]);
    this.id = grown(this.id, 16);
    this.firstChild = grown(this.firstChild);
    this.lastChild = grown(this.lastChild);
    this.nextSibling = grown(this.nextSibling);
  }
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
