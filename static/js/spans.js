// The fold: lines in, spans out. Twin of tracer/log/spans.py; both are held to tests/fixtures.

import { Gaps } from "./gaps.js";
import { llmUsage, Meter, usage } from "./tokens.js";

/** @typedef {{ type: string, message: string, traceback?: string }} RunError */
/** @typedef {import("./tokens.js").Usage} Usage */
/** @typedef {import("./tokens.js").UsageFrom} UsageFrom */
/** @typedef {Record<string, any>} Line one line of a log, decoded */
/**
 * @typedef {{
 *   span: number, parent: number | null, type: string, name: string, run_id: string,
 *   tags: unknown[], metadata: Record<string, unknown>, state: string, recovered: boolean,
 *   start_us: number, end_us: number | null, first_us: number | null, chunks: number,
 *   error: RunError | null, cause: number | null, model: string | null, usage: Usage | null,
 *   usage_from: UsageFrom | null,
 *   finish_reason: string | null, start_seq: number, end_seq: number | null, stack: string | null,
 * }} Span  One LangChain run inside a run. Times are microseconds since the run began.
 */

export const SPAN_TYPES = ["chain", "chat_model", "llm", "parser", "prompt", "tool", "retriever"];
export const PHASES = ["start", "stream", "end", "error"];

const STOPPED = new Set(["CancelledError", "GeneratorExit"]);
const INTERRUPTED = new Set(["GraphInterrupt", "NodeInterrupt"]);
const HANDED_OVER = "ParentCommand";

/**
 * @typedef {{
 *   seq: number, t_us: number, span: number | null,
 *   kind: string, text: string, advice: string, evidence: Record<string, any>,
 * }} Finding  What was noticed of a span, or (span null) of the run.
 */
/** @typedef {{ gaps: Gaps, meter: Meter, last_us: number }} Stream  What is kept of a span's chunks. */

/** @param {string} type */
export const isModel = (type) => type === "chat_model" || type === "llm";

/**
 * Splits `on_<type>_<phase>` into type and phase (start, stream, end, error); null for any other event.
 * @param {unknown} event
 * @returns {[string, string] | null}
 */
export function spanEvent(event) {
  if (typeof event !== "string" || !event.startsWith("on_")) return null;
  const at = event.lastIndexOf("_");
  const type = event.slice(3, at);
  const phase = event.slice(at + 1);
  return at > 3 && PHASES.includes(phase) ? [type, phase] : null;
}

/** The state of a run after the lines given so far. `add` takes them in order, one at a time. */
export class Fold {
  run = "";
  chain = "";
  status = "running";
  /** @type {RunError | null} */
  error = null;
  /** Time of the newest line, in microseconds. */
  t_us = 0;
  /** Whether the times are any: those of plain events only count them. */
  timed = true;
  lines = 0;
  bad_lines = 0;
  /** In the order of their start lines. @type {Span[]} */
  spans = [];
  /** @type {Finding[]} */
  findings = [];
  /** Grows with each span that begins, ends or changes its state. */
  version = 0;
  /** @type {Map<number, Span>} */
  #byNumber = new Map();
  /** @type {Map<number, Stream>} */
  #streams = new Map();
  /** Spans with a failure below them that an ok end would make good. @type {Set<Span>} */
  #failedBelow = new Set();
  /** Spans of graphs that stop to be answered. @type {Set<Span>} */
  #asking = new Set();
  /** Spans that are given the question of a graph before them. @type {Set<Span>} */
  #asked = new Set();

  /** @param {number | null | undefined} number @returns {Span | undefined} */
  span(number) {
    return number === null || number === undefined ? undefined : this.#byNumber.get(number);
  }

  /** The times between a span's chunks that hold something. @param {number} number @returns {Gaps | undefined} */
  gaps(number) {
    return this.#streams.get(number)?.gaps;
  }

  /** Sums over the model spans whose usage is known (null where it is of none), and how many ended without. */
  tokens() {
    const models = this.spans.filter((span) => isModel(span.type) && span.state !== "running");
    const known = models.flatMap((span) => span.usage ?? []);
    const unknown = models.length - known.length;
    /** @param {keyof Usage} key */
    const sum = (key) => (unknown && !known.length ? null : known.reduce((all, one) => all + one[key], 0));
    return {
      input_tokens: sum("input_tokens"),
      output_tokens: sum("output_tokens"),
      total_tokens: sum("total_tokens"),
      unknown,
    };
  }

