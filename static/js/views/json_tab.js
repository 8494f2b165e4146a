// The JSON of a span: its object as a tree with the times of its parts, and the text it was made from.

import { button, el, setAttribute, setText, show } from "../dom.js";
import { parseExact, writeJson } from "../exact.js";
import { Growth } from "../growth.js";
import { jsonPath, pythonPath } from "../json_path.js";
import { jsonPart, ModelText, sourceOf } from "../json_source.js";
import { breakOf } from "../json_text.js";
import { isModel } from "../spans.js";
import { isTree, textOf } from "../values.js";
import { copyButton } from "./copy_button.js";
import { JsonTree, valueText } from "./json.js";
import { JsonRaw } from "./json_raw.js";

/** @typedef {import("../store.js").RunStore} RunStore */
/** @typedef {import("../span.js").SpanNow} Span */
/** @typedef {import("./details.js").LinesOf} LinesOf */

const LEVELS = /** @type {const} */ ([1, 2, 3, Number.POSITIVE_INFINITY]);

export class JsonTab {
  /** @type {RunStore | null} */
  #store = null;
  #key = "";
  #read = "";
  /** What was read again of a span that ended. @type {Growth | null} */
  #own = null;
  #text = new ModelText();
  /** What a model gave that did not stream. @type {{ key: string, text: string }} */
  #given = { key: "", text: "" };
  #wantsRaw = false;
  #looked = { text: "", broken: false };

