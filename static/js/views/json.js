// A JSON value as a tree of lines. It grows in place; only the lines in view exist, and what changed is lit for a moment.

import { el, setAttribute } from "../dom.js";
import { writeJson } from "../exact.js";
import { JsonLines } from "../json_lines.js";
import { scrollFor, scrolling } from "../layout.js";
import { JsonRow } from "./json_row.js";

/** @typedef {import("../growth.js").Growth} Growth */
/** @typedef {import("../json_lines.js").JsonLine} JsonLine */

const TOUCH = matchMedia("(max-width: 479.98px), (pointer: coarse)");
const CHARACTER = 7.3;
/** A character may be as wide as so many. */
const WIDE = 2.2;
/** Lines that exist beyond the edges. */
const BEYOND = 4;
const ROOM = 600;
/** What is over so soon, in ms, was not watched. */
const WATCHED = 1500;

export class JsonTree {
  lines = new JsonLines();
  /** @type {Growth | null} */
  #growth = null;
  #drawn = -1;
  #growing = false;
  /** When it was drawn first, in ms. */
  #since = 0;
  /** @type {Map<JsonLine, JsonRow>} */
  #rows = new Map();
  /** @type {JsonRow[]} */
  #free = [];
  /** @type {Map<Element, JsonRow>} */
  #elements = new Map();
  /** Lines in the state in which they were measured. @type {WeakMap<JsonLine, number>} */
  #measured = new WeakMap();
  /** @type {import("../json_path.js").Path | null} */
  #selected = null;
  #following = true;
  #scrolled = 0;
  #room = 0;
  #lit = false;
  #space = "";
  /** What is chosen is another one. */
  onSelect = () => {};
  /** @param {number} _row */
  onSeek = (_row) => {};

