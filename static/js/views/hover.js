// What is told of the span under the pointer, or of the one the keyboard rests on: beside its row, never over it.

import { isTimed } from "../clock.js";
import { el, glyph, setGlyph, setText, show } from "../dom.js";
import {
  counted,
  duration,
  errorName,
  hasFailed,
  lookOf,
  offset,
  oneLine,
  perSecond,
  typeName,
} from "../format.js";
import { nodeWords } from "../graph_nodes.js";
import { isModel } from "../spans.js";
import { stateAbout, stateGlyph } from "../states.js";
import { lasted } from "./row.js";

/** @typedef {import("../scene.js").Scene} Scene */

/** How long the pointer, or the keyboard, rests on a row before it is told of. */
const POINTER_MS = 140;
const KEYBOARD_MS = 700;
/** So long after a scroll, the rows stand still. */
const SCROLLED_MS = 160;
const FROM_ROW = 6;
const FROM_EDGE = 8;
const REFRESH_MS = 200;

export class HoverCard {
  #index = -1;
  #since = 0;
  #delay = 0;
  /** @type {Element | null} */
  #row = null;
  #x = 0;
  #y = 0;
  /** Rows were scrolled under the pointer. */
  #isLost = false;
  #drawnAt = 0;
  /** The moment that is told of. */
  #told = { row: Number.NaN, version: -1, us: -1 };
  #shown = false;

  /** @param {Scene} scene @param {() => void} touch */
  constructor(scene, touch) {
    this.scene = scene;
    this.touch = touch;
    this.root = el("div", "hover", "", { role: "tooltip", id: "span-hover" });
    this.icon = glyph("chain");
    this.icon.classList.add("row-icon");
    this.name = el("b", "hover-name");
    const head = el("div", "hover-head");
    head.append(this.icon, this.name);
    this.facts = el("dl", "hover-facts");
    this.said = el("p", "hover-said");
    this.root.append(head, this.facts, this.said);
    show(this.root, false);
  }

  /** @param {number} index @param {Element} row @param {number} x where the pointer is @param {number} y @param {boolean} byKey */
  over(index, row, x, y, byKey = false) {
    this.#isLost = false;
    this.#x = x;
    this.#y = y;
    this.#row = row;
    if (index !== this.#index) {
      this.#index = index;
      this.#since = performance.now();
      // Whoever reads one after the other does not wait for each.
      this.#delay = byKey ? KEYBOARD_MS : this.#shown ? 0 : POINTER_MS;
      this.#drawnAt = 0;
      if (byKey) this.#hide();
    }
    this.touch();
  }

