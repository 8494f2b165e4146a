// The chosen span: Output, JSON, Input, Attributes, Raw.

import { isTimed } from "../clock.js";
import { button, el, glyph, setAttribute, setGlyph, setText, show } from "../dom.js";
import { duration, hasFailed, lookOf, typeName } from "../format.js";
import { GraphNodes, nodeWords } from "../graph_nodes.js";
import { stateGlyph } from "../states.js";
import { AttributesView } from "./attributes.js";
import { CopyMenu } from "./copy.js";
import { drawFailure, tracebackBox } from "./failure.js";
import { JsonTab } from "./json_tab.js";
import { OutputView } from "./output.js";
import { RawView } from "./raw.js";
import { lasted } from "./row.js";
import { drawValue } from "./value.js";

/** @typedef {import("../store.js").RunStore} RunStore */
/** @typedef {import("../span.js").SpanNow} Span */
/** @typedef {import("../loop.js").Frame} Frame */
/** @typedef {(first: number, last: number) => Promise<Record<string, any>[]>} LinesOf */

const CHOOSE = "Choose a span to see what went in and what came out.";
const NOT_YET = "At this moment it has not begun.";

export const TABS = ["Output", "JSON", "Input", "Attributes", "Raw"];

export class DetailsView {
  #tab = "Output";
  /** @type {Map<string, { tab: HTMLButtonElement, panel: HTMLElement }>} */
  #tabs = new Map();
  /** What the panels that read a line again show. @type {Record<string, string>} */
  #shown = {};
  /** The run's error that is drawn. @type {object | null} */
  #failed = null;