  /** @param {HTMLElement} root which is scrolled @param {{ timeOf?: (row: number) => string, label?: string }} [options] */
  constructor(root, { timeOf, label = "JSON" } = {}) {
    this.root = root;
    this.timeOf = timeOf ?? null;
    this.row = TOUCH.matches ? 26 : 20;
    root.style.setProperty("--json-row", `${this.row}px`);
    root.classList.toggle("json-timed", timeOf !== undefined);
    setAttribute(root, "role", "tree");
    setAttribute(root, "aria-label", label);
    root.tabIndex = 0;
    this.space = el("div", "json-space", "", { role: "presentation" });
    this.view = el("div", "json-view", "", { role: "presentation" });
    this.caret = el("span", "caret", "", { "aria-hidden": "true" });
    this.space.append(this.view);
    root.replaceChildren(this.space);
    root.addEventListener("scroll", () => {
      // Where it was scrolled to by itself, nobody has left its end.
      if (root.scrollTop !== this.#scrolled) {
        this.#scrolled = root.scrollTop;
        this.#following = this.#scrolled + root.clientHeight >= root.scrollHeight - this.row;
      }
      this.paint();
    });
    root.addEventListener("click", (event) => this.#click(event));
    root.addEventListener("dblclick", (event) => this.#click(event, true));
    root.addEventListener("keydown", (event) => this.#key(event));
    root.addEventListener("focus", () => {
      if (!this.selected && this.lines.root) this.select(this.lines.root);
    });
    root.addEventListener("copy", (event) => {
      const { selected } = this;
      if (!selected || !getSelection()?.isCollapsed) return;
      event.preventDefault();
      event.clipboardData?.setData("text/plain", valueText(selected));
    });
    // Drawn in the next frame: what is drawn here may change the height that is observed.
    new ResizeObserver(() => requestAnimationFrame(() => this.#resize())).observe(root);
  }

  #resize() {
    const { clientHeight, clientWidth } = this.root;
    const columns = Math.max(12, Math.floor((clientWidth - (this.timeOf ? 150 : 30)) / CHARACTER));
    if (clientHeight === this.#room && columns === this.lines.columns) return;
    this.#room = clientHeight;
    this.lines.columns = columns;
    this.#measured = new WeakMap();
    this.paint(performance.now(), this.#growing);
    // While nobody saw it, it could not be scrolled.
    this.root.scrollTop = this.#scrolled;
  }

  /** The line that is chosen, or what it is shut in. @returns {JsonLine | null} */
  get selected() {
    return this.#selected && this.lines.find(this.#selected);
  }

  /** It shows another value, not another state of the same. */
  reset() {
    this.lines.clear();
    this.#selected = null;
    this.#following = true;
    this.#growth = null;
    // Scrolling costs a layout.
    if (this.#scrolled) this.root.scrollTop = this.#scrolled = 0;
    this.onSelect();
  }

  /** It stays at its end while it grows, until it is scrolled up. */
  follow() {
    this.#following = true;
  }

  /**
   * @param {Growth} growth @param {boolean} growing it is still being written @param {number} ms
   * @returns {boolean} whether something is still lit
   */
  draw(growth, growing, ms) {
    if (growing) growth.settle();
    const fresh = growth !== this.#growth;
    if (!fresh && growth.version === this.#drawn && growing === this.#growing && !this.#lit) return false;
    const grew = growth.version !== this.#drawn;
    if (fresh) this.#since = ms;
    // What was over before it could be watched is read from its beginning.
    else if (this.#growing && !growing && ms - this.#since < WATCHED) {
      this.root.scrollTop = this.#scrolled = 0;
    }
    this.#growth = growth;
    this.#growing = growing;
    this.#drawn = growth.version;
    if (fresh || grew) this.lines.take(growth, fresh ? null : ms);
    this.paint(ms, growing && grew && !fresh);
    return this.#lit;
  }

  /** Draws the lines in view. @param {number} [ms] @param {boolean} [grew] */
  paint(ms = performance.now(), grew = false) {
    // Once more where lines turned out to be higher or lower than was thought.
    for (let again = 0; again < 3; again++) {
      this.#paintOnce(ms, grew);
      if (!this.#measure()) break;
    }
    this.#placeCaret();
  }

  /** @param {number} ms @param {boolean} grew */
  #paintOnce(ms, grew) {
    const { lines, row } = this;
    const { total } = lines;
    const room = this.#room || ROOM;
    const { height } = scrolling(total, row, 0, room);
    const space = `${height}px`;
    if (space !== this.#space) {
      this.#space = space;
      this.space.style.height = space;
    }
    const most = Math.max(0, height - room);
    if (grew && this.#following && this.#scrolled !== most) this.root.scrollTop = this.#scrolled = most;
    const { top, shift } = scrolling(total, row, Math.min(this.#scrolled, most), room);
    const from = lines.at(Math.max(0, Math.floor(top / row) - BEYOND));
    /** @type {JsonLine[]} */
    const seen = [];
    if (from) {
      let at = from.row;
      const end = Math.ceil((top + room) / row) + BEYOND;
      for (let line = /** @type {JsonLine | null} */ (from.line); line && at < end; line = lines.next(line)) {
        seen.push(line);
        at += line.own;
      }
      this.view.style.transform = `translateY(${from.row * row + shift}px)`;
    }
    this.#place(seen, ms);
  }

  /** How high lines are that may take more than one row of text; whether any is not as it was thought. */
  #measure() {
    let changed = false;
    for (const [line, { element }] of this.#rows) {
      if (this.#measured.get(line) === line.version) continue;
      this.#measured.set(line, line.version);
      if (line.own === 1 && this.lines.widthOf(line) * WIDE < this.lines.columns) continue;
      const own = Math.round(element.offsetHeight / this.row);
      if (own < 1 || own === line.own) continue;
      this.lines.measure(line, own);
      changed = true;
    }
    return changed;
  }

  /** @param {JsonLine[]} seen @param {number} ms */
  #place(seen, ms) {
    const wanted = new Set(seen);
    for (const [line, row] of this.#rows) {
      if (wanted.has(line)) continue;
      this.#rows.delete(line);
      this.#free.push(row);
    }
    const { selected } = this;
    let active = null;
    this.#lit = false;
    let next = /** @type {Element | null} */ (this.view.firstElementChild);
    for (const line of seen) {
      let row = this.#rows.get(line);
      if (!row) {
        row = this.#free.pop() ?? this.#make();
        this.#rows.set(line, row);
      }
      if (row.draw(line, this.timeOf, line === selected, ms)) this.#lit = true;
      if (line === selected) active = row.element.id;
      if (row.element === next) next = next.nextElementSibling;
      else this.view.insertBefore(row.element, next);
    }
    for (const row of this.#free) row.element.remove();
    setAttribute(this.root, "aria-activedescendant", active);
  }

  #make() {
    const row = new JsonRow(this.timeOf !== null);
    this.#elements.set(row.element, row);
    return row;
  }

  /** Where it grows. */
  #placeCaret() {
    const { root } = this.lines;
    const row = this.#growing && root ? this.#rows.get(this.lines.last()) : undefined;
    if (!row) this.caret.remove();
    else if (this.caret.previousSibling !== row.value) row.value.after(this.caret);
  }

  /** @param {JsonLine} line @param {boolean} [reveal] */
  select(line, reveal = false) {
    this.#selected = line.path;
    if (reveal) this.#reveal(line);
    this.paint();
    this.onSelect();
  }

  /** @param {JsonLine} line */
  #reveal(line) {
    const { lines, row } = this;
    const room = this.#room || ROOM;
    const { top } = scrolling(lines.total, row, this.#scrolled, room);
    const begin = lines.rowOf(line) * row;
    const end = begin + Math.min(line.own * row, room);
    if (begin >= top && end <= top + room) return;
    const to = begin < top ? begin : end - room;
    this.root.scrollTop = scrollFor(lines.total, row, to, room);
    this.#scrolled = this.root.scrollTop;
    this.#following = false;
  }

  /** How many levels are open; null: as at first. @param {number | null} level */
  collapse(level) {
    this.lines.collapse(level);
    this.paint();
    this.onSelect();
  }

  /** @param {MouseEvent} event @param {boolean} [twice] */
  #click(event, twice = false) {
    const target = /** @type {Element} */ (event.target);
    const row = this.#elements.get(/** @type {Element} */ (target.closest(".json-line")));
    const line = row?.line;
    if (!row || !line) return;
    if (row.more.contains(target)) {
      if (!twice) this.lines.showMore(line);
    } else if (target.closest(".json-time")) {
      const at = row.first.contains(target) ? line.node.first : line.node.last;
      if (!twice && at >= 0) this.onSeek(at);
    } else if (twice || row.twisty.contains(target)) this.lines.toggle(line);
    this.select(line);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target !== this.root) return;
    const { lines } = this;
    const at = this.selected ?? lines.root;
    if (!at) return;
    const page = Math.max(1, Math.floor(this.#room / this.row) - 1);
    /** @type {JsonLine | null} */
    let to = at;
    switch (event.key) {
      case "ArrowDown":
        to = lines.next(at);
        break;
      case "ArrowUp":
        to = lines.previous(at);
        break;
      case "ArrowRight":
        if (at.open) to = lines.next(at);
        else lines.toggle(at, true);
        break;
      case "ArrowLeft":
        if (at.open) lines.toggle(at, false);
        else to = at.parent;
        break;
      case "Home":
        to = lines.root;
        break;
      case "End":
        to = lines.last();
        break;
      case "PageDown":
        to = lines.at(Math.min(lines.total - 1, lines.rowOf(at) + page))?.line ?? at;
        break;
      case "PageUp":
        to = lines.at(Math.max(0, lines.rowOf(at) - page))?.line ?? at;
        break;
      case "Enter":
        if (at.opens) lines.toggle(at);
        else if (at.node.leaf.length > at.shown) lines.showMore(at);
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
    this.select(to ?? at, true);
  }
}

/** What is copied of a line: a string's own text, anything else as JSON. @param {JsonLine} line */
export function valueText({ node }) {
  return node.kind === "string" ? node.leaf : writeJson(node.value, 2);
}
