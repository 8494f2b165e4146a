// What the timeline and its overview show of a run: spans in columns, which rows they stand in, how time becomes places,
// and which stretch of it is seen. Brought up to date once a frame, by whichever view draws first. No DOM.

import { Branches } from "./branches.js";
import { PIECE } from "./columns.js";
import { GraphNodes } from "./graph_nodes.js";
import { domainFor } from "./layout.js";
import { Mipmap } from "./mipmap.js";
import { Rate, Rates } from "./rates.js";
import { RowOrder } from "./row_order.js";
import { ERROR, MODEL, SpanColumns } from "./span_columns.js";
import { IdleTimes, TimeScale } from "./time_scale.js";
import { TimeWindow } from "./window.js";

/** @typedef {import("./store.js").RunStore} RunStore */
/** @typedef {import("./spans.js").Span} Span */
/** @typedef {import("./loop.js").Frame} Frame */

/** How long spans, and their rows, may take of a frame. */
const SLICE_MS = 2;
/** Lines that are looked at in a frame. */
const MOST_ROWS = 50_000;
/** Spans that are painted between two looks at the clock. */
const STRIDE = 250;
/** After so long without a line, all that was there has come. */
const SETTLED_MS = 300;
/** A run whose newest line was written longer ago is not waited for. */
const OLD_MS = 600_000;
/** The lanes of marks. */
export const MARKS = { errors: 0, findings: 1, firsts: 2 };

export class Scene {
  /** @type {RunStore | null} */
  store = null;
  columns = new SpanColumns();
  order = new RowOrder(this.columns);
  branches = new Branches(this.columns);
  nodes = new GraphNodes();
  /** @type {Rates | null} */
  rates = null;
  /** What is searched for. @type {import("./find.js").Find | null} */
  find = null;
  /** All spans that have ended, by lane; and what happened at one time: see MARKS. */
  map = new Mipmap(ERROR);
  marks = new Mipmap(ERROR);
  /** How fast all models together put out their tokens. */
  pieces = new Rate(512);
  scale = new TimeScale();
  window = new TimeWindow();
  /** Idle stretches are cut short. */
  cuts = false;
  /** The moment that is shown, and the newest one, in microseconds. */
  now_us = 0;
  edge_us = 0;
  /** What is shown goes on. */
  isLive = false;
  /** What comes is from long ago. */
  isOld = false;
  /** Whether something is still to be taken in, or moves. */
  isBusy = false;
  #idle = new IdleTimes();
  #idleVersion = -1;
  #lastMs = Number.NaN;
  /** How many lines there were, and since when. */
  #arrived = { rows: 0, ms: 0 };
  #painted = { spans: 0, errors: 0, findings: 0, firsts: 0 };
  /** @type {{ row: number, above: Set<number> }} */
  #failed = { row: -1, above: new Set() };

  /** Another run. @param {RunStore} store */
  show(store) {
    this.store = store;
    this.columns = new SpanColumns();
    this.order = new RowOrder(this.columns);
    this.branches = new Branches(this.columns);
    this.rates = new Rates(store.columns);
    this.map = new Mipmap(ERROR);
    this.marks = new Mipmap(ERROR);
    this.pieces = new Rate(512);
    this.#painted = { spans: 0, errors: 0, findings: 0, firsts: 0 };
    this.#idle = new IdleTimes();
    this.#idleVersion = -1;
    this.scale = new TimeScale();
    this.window.reset();
    this.#failed = { row: -1, above: new Set() };
  }

  /** @param {Frame} frame @param {boolean} still nothing is to move by itself */
  step({ ms, wall }, still) {
    const { store } = this;
    if (!store || ms === this.#lastMs) return;
    const since = Number.isNaN(this.#lastMs) ? 16 : Math.min(100, Math.max(0, ms - this.#lastMs));
    this.#lastMs = ms;
    const isNow = store.cursor === null;
    if (store.columns.length !== this.#arrived.rows) this.#arrived = { rows: store.columns.length, ms };
    // What was written before somebody looked comes at once: time does not pass meanwhile.
    // Lines from long ago are read, not lived through, however slowly they come.
    const began = Date.parse(store.header?.started_at ?? "");
    this.isOld = wall - began - store.fold.t_us / 1000 > OLD_MS;
    const settled = ms - this.#arrived.ms >= (this.isOld ? SETTLED_MS * 5 : SETTLED_MS);
    const isComing = store.running && (this.isOld || !store.clock.isFresh) && !settled;
    this.isLive = store.running && isNow && !isComing;
    this.edge_us = this.isLive ? store.at(wall) : store.fold.t_us;
    this.now_us = isNow ? this.edge_us : store.moment.t_us;
    const isBehind = this.#takeIn(store);
    this.#setScale(store);
    const edge = this.scale.place(this.edge_us);
    const now = this.isLive ? edge : Number.NaN;
    // A log that is being read is drawn as often as it says that there is more: a page that moves by itself meanwhile
    // would keep both processors busy, and come late.
    const jumps = still || store.loading;
    this.window.step(domainFor(edge, store.running), now, jumps ? Number.POSITIVE_INFINITY : since);
    this.isBusy = isBehind || isComing || this.window.isMoving;
  }

  /** @param {RunStore} store @returns {boolean} whether there is more to take in */
  #takeIn(store) {
    const { fold } = store;
    this.nodes.of(fold);
    const isGraphs = (/** @type {number} */ span) => this.nodes.isPlumbing(span);
    const more = this.columns.sync(fold.spans, fold.version, isGraphs, fold.findings, SLICE_MS);
    const unordered = this.order.sync(SLICE_MS);
    this.branches.sync();
    const unpainted = this.#paint(store);
    return more || unordered || unpainted || this.#count(store.columns);
  }

  /** @param {RunStore} store @returns {boolean} whether there is more */
  #paint({ fold }) {
    const { columns, map, marks } = this;
    const done = this.#painted;
    const until = performance.now() + SLICE_MS;
    for (; done.spans < columns.endedCount; done.spans++) {
      if (done.spans % STRIDE === 0 && performance.now() >= until) break;
      const index = Number(columns.ended[done.spans]);
      const start = Number(columns.start_us[index]);
      map.add(Number(columns.lane[index]), start, Number(columns.end_us[index]), Number(columns.look[index]));
    }
    for (; done.errors < columns.failed.length; done.errors++) {
      const end = Number(columns.end_us[Number(columns.failed[done.errors])]);
      marks.add(MARKS.errors, end, end, ERROR);
    }
    for (; done.firsts < columns.firsts.length; done.firsts++) {
      const first = Number(columns.firsts[done.firsts]);
      marks.add(MARKS.firsts, first, first, MODEL);
    }
    for (; done.findings < fold.findings.length; done.findings++) {
      const { t_us } = /** @type {import("./spans.js").Finding} */ (fold.findings[done.findings]);
      marks.add(MARKS.findings, t_us, t_us, 0);
    }
    return done.spans < columns.endedCount;
  }

  /** @param {import("./columns.js").Columns} columns @returns {boolean} whether there is more */
  #count({ length, t_us, mark }) {
    const { pieces } = this;
    const stop = Math.min(length, pieces.row + 1 + MOST_ROWS);
    for (let row = pieces.row + 1; row < stop; row++) {
      if (Number(mark[row]) & PIECE) pieces.add(Number(t_us[row]));
    }
    pieces.row = stop - 1;
    return stop < length;
  }

