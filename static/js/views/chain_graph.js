// The graph of the run's chain: what runs is lit, what ran says how it went. A click or Enter chooses the span.

import { button, el, glyph, setAttribute, setGlyph, setText, show } from "../dom.js";
import { duration, lookOf, typeName } from "../format.js";
import { simplify } from "../graph.js";
import { curve, layOut } from "../graph_layout.js";
import { GraphSpans, SeenGraph } from "../graph_spans.js";
import { stateGlyph } from "../states.js";

/** @typedef {import("../graph.js").Graph} Graph */
/** @typedef {import("../store.js").RunStore} RunStore */
/** @typedef {import("../span.js").SpanNow} SpanNow */
/** @typedef {{ span: SpanNow | undefined, times: number, running: number, failed: number, us: number }} Ran  What a node did up to a moment; `span` is the one that began last. */

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 46;
const NARROWEST = 124;
const WIDEST = 280;
const PER_LETTER = 8.2;
const AROUND_NAME = 56;
/** Of the spans of a node, so many of the newest are looked at. */
const MOST_SPANS = 512;
const SEEN = "Drawn from the spans that ran: the chain's own graph is not known here.";
const CUT = "Only the first steps are drawn.";
const NONE = "This chain has no graph to draw.";

class NodeBox {
  /** @param {import("../graph.js").GraphNode} node @param {number} index */
  constructor(node, index) {
    this.node = node;
    this.icon = glyph(lookOf(node.type));
    this.name = el("span", "node-name", node.name);
    this.about = el("span", "node-about");
    const words = el("span", "node-words");
    words.append(this.name, " ", this.about);
    this.element = button("node", [this.icon, words], { "data-node": String(index) });
    this.element.dataset.type = lookOf(node.type);
    setAttribute(this.element, "data-mark", node.mark ?? null);
  }

  /**
   * Where data goes in, or the graph ends: neither takes time nor has a state.
   * @param {boolean} reached @param {boolean} canOpen
   */
  drawMark(reached, canOpen) {
    setAttribute(this.element, "data-state", reached ? null : "ghost");
    setAttribute(this.element, "aria-disabled", canOpen ? null : "true");
    setAttribute(this.element, "aria-label", `${this.node.name}, ${reached ? "reached" : "not reached"}`);
  }

  /** @param {Ran} ran @param {boolean} selected */
  draw({ span, times, running, failed, us }, selected) {
    const state = running
      ? "running"
      : failed && span?.state !== "error"
        ? "failed-before"
        : (span?.state ?? "ghost");
    setAttribute(this.element, "data-state", state);
    setAttribute(this.element, "aria-pressed", String(selected));
    setAttribute(this.element, "aria-disabled", span ? null : "true");
    setGlyph(this.icon, (span && stateGlyph(span.state)) || lookOf(this.node.type));
    const often = times > 1 ? `${times}× ` : "";
    const faults = failed && times > 1 ? ` · ${failed} failed` : "";
    setText(this.about, span ? `${often}${duration(us)}${faults}` : "not reached");
    const words = running ? "running" : (span?.state ?? "not reached");
    setAttribute(
      this.element,
      "aria-label",
      // What is seen comes first and word for word: who speaks to the page says what they see.
      `${this.node.name} ${this.about.textContent}, ${typeName(this.node.type)}, ${words}`,
    );
  }
}

export class ChainGraphView {
  /** @type {RunStore | null} */
  #store = null;
  /** The chain's own graph: null where it is not known, undefined while it is asked for. @type {Graph | null | undefined} */
  #known;
  #chain = "";
  /** @type {GraphSpans | SeenGraph} */
  #spans = new SeenGraph();
  /** @type {NodeBox[]} */
  #boxes = [];
  /** @type {SVGPathElement[]} */
  #paths = [];
  /** @type {Graph} */
  #graph = { nodes: [], edges: [] };
  /** @type {number | null} */
  #selected = null;
  #drawn = "";
  /** What is searched for. @type {import("../find.js").Find | null} */
  find = null;

