// Where things stand: the tree of spans as rows, and time as pixels. No DOM.

import { hasFailed } from "./format.js";

/** @typedef {import("./spans.js").Span} Span */
/**
 * @typedef {{
 *   span: Span, level: number, size: number, position: number, children: number, open: boolean,
 *   orphan: boolean, failedBelow: boolean,
 * }} TreeRow
 * `level` counts from 1; `size` and `position` are among its siblings; an orphan names a parent that never
 * started before it; `failedBelow`: some span under it failed, and nothing between made it good.
 */

/**
 * The rows that are not inside a collapsed one, parents before children, siblings in the order they began.
 * @param {Span[]} spans in the order they began
 * @param {ReadonlySet<number>} collapsed
 * @returns {TreeRow[]}
 */
export function treeRows(spans, collapsed) {
  /** @type {Span[]} */
  const roots = [];
  /** @type {Map<number, Span[]>} */
  const children = new Map();
  for (const span of spans) {
    // Only a parent that began earlier counts: so there is no ring, whatever the file says.
    const siblings = (span.parent !== null && children.get(span.parent)) || roots;
    siblings.push(span);
    children.set(span.span, []);
  }
  const failed = failures(spans);
  /** @type {TreeRow[]} */
  const rows = [];
  /** @type {{ list: Span[], at: number, level: number }[]} */
  const stack = [{ list: roots, at: 0, level: 1 }];
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const span = top.list[top.at++];
    if (!span) {
      stack.pop();
      continue;
    }
    const below = children.get(span.span) ?? [];
    const open = below.length > 0 && !collapsed.has(span.span);
    rows.push({
      span,
      level: top.level,
      size: top.list.length,
      position: top.at,
      children: below.length,
      open,
      orphan: span.parent !== null && top.level === 1,
      failedBelow: failed.has(span.span),
    });
    if (open) stack.push({ list: below, at: 0, level: top.level + 1 });
  }
  return rows;
}

/** The spans above a failure, up to the one that made it good. @param {Span[]} spans @returns {Set<number>} */
function failures(spans) {
  /** @type {Set<number>} */
  const above = new Set();
  // Backwards, children come before their parents.
  for (let index = spans.length - 1; index >= 0; index--) {
    const span = /** @type {Span} */ (spans[index]);
    const below = above.has(span.span) && !span.recovered;
    if (span.parent !== null && (hasFailed(span.state) || below)) above.add(span.parent);
  }
  return above;
}

const STEPS = [1, 1.5, 2, 3, 4, 5, 7, 10];
const LEAST_DOMAIN = 1e6;

/**
 * How much time the waterfall shows, in microseconds. While the run goes on it stays the same for a while, so that
 * bars grow instead of everything shrinking.
 * @param {number} now_us @param {boolean} running
 */
export function domainFor(now_us, running) {
  if (!running) return Math.max(1, now_us) * 1.03;
  const least = Math.max(LEAST_DOMAIN, now_us * 1.1);
  const unit = 10 ** Math.floor(Math.log10(least));
  for (const step of STEPS) if (step * unit >= least) return step * unit;
  return 10 * unit;
}

/**
 * From what is shown towards what should be, eased by ratio: from seconds to milliseconds takes no longer.
 * @param {number} shown @param {number} target @param {number} ms since the last frame
 */
export function approach(shown, target, ms) {
  const next = target * (shown / target) ** Math.exp(-ms / 90);
  return Math.abs(next - target) < target * 0.002 ? target : next;
}

const SECOND = 1e6;
const LONG_STEPS = [15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400].map(
  (step) => step * SECOND,
);

/**
 * The distance of ticks that stand at least `gap` pixels apart.
 * @param {number} domain_us @param {number} width pixels @param {number} [gap]
 */
export function tickStep(domain_us, width, gap = 84) {
  const least = (domain_us / Math.max(1, width)) * gap;
  if (least > 10 * SECOND) {
    const long = LONG_STEPS.find((step) => step >= least);
    if (long) return long;
  }
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, least))));
  for (const step of [1, 2, 5, 10]) if (step * unit >= least) return step * unit;
  return 10 * unit;
}

/** The ticks inside a domain. @param {number} domain_us @param {number} step_us @returns {number[]} */
export function ticks(domain_us, step_us) {
  const found = [];
  for (let us = 0; us <= domain_us && found.length < 200; us += step_us) found.push(us);
  return found;
}

/**
 * Which rows of equal height are to be drawn: a half-open range, with a few beyond the edges.
 * @param {number} count @param {number} height @param {number} top scrolled so far @param {number} room
 * @returns {[number, number]}
 */
export function rowsInView(count, height, top, room) {
  const first = Math.max(0, Math.floor(top / height) - 2);
  return [Math.min(first, count), Math.min(count, Math.ceil((top + room) / height) + 2)];
}
