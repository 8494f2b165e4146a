// The spans of a run as the timeline needs them: typed columns, kept in step with the store. No DOM.

import { hasFailed, lookOf } from "./format.js";

/** @typedef {import("./spans.js").Span} Span */
/** @typedef {{ readonly length: number, readonly [index: number]: Span }} SpanList  In the order they began. */
/** @typedef {(span: number) => boolean} IsPlumbing  Whether a span is a graph's own work around its nodes. */

/** How bars are coloured; a span's code is its place here. */
export const LOOKS = ["chain", "prompt", "model", "tool", "retriever", "parser", "error"];
export const ERROR = LOOKS.indexOf("error");
export const MODEL = LOOKS.indexOf("model");

/** It names a parent that did not begin before it. */
const ORPHAN = 1;
/** Work that only holds other work together. */
const PLUMBING = 2;
/** Plumbing that is worth seeing: it failed, did not end well, or something was found of it. */
const KEPT = 4;
/** It failed, or something in it did that was not made good. */
const FAILS = 8;

const FIRST = 256;
/** Spans that are taken in between two looks at the clock. */
const STRIDE = 500;
/** Where branches run side by side, each has a lane; what is beyond shares the last. */
export const MOST_LANES = 64;
const PLUMBING_NAME = /^Runnable(Passthrough|Assign|Lambda|Pick)\b/;

/** Prompts, parsers, and what hands values on. @param {Span} span */
export function isPlumbing({ type, name }) {
  return type === "prompt" || type === "parser" || (type === "chain" && PLUMBING_NAME.test(name));
}

/** A span is known by its index, its place in the order in which spans began; -1 is none. */
export class SpanColumns {
  length = 0;
  start_us = new Float64Array(FIRST);
  /** Infinity while it runs. */
  end_us = new Float64Array(FIRST);
  number = new Float64Array(FIRST);
  parent = new Int32Array(FIRST);
  firstChild = new Int32Array(FIRST);
  lastChild = new Int32Array(FIRST);
  /** The next child of the same parent; roots are children of none. */
  next = new Int32Array(FIRST);
  depth = new Uint32Array(FIRST);
  /** How many of its children fail. */
  failing = new Uint32Array(FIRST);
  look = new Uint8Array(FIRST);
  lane = new Uint8Array(FIRST);
  #flags = new Uint8Array(FIRST);
  firstRoot = -1;
  #lastRoot = -1;
  /** How many spans plumbing would hide. */
  plumbing = 0;
  lanes = 0;
  /** Indexes in the order in which it was seen that they had ended. */
  ended = new Int32Array(FIRST);
  endedCount = 0;
  /** Those that failed by themselves. @type {number[]} */
  failed = [];
  /** When models that have ended began to answer. @type {number[]} */
  firsts = [];
  /** Grows with every change of what is kept of plumbing. */
  kept = 0;
  /** The newest time of a span. */
  last_us = 0;
  /** Those that run. @type {number[]} */
  running = [];
  /** The last span in each lane. */
  #inLane = new Int32Array(MOST_LANES);
  /** Spans whose number is not their place. @type {Map<number, number>} */
  #places = new Map();
  #version = -1;
  #findings = 0;
  /** Spans of which something was found, and which are still to be taken in. @type {Set<number>} */
  #found = new Set();
  /** @type {SpanList} */
  #spans = [];

  /** The span with this number, or -1. @param {number | null} number */
  indexOf(number) {
    if (number === null) return -1;
    const place = number - 1;
    if (place >= 0 && place < this.length && this.number[place] === number) return place;
    return this.#places.get(number) ?? -1;
  }

