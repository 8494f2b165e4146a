// One row of the timeline: a span's name on the left, its bar on the right. Rows are pooled and filled anew.

import { isTimed } from "../clock.js";
import { el, glyph, setAttribute, setGlyph, setText, show } from "../dom.js";
import { counted, duration, errorName, hasFailed, lookOf, perSecond, typeName } from "../format.js";
import { nodeWords } from "../graph_nodes.js";
import { areaOf } from "../rates.js";
import { isModel } from "../spans.js";
import { stateGlyph } from "../states.js";
import { drawInside } from "./inside.js";

/** @typedef {import("../spans.js").Span} Span */
/** @typedef {import("../scene.js").Scene} Scene */
/** @typedef {import("../store.js").RunStore} RunStore */
/** @typedef {import("../graph_nodes.js").NodeRun} NodeRun */
/**
 * @typedef {{
 *   scene: Scene, store: RunStore, ms: number, width: number, height: number, shift: number,
 *   from: number, scale: number, self: boolean, paint: import("./paint.js").Paint, narrow: boolean,
 * }} RowFrame
 * `width` of the bars and `height` of a row in pixels; `shift`: what to add to a row's own place; `from`: the place at
 * the left edge; `scale`: pixels a microsecond; `self`: durations without the time of what is inside.
 */

const SVG = "http://www.w3.org/2000/svg";
const LEAST_BAR = 3;
const LETTER = 6.1;
const ABOUT_LETTER = 6.6;
const TITLE_LETTER = 7.2;
const TIME = 66;
const SPOKEN_EVERY = 1000;
const RATE_EVERY = 120;
/** Bars are cut so far beyond the edges: a browser draws none that is millions of pixels wide. */
const BEYOND = 12;
/** A bar too narrow for its rate to be seen. */
const LEAST_RATE = 48;
/** One wider than so many times what is seen is drawn in part. */
const MOST_RATE = 4;

/** @param {NodeRun | undefined} run @param {string} name */
const nodeAbout = (run, name) => (run ? nodeWords({ ...run, times: 1 }, name) : "");

/** @param {Span} span @param {NodeRun | undefined} run */
const titleOf = (span, run) =>
  (span.name || typeName(span.type)) + (run && run.times > 1 ? ` #${run.nth}` : "");

/** What stands behind a name: the error, the state, the model. @param {Span} span @param {NodeRun | undefined} run */
function aboutOf(span, run) {
  if (hasFailed(span.state) && span.error) return errorName(span.error.type);
  if (span.recovered) return "recovered";
  const plain = span.state === "ok" || span.state === "running";
  return plain ? (span.model ?? nodeAbout(run, span.name)) : span.state;
}

/**
 * About how many pixels the name of a row takes, with all that stands beside it.
 * @param {Scene} scene @param {number} index @param {number} findings
 */
export function nameWidth(scene, index, findings) {
  const span = scene.spanOf(index);
  const run = scene.nodes.run(span.span);
  const about = aboutOf(span, run);
  const { columns } = scene;
  const isMarked = columns.failsBelow(index) || span.recovered || columns.isOrphan(index);
  const marks = Number(findings > 0) + Number(isMarked);
  const text = titleOf(span, run).length * TITLE_LETTER + (about ? 6 + about.length * ABOUT_LETTER : 0);
  return 49 + (scene.order.level(index) - 1) * 16 + text + marks * 19 + TIME;
}

/** How long a span has gone on, in microseconds. @param {Span} span @param {number} now_us */
export const lasted = (span, now_us) => (span.end_us ?? Math.max(now_us, span.start_us)) - span.start_us;

export class Row {
  /** The span it shows, by its index. */
  index = -1;
  #key = "";
  #placeKey = "";
  #found = "true";
  #bars = { left: "", width: "", arrow: "" };
  #spokenAt = 0;
  #time = "";
  #rate = { span: 0, isCut: false, key: "", at: 0 };
  /** @type {SVGSVGElement | null} */
  #area = null;
  /** @type {HTMLCanvasElement | null} */
  #inside = null;

  /** @param {number} number which of the pool it is */
  constructor(number) {
    this.element = el("div", "row", "", { role: "row", id: `span-row-${number}` });
    this.name = el("div", "row-name", "", { role: "gridcell" });
    this.twisty = el("span", "twisty");
    this.twisty.append(glyph("twisty"));
    this.icon = glyph("chain");
    this.icon.classList.add("row-icon");
    this.title = el("span", "row-title");
    this.about = el("span", "row-about");
    this.warning = el("span", "row-warning");
    this.warning.append(glyph("warning"));
    this.finding = el("span", "row-finding");
    this.finding.append(glyph("finding"));
    this.time = el("span", "row-time");
    const marks = [this.warning, this.finding, this.time];
    this.name.append(this.twisty, this.icon, this.title, this.about, ...marks);
    this.bars = el("div", "row-bars", "", { role: "gridcell" });
    this.wait = el("div", "bar-wait");
    this.bar = el("div", "bar");
    this.label = el("span", "bar-label");
    this.arrow = el("span", "bar-arrow", "", { "aria-hidden": "true" });
    this.arrow.append(glyph("twisty"));
    this.bars.append(this.wait, this.bar, this.label, this.arrow);
    this.element.append(this.name, this.bars);
  }

