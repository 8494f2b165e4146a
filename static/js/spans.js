// The fold: lines in, spans out. Twin of tracer/log/spans.py; both are held to tests/fixtures.

import { SpanNow } from "./span.js";
import { NONE, RUNNING, SpanTable, STATES } from "./span_table.js";
import { llmUsage, Meter, usage } from "./tokens.js";
import { NumberList } from "./typed.js";

/** @typedef {import("./span_table.js").Span} Span */
/** @typedef {import("./span_table.js").RunError} RunError */
/** @typedef {import("./tokens.js").Usage} Usage */
/** @typedef {import("./tokens.js").UsageFrom} UsageFrom */
/** @typedef {Record<string, any>} Line one line of a log, decoded */
export const SPAN_TYPES = ["chain", "chat_model", "llm", "parser", "prompt", "tool", "retriever"];
export const PHASES = ["start", "stream", "end", "error"];

const STOPPED = new Set(["CancelledError", "GeneratorExit"]);
const INTERRUPTED = new Set(["GraphInterrupt", "NodeInterrupt"]);
const HANDED_OVER = "ParentCommand";
const TOKENS = /** @type {const} */ (["input_tokens", "output_tokens", "total_tokens"]);

/**
 * @typedef {{
 *   seq: number, t_us: number, span: number | null,
 *   kind: string, text: string, advice: string, evidence: Record<string, any>,
 * }} Finding  What was noticed of a span, or (span null) of the run.
 */
/**
 * @typedef {{ asks: boolean, asked: boolean, failedBelow: boolean, meter: Meter | null, isModel: boolean,
 *   isNode: boolean }} Open
 * What is kept of a span while it runs. `asks`: it is of a graph that stops to be answered; `asked`: it is given the
 * question of a graph before it; `failedBelow`: there is a failure below that an ok end would make good.
 */
/** What moments are found by: rows never decrease in these. */
const LISTS = /** @type {const} */ ([
  "changes",
  "endedRows",
  "ended",
  "failedRows",
  "failed",
  "findingRows",
  "waitRows",
  "waits",
]);
/** Of a span that another fold follows. @type {Open} */
const ELSEWHERE = {
  asks: false,
  asked: false,
  failedBelow: false,
  meter: null,
  isModel: false,
  isNode: false,
};
/**
 * @typedef {{
 *   about: Record<string, any>, sums: Usage, known: number, unknown: number,
 *   spans: import("./span_table.js").SpanBatch, findings: Finding[], heads: Head[],
 *   lists: (Uint32Array | Float64Array)[],
 * }} FoldBatch  What changed in a fold.
 */
/** @typedef {{ row: number, run: string, chain: string }} Head */

/** How a chunk counts: it is one of a span that runs; and it holds something. */
export const CHUNK = 1;
export const HOLDS = 2;

/** @param {string} type */
export const isModel = (type) => type === "chat_model" || type === "llm";

/**
 * Splits `on_<type>_<phase>` into type and phase (start, stream, end, error); null for any other event.
 * @param {unknown} event
 * @returns {[string, string] | null}
 */
export function spanEvent(event) {
  if (typeof event !== "string" || !event.startsWith("on_")) return null;
  const known = PARTS.get(event);
  if (known) return known;
  const at = event.lastIndexOf("_");
  const type = event.slice(3, at);
  const phase = event.slice(at + 1);
  return at > 3 && PHASES.includes(phase) ? [type, phase] : null;
}

/** @type {Map<string, [string, string]>} */
const PARTS = new Map(
  SPAN_TYPES.flatMap((type) => PHASES.map((phase) => [`on_${type}_${phase}`, [type, phase]])),
);

