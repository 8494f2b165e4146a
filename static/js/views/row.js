// One row of the timeline: a span's name on the left, its bar on the right. Rows are pooled and filled anew.

import { el, glyph, setAttribute, setGlyph, setText, show } from "../dom.js";
import { counted, duration, errorName, hasFailed, lookOf, perSecond, typeName } from "../format.js";
import { nodeWords } from "../graph_nodes.js";
import { isModel } from "../spans.js";
import { stateAbout, stateGlyph } from "../states.js";

/** @typedef {import("../spans.js").Span} Span */
/** @typedef {import("../layout.js").TreeRow} TreeRow */
/** @typedef {import("../store.js").RunStore} RunStore */
/** @typedef {import("../graph_nodes.js").GraphNodes} GraphNodes */

const LEAST_BAR = 3;
const LETTER = 6.1;
const ABOUT_LETTER = 6.6;
const TITLE_LETTER = 7.2;
const TIME = 66;
const SPOKEN_EVERY = 1000;

/** @param {import("../graph_nodes.js").NodeRun | undefined} run @param {string} name */
const nodeAbout = (run, name) => (run ? nodeWords({ ...run, times: 1 }, name) : "");

/** @param {Span} span @param {import("../graph_nodes.js").NodeRun | undefined} run */
const titleOf = (span, run) =>
  (span.name || typeName(span.type)) + (run && run.times > 1 ? ` #${run.nth}` : "");

/** What stands behind a name: the error, the state, the model. @param {Span} span @param {import("../graph_nodes.js").NodeRun | undefined} run */
function aboutOf(span, run) {
  if (hasFailed(span.state) && span.error) return errorName(span.error.type);
  if (span.recovered) return "recovered";
  const plain = span.state === "ok" || span.state === "running";
  return plain ? (span.model ?? nodeAbout(run, span.name)) : span.state;
}

/**
 * About how many pixels the name of a row takes, with all that stands beside it.
 * @param {TreeRow} row @param {import("../graph_nodes.js").NodeRun | undefined} run @param {number} findings
 */
export function nameWidth({ span, level, failedBelow, orphan }, run, findings) {
  const about = aboutOf(span, run);
  const marks = Number(findings > 0) + Number(failedBelow || span.recovered || orphan);
  const text = titleOf(span, run).length * TITLE_LETTER + (about ? 6 + about.length * ABOUT_LETTER : 0);
  return 49 + (level - 1) * 16 + text + marks * 19 + TIME;
}

/** How long a span has gone on, in microseconds. @param {Span} span @param {number} now_us */
export const lasted = (span, now_us) => (span.end_us ?? Math.max(now_us, span.start_us)) - span.start_us;

/**
 * What a screen reader says of a row.
 * @param {TreeRow} row @param {import("../graph_nodes.js").NodeRun | undefined} run @param {number} findings @param {number} now_us
 */
function spoken(row, run, findings, now_us) {
  const { span } = row;
  const running = span.state === "running";
  const error = span.error && hasFailed(span.state) ? ` ${errorName(span.error.type)}` : "";
  const parts = [
    `${typeName(span.type)} ${span.name}`,
    `${span.state}${error}`,
    duration(lasted(span, now_us), running),
  ];
  if (run) parts.push(nodeWords(run, span.name));
  if (span.recovered) parts.push("recovered");
  else if (row.failedBelow) parts.push("a failure below");
  if (findings) parts.push(counted(findings, "finding"));
  if (row.orphan) parts.push("its parent is missing");
  return parts.join(", ");
}

