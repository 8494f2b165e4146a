// What the page knows of one run: columns, spans, and what grows; now, or at a moment before. No DOM.

import { RunClock } from "./clock.js";
import { CALLS, Columns, TEXT, TREE } from "./columns.js";
import { Growth } from "./growth.js";
import { Intake } from "./intake.js";
import { ModelSums, Moment, NOW, OpenSpans } from "./moment.js";
import { isModel, spanEvent } from "./spans.js";
import { NumberList } from "./typed.js";
import { isObject, isTree } from "./values.js";

/** @typedef {import("./spans.js").Line} Line */
/** @typedef {import("./span.js").SpanNow} SpanNow */
/** @typedef {import("./span_table.js").Span} Span */
/** @typedef {import("./track.js").Track} Track */
/** @typedef {"ok" | "known" | "gap"} Taken  known: it was there already; gap: lines before it are missing. */

const RATE_WINDOW_US = 1e6;
const LONG = 20e6;

export class RunStore {
  columns = new Columns();
  intake = new Intake();
  /** The newest state. Views read `moment`. */
  fold = this.intake.fold;
  /** The state that is shown. */
  moment = new Moment(this);
  clock = new RunClock();
  /** The writer says it cannot write. */
  alarm = "";
  /** When the connection was lost, in ms of the wall clock: what runs on since cannot be known. @type {number | null} */
  cutOff = null;
  /** The run's file is no longer there. */
  gone = false;
  /** A log is being read that nobody writes. */
  loading = false;
  /** Rows of lines that are none. */
  badRows = new NumberList(Uint32Array, 16);
  modelSums = new ModelSums();
  openSpans = new OpenSpans();
  /** Grows with each line taken, and each time another moment is shown. */
  version = 0;
  /** The time that is shown, between two rows. @type {number | null} */
  #at_us = null;
  /** @type {import("./intake.js").Fact[]} */
  #headers = [];
  /** @type {import("./intake.js").Fact[]} */
  #footers = [];
  /** @type {Map<number, Growth>} */
  #growths = new Map();
  /** The newest object a running span streamed. @type {Map<number, { value: unknown, t_us: number, row: number }>} */
  #objects = new Map();
  /** Spans whose values were too long to be sent: they are read again. @type {Set<number>} */
  #stubbed = new Set();
  /** @type {Map<number, string>} */
  #notes = new Map();
  /** The rows of a span's findings. @type {Map<number, NumberList<Uint32Array>>} */
  #findings = new Map();
  #findingsRead = 0;
  /** @type {Set<number>} */
  #saysMore = new Set();
  #endedRead = 0;
  #isReserved = false;
  /** What a span streamed, where it is known; it may be read then. @type {((span: number) => Track | null) | null} */
  trackOf = null;
  /** The value that is shown of a moment. @type {{ span: number, track: Track, step: number, growth: Growth } | null} */
  #replay = null;

  /** @param {string} run its id */
  constructor(run) {
    this.run = run;
  }

  /** Whether the run goes on, whatever moment is shown. */
  get running() {
    return this.fold.status === "running" && !this.gone && !this.loading;
  }

  /** The row that is shown last; null: the newest. @returns {number | null} */
  get cursor() {
    return this.moment.isNow ? null : this.moment.row;
  }

  /** How many rows are shown. */
  get rows() {
    return this.moment.isNow ? this.columns.length : this.moment.row + 1;
  }

  /** All spans ever known, as they are now, in the order they began. @returns {readonly SpanNow[]} */
  get spans() {
    return this.fold.spans;
  }

  /** The seq of the newest line, or -1. */
  get lastSeq() {
    const { length, seq } = this.columns;
    return length ? /** @type {number} */ (seq[length - 1]) : -1;
  }

  /** The `run_start` line, once it came. @returns {Line | null} */
  get header() {
    return this.#headers.findLast(({ row }) => row <= this.moment.row)?.value ?? null;
  }

