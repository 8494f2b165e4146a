// A span, or all of a run, as text for a bug report: Markdown or JSON. What was taken out of the log stays out. No DOM.

import { isTimed } from "./clock.js";
import { CALLS, TEXT } from "./columns.js";
import { count, counted, duration, typeName } from "./format.js";
import { isObject } from "./values.js";

/** @typedef {import("./store.js").RunStore} RunStore */
/** @typedef {import("./span.js").SpanNow} SpanNow */
/** @typedef {import("./spans.js").Line} Line */
/** @typedef {(first: number, last: number) => Promise<Line[]>} LinesOf */
/** @typedef {Record<string, any>} Report  Plain JSON, without what is not known. */

/** A text longer than that is cut. */
const LONGEST = 4000;
const MOST_ITEMS = 100;
const DEEPEST = 16;
/** Characters of one value, about. */
const MOST_VALUE = 60_000;
/** Spans of a run that are listed. */
export const MOST_SPANS = 2000;

/**
 * A value that fits into a report: long texts and lists are cut, and say how much is missing.
 * @param {unknown} value @param {{ left: number }} [room] @param {number} [depth]
 * @returns {any}
 */
export function cutDown(value, room = { left: MOST_VALUE }, depth = 0) {
  if (typeof value === "string") {
    const most = Math.max(200, Math.min(LONGEST, room.left));
    room.left -= Math.min(value.length, most);
    return value.length > most
      ? `${whole(value, most)}… ${count(value.length - most)} characters cut …`
      : value;
  }
  room.left -= 8;
  if (typeof value !== "object" || value === null) return value;
  const all = Array.isArray(value) ? value.length : Object.keys(value).length;
  if (all && (depth > DEEPEST || room.left <= 0)) return `… ${entries(value, all)} cut …`;
  if (Array.isArray(value)) {
    const kept = [];
    for (const item of value.slice(0, MOST_ITEMS)) {
      if (room.left <= 0) break;
      kept.push(cutDown(item, room, depth + 1));
    }
    if (kept.length < all) kept.push(`… ${entries(value, all - kept.length)} cut …`);
    return kept;
  }
  /** @type {[string, any][]} */
  const kept = [];
  for (const [key, item] of Object.entries(value).slice(0, MOST_ITEMS)) {
    if (room.left <= 0) break;
    room.left -= key.length;
    kept.push([key, cutDown(item, room, depth + 1)]);
  }
  if (kept.length < all) kept.push(["…", `${entries(value, all - kept.length)} cut`]);
  return Object.fromEntries(kept);
}

/** The start of a text, without half a character at its end. @param {string} text @param {number} most */
const whole = (text, most) => text.slice(0, text.charCodeAt(most - 1) >> 10 === 0x36 ? most - 1 : most);

/** @param {object} value @param {number} number */
const entries = (value, number) =>
  Array.isArray(value) ? counted(number, "item") : `${count(number)} ${number === 1 ? "entry" : "entries"}`;

/** What every report begins with. @param {RunStore} store @returns {Report} */
function aboutRun(store) {
  const { moment, header } = store;
  return known({
    chain: moment.chain || undefined,
    run: store.run,
    status: moment.status,
    mode: header?.mode,
    started_at: header?.started_at,
    versions: isObject(header?.versions) ? header.versions : undefined,
    line: moment.isNow ? undefined : store.columns.seq[moment.row],
  });
}

/** @param {Record<string, unknown>} report @returns {Report} without what is undefined or null */
const known = (report) =>
  Object.fromEntries(Object.entries(report).filter(([, value]) => value !== undefined && value !== null));

/**
 * All of a span, as it is at the moment that is shown.
 * @param {RunStore} store @param {SpanNow} span @param {LinesOf} linesOf
 * @returns {Promise<Report>} Throws Error where its lines cannot be read.
 */