  /** @param {number} index */
  isOrphan(index) {
    return ((this.#flags[index] ?? 0) & ORPHAN) !== 0;
  }

  /** Whether it is hidden where plumbing is. @param {number} index */
  isHideable(index) {
    return ((this.#flags[index] ?? 0) & (PLUMBING | KEPT)) === PLUMBING && (this.parent[index] ?? -1) >= 0;
  }

  /** Whether something in it failed and was not made good. @param {number} index */
  failsBelow(index) {
    return (this.failing[index] ?? 0) > 0;
  }

  /**
   * Takes in what is new, in steps of what a frame has room for.
   * @param {SpanList} spans
   * @param {number} version of the fold: the same says that no span has changed
   * @param {IsPlumbing} isGraphs
   * @param {{ span: number | null }[]} findings
   * @param {number} [ms] how long it may take, about
   * @returns {boolean} whether there are more
   */
  sync(spans, version, isGraphs, findings, ms = Number.POSITIVE_INFINITY) {
    if (version === this.#version) return false;
    this.#spans = spans;
    this.#look(spans);
    for (; this.#findings < findings.length; this.#findings++) {
      const span = findings[this.#findings]?.span ?? null;
      const index = this.indexOf(span);
      if (index >= 0) this.#keep(index);
      else if (span !== null) this.#found.add(span);
    }
    const until = performance.now() + ms;
    do {
      const stop = Math.min(spans.length, this.length + STRIDE);
      while (this.length < stop) this.#add(/** @type {Span} */ (spans[this.length]), isGraphs);
    } while (this.length < spans.length && performance.now() < until);
    const more = this.length < spans.length;
    if (!more) this.#version = version;
    return more;
  }

  /** Which of those that ran have ended. @param {SpanList} spans */
  #look(spans) {
    const { running } = this;
    let left = 0;
    for (const index of running) {
      const span = /** @type {Span} */ (spans[index]);
      if (span.state === "running") running[left++] = index;
      else this.#end(index, span);
    }
    running.length = left;
  }

  /** @param {Span} span @param {IsPlumbing} isGraphs */
  #add(span, isGraphs) {
    const index = this.length;
    if (index === this.number.length) this.#grow();
    this.length = index + 1;
    this.number[index] = span.span;
    if (span.span !== index + 1) this.#places.set(span.span, index);
    this.start_us[index] = span.start_us;
    this.end_us[index] = Number.POSITIVE_INFINITY;
    this.look[index] = LOOKS.indexOf(lookOf(span.type));
    this.last_us = Math.max(this.last_us, span.start_us);
    // Only a parent that began earlier counts: so there is no ring, whatever the file says.
    const above = span.parent === null ? -1 : this.indexOf(span.parent);
    const parent = above < index ? above : -1;
    this.#link(index, parent);
    let flags = span.parent !== null && parent < 0 ? ORPHAN : 0;
    if (isPlumbing(span) || isGraphs(span.span)) {
      flags |= PLUMBING;
      if (parent >= 0) this.plumbing++;
    }
    this.#flags[index] = flags;
    this.lane[index] = this.#laneOf(index, parent);
    if (this.#found.delete(span.span)) this.#keep(index);
    if (span.state === "running") this.running.push(index);
    else this.#end(index, span);
  }

  /** @param {number} index @param {number} parent */
  #link(index, parent) {
    this.parent[index] = parent;
    this.firstChild[index] = this.lastChild[index] = this.next[index] = -1;
    this.failing[index] = 0;
    if (parent < 0) {
      this.depth[index] = 0;
      if (this.#lastRoot < 0) this.firstRoot = index;
      else this.next[this.#lastRoot] = index;
      this.#lastRoot = index;
      return;
    }
    this.depth[index] = /** @type {number} */ (this.depth[parent]) + 1;
    const last = /** @type {number} */ (this.lastChild[parent]);
    if (last < 0) this.firstChild[parent] = index;
    else this.next[last] = index;
    this.lastChild[parent] = index;
  }

  /** The first lane under its parent's in which nothing ran when it began. @param {number} index @param {number} parent */
  #laneOf(index, parent) {
    const start = /** @type {number} */ (this.start_us[index]);
    let lane = parent < 0 ? 0 : Math.min(MOST_LANES - 1, /** @type {number} */ (this.lane[parent]) + 1);
    for (; lane < this.lanes && lane < MOST_LANES - 1; lane++) {
      if (/** @type {number} */ (this.end_us[/** @type {number} */ (this.#inLane[lane])]) <= start) break;
    }
    // Lanes that are skipped are taken by nobody yet.
    for (; this.lanes <= lane; this.lanes++) this.#inLane[this.lanes] = index;
    this.#inLane[lane] = index;
    return lane;
  }

  /** @param {number} index @param {Span} span */
  #end(index, span) {
    const end = Math.max(span.start_us, span.end_us ?? span.start_us);
    this.end_us[index] = end;
    this.last_us = Math.max(this.last_us, end);
    if (span.state === "error") {
      this.failed.push(index);
    }
    if (span.state !== "ok") this.#keep(index);
    if (span.first_us !== null && this.look[index] === MODEL) this.firsts.push(span.first_us);
    if (span.state === "error") this.look[index] = ERROR;
    if (this.endedCount === this.ended.length) this.ended = larger(this.ended);
    this.ended[this.endedCount++] = index;
    this.#weigh(index);
  }

  /** @param {number} index */
  #keep(index) {
    const flags = /** @type {number} */ (this.#flags[index]);
    if (flags & KEPT) return;
    this.#flags[index] = flags | KEPT;
    if (!(flags & PLUMBING) || /** @type {number} */ (this.parent[index]) < 0) return;
    this.plumbing--;
    this.kept++;
  }

  /** Whether it fails, told to its parent, and so on up. @param {number} index */
  #weigh(index) {
    // At least its parent is looked at: what happened here may have shown it as recovered.
    for (let at = index, step = 0; at >= 0; step++) {
      const { state, recovered } = /** @type {Span} */ (this.#spans[at]);
      const flags = /** @type {number} */ (this.#flags[at]);
      const did = (flags & FAILS) !== 0;
      const fails = hasFailed(state) || (this.failsBelow(at) && !recovered);
      if (fails === did && step > 0) return;
      const parent = /** @type {number} */ (this.parent[at]);
      if (fails !== did) {
        this.#flags[at] = flags ^ FAILS;
        if (parent >= 0)
          this.failing[parent] = /** @type {number} */ (this.failing[parent]) + (fails ? 1 : -1);
      }
      at = parent;
    }
  }

  #grow() {
    for (const name of COLUMNS) /** @type {any} */ (this)[name] = larger(this[name]);
    this.#flags = larger(this.#flags);
  }
}

const COLUMNS = /** @type {const} */ ([
  "start_us",
  "end_us",
  "number",
  "parent",
  "firstChild",
  "lastChild",
  "next",
  "depth",
  "failing",
  "look",
  "lane",
]);

/** @template {Float64Array | Int32Array | Uint32Array | Uint8Array} T @param {T} old @returns {T} twice as long */
function larger(old) {
  const copy = /** @type {T} */ (new /** @type {any} */ (old.constructor)(old.length * 2));
  copy.set(/** @type {any} */ (old));
  return copy;
}