  /** The `run_end` line, once it came. @returns {Line | null} */
  get footer() {
    return this.#footers.findLast(({ row }) => row <= this.moment.row)?.value ?? null;
  }

  /** Places of lines that are none. @returns {number[]} */
  get badSeqs() {
    const rows = this.badRows.data.subarray(0, this.badRows.upTo(this.moment.row));
    return Array.from(rows, (row) => /** @type {number} */ (this.columns.seq[row]));
  }

  /**
   * Shows the moment after a row; null: the newest, from now on.
   * @param {number | null} row
   * @param {number | null} [at_us] a time after it, before the next row
   */
  seek(row, at_us = null) {
    const last = this.columns.length - 1;
    const to = row === null || last < 0 ? NOW : Math.max(0, Math.min(Math.floor(row), last));
    this.#at_us = to === NOW ? null : at_us;
    this.moment.row = to;
    this.version++;
  }

  /**
   * @param {Line} line a whole one
   * @param {number} now when it came, in ms of the wall clock
   * @param {boolean} fresh it came as it was written
   * @param {boolean} [anyway] also where lines before it are missing
   * @returns {Taken}
   */
  take(line, now, fresh, anyway = false) {
    const seq = Number.isInteger(line.seq) ? line.seq : this.lastSeq + 1;
    if (seq <= this.lastSeq) return "known";
    if (seq > this.lastSeq + 1 && !anyway) return "gap";
    const { event, parts, row, span } = this.intake.take(line, seq);
    const index = this.columns.push({ ...row, kind: this.columns.codeOf(event, parts) });
    if (event === "bad_line") this.badRows.push(index);
    for (const fact of this.intake.facts) this.#keep(fact);
    this.#follow();
    this.version++;
    if (event === "run_start" && typeof line.started_at === "string") this.clock.begin(line.started_at);
    this.clock.line(row.t_us, now, fresh);
    if (span) this.#grow(span, parts?.[1] ?? "", line, row.form);
    return "ok";
  }

  /**
   * Takes the next line, which was not parsed.
   * @param {import("./pieces.js").Pieces} found @param {number} now @param {boolean} fresh
   * @returns {boolean} false: it has to be parsed
   */
  takePiece(found, now, fresh) {
    const text = this.intake.piece(found);
    if (text === null) return false;
    const { event, span } = found;
    const { t_us } = this.fold;
    const kind = this.columns.codeOf(event, spanEvent(event));
    this.columns.push({ seq: this.lastSeq + 1, t_us, kind, form: TEXT, span, text, mark: this.intake.mark });
    this.#follow();
    this.version++;
    this.clock.line(t_us, now, fresh);
    return true;
  }

  /**
   * What was read elsewhere: rows, and what the fold there made of them.
   * @param {import("./reader.js").LogBatch} batch @param {number} [size] of the whole log in bytes
   */
  apply({ rows, fold, facts, bad, read }, size = 0) {
    // Once enough was seen of a long log, there is room for all of it: no copies in the midst.
    if (size > LONG && read > size / 50 && !this.#isReserved) {
      this.#isReserved = true;
      const more = (1.15 * size) / read;
      this.columns.reserve(Math.ceil(this.columns.length * more));
      this.fold.table.reserve(Math.ceil(this.fold.table.length * more));
    }
    this.columns.append(rows);
    this.fold.apply(fold);
    for (const fact of facts) {
      this.#keep(fact);
      const began = fact.what === "header" ? fact.value.started_at : null;
      if (typeof began === "string") this.clock.begin(began);
    }
    this.badRows.append(bad);
    this.#follow();
    this.clock.line(this.fold.t_us, Date.now(), false);
    this.version++;
  }

  /** The writer died. */
  lost() {
    this.fold.lost();
    this.#follow();
    this.version++;
  }