/**
 * The state of a run after the lines given so far. `add` takes them in order, one at a time; or, where another fold
 * took them, `apply` what that one's `drain` gives. Rows are counted from 0.
 */
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
  table = new SpanTable();
  /** In the order of their start lines. @type {SpanNow[]} */
  spans = [];
  /** @type {Finding[]} */
  findings = [];
  /** Grows with each span that begins, ends or changes its state. */
  version = 0;
  /** What the newest line was for its span's chunks: CHUNK, HOLDS. */
  mark = 0;
  /** The places of spans that run, in order. @type {Map<number, Open>} */
  open = new Map();
  // What moments are found by: rows never decrease in any of these.
  /** The row of each version. */
  changes = new NumberList(Uint32Array);
  /** Rows in which spans ended, and which: pairs. */
  endedRows = new NumberList(Uint32Array);
  ended = new NumberList(Uint32Array);
  /** The rows in which a span failed by itself, and which. */
  failedRows = new NumberList(Uint32Array);
  failed = new NumberList(Uint32Array);
  /** The rows of the findings. */
  findingRows = new NumberList(Uint32Array);
  /** What `run_start` lines said. @type {Head[]} */
  heads = [];
  /** The row of `run_end`. */
  end_row = NONE;
  /** When models began or ceased to be waited for: the row, its time, how long it had been before, whether one is now. */
  waitRows = new NumberList(Uint32Array);
  waits = new NumberList(Float64Array);
  #waiting = 0;
  /** The row in which the first model began. */
  model_row = NONE;
  /** The row in which the first model began to answer. */
  first_row = NONE;
  first_us = 0;
  /** @type {{ input_tokens: number, output_tokens: number, total_tokens: number }} */
  /** Sums over the models whose usage is known, how many these are, and how many not. */
  #sums = { input_tokens: 0, output_tokens: 0, total_tokens: 0 };
  #known = 0;
  #unknown = 0;
  /** How many of them were given. */
  #given = { findings: 0, heads: 0 };

  /** @param {number | null | undefined} number @returns {SpanNow | undefined} */
  span(number) {
    return number === null || number === undefined ? undefined : this.spans[this.table.indexOf(number)];
  }

  /** The spans that failed by themselves, in the order in which they did. @returns {SpanNow[]} */
  failures() {
    return Array.from(
      this.failed.data.subarray(0, this.failed.length),
      (index) => /** @type {SpanNow} */ (this.spans[index]),
    );
  }

  /** The places of the spans that run, in the order they began. @returns {number[]} */
  openPlaces() {
    return [...this.open.keys()];
  }

  /** Sums over the model spans whose usage is known (null where it is of none), and how many ended without. */
  tokens() {
    return tokensOf(this.#sums, this.#known, this.#unknown);
  }

  /**
   * Takes the next line; gives back the span it belongs to, if any.
   * @param {Line} line
   * @returns {SpanNow | undefined}
   */
  add(line) {
    this.lines++;
    this.mark = 0;
    const before = this.version;
    const index = this.#add(line);
    for (let version = before; version < this.version; version++) this.changes.push(this.lines - 1);
    return index < 0 ? undefined : this.spans[index];
  }

  /**
   * Takes a line that streams a piece of text, not empty where its span is a model, and nothing else.
   * @param {number} number its span @param {number} t_us
   * @returns {SpanNow | undefined} as `add`
   */
  piece(number, t_us) {
    this.lines++;
    this.mark = 0;
    if (t_us > this.t_us) this.t_us = t_us;
    const index = this.table.indexOf(number);
    if (index < 0) return undefined;
    const open = this.open.get(index);
    if (open) this.#chunk(index, open, true);
    return this.spans[index];
  }

  /** @param {Line} line @returns {number} the place of the span it belongs to, or -1 */
  #add(line) {
    const t_us = integer(line.t_us);
    if (t_us !== null && t_us > this.t_us) this.t_us = t_us;
    const event = line.event;
    if (event === "run_start") {
      this.run = text(line.run);
      this.chain = text(line.chain);
      this.timed = line.times !== "unknown";
      this.heads.push({ row: this.lines - 1, run: this.run, chain: this.chain });
      return -1;
    }
    if (event === "run_end") {
      this.#end(line);
      return -1;
    }
    if (event === "bad_line") {
      this.bad_lines++;
      return -1;
    }
    const number = integer(line.span);
    if (event === "finding") return this.#find(number, line);
    if (typeof event !== "string" || number === null) return -1;
    const kind = spanEvent(event);
    if (kind && kind[1] === "start") return this.#start(number, kind[0], line);
    const index = this.table.indexOf(number);
    if (index < 0) return -1;
    if (event === "abandoned") this.#abandon(index, line);
    let open = this.open.get(index);
    if (open && event === "ended") this.#finish(index, ended(open), line);
    open = this.open.get(index);
    if (!open || !kind) return index;
    if (asks(line, "chunk") || asks(line, "output")) open.asks = true;
    if (asks(line, "input")) open.asked = true;
    if (kind[1] === "stream") {
      this.#stream(index, open, line);
    } else if (kind[1] === "end") {
      if (open.isModel) this.#readOutput(index, open, line);
      this.#finish(index, ended(open), line);
    } else {
      this.#fail(index, line);
    }
    return index;
  }

  /** From now on, `drain` gives what changes. */
  track() {
    this.table.track();
  }

  /** What changed since it was asked for last, for the `apply` of another fold. @returns {FoldBatch} */
  drain() {
    const { run, chain, status, error, t_us, timed, lines, bad_lines, version } = this;
    const { end_row, model_row, first_row, first_us } = this;
    const batch = {
      about: {
        run,
        chain,
        status,
        error,
        t_us,
        timed,
        lines,
        bad_lines,
        version,
        end_row,
        model_row,
        first_row,
        first_us,
      },
      sums: { ...this.#sums },
      known: this.#known,
      unknown: this.#unknown,
      spans: this.table.drain(),
      findings: this.findings.slice(this.#given.findings),
      heads: this.heads.slice(this.#given.heads),
      lists: LISTS.map((name) => this[name].drain()),
    };
    this.#given = { findings: this.findings.length, heads: this.heads.length };
    return batch;
  }

  /** @param {FoldBatch} batch */
  apply(batch) {
    Object.assign(this, batch.about);
    this.#sums = batch.sums;
    this.#known = batch.known;
    this.#unknown = batch.unknown;
    const { table } = this;
    table.apply(batch.spans);
    while (this.spans.length < table.length) this.spans.push(new SpanNow(table, this.spans.length));
    for (const index of batch.spans.index) {
      if (table.state[index] !== RUNNING) this.open.delete(index);
      else if (!this.open.has(index)) this.open.set(index, ELSEWHERE);
    }
    for (const one of batch.findings) this.findings.push(one);
    for (const one of batch.heads) this.heads.push(one);
    for (const [at, name] of LISTS.entries()) this[name].append(/** @type {any} */ (batch.lists[at]));
  }

  /** The writer died before `run_end`: what was running is lost. */
  lost() {
    if (this.status !== "running") return;
    this.status = "lost";
    this.#close("lost", this.lines);
    // After the last line: no moment knows of it.
    this.changes.push(this.lines);
  }

  /** The run and its spans as plain JSON, the shape that fixtures and both folds share. */
  summary() {
    return summaryOf(this);
  }

  /** @param {number} number @param {string} type @param {Line} line @returns {number} */
  #start(number, type, line) {
    const { table } = this;
    const known = table.indexOf(number);
    if (known >= 0) return known;
    const metadata = isObject(line.metadata) ? line.metadata : {};
    const tags = Array.isArray(line.tags) ? line.tags : [];
    const index = table.add(number, integer(line.parent));
    table.type[index] = table.texts.code(type);
    table.name[index] = table.texts.code(text(line.name));
    table.setRunId(index, text(line.run_id));
    table.tags[index] = table.tagsCode(tags);
    table.metadata[index] = table.metadatas.code(metadata, JSON.stringify(metadata));
    const model = typeof metadata.ls_model_name === "string" ? metadata.ls_model_name : null;
    table.asked[index] = table.model[index] = model === null ? 0 : table.texts.code(model);
    table.start_us[index] = this.t_us;
    table.start_seq[index] = integer(line.seq) ?? -1;
    table.start_row[index] = this.lines - 1;
    table.touch(index);
    this.spans.push(new SpanNow(table, index));
    const kind = isModel(type);
    this.open.set(index, {
      asks: false,
      asked: asks(line, "input"),
      failedBelow: false,
      meter: null,
      isModel: kind,
      isNode: isNode(tags),
    });
    if (kind) {
      this.#wait(1);
      if (this.model_row === NONE) this.model_row = this.lines - 1;
    }
    this.version++;
    return index;
  }

  /** @param {number} by one more, or one less, model is waited for */
  #wait(by) {
    const before = this.#waiting > 0;
    this.#waiting += by;
    const now = this.#waiting > 0;
    if (before === now) return;
    const { length } = this.waits;
    const waited = length
      ? this.waits.at(length - 2) + (before ? this.t_us - this.waits.at(length - 3) : 0)
      : 0;
    this.waitRows.push(this.lines - 1);
    for (const value of [this.t_us, waited, now ? 1 : 0]) this.waits.push(value);
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
    this.findingRows.push(this.lines - 1);
    this.version++;
    return number === null ? -1 : this.table.indexOf(number);
  }

  /** @param {number} index @param {Open} open @param {Line} line */
  #stream(index, open, line) {
    let holds = true;
    if (open.isModel) {
      const chunk = isObject(line.data) ? line.data.chunk : null;
      if (isObject(chunk) && chunk.usage_metadata !== undefined) {
        const counted = usage(chunk.usage_metadata);
        if (counted) {
          open.meter ??= new Meter();
          open.meter.see(counted);
        }
      }
      holds = holdsSomething(chunk);
    }
    this.#chunk(index, open, holds);
  }

  /** @param {number} index @param {Open} open @param {boolean} holds something */
  #chunk(index, open, holds) {
    const { table } = this;
    /** @type {number} */ (table.chunks[index]++);
    table.touch(index);
    this.mark = holds ? CHUNK | HOLDS : CHUNK;
    if (!holds) return;
    if (table.first_row[index] !== NONE) return;
    table.first_row[index] = this.lines - 1;
    table.first_us[index] = this.t_us;
    if (!open.isModel) return;
    this.#wait(-1);
    if (this.first_row === NONE) {
      this.first_row = this.lines - 1;
      this.first_us = this.t_us;
    }
  }

  /**
   * Model name, tokens and finish reason, where a model's end brings them.
   * @param {number} index @param {Open} open @param {Line} line
   */
  #readOutput(index, open, line) {
    const { table } = this;
    const output = isObject(line.data) ? line.data.output : null;
    if (!isObject(output)) return;
    const about = isObject(output.response_metadata) ? output.response_metadata : {};
    if (!table.model[index] && typeof about.model_name === "string") {
      table.model[index] = table.texts.code(about.model_name);
    }
    if (typeof about.finish_reason === "string") table.finish[index] = table.texts.code(about.finish_reason);
    const isChat = table.texts.at(/** @type {number} */ (table.type[index])) === "chat_model";
    const counted = isChat
      ? usage(output.usage_metadata)
      : llmUsage(isObject(output.llm_output) ? output.llm_output.token_usage : null);
    if (!counted) return;
    const [sum, from] = open.meter ? open.meter.total(counted) : [counted, /** @type {UsageFrom} */ ("end")];
    table.counted.set(index, { usage: sum, from });
  }

  /** @param {number} index @param {Line} line */
  #fail(index, line) {
    const { table } = this;
    const error = readError(isObject(line.data) ? line.data.error : null);
    const cause = integer(line.cause);
    table.error.set(index, error);
    if (cause !== null) table.cause.set(index, cause);
    const name = error.type.slice(error.type.lastIndexOf(".") + 1);
    if (STOPPED.has(name)) this.#finish(index, "cancelled", line);
    else if (INTERRUPTED.has(name)) this.#finish(index, "interrupted", line);
    else if (name === HANDED_OVER) this.#finish(index, "ok", line);
    else this.#finish(index, cause === null ? "error" : "propagated", line);
  }

  /**
   * It was stopped, perhaps even heard so, but its code runs on.
   * @param {number} index @param {Line} line
   */
  #abandon(index, line) {
    const { table } = this;
    const state = STATES[/** @type {number} */ (table.state[index])];
    if (state === "cancelled") {
      const end_us = /** @type {number} */ (table.end_us[index]);
      const end_seq = /** @type {number} */ (table.end_seq[index]);
      table.was(index, {
        row: this.lines - 1,
        state,
        end_us,
        end_seq: Number.isNaN(end_seq) ? null : end_seq,
        stack: null,
      });
    } else if (state !== "running") {
      return;
    }
    this.#finish(index, "abandoned", line);
    table.stack.set(index, text(line.stack));
  }

  /** @param {number} index @param {string} state @param {Line} line */
  #finish(index, state, line) {
    const { table } = this;
    const open = this.open.get(index);
    table.end_seq[index] = integer(line.seq) ?? -1;
    this.#leave(index, state, this.lines - 1);
    if (state === "ok") {
      if (open?.failedBelow) table.recovered[index] = 1;
    } else if (state === "error" || state === "propagated") {
      this.#carryFailure(index, this.lines - 1);
    } else if (state === "interrupted" && open?.isNode) {
      // Invoked, a graph does not say itself that it waits.
      const above = this.open.get(this.#above(index));
      if (above) above.asks = true;
    }
    this.version++;
  }

  /** Out of those that run. @param {number} index @param {string} state @param {number} row */
  #leave(index, state, row) {
    const { table } = this;
    const open = this.open.get(index);
    table.state[index] = STATES.indexOf(state);
    table.end_us[index] = this.t_us;
    table.touch(index);
    if (!open) return;
    this.open.delete(index);
    table.end_row[index] = row;
    this.endedRows.push(row);
    this.ended.push(index);
    if (state === "error") {
      this.failedRows.push(row);
      this.failed.push(index);
    }
    if (!open.isModel) return;
    if (table.first_row[index] === NONE) this.#wait(-1);
    const counted = table.counted.get(index);
    if (counted) {
      this.#known++;
      for (const key of TOKENS) this.#sums[key] += counted.usage[key];
    } else {
      this.#unknown++;
    }
  }

  /** The place of the span above, or -1. @param {number} index */
  #above(index) {
    const parent = /** @type {number} */ (this.table.parent[index]);
    return Number.isNaN(parent) ? -1 : this.table.indexOf(parent);
  }

  /**
   * Tells the nearest ancestor that can still recover from it, or already ended well, of a failure below.
   * @param {number} index @param {number} row
   */
  #carryFailure(index, row) {
    const { table } = this;
    const above = this.#above(index);
    if (above < 0 || above === index) return;
    const open = this.open.get(above);
    if (open) {
      open.failedBelow = true;
    } else if (STATES[/** @type {number} */ (table.state[above])] === "ok" && !table.recovered[above]) {
      table.recovered[above] = 1;
      table.was(above, { row, recovered: false });
      table.touch(above);
      this.version++;
    }
  }

  /** @param {Line} line */
  #end(line) {
    if (this.status !== "running") return;
    this.status = text(line.status) || "ok";
    this.error = line.error === null || line.error === undefined ? null : readError(line.error);
    this.end_row = this.lines - 1;
    const state = this.status === "cancelled" || this.status === "abandoned" ? this.status : "unfinished";
    this.#close(state, this.lines - 1);
  }

  /** @param {string} state @param {number} row */
  #close(state, row) {
    // Children come after their parents, so going backwards carries a failure all the way up.
    for (const [index, { failedBelow }] of [...this.open].reverse()) {
      this.#leave(index, state, row);
      if (failedBelow) this.#carryFailure(index, row);
    }
    this.version++;
  }
}

