// The states of runs and spans: what draws them, and what they mean. No DOM.

/** @type {Record<string, [glyph: string, about: string]>} */
const STATES = {
  running: ["", "It is at work."],
  ok: ["", "It ended well."],
  error: ["error", "It failed here."],
  propagated: ["propagated", "It failed because another step did."],
  cancelled: ["cancelled", "It was stopped."],
  interrupted: ["interrupted", "It stopped to be answered."],
  abandoned: ["abandoned", "It was stopped, but its code runs on: it cannot be stopped."],
  unfinished: ["unfinished", "The run ended; this never did."],
  lost: ["lost", "The process that wrote it is gone; how it ended is not known."],
};

/** What the state means, in a sentence; "" for one that is not known. @param {string} state */
export const stateAbout = (state) => STATES[state]?.[1] ?? "";

/** The glyph of a state (`#glyph-<name>`); "" where the glyph of the type stays. @param {string} state */
export const stateGlyph = (state) => STATES[state]?.[0] ?? "";

/** Where the failure that ended the run came from. @param {import("./moment.js").Moment} moment */
export function failedFirst(moment) {
  let root;
  for (const one of moment.roots()) {
    root ??= one;
    if (one.state === "ok") continue;
    root = one;
    break;
  }
  const span = root && (originOf(moment, root) ?? root);
  if (span?.state === "error") return span;
  return moment
    .failures()
    .reduce(
      (last, one) => (last && last.start_row > one.start_row ? last : one),
      /** @type {import("./span.js").SpanNow | undefined} */ (undefined),
    );
}

/**
 * Where the failure of a span began: the end of its causes.
 * @template {{ span: number, cause: number | null }} T
 * @param {{ span(number: number | null): T | undefined }} fold
 * @param {T} span
 * @returns {T | undefined} undefined where it is the span itself
 */
export function originOf(fold, span) {
  let at = span;
  const seen = new Set([span.span]);
  for (let next = fold.span(at.cause); next && !seen.has(next.span); next = fold.span(at.cause)) {
    seen.add(next.span);
    at = next;
  }
  return at === span ? undefined : at;
}