export async function spanReport(store, span, linesOf) {
  const { moment } = store;
  const read = async (/** @type {number | null} */ seq) =>
    seq === null || seq < 0 ? {} : ((await linesOf(seq, seq))[0] ?? {});
  const [start, end] = await Promise.all([read(span.start_seq), read(span.end_seq)]);
  const given =
    isObject(start.data) && "input" in start.data ? start.data : isObject(end.data) ? end.data : {};
  const gave = isObject(end.data) && "output" in end.data ? { output: end.data.output } : {};
  const streamed = "output" in gave ? "" : streamedBy(store, span);
  /** @type {SpanNow[]} */
  const above = [];
  for (let at = moment.span(span.parent); at && above.length < 100; at = moment.span(at.parent)) {
    if (above.includes(at)) break;
    above.unshift(at);
  }
  return known({
    ...aboutRun(store),
    span: known({
      number: span.span,
      type: span.type,
      name: span.name,
      state: span.state,
      recovered: span.recovered || undefined,
      path: above.map((one) => one.name),
      ...timesOf(store, span),
      tags: span.tags.length ? span.tags : undefined,
      metadata: Object.keys(span.metadata).length ? cutDown(span.metadata) : undefined,
      model: span.model,
      parameters: start.invocation_params === undefined ? undefined : cutDown(start.invocation_params),
      usage: span.usage,
      finish_reason: span.finish_reason,
      input: "input" in given ? cutDown(given.input) : undefined,
      output: "output" in gave ? cutDown(gave.output) : undefined,
      streamed: streamed ? cutDown(streamed) : undefined,
      error: span.error ? cutDown(span.error) : undefined,
      caused_by: span.cause,
      abandoned_at: span.stack,
      findings: findingsOf(store, span.span),
    }),
  });
}

/** @param {RunStore} store @param {SpanNow} span */
function timesOf(store, { start_us, end_us, first_us }) {
  if (!isTimed(store.header)) return {};
  return known({
    started_after: duration(start_us),
    took: end_us === null ? `${duration(store.moment.t_us - start_us)} so far` : duration(end_us - start_us),
    first_token_after: first_us === null ? undefined : duration(first_us - start_us),
  });
}

/** The text a span has streamed. @param {RunStore} store @param {SpanNow} span */
function streamedBy({ columns, rows }, { span }) {
  let text = "";
  for (
    let row = columns.first(span);
    row >= 0 && row < rows && text.length < MOST_VALUE;
    row = columns.next(row)
  ) {
    if (columns.form[row] === TEXT) text += columns.text(row);
    else if (columns.form[row] === CALLS) {
      const piece = JSON.parse(columns.text(row) || '{"text":"","calls":[]}');
      text += piece.text;
      for (const call of piece.calls) text += `${call.name}${call.args}`;
    }
  }
  return text;
}

/** @param {RunStore} store @param {number | null} number null: of the run, and of all spans */
function findingsOf({ moment }, number) {
  const own = number === null ? moment.findings : moment.findings.filter(({ span }) => span === number);
  return own.length
    ? own.slice(0, MOST_ITEMS).map(({ kind, text, advice, span }) => known({ span, kind, text, advice }))
    : undefined;
}

/** The tree of a run with its states, durations and errors, as it is at the moment that is shown. @param {RunStore} store @returns {Report} */
export function runReport(store) {
  const { moment } = store;
  let left = MOST_SPANS;
  /** @param {SpanNow} span @param {number} depth @returns {Report} */
  const one = (span, depth) => {
    left--;
    /** @type {Report[]} */
    const steps = [];
    // Deeper than that, a file was made to confuse.
    if (depth < 200) {
      for (const child of moment.childrenOf(span)) {
        if (left <= 0) break;
        steps.push(one(child, depth + 1));
      }
    }
    const { error } = span;
    return known({
      number: span.span,
      type: span.type,
      name: span.name,
      state: span.state,
      recovered: span.recovered || undefined,
      took: timesOf(store, span).took,
      model: span.model,
      error: error ? cutDown({ type: error.type, message: error.message }) : undefined,
      caused_by: span.cause,
      steps: steps.length ? steps : undefined,
    });
  };
  const tree = [];
  for (const root of moment.roots()) {
    if (left <= 0) break;
    tree.push(one(root, 0));
  }
  const all = moment.begun;
  return known({
    ...aboutRun(store),
    took: isTimed(store.header) ? duration(moment.t_us) : undefined,
    error: moment.error ? cutDown(moment.error) : undefined,
    spans: all,
    cut: left <= 0 && all > MOST_SPANS ? `${counted(all - MOST_SPANS, "span")} cut` : undefined,
    tree,
    findings: findingsOf(store, null),
  });
}

/** @param {Report} report */
export const asJson = (report) => `${JSON.stringify(report, null, 2)}\n`;

/** @param {Report} report of a span or of a run */
export function asMarkdown(report) {
  const { span, tree } = report;
  const parts = span ? spanParts(span) : [`## ${code(report.chain ?? "run")}: ${report.status}`];
  parts.push(list(aboutLines(report)));
  if (span) parts.push(...spanValues(span));
  if (report.error) parts.push("### Error", ...errorParts(report.error));
  if (tree) {
    parts.push("### Steps", tree.map((/** @type {Report} */ one) => treeLines(one, 0)).join("\n"));
    if (report.cut) parts.push(report.cut);
  }
  const findings = span?.findings ?? report.findings ?? [];
  if (findings.length) parts.push("### Findings", list(findings.map(findingLine)));
  return `${parts.filter(Boolean).join("\n\n")}\n`;
}

