// The state of a run at a moment: found from what the fold kept of when things changed, never by folding again. No DOM.

import { Gaps } from "./gaps.js";
import { SpanAt } from "./span.js";
import { NONE } from "./span_table.js";
import { HOLDS, summaryOf, tokensOf } from "./spans.js";
import { countUpTo, NumberList } from "./typed.js";

/** @typedef {import("./store.js").RunStore} RunStore */
/** @typedef {import("./spans.js").Fold} Fold */
/** @typedef {import("./spans.js").Finding} Finding */
/** @typedef {import("./span.js").SpanNow} SpanNow */
/** @typedef {{ row: number, gaps: Gaps, last_us: number }} GapsSoFar */

/** The row of a moment that is the newest one: all has happened, also what no line says. */
export const NOW = Number.POSITIVE_INFINITY;
/** The spans that run are written down anew at the latest after so many rows. */
const OPEN_EVERY = 4096;
const SUMS = 8;

/** Sums over the models that have ended, one record for each: kept as the run goes, so that a moment finds them. */
export class ModelSums {
  #rows = new NumberList(Uint32Array);
  /** input, output, total tokens, known, unknown, pieces of those unknown, unknown with pieces, microseconds */
  #sums = new NumberList(Float64Array);

  /** @param {number} row @param {import("./tokens.js").Usage | null} usage @param {number} pieces @param {number} us */
  add(row, usage, pieces, us) {
    const last = this.#rows.length - 1;
    const one = usage
      ? [usage.input_tokens, usage.output_tokens, usage.total_tokens, 1, 0, 0, 0, us]
      : [0, 0, 0, 0, 1, pieces, pieces ? 1 : 0, us];
    for (const [at, value] of one.entries()) {
      this.#sums.push((last < 0 ? 0 : this.#sums.at(last * SUMS + at)) + value);
    }
    this.#rows.push(row);
  }