export class Row {
  /** @type {TreeRow | null} */
  row = null;
  #key = "";
  #left = "";
  #width = "";
  #spokenAt = 0;

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
    this.bars.append(this.wait, this.bar, this.label);
    this.element.append(this.name, this.bars);
  }

  /**
   * @param {TreeRow} row @param {number} index among all rows @param {RunStore} store
   * @param {{ now_us: number, domain_us: number, width: number, height: number, selected: boolean, ms: number, nodes: GraphNodes }} frame
   */
  draw(row, index, store, frame) {
    const { span } = row;
    const same = this.row === row;
    this.row = row;
    const running = span.state === "running";
    const findings = store.findings(span.span);
    const run = frame.nodes.run(span.span);
    const key = `${findings}|${run?.nth}|${run?.times}|${frame.nodes.isPlumbing(span.span)}|${span.span}|${span.state}|${span.recovered}|${row.failedBelow}|${row.open}|${row.size}|${index}|${frame.height}|${span.model}`;
    if (!same || key !== this.#key) {
      if (key !== this.#key) this.#fill(row, findings, index, frame);
      this.#key = key;
      this.#spokenAt = 0;
    }
    setAttribute(this.element, "aria-selected", String(frame.selected));
    if (running || this.#spokenAt === 0) {
      setText(this.time, duration(lasted(span, frame.now_us), running));
      if (frame.ms - this.#spokenAt >= SPOKEN_EVERY || this.#spokenAt === 0) {
        setAttribute(this.element, "aria-label", spoken(row, run, findings, frame.now_us));
        this.#spokenAt = Math.max(1, frame.ms);
      }
    }
    this.#drawBar(span, store, frame);
  }

  /** @param {TreeRow} row @param {number} findings @param {number} index @param {{ height: number, nodes: GraphNodes }} frame */
  #fill(row, findings, index, { height, nodes }) {
    const { span } = row;
    const { element } = this;
    const failed = hasFailed(span.state);
    const ownError = span.state === "error";
    element.style.transform = `translateY(${index * height}px)`;
    element.style.setProperty("--depth", String(Math.min(row.level - 1, 24)));
    element.dataset.span = String(span.span);
    element.dataset.state = span.state;
    element.dataset.look = ownError ? "error" : lookOf(span.type);
    setAttribute(element, "aria-level", String(row.level));
    setAttribute(element, "aria-setsize", String(row.size));
    setAttribute(element, "aria-posinset", String(row.position));
    setAttribute(element, "aria-rowindex", String(index + 1));
    setAttribute(element, "aria-expanded", row.children ? String(row.open) : null);
    this.twisty.classList.toggle("none", row.children === 0);
    setGlyph(this.icon, stateGlyph(span.state) || lookOf(span.type));
    const run = nodes.run(span.span);
    setText(this.title, titleOf(span, run));
    element.classList.toggle("plumbing", nodes.isPlumbing(span.span));
    setText(this.about, aboutOf(span, run));
    const isWord = !failed && span.state !== "ok" && span.state !== "running";
    this.about.className = `row-about ${failed ? "failed" : span.recovered ? "recovered" : isWord ? "word" : ""}`;
    show(this.warning, (row.failedBelow && !failed) || span.recovered || row.orphan);
    this.warning.classList.toggle("recovered", span.recovered);
    setGlyph(
      /** @type {SVGSVGElement} */ (this.warning.firstElementChild),
      span.recovered ? "recovered" : "warning",
    );
    show(this.finding, findings > 0);
    this.finding.title = counted(findings, "finding");
    this.warning.title = row.orphan
      ? "Its parent is not in this log"
      : span.recovered
        ? "Something below failed and was made good"
        : "Something below failed";
    const said = span.state === "ok" || span.state === "running" ? "" : stateAbout(span.state);
    element.title = span.error && failed ? `${span.error.type}: ${span.error.message}` : said;
  }

  /** @param {Span} span @param {RunStore} store @param {{ now_us: number, domain_us: number, width: number }} frame */
  #drawBar(span, store, { now_us, domain_us, width }) {
    const running = span.state === "running";
    const end_us = span.end_us ?? Math.max(now_us, span.start_us);
    const scale = width / domain_us;
    const x0 = span.start_us * scale;
    const x1 = Math.max(end_us * scale, x0 + LEAST_BAR);
    const waits =
      isModel(span.type) && (span.first_us !== null || (span.state !== "ok" && !hasFailed(span.state)));
    const first = waits ? Math.min(x1, (span.first_us ?? end_us) * scale) : x0;
    const waiting = waits && span.first_us === null;
    show(this.wait, waits && first - x0 >= 1);
    show(this.bar, !waiting);
    const wait = this.wait.style;
    if (waits) {
      wait.left = `${x0.toFixed(1)}px`;
      wait.width = `${(first - x0).toFixed(1)}px`;
    }
    this.wait.classList.toggle("live", waiting && running);
    const left = `${first.toFixed(1)}px`;
    const barWidth = `${Math.max(LEAST_BAR, x1 - first).toFixed(1)}px`;
    if (left !== this.#left) this.bar.style.left = this.#left = left;
    if (barWidth !== this.#width) this.bar.style.width = this.#width = barWidth;
    this.bar.classList.toggle("live", running);
    const labels = barLabels(span, store, end_us, waiting && running);
    this.#drawLabel(labels, isModel(span.type), x0, waiting ? x1 : first, x1, width);
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