  /** @param {number} index of the span @param {number} row @param {boolean} selected @param {RowFrame} frame @returns {boolean} whether it says something else than before */
  draw(index, row, selected, frame) {
    const { scene, store } = frame;
    const known = scene.spanOf(index);
    const now = store.cursor === null ? known : scene.spanAt(index);
    const span = now ?? known;
    const ghost = now === undefined;
    const running = span.state === "running" && !ghost;
    const findings = ghost ? 0 : store.findings(span.span);
    const run = scene.nodes.run(span.span);
    const { order, columns } = scene;
    const fails = !ghost && scene.failsBelow(index);
    const children = order.children(index);
    const open = order.isOpen(index);
    const place = `${row}|${frame.height}|${frame.shift}`;
    if (place !== this.#placeKey) {
      this.#placeKey = place;
      this.element.style.transform = `translateY(${(row * frame.height + frame.shift).toFixed(1)}px)`;
      setAttribute(this.element, "aria-rowindex", String(row + 1));
    }
    const key = `${span.span}|${ghost}|${span.state}|${span.recovered}|${fails}|${findings}|${run?.nth}|${run?.times}|${span.model}|${open}|${children}|${order.level(index)}|${order.siblings(index)}|${order.position(index)}|${frame.self}`;
    const isNew = key !== this.#key;
    if (isNew) {
      this.#key = key;
      this.index = index;
      this.#fill(span, index, { ghost, fails, findings, run, orphan: columns.isOrphan(index) }, scene);
      this.#spokenAt = 0;
    }
    setAttribute(this.element, "aria-selected", String(selected));
    this.#drawFound(index, scene.find);
    if (running || this.#spokenAt === 0) this.#say(span, index, { ghost, fails, findings, run }, frame);
    this.#drawBar(span, ghost, frame);
    this.#drawInside(index, !open && children > 0 && !ghost, frame);
    return isNew;
  }

  /**
   * @param {Span} span @param {number} index
   * @param {{ ghost: boolean, fails: boolean, findings: number, run: NodeRun | undefined, orphan: boolean }} about
   * @param {Scene} scene
   */
  #fill(span, index, { ghost, fails, findings, run, orphan }, { order, nodes }) {
    const { element } = this;
    const state = ghost ? "ghost" : span.state;
    const failed = hasFailed(state);
    const level = order.level(index);
    const children = order.children(index);
    element.style.setProperty("--depth", String(Math.min(level - 1, 24)));
    element.dataset.span = String(span.span);
    element.dataset.state = state;
    element.dataset.look = state === "error" ? "error" : lookOf(span.type);
    setAttribute(element, "aria-level", String(level));
    setAttribute(element, "aria-setsize", String(order.siblings(index)));
    setAttribute(element, "aria-posinset", String(order.position(index)));
    setAttribute(element, "aria-expanded", children ? String(order.isOpen(index)) : null);
    this.twisty.classList.toggle("none", children === 0);
    setGlyph(this.icon, (!ghost && stateGlyph(span.state)) || lookOf(span.type));
    setText(this.title, titleOf(span, run));
    element.classList.toggle("plumbing", nodes.isPlumbing(span.span));
    setText(this.about, ghost ? "" : aboutOf(span, run));
    const recovered = span.recovered && !ghost;
    const isWord = !ghost && !failed && span.state !== "ok" && span.state !== "running";
    this.about.className = `row-about ${failed ? "failed" : recovered ? "recovered" : isWord ? "word" : ""}`;
    show(this.warning, (fails && !failed) || recovered || orphan);
    this.warning.classList.toggle("recovered", recovered);
    setGlyph(
      /** @type {SVGSVGElement} */ (this.warning.firstElementChild),
      recovered ? "recovered" : "warning",
    );
    show(this.finding, findings > 0);
  }

  /** Whether it fits what is searched for, and where that was found. @param {number} index @param {Scene["find"]} find */
  #drawFound(index, find) {
    const fits = !find?.isOn || find.matches(index);
    const place = find?.isOn && fits ? find.placeOf(index) : "";
    const key = `${fits}${place}`;
    if (key === this.#found) return;
    this.#found = key;
    this.element.classList.toggle("no-match", !fits);
    setAttribute(this.time, "data-found", place.split(" ").at(-1) || null);
    setAttribute(this.element, "aria-description", fits ? (place && `found ${place}`) || null : "no match");
  }

