// How a run streamed, up to a moment. Twin of tracer/log/health.py; integers, so both give the same numbers.

/** @typedef {import("./moment.js").Moment} Moment */
/** @typedef {import("./span.js").SpanNow} SpanNow */
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
 * @property {SpanHealth[]} spans  In the order in which they began.
 */

/**
 * How the run streams, or streamed; of what is still running, up to the newest line.
 * @param {Moment} moment
 * @returns {Health}
 */
export function health(moment) {
  const now = moment.t_us;
  const waited = moment.waitedUs();
  return {
    duration_us: now,
    waited_us: waited,
    waited_share: now ? wholePart(waited * 1000, now) / 1000 : 0,
    spans: moment.spans.map((span) => spanHealth(moment, span)),
  };
}

/** How one span streams. @param {Moment} moment @param {SpanNow} span @returns {SpanHealth} */
export function spanHealth(moment, span) {
  return ofSpan(span, moment, moment.childrenOf(span));
}

/** @param {SpanNow} span @param {Moment} moment @param {SpanNow[]} children @returns {SpanHealth} */
function ofSpan(span, moment, children) {
  const gaps = moment.gaps(span.span);
  const end = span.end_us ?? moment.t_us;
  /** @type {[number, number][]} */
  const inside = children.map((child) => [
    Math.max(child.start_us, span.start_us),
    Math.min(child.end_us ?? moment.t_us, end),
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

/** @param {SpanNow} span */
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