  /** Microseconds since the run began; of an ended run, how long it took; of a moment, its time. @param {number} now ms of the wall clock */
  at(now) {
    if (!this.moment.isNow) return Math.max(this.moment.t_us, this.#at_us ?? 0);
    if (!this.running) return this.fold.t_us;
    return this.clock.at(this.cutOff === null ? now : Math.min(now, this.cutOff));
  }

  /** How many pieces with something in them a model has streamed. @param {number} span */
  pieces(span) {
    return this.columns.upTo(span, this.moment.row)?.pieces ?? 0;
  }

  /** Whether a model's end says what no piece of its stream can be drawn from: images, a late refusal. @param {number} span */
  endSaysMore(span) {
    return this.#saysMore.has(span) && (this.moment.span(span)?.state ?? "running") !== "running";
  }

  /** How many findings there are of a span. @param {number} span */
  findings(span) {
    return this.#findings.get(span)?.upTo(this.moment.row) ?? 0;
  }

  /** The value a span streams, as it grows; begun anew for a span nobody looked at. @param {Span} span */
  growth(span) {
    const isNow = this.moment.isNow && !this.#stubbed.has(span.span);
    return isNow ? this.#growing(span) : this.#replayed(span);
  }

  /** @param {Span} span */
  #growing(span) {
    let growth = this.#growths.get(span.span);
    const object = this.#objects.get(span.span);
    if (!growth && object) {
      growth = new Growth();
      // Of one that nobody looked at it is read when its parts came.
      const isFirst = this.columns.treeRows(span.span).length === 1;
      growth.offer(object.value, object.t_us, isFirst ? object.row : -1);
      this.#growths.set(span.span, growth);
    }
    if (growth?.undated) this.date(growth, span);
    return growth;
  }

  /** When parts of a value came that a span streamed, once that is known. @param {Growth} growth @param {{ span: number }} span */
  date(growth, { span }) {
    const track = this.columns.lastTree(span, this.moment.row) < 0 ? null : (this.trackOf?.(span) ?? null);
    if (track) growth.date((path) => track.firstAndLast(path, this.moment.row));
  }