  /**
   * @param {HTMLElement} root @param {import("../dom.js").Send} send @param {() => void} touch
   * @param {LinesOf} linesOf lines of the run that is shown, by seq
   */
  constructor(root, send, touch, linesOf) {
    this.touch = touch;
    this.linesOf = linesOf;
    this.icon = glyph("chain");
    this.name = el("h2", "details-name");
    this.about = el("span", "details-about");
    const close = button("btn icon quiet details-close", [glyph("close")], { "aria-label": "Close details" });
    close.addEventListener("click", () => send({ type: "close-details" }));
    this.head = el("div", "details-head");
    this.copy = new CopyMenu(linesOf);
    this.head.append(this.icon, this.name, this.about, this.copy.root, close);
    this.tablist = el("div", "tabs", "", { role: "tablist", "aria-label": "Details" });
    const panels = el("div", "panels");
    for (const name of TABS) {
      const id = name.toLowerCase();
      const tab = button("tab", name, { role: "tab", id: `tab-${id}`, "aria-controls": `panel-${id}` });
      const panel = el("div", "panel", "", {
        role: "tabpanel",
        id: `panel-${id}`,
        "aria-labelledby": `tab-${id}`,
        tabindex: "0",
      });
      tab.addEventListener("click", () => send({ type: "tab", tab: name }));
      this.#tabs.set(name, { tab, panel });
      this.tablist.append(tab);
      panels.append(panel);
    }
    this.empty = el("p", "empty", CHOOSE);
    this.failure = el("div", "failure failure-run");
    root.replaceChildren(this.head, this.tablist, panels, this.failure, this.empty);
    this.panels = panels;
    this.tablist.addEventListener("keydown", (event) => this.#key(event, send));
    root.addEventListener("keydown", (event) => {
      if (event.key === "Escape") send({ type: "close-details" });
    });
    this.nodes = new GraphNodes();
    this.output = new OutputView(this.#panel("Output"), send, linesOf, this.nodes);
    this.output.touch = touch;
    this.output.told.touch = touch;
    this.json = new JsonTab(this.#panel("JSON"), send, touch, linesOf);
    this.attributes = new AttributesView(
      this.#panel("Attributes"),
      async (seq) => (await linesOf(seq, seq))[0] ?? null,
    );
    this.raw = new RawView(this.#panel("Raw"), linesOf);
    this.raw.touch = touch;
    this.tab(this.#tab);
  }

  /** @param {string} name @returns {HTMLElement} */
  #panel(name) {
    return /** @type {{ panel: HTMLElement }} */ (this.#tabs.get(name)).panel;
  }

  get current() {
    return this.#tab;
  }

  /** Shows this tab. @param {string} name */
  tab(name) {
    if (!this.#tabs.has(name)) return;
    this.#tab = name;
    for (const [one, { tab, panel }] of this.#tabs) {
      setAttribute(tab, "aria-selected", String(one === name));
      tab.tabIndex = one === name ? 0 : -1;
      show(panel, one === name);
    }
    this.touch();
  }

  /** Puts the keyboard into the panel that is shown. */
  focus() {
    this.#panel(this.#tab).focus();
  }

  /** The run is played from its start: what grows is followed. */
  follow() {
    this.output.json.follow();
    this.json.tree.follow();
  }

  /** @param {RunStore} store @param {number | null} selected @param {Frame} frame @returns {boolean} whether it changes by itself */
  draw(store, selected, { ms, wall }) {
    const span = store.moment.span(selected);
    this.copy.store = store;
    this.copy.span = span;
    for (const part of [this.head, this.tablist, this.panels]) show(part, span !== undefined);
    const none = store.fold.spans.length === 0;
    show(this.empty, span === undefined && !none);
    setText(this.empty, store.fold.span(selected) ? NOT_YET : CHOOSE);
    this.#drawFailure(store, none);
    if (!span) return false;
    this.#drawHead(store, span, wall);
    const key = `${store.run}|${span.span}`;
    switch (this.#tab) {
      case "Output":
        return this.output.draw(store, span, ms);
      case "JSON":
        return this.json.draw(store, span, ms);
      case "Input":
        this.#drawInput(span, key);
        return false;
      case "Attributes":
        this.attributes.draw(store, span, ms);
        return false;
      default:
        this.raw.draw(store, span);
        return false;
    }
  }

  /** Of a run that failed before any of its spans began. @param {RunStore} store @param {boolean} none */
  #drawFailure({ moment, footer }, none) {
    const { error } = moment;
    const shown = none && error !== null;
    show(this.failure, shown);
    if (!shown || this.#failed === error) return;
    this.#failed = error;
    drawFailure(this.failure, error);
    this.failure.append(
      el(
        "p",
        "failure-cause",
        `It came from ${moment.chain || "the chain"} itself, before its first step began.`,
      ),
    );
    const traceback = footer?.error?.traceback;
    if (typeof traceback === "string" && traceback) this.failure.append(tracebackBox(traceback, true));
  }

  /** @param {RunStore} store @param {Span} span @param {number} wall */
  #drawHead(store, span, wall) {
    const running = span.state === "running";
    setGlyph(this.icon, stateGlyph(span.state) || lookOf(span.type));
    this.head.dataset.state = span.state;
    this.head.dataset.look = span.state === "error" ? "error" : lookOf(span.type);
    setText(this.name, span.name || typeName(span.type));
    const parts = [
      span.state + (span.recovered ? ", recovered" : ""),
      isTimed(store.header) ? duration(lasted(span, store.at(wall)), running) : "times unknown",
    ];
    const run = this.nodes.of(store.fold).run(span.span);
    if (run) parts.push(nodeWords(run, span.name));
    if (span.model) parts.push(span.model);
    setText(this.about, parts.join(" · "));
    this.about.classList.toggle("failed", hasFailed(span.state));
  }

  /** @param {Span} span @param {string} key */
  #drawInput(span, key) {
    // It may stand in the end line only.
    const want = `${key}|${span.end_seq ?? ""}`;
    if (this.#shown.input === want) return;
    const before = this.#shown.input;
    this.#shown.input = want;
    if (before?.startsWith(`${key}|`) && this.#shown.inputFound === `${key}|${span.start_seq}`) return;
    const panel = this.#panel("Input");
    panel.replaceChildren(el("p", "nothing", "Reading…"));
    void this.#readInput(span, panel, key);
  }

  /** @param {Span} span @param {HTMLElement} panel @param {string} key */
  async #readInput(span, panel, key) {
    const current = () => this.#shown.input?.startsWith(`${key}|`);
    try {
      for (const seq of [span.start_seq, span.end_seq ?? -1]) {
        if (seq < 0) continue;
        const line = (await this.linesOf(seq, seq))[0];
        if (!current()) return;
        if (line?.data && "input" in line.data) {
          this.#shown.inputFound = `${key}|${seq}`;
          drawValue(panel, line.data.input);
          return;
        }
      }
      const text =
        span.state === "running"
          ? "Its input is known when it ends."
          : "LangChain says nothing of its input.";
      panel.replaceChildren(el("p", "nothing", text));
    } catch (error) {
      if (!current()) return;
      panel.replaceChildren(
        el("p", "nothing", `It could not be read. ${error instanceof Error ? error.message : ""}`),
      );
    }
  }

  /** @param {KeyboardEvent} event @param {import("../dom.js").Send} send */
  #key(event, send) {
    const at = TABS.indexOf(this.#tab);
    /** @type {Record<string, number>} */
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: TABS.length - 1 };
    const next = to[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const name = /** @type {string} */ (TABS[(next + TABS.length) % TABS.length]);
    send({ type: "tab", tab: name });
    this.#tabs.get(name)?.tab.focus();
  }
}