  /**
   * Takes the next line; gives back the span it belongs to, if any.
   * @param {Line} line
   * @returns {Span | undefined}
   */
  add(line) {
    this.lines++;
    this.t_us = Math.max(this.t_us, integer(line.t_us) ?? 0);
    const event = line.event;
    if (event === "run_start") {
      this.run = text(line.run);
      this.chain = text(line.chain);
      this.timed = line.times !== "unknown";
      return undefined;
    }
    if (event === "run_end") {
      this.#end(line);
      return undefined;
    }
    if (event === "bad_line") {
      this.bad_lines++;
      return undefined;
    }
    const number = integer(line.span);
    if (event === "finding") return this.#find(number, line);
    if (typeof event !== "string" || number === null) return undefined;
    const kind = spanEvent(event);
    if (kind && kind[1] === "start") return this.#start(number, kind[0], line);
    const span = this.#byNumber.get(number);
    if (span && event === "abandoned") this.#abandon(span, line);
    if (span && event === "ended" && span.state === "running") {
      this.#finish(span, this.#ended(span), line);
    }
    if (!span || !kind || span.state !== "running") return span;
    if (asks(line, "chunk") || asks(line, "output")) this.#asking.add(span);
    if (asks(line, "input")) this.#asked.add(span);
    if (kind[1] === "stream") {
      this.#stream(span, line);
    } else if (kind[1] === "end") {
      this.#finish(span, this.#ended(span), line);
      this.#readOutput(span, line);
    } else {
      this.#fail(span, line);
    }
    return span;
  }

  /** The writer died before `run_end`: what was running is lost. */
  lost() {
    if (this.status !== "running") return;
    this.status = "lost";
    this.#close("lost");
  }

  /** The run and its spans as plain JSON, the shape that fixtures and both folds share. */
  summary() {
    const { run, chain, status, t_us, lines, bad_lines, error, spans, findings } = this;
    return { run, chain, status, t_us, lines, bad_lines, error, tokens: this.tokens(), spans, findings };
  }