  /** Other rows stand under the pointer. */
  scrolled() {
    if (this.#index < 0 && !this.#isLost) return;
    this.#isLost = true;
    this.#index = -1;
    this.#since = performance.now();
    this.#hide();
  }

  /** What stands under the pointer, once rows have stopped moving. */
  #find() {
    this.#isLost = false;
    const row = document.elementFromPoint(this.#x, this.#y)?.closest(".row");
    if (!(row instanceof HTMLElement)) return;
    this.over(this.scene.columns.indexOf(Number(row.dataset.span)), row, this.#x, this.#y);
  }

  /** The pointer has left. */
  out() {
    this.#isLost = false;
    if (this.#index < 0) return;
    this.#index = -1;
    this.#hide();
  }

  /** @param {number} ms @returns {boolean} whether it is to be asked again in the next frame */
  draw(ms) {
    if (this.#isLost) {
      if (performance.now() - this.#since < SCROLLED_MS) return true;
      this.#find();
    }
    if (this.#index < 0) return false;
    const row = /** @type {HTMLElement} */ (this.#row);
    // The row may be gone, or have become another span's.
    if (
      !row.isConnected ||
      row.hidden ||
      Number(row.dataset.span) !== this.scene.columns.number[this.#index]
    ) {
      this.out();
      return false;
    }
    if (!this.#shown && performance.now() - this.#since < this.#delay) return true;
    if (this.#isOld(ms)) {
      this.#fill(this.#index);
      this.#drawnAt = Math.max(1, ms);
    }
    this.#shown = true;
    show(this.root, true);
    row.setAttribute("aria-describedby", this.root.id);
    this.#place(row.getBoundingClientRect());
    return false;
  }

  /** Whether what is told is not of the moment that is shown. While a run goes on, its time is told now and then. @param {number} ms */
  #isOld(ms) {
    const { store, now_us, isLive } = this.scene;
    const { row, version } = store?.moment ?? this.#told;
    const { us } = this.#told;
    const isOther = row !== this.#told.row || version !== this.#told.version;
    const isLater = now_us !== us && (!isLive || ms - this.#drawnAt > REFRESH_MS);
    if (this.#drawnAt !== 0 && !isOther && !isLater) return false;
    this.#told = { row, version, us: now_us };
    return true;
  }

  #hide() {
    this.#shown = false;
    show(this.root, false);
    this.#row?.removeAttribute("aria-describedby");
  }

  /** @param {DOMRect} row */
  #place(row) {
    const { offsetWidth: width, offsetHeight: height } = this.root;
    const below = row.bottom + FROM_ROW;
    const fits = below + height + FROM_EDGE <= innerHeight;
    const top = fits ? below : Math.max(FROM_EDGE, row.top - FROM_ROW - height);
    const left = Math.max(FROM_EDGE, Math.min(this.#x + 14, innerWidth - width - FROM_EDGE));
    this.root.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  /** @param {number} index */
  #fill(index) {
    const { scene } = this;
    const { store, columns } = scene;
    const now = scene.spanAt(index);
    const span = now ?? scene.spanOf(index);
    const state = now ? span.state : "ghost";
    const running = state === "running";
    this.root.dataset.look = state === "error" ? "error" : lookOf(span.type);
    setGlyph(this.icon, (now && stateGlyph(span.state)) || lookOf(span.type));
    setText(this.name, oneLine(span.name || typeName(span.type), 120));
    /** @type {[string, string][]} */
    const facts = [["type", typeName(span.type)]];
    facts.push(["state", now ? `${span.state}${span.recovered ? ", recovered" : ""}` : "not begun yet"]);
    const run = scene.nodes.run(span.span);
    if (run) facts.push(["graph", nodeWords(run, span.name)]);
    const timed = isTimed(scene.store?.header);
    if (timed) facts.push(["began", offset(span.start_us)]);
    if (now && timed) this.#figures(facts, index, span, running);
    const findings = now ? (store?.findings(span.span) ?? 0) : 0;
    if (findings) facts.push(["findings", counted(findings, "finding")]);
    this.facts.replaceChildren(
      ...facts.flatMap(([name, value]) => (value ? [el("dt", "", name), el("dd", "", value)] : [])),
    );
    const error = now && span.error && hasFailed(span.state) ? span.error : null;
    const told = error
      ? `${errorName(error.type)}: ${oneLine(error.message.split("\n", 1)[0] ?? "", 200)}`
      : columns.isOrphan(index)
        ? "Its parent is not in this log."
        : scene.failsBelow(index) && now && !hasFailed(span.state)
          ? span.recovered
            ? "Something below failed and was made good."
            : "Something below failed."
          : state === "ok" || state === "running" || state === "ghost"
            ? ""
            : stateAbout(state);
    setText(this.said, told);
    this.said.classList.toggle("failed", error !== null);
    show(this.said, told !== "");
  }

  /** @param {[string, string][]} facts @param {number} index @param {import("../spans.js").Span} span @param {boolean} running */
  #figures(facts, index, span, running) {
    const { scene } = this;
    const all = lasted(span, scene.now_us);
    const end_us = span.start_us + all;
    facts.push(["took", duration(all, running) + (running ? " so far" : "")]);
    if (scene.order.children(index)) facts.push(["itself", duration(scene.selfTime(index, end_us), running)]);
    if (!isModel(span.type)) return;
    if (span.model) facts.push(["model", span.model]);
    if (span.first_us === null) {
      if (running) facts.push(["first token", "waiting"]);
      return;
    }
    facts.push(["first token", `after ${duration(span.first_us - span.start_us)}`]);
    const pieces = scene.store?.pieces(span.span) ?? 0;
    const tokens = span.usage?.output_tokens ?? pieces;
    const seconds = (end_us - span.first_us) / 1e6;
    const about = span.usage || running ? "" : "~";
    if (tokens) facts.push(["tokens", `${about}${counted(tokens, "token")}`]);
    if (tokens && seconds > 0.05) facts.push(["rate", `${about}${perSecond(tokens / seconds)}/s`]);
  }
}
