// What a span told on its way: custom events, and of a graph the updates of its state, step by step.

import { el, setText, show } from "../dom.js";
import { count, offset } from "../format.js";
import { askedOf } from "../interrupts.js";
import { isObject, unwrap } from "../values.js";
import { ranges } from "./raw.js";
import { drawTree, drawValue } from "./value.js";

/** @typedef {import("../store.js").RunStore} RunStore */
/** @typedef {import("../spans.js").Span} Span */
/** @typedef {import("../graph_nodes.js").GraphNodes} GraphNodes */
/** @typedef {(first: number, last: number) => Promise<Record<string, any>[]>} LinesOf */

const BATCH = 40;
const MOST = 400;

export class ToldView {
  /** @type {Span | null} */
  #span = null;
  #row = -1;
  #drawn = 0;
  #left = 0;
  /** @type {number[]} */
  #waiting = [];
  #reading = false;
  /** Counts how often the list was begun anew. */
  #asked = 0;

  /** @param {HTMLElement} root @param {LinesOf} linesOf @param {GraphNodes} nodes */
  constructor(root, linesOf, nodes) {
    this.root = root;
    this.linesOf = linesOf;
    this.nodes = nodes;
    this.list = el("ol", "told");
    this.note = el("p", "nothing");
    root.replaceChildren(this.list, this.note);
    this.touch = () => {};
  }

  /** Whether there is anything to see. */
  get any() {
    return this.#drawn > 0 || this.#waiting.length > 0 || this.#reading;
  }

  clear() {
    this.#asked++;
    this.#span = null;
    this.#row = -1;
    this.#drawn = this.#left = 0;
    this.#waiting = [];
    this.list.replaceChildren();
    setText(this.note, "");
  }

  /** @param {RunStore} store @param {Span} span */
  draw(store, span) {
    if (span !== this.#span || this.#row >= store.rows) {
      this.clear();
      this.#span = span;
    }
    const { columns } = store;
    const isGraph = this.nodes.of(store.fold).nodes(span.span) !== undefined;
    let row = this.#row < 0 ? columns.first(span.span) : columns.next(this.#row);
    for (; row >= 0 && row < store.rows; row = columns.next(row)) {
      const { event, phase } = columns.kindAt(row);
      this.#row = row;
      if (event !== "on_custom_event" && !(isGraph && phase === "stream")) continue;
      if (this.#drawn + this.#waiting.length < MOST) {
        this.#waiting.push(/** @type {number} */ (columns.seq[row]));
      } else this.#left++;
    }
    show(this.root, this.#drawn > 0);
    setText(this.note, this.#left ? `${count(this.#left)} more stand in Raw.` : "");
    if (this.#waiting.length && !this.#reading) void this.#read(store, span);
  }

  /** @param {RunStore} store @param {Span} span */
  async #read(store, span) {
    this.#reading = true;
    const asked = this.#asked;
    const seqs = this.#waiting.splice(0, BATCH);
    try {
      const found = await Promise.all(ranges(seqs).map(([from, to]) => this.linesOf(from, to)));
      if (asked !== this.#asked) return;
      const wanted = new Set(seqs);
      for (const line of found.flat()) {
        if (!wanted.has(line.seq)) continue;
        this.list.append(this.#item(store, span, line));
        this.#drawn++;
      }
    } catch (error) {
      if (asked === this.#asked) {
        this.#drawn += seqs.length;
        setText(this.note, `Some could not be read. ${error instanceof Error ? error.message : ""}`);
      }
    } finally {
      this.#reading = false;
      this.touch();
    }
  }

  /** @param {RunStore} store @param {Span} span @param {Record<string, any>} line */
  #item(store, span, line) {
    const item = el("li", "told-item");
    const time = typeof line.t_us === "number" ? offset(line.t_us) : "";
    if (line.event === "on_custom_event") {
      item.append(headOf("custom event", String(line.name ?? ""), "", time));
      const body = el("div", "told-body");
      drawValue(body, line.data);
      item.append(body);
      return item;
    }
    const chunk = unwrap(line.data?.chunk);
    const names = this.nodes.of(store.fold).nodes(span.span);
    const keys = isObject(chunk) ? Object.keys(chunk) : [];
    const isUpdate = keys.length > 0 && keys.every((key) => names?.has(key) || key.startsWith("__"));
    if (!isUpdate || !isObject(chunk)) {
      item.append(headOf("state", "", "", time));
      const body = el("div", "told-body");
      drawValue(body, line.data?.chunk);
      item.append(body);
      return item;
    }
    for (const key of keys) {
      const run = this.nodes.latest(store.fold, span.span, key, line.t_us);
      const step = run?.step === null || run?.step === undefined ? "" : `step ${run.step}`;
      const nth = run && run.times > 1 ? `#${run.nth}` : "";
      const isAsked = key === "__interrupt__";
      item.append(headOf(isAsked ? "asks" : "update by", isAsked ? "" : `${key} ${nth}`.trim(), step, time));
      const body = el("div", "told-body");
      if (isAsked) drawAsks(body, chunk[key]);
      else if (chunk[key] === null) body.append(el("p", "nothing", "Nothing changed."));
      else drawValue(body, chunk[key]);
      item.append(body);
    }
    return item;
  }
}

/** @param {HTMLElement} body @param {unknown} interrupts */
function drawAsks(body, interrupts) {
  for (const { question, rest } of askedOf({ interrupts })) {
    if (question) body.append(el("p", "interrupt-text", question));
    if (rest !== undefined) drawTree(body, rest);
  }
}

/** @param {string} kind @param {string} name @param {string} step @param {string} time */
function headOf(kind, name, step, time) {
  const head = el("h3", "told-head");
  head.append(el("span", "told-kind", kind));
  if (name) head.append(el("b", "told-name", name));
  if (step) head.append(el("span", "told-step", step));
  head.append(el("span", "told-time", time));
  return head;
}