  /** @param {number} row */
  upTo(row) {
    const at = (this.#rows.upTo(row) - 1) * SUMS;
    const get = (/** @type {number} */ field) => (at < 0 ? 0 : this.#sums.at(at + field));
    return {
      sums: { input_tokens: get(0), output_tokens: get(1), total_tokens: get(2) },
      known: get(3),
      unknown: get(4),
      pieces: get(5),
      counted: get(6),
      us: get(7),
    };
  }
}

/** Which spans ran when: written down now and then, the more rarely the more they are. */
export class OpenSpans {
  #rows = new NumberList(Uint32Array);
  /** @type {Uint32Array[]} */
  #lists = [];
  #next = OPEN_EVERY;

  /** @param {number} row the newest @param {Fold} fold */
  note(row, fold) {
    if (row < this.#next) return;
    const open = Uint32Array.from(fold.openPlaces());
    this.#rows.push(row);
    this.#lists.push(open);
    this.#next = row + OPEN_EVERY + open.length * 4;
  }

  /** The places of spans that ran at a row, in order. @param {number} row @param {Fold} fold @returns {number[]} */
  at(row, { table }) {
    const step = this.#rows.upTo(row) - 1;
    const from = step < 0 ? -1 : this.#rows.at(step);
    const runs = (/** @type {number} */ index) => /** @type {number} */ (table.end_row[index]) > row;
    const found = [];
    for (const index of this.#lists[step] ?? []) if (runs(index)) found.push(index);
    const last = countUpTo(table.start_row, table.length, row);
    for (let index = countUpTo(table.start_row, table.length, from); index < last; index++) {
      if (runs(index)) found.push(index);
    }
    return found;
  }
}

/** Reads like the fold. With `row` NOW it is the newest state. */
export class Moment {
  /** The last row that has come. */
  row = NOW;
  /** @type {(SpanAt | undefined)[]} */
  #views = [];
  /** @type {{ row: number, spans: SpanNow[] } | null} */
  #spans = null;
  /** Of the spans asked for last. @type {Map<number, GapsSoFar>} */
  #gaps = new Map();

  /** @param {RunStore} store */
  constructor(store) {
    this.store = store;
  }

  get fold() {
    return this.store.fold;
  }

  get isNow() {
    return this.row === NOW;
  }

  /** How many rows have come. */
  get lines() {
    return this.isNow ? this.fold.lines : this.row + 1;
  }

  /** Time of the newest line that has come, in microseconds. */
  get t_us() {
    return this.isNow ? this.fold.t_us : /** @type {number} */ (this.store.columns.t_us[this.row] ?? 0);
  }

  /** The same for the same state of all spans. */
  get version() {
    return this.isNow ? this.fold.version : this.fold.changes.upTo(this.row);
  }

  get #head() {
    return this.fold.heads.findLast((head) => head.row <= this.row);
  }

  get run() {
    return this.#head?.run ?? "";
  }

  get chain() {
    return this.#head?.chain ?? "";
  }

  get status() {
    return this.isNow || this.row >= this.fold.end_row ? this.fold.status : "running";
  }

  get error() {
    return this.isNow || this.row >= this.fold.end_row ? this.fold.error : null;
  }

  get bad_lines() {
    return this.isNow ? this.fold.bad_lines : this.store.badRows.upTo(this.row);
  }

  /** @returns {Finding[]} */
  get findings() {
    const { findings, findingRows } = this.fold;
    return this.isNow ? findings : findings.slice(0, findingRows.upTo(this.row));
  }

  /** How many spans have begun. */
  get begun() {
    const { table } = this.fold;
    return this.isNow ? table.length : countUpTo(table.start_row, table.length, this.row);
  }

  /** The spans that have begun, in that order. @returns {SpanNow[]} */
  get spans() {
    if (this.isNow) return this.fold.spans;
    if (this.#spans?.row !== this.row) {
      const spans = Array.from({ length: this.begun }, (_, index) => this.view(index));
      this.#spans = { row: this.row, spans };
    }
    return this.#spans.spans;
  }

  /** The span with this number, if it has begun. @param {number | null | undefined} number @returns {SpanNow | undefined} */
  span(number) {
    if (number === null || number === undefined) return undefined;
    const { table } = this.fold;
    const index = table.indexOf(number);
    if (index < 0 || /** @type {number} */ (table.start_row[index]) > this.row) return undefined;
    return this.view(index);
  }

  /** The span at a place, as it is at this moment. @param {number} index @returns {SpanNow} */
  view(index) {
    if (this.isNow) return /** @type {SpanNow} */ (this.fold.spans[index]);
    let view = this.#views[index];
    if (!view) {
      view = new SpanAt(this.fold.table, index, this);
      this.#views[index] = view;
    }
    return view;
  }

  /** The spans that run, in the order they began. @returns {SpanNow[]} */
  open() {
    const places = this.isNow ? this.fold.openPlaces() : this.store.openSpans.at(this.row, this.fold);
    return places.map((index) => this.view(index));
  }

  /** The children of a span, in the order they began. @param {SpanNow} span @returns {SpanNow[]} */
  childrenOf(span) {
    const { table } = this.fold;
    const found = [];
    for (const index of table.childrenOf(span.index)) {
      if (/** @type {number} */ (table.start_row[index]) <= this.row) found.push(this.view(index));
    }
    return found;
  }

  /** Sums over the model spans whose usage is known (null where it is of none), and how many ended without. */
  tokens() {
    if (this.isNow) return this.fold.tokens();
    const { sums, known, unknown } = this.store.modelSums.upTo(this.row);
    return tokensOf(sums, known, unknown);
  }

  /** The spans without a parent, in the order they began. */
  *roots() {
    const { table } = this.fold;
    const begun = this.begun;
    for (let index = 0; index < begun; index++) {
      if (Number.isNaN(/** @type {number} */ (table.parent[index]))) yield this.view(index);
    }
  }

  /** The first span without a parent. @returns {SpanNow | undefined} */
  root() {
    for (const root of this.roots()) return root;
    return undefined;
  }

  /** Whether a model has begun. */
  get hasModel() {
    return this.fold.model_row <= this.row && this.fold.model_row !== NONE;
  }

  /** The span that began last of those that fit. @param {(span: SpanNow) => boolean} fits @returns {SpanNow | undefined} */
  findLast(fits) {
    for (let index = this.begun - 1; index >= 0; index--) {
      const span = this.view(index);
      if (fits(span)) return span;
    }
    return undefined;
  }

  /** The spans that failed by themselves, in the order in which they did. @returns {SpanNow[]} */
  failures() {
    const { failed, failedRows } = this.fold;
    const length = this.isNow ? failed.length : failedRows.upTo(this.row);
    return Array.from({ length }, (_, at) => this.view(failed.at(at)));
  }

  /** The time in which a model had been asked and had not yet begun to answer. */
  waitedUs() {
    const { waits, waitRows } = this.fold;
    const at = ((this.isNow ? waitRows.length : waitRows.upTo(this.row)) - 1) * 3;
    if (at < 0) return 0;
    return waits.at(at + 1) + (waits.at(at + 2) ? this.t_us - waits.at(at) : 0);
  }

  /** When the first model began to answer, in microseconds; null before. */
  firstToken() {
    const { first_row, first_us } = this.fold;
    return first_row !== NONE && first_row <= this.row ? first_us : null;
  }

  /** How many chunks a span that runs had streamed. @param {SpanNow} span */
  chunksOf(span) {
    return this.store.columns.upTo(span.span, this.row)?.chunks ?? 0;
  }

  /** The times between a span's chunks that hold something; undefined before the first. @param {number} number @returns {Gaps | undefined} */
  gaps(number) {
    const { columns } = this.store;
    const span = this.fold.span(number);
    if (!span) return undefined;
    const end = Math.min(this.row, columns.length - 1);
    let found = this.#gaps.get(number);
    if (!found || found.row > end) {
      if (this.#gaps.size > 64) this.#gaps.clear();
      found = { row: -1, gaps: new Gaps(), last_us: Number.NaN };
      this.#gaps.set(number, found);
    }
    let at = found.row < 0 ? columns.first(number) : columns.next(found.row);
    for (; at >= 0 && at <= end; at = columns.next(at)) {
      found.row = at;
      if (!(/** @type {number} */ (columns.mark[at] & HOLDS))) continue;
      const t_us = /** @type {number} */ (columns.t_us[at]);
      if (!Number.isNaN(found.last_us)) found.gaps.add(t_us - found.last_us);
      found.last_us = t_us;
    }
    return Number.isNaN(found.last_us) ? undefined : found.gaps;
  }

  /** The run and its spans as plain JSON, the shape that fixtures and both folds share. */
  summary() {
    return summaryOf(this);
  }
}