  /** @param {RunStore} store */
  #setScale(store) {
    this.#idle.sync(store.columns);
    if (!this.cuts) return;
    const version = this.#idle.version;
    if (version === this.#idleVersion) return;
    this.#idleVersion = version;
    this.#cutTo(store);
  }

  /** @param {RunStore} store */
  #cutTo(store) {
    const all = store.fold.t_us;
    const before = this.#seen;
    this.scale = this.cuts ? new TimeScale(this.#idle.worth(all), all) : new TimeScale();
    const { window } = this;
    if (window.isWhole) return;
    window.show(this.scale.place(before.from_us), this.scale.place(before.to_us));
  }

  /** @param {boolean} cuts */
  cut(cuts) {
    if (!this.store || cuts === this.cuts) return;
    this.cuts = cuts;
    this.#idleVersion = this.#idle.version;
    this.#cutTo(this.store);
  }

  /** How much time the cuts take out, in microseconds, and how many there are or would be. */
  get idle() {
    const cuts = this.#idle.worth(this.store?.fold.t_us ?? 0);
    return { count: cuts.length, us: cuts.reduce((sum, one) => sum + one.to_us - one.from_us, 0) };
  }

  /** The times between which is seen, when the window has come to rest. */
  get #seen() {
    const { from, to } = this.window.target;
    return { from_us: this.scale.time(from), to_us: this.scale.time(to) };
  }

  get seen() {
    return this.#seen;
  }

  /** The place of what happens now; NaN where nothing goes on. */
  get now() {
    return this.isLive ? this.scale.place(this.edge_us) : Number.NaN;
  }

  /** A span as it is at the moment that is shown; undefined where it has not begun. @param {number} index @returns {Span | undefined} */
  spanAt(index) {
    return this.store?.moment.span(this.columns.number[index]);
  }

  /** A span as it is known now, whatever moment is shown. @param {number} index @returns {Span} */
  spanOf(index) {
    return /** @type {Span} */ (this.store?.fold.spans[index]);
  }

  /** Whether something in a span had failed by the moment that is shown, and was not made good. @param {number} index */
  failsBelow(index) {
    if (!this.columns.failsBelow(index)) return false;
    return this.store?.cursor === null || this.#failedBy().has(index);
  }

  /** The spans above failures at the moment that is shown. @returns {Set<number>} */
  #failedBy() {
    const row = this.store?.cursor ?? -1;
    if (row === this.#failed.row) return this.#failed.above;
    /** @type {Set<number>} */
    const above = new Set();
    for (const span of this.store?.moment.failures() ?? []) {
      let at = this.columns.indexOf(span.parent);
      for (; at >= 0 && !above.has(at); at = this.columns.parent[at] ?? -1) {
        above.add(at);
        if (this.spanAt(at)?.recovered) break;
      }
    }
    this.#failed = { row, above };
    return above;
  }

  /** The stretch of places a span takes, as it is known now. @param {number} index */
  placesOf(index) {
    const start = Number(this.columns.start_us[index]);
    const end = Number(this.columns.end_us[index]);
    return {
      from: this.scale.place(start),
      to: this.scale.place(Number.isFinite(end) ? end : Math.max(start, this.edge_us)),
    };
  }

  /** Fits a span into the window, with a little around it. @param {number} index */
  fit(index) {
    const { from, to } = this.placesOf(index);
    const around = Math.max((to - from) * 0.06, 50);
    this.window.show(from - around, to + around, this.now);
  }

  /**
   * How long a span was itself at work: without the time in which its children were.
   * @param {number} index @param {number} end_us its own end, or now
   */
  selfTime(index, end_us) {
    const { firstChild, next, start_us, end_us: ends } = this.columns;
    const start = Number(start_us[index]);
    let covered = start;
    let below = 0;
    for (let at = Number(firstChild[index]); at >= 0; at = Number(next[at])) {
      const from = Math.max(covered, Number(start_us[at]));
      const to = Math.min(end_us, Number(ends[at]));
      if (to <= from) continue;
      below += to - from;
      covered = to;
    }
    return Math.max(0, end_us - start - below);
  }
}