  /** What a span had streamed at the moment; undefined for nothing, or while that is being read. @param {Span} span */
  #replayed(span) {
    const track =
      this.columns.lastTree(span.span, this.moment.row) < 0 ? null : (this.trackOf?.(span.span) ?? null);
    const step = track ? track.stepAt(this.moment.row) : -1;
    if (!track || step < 0) return undefined;
    if (this.#replay?.span !== span.span || this.#replay.track !== track) {
      this.#replay = { span: span.span, track, step: -1, growth: new Growth() };
    }
    const replay = this.#replay;
    if (replay.step !== step) {
      replay.step = step;
      const { row } = this.moment;
      replay.growth.jump(track.valueAt(row), (path) => track.firstAndLast(path, row));
      replay.growth.undated = false;
    }
    return replay.growth;
  }

  /** The line that holds the newest object a span streamed, or -1. @param {number} span */
  objectSeq(span) {
    const row = this.columns.lastTree(span, this.moment.row);
    return row < 0 ? -1 : /** @type {number} */ (this.columns.seq[row]);
  }

  /** A few words on what a span does or did, "" for nothing. @param {Span} span */
  note(span) {
    if (span.type === "parser" && span.state === "running") {
      const row = this.columns.lastTree(span.span, this.moment.row);
      return row < 0 ? "" : /** @type {string} */ (this.columns.text(row).split("\n", 1)[0]);
    }
    if (span.type === "retriever" && span.state === "running") return "";
    return this.#notes.get(span.span) ?? "";
  }

  /** Pieces a second that all models together streamed lately. @param {number} now_us */
  rate(now_us) {
    const { columns } = this;
    let pieces = 0;
    let oldest = now_us;
    for (let row = this.rows - 1; row >= 0; row--) {
      const t_us = /** @type {number} */ (columns.t_us[row]);
      if (t_us < now_us - RATE_WINDOW_US) break;
      const { type, phase } = columns.kindAt(row);
      if (phase !== "stream" || !isModel(type) || !(columns.form[row] === CALLS || columns.hasText(row)))
        continue;
      pieces++;
      oldest = t_us;
    }
    // In a model's first second the time since its first piece counts, not a whole second.
    const since = Math.min(RATE_WINDOW_US, Math.max(now_us - oldest, RATE_WINDOW_US / 4));
    return (pieces * 1e6) / since;
  }

  /**
   * Tokens of all models so far: as reported where they ended, else pieces; null where nothing is known.
   * @returns {{ input: number | null, output: number | null, exact: boolean, seconds: number }}
   * `seconds` in which models streamed the ones put out
   */
  tokens() {
    const { moment } = this;
    const done = this.modelSums.upTo(moment.row);
    let { pieces, counted, us } = done;
    for (const span of moment.open()) {
      if (!isModel(span.type) || span.first_us === null) continue;
      const own = this.pieces(span.span);
      pieces += own;
      if (own) counted++;
      us += Math.max(0, moment.t_us - span.first_us);
    }
    return {
      input: done.known ? done.sums.input_tokens : null,
      output: done.known || counted ? done.sums.output_tokens + pieces : null,
      exact: counted === 0,
      seconds: us / 1e6,
    };
  }

  /** When the first model began to answer, in microseconds since the run began; null before. */
  firstToken() {
    return this.moment.firstToken();
  }

  /** The spans that failed by themselves, in the order in which they did. @returns {SpanNow[]} */
  failures() {
    return this.moment.failures();
  }

  /** @param {import("./intake.js").Fact} fact */
  #keep(fact) {
    if (fact.what === "header") this.#headers.push(fact);
    else if (fact.what === "footer") this.#footers.push(fact);
    else if (fact.what === "note") this.#notes.set(fact.span, fact.value);
    else this.#saysMore.add(fact.span);
  }

  /** Writes down what moments are found by. */
  #follow() {
    const { fold, columns } = this;
    const { table, ended, endedRows, findings, findingRows } = fold;
    for (; this.#endedRead < ended.length; this.#endedRead++) {
      const index = ended.at(this.#endedRead);
      const row = endedRows.at(this.#endedRead);
      const span = /** @type {SpanNow} */ (fold.spans[index]);
      if (!isModel(span.type)) continue;
      const first = /** @type {number} */ (table.first_us[index]);
      const us = Number.isNaN(first) ? 0 : Math.max(0, /** @type {number} */ (table.end_us[index]) - first);
      this.modelSums.add(row, span.usage, columns.upTo(span.span, row)?.pieces ?? 0, us);
    }
    for (; this.#findingsRead < findings.length; this.#findingsRead++) {
      const number = findings[this.#findingsRead]?.span ?? null;
      if (number === null) continue;
      let rows = this.#findings.get(number);
      if (!rows) {
        rows = new NumberList(Uint32Array, 4);
        this.#findings.set(number, rows);
      }
      rows.push(findingRows.at(this.#findingsRead));
    }
    this.openSpans.note(columns.length - 1, fold);
  }

  /** @param {SpanNow} span @param {string} phase @param {Line} line @param {number} form */
  #grow(span, phase, line, form) {
    const data = isObject(line.data) ? line.data : {};
    const number = span.span;
    const { t_us } = this.fold;
    const row = this.columns.length - 1;
    if (Number.isInteger(line.oversize) && (form === TREE || phase === "end")) this.#stubbed.add(number);
    if (phase === "stream" && form === TREE) {
      this.#objects.set(number, { value: data.chunk, t_us, row });
      // A parser's value is what the page shows first: when each part of it came is known from its start.
      const growth = span.type === "parser" ? this.#growing(span) : this.#growths.get(number);
      growth?.offer(data.chunk, t_us, row);
    } else if (phase === "end" && isTree(data.output)) {
      this.#growths.get(number)?.offer(data.output, t_us, row);
    }
    if (span.state !== "running") {
      this.#growths.get(number)?.settle();
      this.#objects.delete(number);
    }
  }
}
