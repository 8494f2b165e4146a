// What the page knows of one run: columns, spans, and what grows. `take` is the one way in. No DOM.

import { RunClock } from "./clock.js";
import { CALLS, Columns, TEXT } from "./columns.js";
import { blocksOf } from "./content.js";
import { excerptOf, valuePreview } from "./excerpt.js";
import { compactJson, counted, hasFailed, oneLine, pathName } from "./format.js";
import { Growth } from "./growth.js";
import { Fold, isModel, spanEvent } from "./spans.js";
import { isObject, isTree, unwrap } from "./values.js";

/** @typedef {import("./spans.js").Line} Line */
/** @typedef {import("./spans.js").Span} Span */
/** @typedef {"ok" | "known" | "gap"} Taken  known: it was there already; gap: lines before it are missing. */

const RATE_WINDOW_US = 1e6;

export class RunStore {
  columns = new Columns();
  fold = new Fold();
  clock = new RunClock();
  /** The `run_start` line, once it came. @type {Line | null} */
  header = null;
  /** The `run_end` line, once it came. @type {Line | null} */
  footer = null;
  /** The writer says it cannot write. */
  alarm = "";
  /** When the connection was lost, in ms of the wall clock: what runs on since cannot be known. @type {number | null} */
  cutOff = null;
  /** The run's file is no longer there. */
  gone = false;
  /** Places of lines that are none. @type {number[]} */
  badSeqs = [];
  /** Grows with each line taken. */
  version = 0;
  /** Pieces with text or tool calls that each model streamed. @type {Map<number, number>} */
  #pieces = new Map();
  /** @type {Map<number, Growth>} */
  #growths = new Map();
  /** The newest object a running span streamed. @type {Map<number, { value: unknown, t_us: number }>} */
  #objects = new Map();
  /** The line with the newest object of a span. @type {Map<number, number>} */
  #objectSeqs = new Map();
  /** @type {Map<number, string>} */
  #notes = new Map();
  /** Halves of surrogate pairs that wait for the other. @type {Map<number, string>} */
  #halves = new Map();
  /** How many findings there are of a span. @type {Map<number, number>} */
  #findings = new Map();
  /** @type {Set<number>} */
  #saysMore = new Set();

  /** @param {string} run its id */
  constructor(run) {
    this.run = run;
  }

  get running() {
    return this.fold.status === "running" && !this.gone;
  }

  /** The seq of the newest line, or -1. */
  get lastSeq() {
    const { length, seq } = this.columns;
    return length ? /** @type {number} */ (seq[length - 1]) : -1;
  }

  /**
   * @param {Line} line
   * @param {number} now when it came, in ms of the wall clock
   * @param {boolean} fresh it came as it was written
   * @param {boolean} [anyway] also where lines before it are missing
   * @returns {Taken}
   */
  take(line, now, fresh, anyway = false) {
    const seq = Number.isInteger(line.seq) ? line.seq : this.lastSeq + 1;
    if (seq <= this.lastSeq) return "known";
    if (seq > this.lastSeq + 1 && !anyway) return "gap";
    const span = this.fold.add(line);
    const t_us = this.fold.t_us;
    const event = typeof line.event === "string" ? line.event : "";
    const parts = spanEvent(event);
    const phase = parts?.[1] ?? "";
    const { form, text } = excerptOf(line, phase);
    const number = Number.isInteger(line.span) && line.span > 0 ? line.span : 0;
    const kind = this.columns.codeOf(event, parts);
    const whole = form === TEXT ? this.#joined(number, text) : text;
    this.columns.push({ seq, t_us, kind, form, span: number, text: whole });
    this.version++;
    if (event === "run_start") {
      this.header = line;
      if (typeof line.started_at === "string") this.clock.begin(line.started_at);
    } else if (event === "run_end") {
      this.footer = line;
    } else if (event === "bad_line") {
      this.badSeqs.push(seq);
    } else if (event === "finding" && number) {
      this.#findings.set(number, this.findings(number) + 1);
    }
    this.clock.line(t_us, now, fresh);
    if (span) this.#grow(span, phase, line, form, whole, seq);
    return "ok";
  }

  /** The writer died. */
  lost() {
    this.fold.lost();
    this.version++;
  }

  /** Microseconds since the run began; of an ended run, how long it took. @param {number} now ms of the wall clock */
  at(now) {
    if (!this.running) return this.fold.t_us;
    return this.clock.at(this.cutOff === null ? now : Math.min(now, this.cutOff));
  }

  /** How many pieces with something in them a model has streamed. @param {number} span */
  pieces(span) {
    return this.#pieces.get(span) ?? 0;
  }

  /** Whether a model's end says what no piece of its stream can be drawn from: images, a late refusal. @param {number} span */
  endSaysMore(span) {
    return this.#saysMore.has(span);
  }

  /** How many findings there are of a span. @param {number} span */
  findings(span) {
    return this.#findings.get(span) ?? 0;
  }