  /**
   * @param {HTMLElement} root @param {import("../dom.js").Send} send @param {() => void} touch
   * @param {(chain: string) => Promise<Graph | null>} graphOf the graph of a chain, null where it is not known
   */
  constructor(root, send, touch, graphOf) {
    this.root = root;
    this.send = send;
    this.touch = touch;
    this.graphOf = graphOf;
    this.note = el("p", "graph-note");
    this.canvas = el("div", "graph-canvas");
    this.svg = document.createElementNS(SVG, "svg");
    this.svg.setAttribute("aria-hidden", "true");
    this.canvas.append(this.svg);
    root.replaceChildren(this.note, this.canvas);
    this.canvas.addEventListener("click", (event) => this.#click(event));
  }

  /** Another run. @param {RunStore} store */
  show(store) {
    this.#store = store;
    this.#chain = "";
    this.#known = undefined;
    this.#begin(new SeenGraph(), { nodes: [], edges: [] });
    this.touch();
  }

  /** @param {number | null} span */
  select(span) {
    this.#selected = span;
    this.touch();
  }

  /** @returns {boolean} whether it changes by itself */
  draw() {
    const store = this.#store;
    if (!store) return false;
    this.#ask(store);
    if (this.#known === undefined) return false;
    const isNew = this.#spans.follow(store.spans);
    if (this.#spans instanceof SeenGraph && isNew) this.#lay(this.#spans);
    const words = this.#known
      ? ""
      : this.#spans instanceof SeenGraph && this.#spans.isCut
        ? `${SEEN} ${CUT}`
        : SEEN;
    setText(this.note, this.#boxes.length ? words : NONE);
    show(this.note, !this.#boxes.length || words !== "");
    const { moment, running } = store;
    const key = `${moment.version}|${store.cursor}|${this.#selected}|${this.#boxes.length}|${this.find?.version}`;
    const isLive = running && store.cursor === null;
    if (key === this.#drawn && !isLive) return false;
    this.#drawn = key;
    const chosen = this.#selected === null ? undefined : this.#spans.node(this.#selected);
    /** @type {Map<string, Ran>} */
    const ran = new Map();
    const last = this.#lastBefore(store);
    for (const box of this.#boxes) {
      const now = this.#ran(store, box.node.id);
      ran.set(box.node.id, now);
      const { id, mark } = box.node;
      if (mark === "input") box.drawMark(now.times > 0, now.times > 0);
      else if (mark === "end") box.drawMark(last.size > 0, false);
      else box.draw(now, id === chosen);
      box.element.classList.toggle("no-match", !mark && !this.#fits(id, now.times));
    }
    const ends = new Set(this.#graph.nodes.filter(({ mark }) => mark === "end").map(({ id }) => id));
    // A node without a span may have run all the same. Of a run that goes on where another one stopped that is not
    // known, and nothing was put in at its beginning.
    const isWhole = !store.header?.continues;
    const inputs = new Set(this.#graph.nodes.filter(({ mark }) => mark === "input").map(({ id }) => id));
    for (const [index, { source, target }] of this.#graph.edges.entries()) {
      const came = inputs.has(source) || !this.#spans.of(source).length ? isWhole : ran.get(source)?.times;
      const taken = ends.has(target) ? last.has(source) : ran.get(target)?.times && came;
      setAttribute(/** @type {Element} */ (this.#paths[index]), "data-taken", taken ? "" : null);
    }
    return isLive;
  }

  /** Asks for the chain's graph once it is known which chain it is. @param {RunStore} store */
  #ask(store) {
    const { chain } = store.fold;
    if (this.#chain || (!chain && store.running)) return;
    this.#chain = chain || " ";
    const arrived = (/** @type {Graph | null} */ graph) => {
      if (store !== this.#store) return;
      this.#known = graph?.nodes.length ? simplify(graph) : null;
      if (this.#known) this.#begin(new GraphSpans(this.#known), this.#known);
      this.touch();
    };
    this.graphOf(chain).then(arrived, () => arrived(null));
  }

  /** @param {GraphSpans | SeenGraph} spans @param {Graph} graph */
  #begin(spans, graph) {
    this.#spans = spans;
    this.#lay(graph);
  }

  /** @param {Graph} graph */
  #lay(graph) {
    this.#graph = { nodes: [...graph.nodes], edges: [...graph.edges] };
    this.#drawn = "";
    const widths = new Map(graph.nodes.map(({ id, name }) => [id, widthOf(name)]));
    const drawing = layOut(graph, (id) => ({ width: widths.get(id) ?? NARROWEST, height: HEIGHT }));
    this.#boxes = graph.nodes.map((node, index) => new NodeBox(node, index));
    const places = new Map(drawing.boxes.map((box) => [box.id, box]));
    for (const { node, element } of this.#boxes) {
      const box = places.get(node.id);
      if (!box) continue;
      element.style.transform = `translate(${box.x.toFixed(1)}px, ${box.y.toFixed(1)}px)`;
      element.style.width = `${box.width}px`;
      element.style.height = `${box.height}px`;
    }
    this.svg.setAttribute("width", String(Math.ceil(drawing.width)));
    this.svg.setAttribute("height", String(Math.ceil(drawing.height)));
    this.canvas.style.width = `${Math.ceil(drawing.width)}px`;
    this.canvas.style.height = `${Math.ceil(drawing.height)}px`;
    this.#paths = drawing.arrows.map(({ points, conditional }) => {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("d", curve(points));
      if (conditional) path.setAttribute("data-conditional", "");
      return path;
    });
    this.svg.replaceChildren(arrowHead(""), arrowHead("taken"), ...this.#paths);
    this.canvas.replaceChildren(this.svg, ...this.#boxes.map(({ element }) => element));
  }

  /**
   * The nodes from which a run that went well came to its end: none of those they lead to ran after them.
   * @param {RunStore} store @returns {Set<string>}
   */
  #lastBefore({ moment }) {
    /** @type {Set<string>} */
    const last = new Set();
    if (!this.#graph.nodes.some(({ mark }) => mark === "end")) return last;
    if (!moment.begun || moment.view(0).state !== "ok") return last;
    const newest = (/** @type {string} */ id) => {
      const places = this.#spans.of(id);
      return places[countBelow(places, moment.begun) - 1] ?? -1;
    };
    for (const { id, mark } of this.#graph.nodes) {
      const own = newest(id);
      if (mark || own < 0) continue;
      const next = this.#graph.edges.filter(({ source, target }) => source === id && target !== id);
      if (next.every(({ target }) => newest(target) < own)) last.add(id);
    }
    return last;
  }

  /** Whether one of the newest spans of a node fits what is searched for. @param {string} id @param {number} times */
  #fits(id, times) {
    const { find } = this;
    if (!find?.isOn) return true;
    return this.#spans
      .of(id)
      .slice(Math.max(0, times - MOST_SPANS), times)
      .some((place) => find.matches(place));
  }

  /** @param {RunStore} store @param {string} id @returns {Ran} */
  #ran({ moment }, id) {
    const places = this.#spans.of(id);
    const times = countBelow(places, moment.begun);
    /** @type {Ran} */
    const ran = { span: undefined, times, running: 0, failed: 0, us: 0 };
    for (let at = times - 1; at >= Math.max(0, times - MOST_SPANS); at--) {
      const span = moment.view(/** @type {number} */ (places[at]));
      ran.span ??= span;
      if (span.state === "running") ran.running++;
      else if (span.state === "error" || span.state === "propagated") ran.failed++;
      ran.us += (span.end_us ?? moment.t_us) - span.start_us;
    }
    return ran;
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const box = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest(".node"));
    const node = box && this.#boxes[Number(box.dataset.node)];
    const store = this.#store;
    if (!node || !store) return;
    const places = this.#spans.of(node.node.id);
    const times = countBelow(places, store.moment.begun);
    if (!times) return;
    // Once more: the one before.
    const numbers = places.slice(0, times).map((place) => store.moment.view(place).span);
    const at = this.#selected === null ? -1 : numbers.lastIndexOf(this.#selected);
    const span = numbers[at > 0 ? at - 1 : times - 1];
    if (span !== undefined) this.send({ type: "select", span, open: true });
  }
}

/** @param {string} name */
const widthOf = (name) =>
  Math.round(Math.max(NARROWEST, Math.min(WIDEST, name.length * PER_LETTER + AROUND_NAME)));

/** How many of the places, which go up, are below one. @param {readonly number[]} places @param {number} end */
function countBelow(places, end) {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (/** @type {number} */ (places[middle]) < end) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @param {string} kind */
function arrowHead(kind) {
  const marker = document.createElementNS(SVG, "marker");
  const attributes = {
    viewBox: "0 0 8 8",
    refX: "7",
    refY: "4",
    markerWidth: "7",
    markerHeight: "7",
    orient: "auto",
  };
  for (const [name, value] of Object.entries(attributes)) marker.setAttribute(name, value);
  marker.id = kind ? `arrow-${kind}` : "arrow";
  const tip = document.createElementNS(SVG, "path");
  tip.setAttribute("d", "M0,0.5 L7.5,4 L0,7.5 Z");
  if (kind) tip.setAttribute("data-taken", "");
  marker.append(tip);
  return marker;
}