/** @param {Report} report */
function aboutLines({ chain, run, status, mode, started_at, versions, line, took, spans, span }) {
  return [
    ["chain", chain && code(chain)],
    ["run", code(run)],
    ["status", span && status],
    ["mode", mode],
    ["started", started_at],
    ["took", took],
    ["spans", spans && count(spans)],
    ["as it was at line", line],
    [
      "versions",
      versions &&
        Object.entries(versions)
          .map(([name, one]) => `${name} ${one}`)
          .join(", "),
    ],
  ]
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([name, value]) => `${name}: ${value}`);
}

/** @param {Report} span */
function spanParts(span) {
  const state = span.recovered ? `${span.state}, recovered` : span.state;
  return [
    `## ${typeName(span.type)} ${code(span.name)}: ${state}`,
    list(
      [
        `span ${span.number}${span.path.length ? ` in ${span.path.map(code).join(" › ")}` : ""}`,
        span.took && `took ${span.took}, started after ${span.started_after}`,
        span.first_token_after && `first token after ${span.first_token_after}`,
        span.model && `model ${code(span.model)}`,
        span.usage && `tokens ${count(span.usage.input_tokens)} in, ${count(span.usage.output_tokens)} out`,
        span.finish_reason && `finish reason ${code(span.finish_reason)}`,
        span.caused_by && `it failed because span ${span.caused_by} did`,
        span.tags && `tags ${span.tags.map((/** @type {unknown} */ tag) => code(String(tag))).join(" ")}`,
      ].filter(Boolean),
    ),
  ];
}

/** @param {Report} span */
function spanValues({ error, abandoned_at, parameters, metadata, input, output, streamed }) {
  const parts = [];
  if (error) parts.push("### Error", ...errorParts(error));
  if (abandoned_at) parts.push("### Where its code still was", fence(abandoned_at, ""));
  const values = {
    Parameters: parameters,
    Metadata: metadata,
    Input: input,
    Output: output,
    Streamed: streamed,
  };
  for (const [title, value] of Object.entries(values)) {
    if (value !== undefined) parts.push(`### ${title}`, valueBlock(value));
  }
  return parts;
}

/** @param {Report} error */
function errorParts({ type, message, traceback }) {
  return [fence([type, message].filter(Boolean).join(": "), ""), traceback ? fence(traceback, "python") : ""];
}

/** @param {Report} step @param {number} depth @returns {string} */
function treeLines(step, depth) {
  const state = step.recovered ? `${step.state}, recovered` : step.state;
  const words = [
    `${typeName(step.type)} ${code(step.name)}`,
    state,
    step.took,
    step.model && code(step.model),
  ];
  const error = step.error
    ? ` · ${code(`${step.error.type}: ${step.error.message}`.split("\n", 1)[0] ?? "")}`
    : "";
  const cause = step.caused_by ? ` · because of span ${step.caused_by}` : "";
  const line = `${"  ".repeat(Math.min(depth, 40))}- ${words.filter(Boolean).join(" · ")}${error}${cause} (${step.number})`;
  return [line, ...(step.steps ?? []).map((/** @type {Report} */ one) => treeLines(one, depth + 1))].join(
    "\n",
  );
}

/** @param {Report} finding */
const findingLine = ({ span, text, advice }) =>
  `${span ? `span ${span}: ` : ""}${flat(text)}${advice ? ` ${flat(advice)}` : ""}`;

/** @param {unknown} text */
const flat = (text) => String(text).replace(/\s+/g, " ").trim();

/** @param {string[]} lines */
const list = (lines) => lines.map((line) => `- ${flat(line)}`).join("\n");

/** @param {unknown} value */
const valueBlock = (value) =>
  typeof value === "string" ? fence(value, "") : fence(JSON.stringify(value, null, 2), "json");

/** Text that stays what it is, whatever marks it holds. @param {string} text */
export function code(text) {
  const one = flat(text);
  const marks = "`".repeat(longestRun(one) + 1);
  const space = one.startsWith("`") || one.endsWith("`") || one === "" ? " " : "";
  return `${marks}${space}${one}${space}${marks}`;
}

/** @param {string} text @param {string} language */
function fence(text, language) {
  const marks = "`".repeat(Math.max(3, longestRun(text) + 1));
  return `${marks}${language}\n${text.replace(/\n$/, "")}\n${marks}`;
}

/** The longest run of backticks. @param {string} text */
const longestRun = (text) => Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