  /** @param {HTMLElement} root @param {import("../dom.js").Send} send @param {() => void} touch @param {LinesOf} linesOf */
  constructor(root, send, touch, linesOf) {
    this.touch = touch;
    this.linesOf = linesOf;
    root.classList.add("json-tab");
    this.bar = el("div", "json-bar");
    const levels = el("div", "json-levels", "", { role: "group", "aria-label": "Levels that are open" });
    this.levels = LEVELS.map((level) => {
      const all = level === Number.POSITIVE_INFINITY;
      const one = button("chip", all ? "All" : String(level), {
        "aria-pressed": "false",
        "aria-label": all ? "Open all levels" : `Open ${level} ${level === 1 ? "level" : "levels"}`,
      });
      one.addEventListener("click", () => {
        this.tree.collapse(this.tree.lines.level === level ? null : level);
        this.#drawLevels();
      });
      levels.append(one);
      return one;
    });
    this.rawButton = button("chip", "Raw text", { "aria-pressed": "false" });
    this.rawButton.addEventListener("click", () => {
      this.#wantsRaw = !this.#wantsRaw;
      setAttribute(this.rawButton, "aria-pressed", String(this.#wantsRaw));
      touch();
    });
    this.bar.append(el("span", "json-bar-label", "Levels"), levels, el("span", "spacer"), this.rawButton);
    const treeBox = el("div", "json");
    this.tree = new JsonTree(treeBox, { timeOf: (row) => jsonTime(this.#store, row) });
    this.tree.onSeek = (row) => send({ type: "seek", row });
    this.tree.onSelect = () => this.#drawAbout();
    this.rawBox = el("section", "json-raw", "", { "aria-label": "Text it was made from" });
    this.raw = new JsonRaw(this.rawBox, touch);
    this.split = el("div", "json-split");
    const treeSide = el("div", "json-side");
    const head = el("div", "json-head", "", { "aria-hidden": "true" });
    head.append(el("span", "json-first", "first seen"), el("span", "json-last", "changed"));
    treeSide.append(head, treeBox);
    this.treeSide = treeSide;
    this.split.append(treeSide, this.rawBox);
    this.none = el("p", "nothing");
    this.about = el("div", "json-about");
    this.path = el("code", "json-path");
    const line = () => /** @type {import("../json_lines.js").JsonLine} */ (this.tree.selected);
    const copies = el("div", "json-copies");
    copies.append(
      copyButton("Copy path", () => jsonPath(line().path)),
      copyButton("Copy as Python", () => pythonPath(line().path)),
      copyButton("Copy value", () => valueText(line())),
    );
    this.first = button("json-when", "");
    this.last = button("json-when", "");
    this.first.addEventListener("click", () => send({ type: "seek", row: line().node.first }));
    this.last.addEventListener("click", () => send({ type: "seek", row: line().node.last }));
    this.times = el("p", "json-times");
    this.times.append("first seen ", this.first, " · last changed ", this.last);
    this.about.append(this.path, this.times, copies);
    root.replaceChildren(this.bar, this.none, this.split, this.about);
  }

  /** @param {RunStore} store @param {Span} span @param {number} ms @returns {boolean} whether it changes by itself */
  draw(store, span, ms) {
    const key = `${store.run}|${span.span}`;
    if (key !== this.#key || store !== this.#store) {
      this.#key = key;
      this.#store = store;
      this.#read = "";
      this.#own = null;
      this.tree.reset();
      this.raw.clear();
      this.#drawLevels();
    }
    const growth = this.#growth(store, span, key);
    const running = span.state === "running";
    let again = false;
    show(this.treeSide, growth !== null);
    this.#drawColumns(growth, running);
    if (growth) {
      again = this.tree.draw(growth, running && growth !== this.#own, ms);
      setText(this.none, "");
    }
    again = this.#drawRaw(store, span, growth, ms) || again;
    show(this.bar, growth !== null || !this.rawButton.hidden);
    show(this.none, this.none.textContent !== "" && growth === null);
    this.#drawAbout();
    return again;
  }

  /** @param {RunStore} store @param {Span} span @param {string} key @returns {Growth | null} */
  #growth(store, span, key) {
    const running = span.state === "running";
    const growth = isModel(span.type) ? undefined : store.growth(span);
    // What it gave at its end may be another object than the last one it streamed.
    if (growth && (running || growth.version > 0)) return growth;
    const want = `${key}|${span.state}|${span.end_seq}|${store.objectSeq(span.span)}`;
    if (this.#read !== want) {
      this.#read = want;
      this.#own = null;
      setText(this.none, running ? "No object yet. Objects appear here as they are streamed." : "");
      if (!running) void this.#readValue(store, span, want);
    }
    if (this.#own?.undated) store.date(this.#own, span);
    return this.#own;
  }

  /** What it gave, or else the last object it streamed. @param {RunStore} store @param {Span} span @param {string} want */
  async #readValue(store, span, want) {
    const tries = [
      { seq: span.end_seq ?? -1, key: "output" },
      { seq: store.objectSeq(span.span), key: "chunk" },
    ];
    try {
      for (const { seq, key } of tries) {
        if (seq < 0) continue;
        let value = (await this.linesOf(seq, seq))[0]?.data?.[key];
        if (this.#read !== want) return;
        if (isModel(span.type)) value = this.#said(store, span, value) ?? value;
        if (typeof value !== "object" || value === null) continue;
        this.#own = new Growth();
        this.#own.offer(value, 0);
        this.touch();
        return;
      }
      setText(this.none, "What it gave is not an object; see Output.");
    } catch (error) {
      if (this.#read !== want) return;
      setText(this.none, `It could not be read. ${error instanceof Error ? error.message : ""}`);
    }
    this.touch();
  }

  /** The object that a model's text is; undefined where it is none. @param {RunStore} store @param {Span} span @param {unknown} output */
  #said(store, span, output) {
    const streamed = this.#text.read(store, span.span);
    const text = streamed || (textOf(output) ?? "");
    this.#given = { key: `${store.run}|${span.span}`, text };
    const part = jsonPart(text);
    if (!part || breakOf(text, true, part.begin, part.end)) return undefined;
    const value = parseExact(text.slice(part.begin, part.end));
    return isTree(value) ? value : undefined;
  }

  /** @param {RunStore} store @param {Span} span @param {Growth | null} growth @param {number} ms */
  #drawRaw(store, span, growth, ms) {
    const model = sourceOf(store.moment, span);
    const own = model === span;
    let text = model ? this.#text.read(store, model.span) : "";
    if (own && !text && this.#given.key === this.#key) text = this.#given.text;
    // Of a model that says something else than JSON there is nothing beside its output.
    const offered = own ? jsonPart(text) !== null : text !== "" || growth !== null;
    show(this.rawButton, offered);
    const shown = offered && (this.#wantsRaw || growth === null || (own && this.#isBroken(model, text)));
    show(this.rawBox, shown);
    show(this.split, shown || growth !== null);
    this.split.classList.toggle("both", shown && growth !== null);
    if (!shown) return false;
    if (model && text) {
      const about = own ? "What it said" : `What ${model.name} said, span ${model.span}`;
      return this.raw.draw(about, text, model.state !== "running", ms);
    }
    const json = growth?.root ? writeJson(growth.root.value, 2) : "";
    return this.raw.draw("No model spoke before it: this is the object itself", json, true, ms);
  }

  /** Whether a model's text was meant to be JSON, and is none. @param {Span} model @param {string} text */
  #isBroken(model, text) {
    if (model.state === "running") return false;
    if (this.#looked.text !== text) {
      const part = jsonPart(text);
      this.#looked = { text, broken: part !== null && breakOf(text, true, part.begin, part.end) !== null };
    }
    return this.#looked.broken;
  }

  /** No column of times, nor its heading, where nothing is known to stand in it. @param {Growth | null} growth @param {boolean} running */
  #drawColumns(growth, running) {
    const { first, last } = growth?.root ?? { first: -1, last: -1 };
    this.treeSide.classList.toggle("undated", first < 0);
    this.treeSide.classList.toggle("unchanged", !running && last <= first);
  }

  #drawLevels() {
    for (const [at, one] of this.levels.entries())
      setAttribute(one, "aria-pressed", String(this.tree.lines.level === LEVELS[at]));
  }

  #drawAbout() {
    const line = this.treeSide.hidden ? null : this.tree.selected;
    show(this.about, line !== null);
    if (!line) return;
    setText(this.path, jsonPath(line.path));
    const { first, last } = line.node;
    show(this.times, first >= 0);
    setText(this.first, jsonTime(this.#store, first));
    setText(this.last, jsonTime(this.#store, last));
  }
}

/** The time of a row, since the run began. @param {RunStore | null} store @param {number} row */
export function jsonTime(store, row) {
  const us = row < 0 ? undefined : store?.columns.t_us[row];
  return us === undefined ? "" : `${(us / 1e6).toFixed(2)} s`;
}
