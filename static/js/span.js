// One span, read from the columns: as it is now, and as it was at a moment. No DOM.

import { NONE, RUNNING, STATES } from "./span_table.js";

/** @typedef {import("./span_table.js").SpanTable} SpanTable */
/** @typedef {import("./span_table.js").Span} Span */
/** @typedef {import("./span_table.js").Before} Before */
/** @typedef {{ row: number, chunksOf(span: SpanNow): number }} At  A moment: what is after `row` has not happened. */

/** @param {number} value */
const orNull = (value) => (Number.isNaN(value) ? null : value);

/** A span as it is now. @implements {Span} */
export class SpanNow {
  /** @param {SpanTable} table @param {number} index its place in it */
  constructor(table, index) {
    this.table = table;
    this.index = index;
  }

  get span() {
    return /** @type {number} */ (this.table.number[this.index]);
  }

  get parent() {
    return orNull(/** @type {number} */ (this.table.parent[this.index]));
  }

  get type() {
    return /** @type {string} */ (this.table.texts.at(/** @type {number} */ (this.table.type[this.index])));
  }

  get name() {
    return /** @type {string} */ (this.table.texts.at(/** @type {number} */ (this.table.name[this.index])));
  }

  get run_id() {
    return this.table.runIdOf(this.index);
  }

  get tags() {
    return this.table.tagLists.at(/** @type {number} */ (this.table.tags[this.index]));
  }

  get metadata() {
    return this.table.metadatas.at(/** @type {number} */ (this.table.metadata[this.index]));
  }

  get start_us() {
    return /** @type {number} */ (this.table.start_us[this.index]);
  }

  get start_seq() {
    return /** @type {number} */ (this.table.start_seq[this.index]);
  }

  /** The row it began in. */
  get start_row() {
    return /** @type {number} */ (this.table.start_row[this.index]);
  }

  /** The first row in which it was no longer running; NONE while it runs. */
  get end_row() {
    return /** @type {number} */ (this.table.end_row[this.index]);
  }

  /** @returns {string} */
  get state() {
    return /** @type {string} */ (STATES[/** @type {number} */ (this.table.state[this.index])]);
  }

  /** @returns {boolean} */
  get recovered() {
    return this.table.recovered[this.index] === 1;
  }

  /** @returns {number | null} */
  get end_us() {
    return orNull(/** @type {number} */ (this.table.end_us[this.index]));
  }

  /** @returns {number | null} */
  get end_seq() {
    return orNull(/** @type {number} */ (this.table.end_seq[this.index]));
  }

  /** @returns {number | null} */
  get first_us() {
    return orNull(/** @type {number} */ (this.table.first_us[this.index]));
  }

  /** @returns {number} */
  get chunks() {
    return /** @type {number} */ (this.table.chunks[this.index]);
  }

  get error() {
    return this.table.error.get(this.index) ?? null;
  }

  get cause() {
    return this.table.cause.get(this.index) ?? null;
  }

  get model() {
    return this.table.texts.at(/** @type {number} */ (this.table.model[this.index]));
  }

  get usage() {
    return this.table.counted.get(this.index)?.usage ?? null;
  }

  get usage_from() {
    return this.table.counted.get(this.index)?.from ?? null;
  }

  get finish_reason() {
    return this.table.texts.at(/** @type {number} */ (this.table.finish[this.index]));
  }

  /** @returns {string | null} */
  get stack() {
    return this.table.stack.get(this.index) ?? null;
  }

  /** @returns {Span} plain JSON, in the order that fixtures have */
  toJSON() {
    const { span, parent, type, name, run_id, tags, metadata, state, recovered, start_us, end_us, first_us } =
      this;
    const { chunks, error, cause, model, usage, usage_from, finish_reason, start_seq, end_seq, stack } = this;
    return {
      ...{ span, parent, type, name, run_id, tags, metadata, state, recovered, start_us, end_us, first_us },
      ...{ chunks, error, cause, model, usage, usage_from, finish_reason, start_seq, end_seq, stack },
    };
  }
}

/** The same span as it was at a moment, which may move. */
export class SpanAt extends SpanNow {
  /** @param {SpanTable} table @param {number} index @param {At} at */
  constructor(table, index, at) {
    super(table, index);
    this.at = at;
  }

  get #hasEnded() {
    return this.at.row >= this.end_row;
  }

  /**
   * How it was before something came that is after the moment; undefined where nothing did.
   * @template {"state" | "end_us" | "end_seq" | "recovered" | "stack"} F
   * @param {F} field
   */
  #before(field) {
    const list = this.table.before.get(this.index);
    return list?.find((was) => was.row > this.at.row && was[field] !== undefined)?.[field];
  }

  get state() {
    if (!this.#hasEnded) return /** @type {string} */ (STATES[RUNNING]);
    return this.#before("state") ?? super.state;
  }

  get recovered() {
    return this.#hasEnded && (this.#before("recovered") ?? super.recovered);
  }

  get end_us() {
    return this.#hasEnded ? (this.#before("end_us") ?? super.end_us) : null;
  }

  get end_seq() {
    if (!this.#hasEnded) return null;
    const before = this.#before("end_seq");
    return before === undefined ? super.end_seq : before;
  }

  get first_us() {
    const row = /** @type {number} */ (this.table.first_row[this.index]);
    return row !== NONE && row <= this.at.row ? super.first_us : null;
  }

  /** @returns {number} */
  get chunks() {
    return this.#hasEnded ? super.chunks : this.at.chunksOf(this);
  }

  get error() {
    return this.#hasEnded ? super.error : null;
  }

  get cause() {
    return this.#hasEnded ? super.cause : null;
  }

  get model() {
    if (this.#hasEnded) return super.model;
    return this.table.texts.at(/** @type {number} */ (this.table.asked[this.index]));
  }

  get usage() {
    return this.#hasEnded ? super.usage : null;
  }

  get usage_from() {
    return this.#hasEnded ? super.usage_from : null;
  }

  get finish_reason() {
    return this.#hasEnded ? super.finish_reason : null;
  }

  get stack() {
    if (!this.#hasEnded) return null;
    const before = this.#before("stack");
    return before === undefined ? super.stack : before;
  }
}
