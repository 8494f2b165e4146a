// Runs made up for the tests of the timeline, and what their rows have to be, found the plain way.

import { Fold } from "../../static/js/spans.js";

/** @typedef {import("../../static/js/span.js").SpanNow} Span */

/** A generator of numbers from 0 to below `below`: the same for the same seed. @param {number} seed */
export function numbers(seed) {
  let state = seed >>> 0 || 1;
  return (/** @type {number} */ below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const TYPES = ["chain", "chat_model", "tool", "parser", "prompt", "retriever"];

/**
 * Lines of a run in which spans begin inside others and end one by one, some of them badly; the last are still open.
 * @param {number} count @param {number} seed @returns {Record<string, any>[]}
 */
export function linesOf(count, seed) {
  const next = numbers(seed);
  const lines = [];
  /** @type {{ span: number, type: string }[]} */
  const open = [];
  let t_us = 0;
  for (let span = 1; span <= count; ) {
    t_us += next(4) ? next(900) : next(300_000);
    if (open.length && next(100) < 46) {
      const one = /** @type {{ span: number, type: string }} */ (open.splice(next(open.length), 1)[0]);
      const fails = next(9) === 0;
      const data = fails ? { error: { type: next(2) ? "ValueError" : "CancelledError", message: "no" } } : {};
      const cause = fails && next(2) ? { cause: 1 } : {};
      lines.push({
        event: `on_${one.type}_${fails ? "error" : "end"}`,
        span: one.span,
        t_us,
        data,
        ...cause,
      });
    } else {
      const type = /** @type {string} */ (TYPES[next(TYPES.length)]);
      const name = type === "chain" && next(3) === 0 ? "RunnableAssign<x>" : `${type} ${span}`;
      // Mostly inside what is open; sometimes in what has ended, at the top, or in what never began.
      const kind = next(20);
      const inside = open[next(open.length)]?.span ?? null;
      const parent = kind === 0 ? null : kind === 1 ? span + 5 : kind === 2 ? next(span) || null : inside;
      lines.push({ event: `on_${type}_start`, span, parent, name, t_us });
      open.push({ span, type });
      span++;
    }
    if (next(40) === 0)
      lines.push({ event: "finding", span: 1 + next(span + 3), kind: "x", text: "x", t_us });
  }
  return lines.map((line, seq) => ({ seq, ...line }));
}

/** @param {Record<string, any>[]} lines */
export function foldOf(lines) {
  const fold = new Fold();
  for (const line of lines) fold.add(line);
  return fold;
}

/** @typedef {{ span: number, level: number, size: number, position: number, children: number }} PlainRow */

/**
 * The rows that are seen, found by walking the whole tree.
 * @param {readonly Span[]} spans @param {(span: Span) => boolean} isHidden @param {ReadonlySet<number>} collapsed span numbers
 * @returns {PlainRow[]}
 */
export function plainRows(spans, isHidden, collapsed) {
  /** @type {Map<number, Span[]>} */
  const children = new Map();
  /** @type {Span[]} */
  const roots = [];
  const begun = new Set();
  for (const span of spans) {
    const isInside = span.parent !== null && begun.has(span.parent);
    const siblings = isInside
      ? /** @type {Span[]} */ (children.get(/** @type {number} */ (span.parent)))
      : roots;
    siblings.push(span);
    children.set(span.span, []);
    begun.add(span.span);
  }
  /** What stands right under it: of hidden ones, what is in them. @param {Span[]} list @returns {Span[]} */
  const seen = (list) =>
    list.flatMap((span) =>
      isHidden(span) && span.parent !== null && begunBefore(span)
        ? seen(children.get(span.span) ?? [])
        : [span],
    );
  /** @param {Span} span */
  const begunBefore = (span) => !roots.includes(span);
  /** @type {PlainRow[]} */
  const rows = [];
  /** @param {Span[]} list @param {number} level */
  const walk = (list, level) => {
    for (const [at, span] of list.entries()) {
      const below = seen(children.get(span.span) ?? []);
      rows.push({ span: span.span, level, size: list.length, position: at + 1, children: below.length });
      if (!collapsed.has(span.span)) walk(below, level + 1);
    }
  };
  walk(seen(roots), 1);
  return rows;
}

/** The spans above a failure, up to the one that made it good. @param {readonly Span[]} spans @returns {Set<number>} */
export function aboveFailures(spans) {
  const known = new Map(spans.map((span, index) => [span.span, index]));
  /** @type {Set<number>} */
  const above = new Set();
  for (let index = spans.length - 1; index >= 0; index--) {
    const span = /** @type {Span} */ (spans[index]);
    const fails = span.state === "error" || span.state === "propagated";
    const below = above.has(span.span) && !span.recovered;
    const parent = span.parent === null ? undefined : known.get(span.parent);
    if (parent !== undefined && parent < index && (fails || below)) above.add(Number(span.parent));
  }
  return above;
}