  /**
   * What a screen reader says of a row, and how long it took.
   * @param {Span} span @param {number} index
   * @param {{ ghost: boolean, fails: boolean, findings: number, run: NodeRun | undefined }} about @param {RowFrame} frame
   */
  #say(span, index, { ghost, fails, findings, run }, { scene, ms, self }) {
    const running = span.state === "running";
    const all = lasted(span, scene.now_us);
    const end_us = span.end_us ?? Math.max(scene.now_us, span.start_us);
    const shown = self && !ghost ? scene.selfTime(index, end_us) : all;
    const timed = isTimed(scene.store?.header);
    const time = ghost || !timed ? "" : duration(shown, running);
    if (time !== this.#time) {
      this.#time = time;
      setText(this.time, time);
    }
    if (this.#spokenAt !== 0 && ms - this.#spokenAt < SPOKEN_EVERY) return;
    this.#spokenAt = Math.max(1, ms);
    const error = span.error && hasFailed(span.state) ? ` ${errorName(span.error.type)}` : "";
    const parts = [`${typeName(span.type)} ${span.name}`];
    if (ghost) parts.push("not begun yet");
    else parts.push(`${span.state}${error}`, timed ? duration(all, running) : "times unknown");
    if (self && !ghost && timed) parts.push(`itself ${duration(shown, running)}`);
    if (run) parts.push(nodeWords(run, span.name));
    if (span.recovered && !ghost) parts.push("recovered");
    else if (fails) parts.push("a failure below");
    if (findings) parts.push(counted(findings, "finding"));
    if (scene.columns.isOrphan(index)) parts.push("its parent is missing");
    setAttribute(this.element, "aria-label", parts.join(", "));
  }

  /** @param {Span} span @param {boolean} ghost @param {RowFrame} frame */
  #drawBar(span, ghost, frame) {
    const { scene, store, width, from, scale } = frame;
    const running = span.state === "running" && !ghost;
    const end_us = span.end_us ?? Math.max(scene.now_us, span.start_us);
    const x0 = (scene.scale.place(span.start_us) - from) * scale;
    const x1 = Math.max((scene.scale.place(end_us) - from) * scale, x0 + LEAST_BAR);
    this.#drawArrow(x1 < 0 ? "left" : x0 > width ? "right" : "");
    const isAnswer = isModel(span.type) && !ghost;
    const waits = isAnswer && (span.first_us !== null || (span.state !== "ok" && !hasFailed(span.state)));
    const first = waits ? Math.min(x1, (scene.scale.place(span.first_us ?? end_us) - from) * scale) : x0;
    const waiting = waits && span.first_us === null;
    show(this.wait, waits && first - x0 >= 1 && first > 0 && x0 < width);
    const isSeen = !waiting && x1 >= -LEAST_BAR && first <= width;
    show(this.bar, isSeen);
    const left = Math.max(first, -BEYOND);
    const right = Math.min(x1, width + BEYOND);
    if (waits) {
      const begin = Math.max(x0, -BEYOND);
      const wait = this.wait.style;
      wait.left = `${begin.toFixed(1)}px`;
      wait.width = `${Math.max(0, Math.min(first, width + BEYOND) - begin).toFixed(1)}px`;
    }
    this.wait.classList.toggle("live", waiting && running);
    if (isSeen) {
      const at = `${left.toFixed(1)}px`;
      const long = `${Math.max(LEAST_BAR, right - left).toFixed(1)}px`;
      if (at !== this.#bars.left) this.bar.style.left = this.#bars.left = at;
      if (long !== this.#bars.width) this.bar.style.width = this.#bars.width = long;
    }
    this.bar.classList.toggle("live", running);
    this.#drawRate(span, isAnswer && isSeen ? first : x1, x1, left, end_us, frame);
    const labels = ghost ? [] : barLabels(span, store, end_us, waiting && running);
    const begin = Math.max(0, waiting ? Math.min(x1, width) : first);
    const isOut = x1 < 0 || x0 > width;
    this.#drawLabel(
      isOut ? [] : labels,
      isModel(span.type),
      Math.max(0, x0),
      begin,
      Math.min(width, x1),
      width,
    );
  }

  /** A bar beyond the edge is pointed at. @param {string} side */
  #drawArrow(side) {
    if (side === this.#bars.arrow) return;
    this.#bars.arrow = side;
    this.arrow.dataset.side = side;
  }

