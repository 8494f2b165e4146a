// How a run streamed: derived from the fold. Twin of tracer/log/health.py; integers, so both give the same numbers.

import { isModel } from "./spans.js";

/** @typedef {import("./spans.js").Fold} Fold */
/** @typedef {import("./spans.js").Span} Span */
/**
 * @typedef {{ count: number, p50_us: number, p95_us: number, longest_us: number }} GapTimes
 *   Microseconds between chunks that hold something; quantiles are at most 1/16 too high.
 */
/**
 * @typedef {object} SpanHealth
 * @property {number} span
 * @property {number | null} wait_us  From its start to its first chunk that holds something.
 * @property {GapTimes | null} gaps
 * @property {number | null} tokens_per_s
 *   Of a model that has ended: output tokens since its first chunk (without chunks: since its start).
 * @property {number | null} untraced_us  The time in which none of its children ran; null where it has no children.
 */
/**
 * @typedef {object} Health
 * @property {number} duration_us
 * @property {number} waited_us  The time in which at least one model had been asked and had not yet begun to answer.
 * @property {number} waited_share  Of `duration_us`, from 0 to 1, in thousandths.
 * @property {SpanHealth[]} spans  In the order of the fold's.
 */

/**
 * How the run streams, or streamed; of what is still running, up to the newest line.
 * @param {Fold} fold
 * @returns {Health}
 */
export function health(fold) {
  const now = fold.t_us;
  /** @type {Map<number, Span[]>} */
  const children = new Map();
  for (const span of fold.spans) {
    if (span.parent === null) continue;
    const siblings = children.get(span.parent);
    if (siblings) siblings.push(span);
    else children.set(span.parent, [span]);
  }
  const waited = waitedUs(fold);
  return {
    duration_us: now,
    waited_us: waited,
    waited_share: now ? wholePart(waited * 1000, now) / 1000 : 0,
    spans: fold.spans.map((span) => ofSpan(span, fold, children.get(span.span) ?? [])),
  };
}

/** The time in which a model had been asked and had not yet begun to answer. @param {Fold} fold */
export function waitedUs(fold) {
  const models = fold.spans.filter((span) => isModel(span.type));
  return covered(models.map((span) => [span.start_us, span.first_us ?? span.end_us ?? fold.t_us]));
}

/** How one span streams. @param {Fold} fold @param {Span} span @returns {SpanHealth} */
export function spanHealth(fold, span) {
  const children = fold.spans.filter((one) => one.parent === span.span);
  return ofSpan(span, fold, children);
}

/** @param {Span} span @param {Fold} fold @param {Span[]} children @returns {SpanHealth} */
function ofSpan(span, fold, children) {
  const gaps = fold.gaps(span.span);
  const end = span.end_us ?? fold.t_us;
  /** @type {[number, number][]} */
  const inside = children.map((child) => [
    Math.max(child.start_us, span.start_us),
    Math.min(child.end_us ?? fold.t_us, end),
  ]);
  return {
    span: span.span,
    wait_us: span.first_us === null ? null : span.first_us - span.start_us,
    gaps: gaps?.count
      ? {
          count: gaps.count,
          p50_us: gaps.quantileUs(50),
          p95_us: gaps.quantileUs(95),
          longest_us: gaps.longest_us,
        }
      : null,
    tokens_per_s: rate(span),
    untraced_us: children.length ? end - span.start_us - covered(inside) : null,
  };
}

/** @param {Span} span */
function rate(span) {
  if (span.usage === null || span.end_us === null) return null;
  const took = span.end_us - (span.first_us ?? span.start_us);
  return took > 0 ? wholePart(span.usage.output_tokens * 1e9, took) / 1000 : null;
}

/** The length of the union of [from, to). @param {[number, number][]} intervals */
function covered(intervals) {
  let length = 0;
  let reached = 0;
  for (const [begin, end] of intervals.sort(([a], [b]) => a - b)) {
    length += Math.max(0, end - Math.max(begin, reached));
    reached = Math.max(reached, end);
  }
  return length;
}

/** Integer division as Python has it: rounding a quotient could reach the next integer. @param {number} a @param {number} b */
const wholePart = (a, b) => (a - (a % b)) / b;