  /** @param {number} number @param {string} type @param {Line} line @returns {Span} */
  #start(number, type, line) {
    const known = this.#byNumber.get(number);
    if (known) return known;
    const metadata = isObject(line.metadata) ? line.metadata : {};
    /** @type {Span} */
    const span = {
      span: number,
      parent: integer(line.parent),
      type,
      name: text(line.name),
      run_id: text(line.run_id),
      tags: Array.isArray(line.tags) ? line.tags : [],
      metadata,
      state: "running",
      recovered: false,
      start_us: this.t_us,
      end_us: null,
      first_us: null,
      chunks: 0,
      error: null,
      cause: null,
      model: typeof metadata.ls_model_name === "string" ? metadata.ls_model_name : null,
      usage: null,
      usage_from: null,
      finish_reason: null,
      start_seq: integer(line.seq) ?? -1,
      end_seq: null,
      stack: null,
    };
    if (asks(line, "input")) this.#asked.add(span);
    this.#byNumber.set(number, span);
    this.spans.push(span);
    this.version++;
    return span;
  }

  /** @param {number | null} number @param {Line} line */
  #find(number, line) {
    this.findings.push({
      seq: integer(line.seq) ?? -1,
      t_us: this.t_us,
      span: number,
      kind: text(line.kind),
      text: text(line.text),
      advice: text(line.advice),
      evidence: isObject(line.evidence) ? line.evidence : {},
    });
    this.version++;
    return this.span(number);
  }

  /** @param {Span} span @param {Line} line */
  #stream(span, line) {
    span.chunks++;
    if (isModel(span.type)) {
      const chunk = isObject(line.data) ? line.data.chunk : null;
      const counted = isObject(chunk) ? usage(chunk.usage_metadata) : null;
      if (counted) this.#streamed(span).meter.see(counted);
      if (!holdsSomething(chunk)) return;
    }
    const stream = this.#streamed(span);
    if (span.first_us === null) span.first_us = this.t_us;
    else stream.gaps.add(this.t_us - stream.last_us);
    stream.last_us = this.t_us;
  }

  /** @param {Span} span @returns {Stream} */
  #streamed(span) {
    let found = this.#streams.get(span.span);
    if (!found) {
      found = { gaps: new Gaps(), meter: new Meter(), last_us: 0 };
      this.#streams.set(span.span, found);
    }
    return found;
  }

  /**
   * Model name, tokens and finish reason, where a model's end brings them.
   * @param {Span} span @param {Line} line
   */
  #readOutput(span, line) {
    const output = isObject(line.data) ? line.data.output : null;
    if (!isModel(span.type) || !isObject(output)) return;
    const about = isObject(output.response_metadata) ? output.response_metadata : {};
    if (span.model === null && typeof about.model_name === "string") span.model = about.model_name;
    if (typeof about.finish_reason === "string") span.finish_reason = about.finish_reason;
    const counted =
      span.type === "chat_model"
        ? usage(output.usage_metadata)
        : llmUsage(isObject(output.llm_output) ? output.llm_output.token_usage : null);
    if (counted) [span.usage, span.usage_from] = this.#streamed(span).meter.total(counted);
  }

  /** @param {Span} span @param {Line} line */
  #fail(span, line) {
    const error = readError(isObject(line.data) ? line.data.error : null);
    span.error = error;
    span.cause = integer(line.cause);
    const name = error.type.slice(error.type.lastIndexOf(".") + 1);
    if (STOPPED.has(name)) this.#finish(span, "cancelled", line);
    else if (INTERRUPTED.has(name)) this.#finish(span, "interrupted", line);
    else if (name === HANDED_OVER) this.#finish(span, "ok", line);
    else this.#finish(span, span.cause === null ? "error" : "propagated", line);
  }

  /**
   * It was stopped, perhaps even heard so, but its code runs on.
   * @param {Span} span @param {Line} line
   */
  #abandon(span, line) {
    if (span.state !== "running" && span.state !== "cancelled") return;
    this.#finish(span, "abandoned", line);
    span.stack = text(line.stack);
  }

  /**
   * The state of a span that ended by itself. One that hands on the question of a graph does not ask.
   * @param {Span} span
   */
  #ended(span) {
    return this.#asking.has(span) && !this.#asked.has(span) ? "interrupted" : "ok";
  }

  /** @param {Span} span @param {string} state @param {Line} line */
  #finish(span, state, line) {
    span.state = state;
    span.end_us = this.t_us;
    span.end_seq = integer(line.seq) ?? -1;
    if (state === "ok") span.recovered = this.#failedBelow.has(span);
    else if (state === "error" || state === "propagated") this.#carryFailure(span);
    else if (state === "interrupted" && isNode(span)) {
      // Invoked, a graph does not say itself that it waits.
      const above = this.span(span.parent);
      if (above) this.#asking.add(above);
    }
    this.version++;
  }

  /**
   * Tells the nearest ancestor that can still recover from it, or already ended well, of a failure below.
   * @param {Span} span
   */
  #carryFailure(span) {
    const above = this.span(span.parent);
    if (!above || above === span) return;
    if (above.state === "running") this.#failedBelow.add(above);
    else if (above.state === "ok") above.recovered = true;
  }

  /** @param {Line} line */
  #end(line) {
    if (this.status !== "running") return;
    this.status = text(line.status) || "ok";
    this.error = line.error === null || line.error === undefined ? null : readError(line.error);
    this.#close(this.status === "cancelled" || this.status === "abandoned" ? this.status : "unfinished");
  }

  /** @param {string} state */
  #close(state) {
    // Children come after their parents, so going backwards carries a failure all the way up.
    for (let index = this.spans.length - 1; index >= 0; index--) {
      const span = /** @type {Span} */ (this.spans[index]);
      if (span.state !== "running") continue;
      span.state = state;
      span.end_us = this.t_us;
      if (this.#failedBelow.has(span)) this.#carryFailure(span);
    }
    this.version++;
  }
}

/** @param {unknown} value @returns {value is Record<string, any>} */
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** @param {unknown} value @returns {string} */
const text = (value) => (typeof value === "string" ? value : "");

/** @param {unknown} value @returns {number | null} */
const integer = (value) => (Number.isSafeInteger(value) ? /** @type {number} */ (value) : null);

/** Whether there is anything in it, as Python sees it. @param {unknown} value */
const holds = (value) =>
  Array.isArray(value) ? value.length > 0 : isObject(value) ? Object.keys(value).length > 0 : Boolean(value);

/** @param {unknown} value @returns {RunError} */
function readError(value) {
  if (!isObject(value)) return { type: "", message: text(value) };
  /** @type {RunError} */
  const error = { type: text(value.type), message: text(value.message) };
  if (typeof value.traceback === "string") error.traceback = value.traceback;
  return error;
}

/**
 * Whether this part of an event is what a LangGraph that stops to be answered gives; an empty list at a breakpoint.
 * @param {Line} line @param {"chunk" | "output" | "input"} key
 */
function asks(line, key) {
  const value = isObject(line.data) ? line.data[key] : undefined;
  return isObject(value) && Array.isArray(value.__interrupt__);
}

/** @param {Span} span */
function isNode(span) {
  return span.tags.some((tag) => typeof tag === "string" && tag.startsWith("graph:step:"));
}

/** @param {unknown} chunk */
function holdsSomething(chunk) {
  if (!isObject(chunk)) return holds(chunk);
  return holds(chunk.content) || holds(chunk.tool_call_chunks) || holds(chunk.text);
}