  /**
   * How fast the answer came, as an area inside the bar.
   * @param {Span} span @param {number} first @param {number} x1 @param {number} left where the bar is drawn from
   * @param {number} end_us @param {RowFrame} frame
   */
  #drawRate(span, first, x1, left, end_us, { scene, ms, width, from, scale }) {
    const wide = x1 - first;
    if (wide < LEAST_RATE || span.first_us === null) {
      if (this.#area) this.#area.style.display = "none";
      this.#rate.span = 0;
      return;
    }
    // Of a bar that is far wider than the window only what is seen is drawn.
    const isCut = wide > width * MOST_RATE;
    const begin = isCut ? left : first;
    const long = isCut ? Math.min(x1, width + BEYOND) - left : wide;
    const known = this.#rate;
    if (isCut || known.span !== span.span || known.isCut || ms - known.at >= RATE_EVERY) {
      const rate = scene.rates?.of(span.span);
      known.at = ms;
      const seen = isCut ? { from: from + left / scale, to: from + (left + long) / scale } : undefined;
      const key = `${rate?.version}|${end_us}|${scene.scale.cuts.length}|${seen?.from}|${seen?.to}`;
      if (rate && (known.span !== span.span || key !== known.key)) {
        known.key = key;
        known.span = span.span;
        known.isCut = isCut;
        const path = areaOf(rate, end_us, (t_us) => scene.scale.place(t_us), seen);
        this.#area ??= this.#makeArea();
        this.#area.style.display = path ? "" : "none";
        this.#area.firstElementChild?.setAttribute("d", path);
      }
    }
    if (!this.#area) return;
    this.#area.style.left = `${(begin - left).toFixed(1)}px`;
    this.#area.style.width = `${long.toFixed(1)}px`;
  }

  #makeArea() {
    const area = document.createElementNS(SVG, "svg");
    area.setAttribute("class", "bar-rate");
    area.setAttribute("viewBox", "0 0 100 100");
    area.setAttribute("preserveAspectRatio", "none");
    area.append(document.createElementNS(SVG, "path"));
    this.bar.append(area);
    return area;
  }

  /** What is folded into it, as thin stripes under its bar. @param {number} index @param {boolean} isFolded @param {RowFrame} frame */
  #drawInside(index, isFolded, frame) {
    this.element.classList.toggle("folded", isFolded);
    if (!isFolded) {
      if (this.#inside) show(this.#inside, false);
      return;
    }
    if (!this.#inside) {
      this.#inside = el("canvas", "bar-inside");
      this.bars.prepend(this.#inside);
    }
    show(this.#inside, true);
    drawInside(this.#inside, index, frame);
  }

  /**
   * The longest of the labels that fits into the bar, else the longest that fits beside it, else none.
   * @param {string[]} labels @param {boolean} isFigure @param {number} x0 @param {number} first where the bar itself begins
   * @param {number} x1 @param {number} width
   */
  #drawLabel(labels, isFigure, x0, first, x1, width) {
    const fits = labels.find((label) => x1 - first >= needs(label));
    const after = x1 + 6;
    const room = Math.max(width - after, x0);
    // Words that say what a tool was called with may be cut, a figure may not.
    const text = fits ?? labels.find((label) => needs(label) <= room) ?? (isFigure ? "" : (labels[0] ?? ""));
    show(this.label, text !== "");
    if (!text) return;
    setText(this.label, text);
    const side = fits ? "inside" : after + needs(text) <= width || x0 < needs(text) ? "after" : "before";
    this.label.dataset.side = side;
    const left = side === "inside" ? first : side === "after" ? after : x0 - needs(text);
    const right = side === "inside" ? x1 : side === "after" ? width : x0;
    this.label.style.transform = `translateX(${left.toFixed(1)}px)`;
    this.label.style.maxWidth = `${Math.max(0, right - left).toFixed(0)}px`;
  }
}

/** About how many pixels a label takes. @param {string} text */
const needs = (text) => text.length * LETTER + 14;

/** What may stand on a bar, the most telling first. @param {Span} span @param {RunStore} store @param {number} end_us @param {boolean} waiting @returns {string[]} */
function barLabels(span, store, end_us, waiting) {
  if (waiting) return ["waiting for the first token"];
  if (!isModel(span.type)) {
    const note = span.type === "chain" || span.type === "prompt" ? "" : store.note(span);
    return note ? [note] : [];
  }
  const tokens = span.usage?.output_tokens ?? store.pieces(span.span);
  if (!tokens) return [];
  const about = span.usage || span.state === "running" ? "" : "~";
  const short = `${about}${counted(tokens, "token")}`;
  const seconds = span.first_us === null ? 0 : (end_us - span.first_us) / 1e6;
  return seconds > 0.05 ? [`${short} · ${perSecond(tokens / seconds)}/s`, short] : [short];
}