/**
 * @param {import("./tokens.js").Usage} sums @param {number} known of how many models @param {number} unknown
 * @returns {{ input_tokens: number | null, output_tokens: number | null, total_tokens: number | null, unknown: number }}
 */
export function tokensOf(sums, known, unknown) {
  const nothing = unknown && !known;
  const { input_tokens, output_tokens, total_tokens } = sums;
  if (nothing) return { input_tokens: null, output_tokens: null, total_tokens: null, unknown };
  return { input_tokens, output_tokens, total_tokens, unknown };
}

/** @param {Pick<Fold, "run" | "chain" | "status" | "t_us" | "lines" | "bad_lines" | "error" | "tokens" | "findings"> & { spans: Span[] }} state */
export function summaryOf(state) {
  const { run, chain, status, t_us, lines, bad_lines, error, spans, findings } = state;
  return { run, chain, status, t_us, lines, bad_lines, error, tokens: state.tokens(), spans, findings };
}

/** The state of a span that ended by itself. One that hands on the question of a graph does not ask. @param {Open} open */
const ended = (open) => (open.asks && !open.asked ? "interrupted" : "ok");

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

/** @param {unknown[]} tags */
function isNode(tags) {
  return tags.some((tag) => typeof tag === "string" && tag.startsWith("graph:step:"));
}

/** @param {unknown} chunk */
function holdsSomething(chunk) {
  if (!isObject(chunk)) return holds(chunk);
  return holds(chunk.content) || holds(chunk.tool_call_chunks) || holds(chunk.text);
}