  /** The value a span streams, as it grows; begun anew for a span nobody looked at. @param {Span} span */
  growth(span) {
    let growth = this.#growths.get(span.span);
    const object = this.#objects.get(span.span);
    if (!growth && object) {
      growth = new Growth();
      growth.offer(object.value, object.t_us);
      this.#growths.set(span.span, growth);
    }
    return growth;
  }

  /** The line that holds the newest object a span streamed, or -1. @param {number} span */
  objectSeq(span) {
    return this.#objectSeqs.get(span) ?? -1;
  }

  /** A few words on what a span does or did, "" for nothing. @param {Span} span */
  note(span) {
    if (span.type === "parser") {
      const path = this.#growths.get(span.span)?.path;
      if (path?.length && span.state === "running") return pathName(path);
    }
    return this.#notes.get(span.span) ?? "";
  }

  /** Pieces a second that all models together streamed lately. @param {number} now_us */
  rate(now_us) {
    const { columns } = this;
    let pieces = 0;
    let oldest = now_us;
    for (let row = columns.length - 1; row >= 0; row--) {
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
    let input = null;
    let output = null;
    let exact = true;
    let micros = 0;
    for (const span of this.fold.spans) {
      if (!isModel(span.type)) continue;
      const pieces = this.pieces(span.span);
      if (span.usage) {
        input = (input ?? 0) + span.usage.input_tokens;
        output = (output ?? 0) + span.usage.output_tokens;
      } else if (pieces) {
        output = (output ?? 0) + pieces;
        exact = false;
      }
      if (span.first_us !== null) micros += Math.max(0, (span.end_us ?? this.fold.t_us) - span.first_us);
    }
    return { input, output, exact, seconds: micros / 1e6 };
  }

  /** When the first model began to answer, in microseconds since the run began; null before. */
  firstToken() {
    let first = null;
    for (const span of this.fold.spans) {
      if (isModel(span.type) && span.first_us !== null && (first === null || span.first_us < first))
        first = span.first_us;
    }
    return first;
  }

  /** The spans that failed by themselves. @returns {Span[]} */
  failures() {
    return this.fold.spans.filter((span) => span.state === "error");
  }

  /** @param {number} span @param {string} text */
  #joined(span, text) {
    const half = this.#halves.get(span);
    let whole = text;
    if (half !== undefined) {
      whole = half + text;
      this.#halves.delete(span);
    }
    if (whole && whole.charCodeAt(whole.length - 1) >> 10 === 0x36) {
      this.#halves.set(span, whole.slice(-1));
      whole = whole.slice(0, -1);
    }
    return whole;
  }

  /** @param {Span} span @param {string} phase @param {Line} line @param {number} form @param {string} text @param {number} seq */
  #grow(span, phase, line, form, text, seq) {
    const data = isObject(line.data) ? line.data : {};
    const number = span.span;
    if (phase === "stream") {
      if (isModel(span.type)) {
        if (text) this.#pieces.set(number, this.pieces(number) + 1);
      } else if (form !== TEXT && form !== CALLS && isTree(data.chunk)) {
        this.#object(span, data.chunk, seq);
      }
    } else if (phase === "start") {
      if (span.type === "tool") this.#notes.set(number, oneLine(argumentText(data.input), 60));
    } else if (phase === "end") {
      this.#ended(span, data.output);
    }
    if (span.state !== "running") {
      this.#growths.get(number)?.settle();
      this.#objects.delete(number);
      this.#halves.delete(number);
    }
  }

  /** @param {Span} span @param {unknown} value @param {number} seq */
  #object(span, value, seq) {
    const t_us = this.fold.t_us;
    this.#objectSeqs.set(span.span, seq);
    this.#objects.set(span.span, { value, t_us });
    const growth = span.type === "parser" ? this.growth(span) : this.#growths.get(span.span);
    growth?.offer(value, t_us);
  }

  /** @param {Span} span @param {unknown} output */
  #ended(span, output) {
    if (hasFailed(span.state)) return;
    const inner = unwrap(output);
    if (
      isModel(span.type) &&
      isObject(output) &&
      (isObject(output.additional_kwargs) || Array.isArray(output.content))
    ) {
      if (blocksOf(output).some((block) => block.kind !== "text")) this.#saysMore.add(span.span);
    }
    if (isTree(output)) this.#growths.get(span.span)?.offer(output, this.fold.t_us);
    if (span.type === "retriever" && Array.isArray(inner)) {
      this.#notes.set(span.span, counted(inner.length, "document"));
    }
  }
}

/** What a tool was called with: `city: "Paris"`. @param {unknown} input */
function argumentText(input) {
  const inner = unwrap(input);
  if (!isObject(inner)) return valuePreview(input);
  return Object.entries(inner)
    .map(([name, value]) => `${name}: ${compactJson(value, 40)}`)
    .join(", ");
}
