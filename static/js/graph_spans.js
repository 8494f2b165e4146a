// Which spans of a run belong to which node of its chain's graph. No DOM.

/** @typedef {import("./graph.js").Graph} Graph */
/** @typedef {import("./graph.js").GraphNode} GraphNode */
/** @typedef {{ span: number, parent: number | null, type: string, name: string, tags: unknown[] }} Step  What is read of a span. */

/** Where in its parent LCEL puts a step. */
const PLACE = /^(seq:step|map:key|condition|branch):/;
/** A graph of what ran has no more nodes than this. */
const MOST_SEEN = 150;

/** LangChain's graphs leave this out of names, its spans do not. @param {string} name */
const plain = (name) => (name.startsWith("Runnable") ? name.slice(8) : name);

/**
 * Nodes that share a name get the spans of that name by the place these have in the chain, in the order in which the
 * places are first seen; places beyond the last such node go to it.
 */
export class GraphSpans {
  /** Index of the spans of each node, in order. @type {Map<string, number[]>} */
  #of = new Map();
  /** @type {Map<string, GraphNode[]>} */
  #named = new Map();
  /** The node of each place a name was seen at. @type {Map<string, string>} */
  #placed = new Map();
  /** How many places of a name were seen. @type {Map<string, number>} */
  #places = new Map();
  /** @type {Map<number, string>} */
  #nodeOf = new Map();
  /** The place of each span that others are in. @type {Map<number, string>} */
  #place = new Map();
  /** Where the graph begins: what goes in there went into the run, so its root is shown for it. @type {string | undefined} */
  #input;
  #read = 0;

  /** @param {Graph} graph */
  constructor(graph) {
    this.#input = graph.nodes.find(({ mark }) => mark === "input")?.id;
    for (const node of graph.nodes) {
      this.#of.set(node.id, []);
      if (node.mark) continue;
      const name = plain(node.name);
      this.#named.set(name, [...(this.#named.get(name) ?? []), node]);
    }
  }

  /** Takes in what began since. @param {readonly Step[]} spans all of the run, in the order they began */
  follow(spans) {
    for (; this.#read < spans.length; this.#read++)
      this.#take(/** @type {Step} */ (spans[this.#read]), this.#read);
  }

  /** The spans of a node: their places in the run's list of spans. @param {string} id @returns {readonly number[]} */
  of(id) {
    return this.#of.get(id) ?? [];
  }

  /** The node a span belongs to, itself or by what it is in. @param {number} span */
  node(span) {
    return this.#nodeOf.get(span);
  }

  /** @param {Step} span @param {number} index */
  #take(span, index) {
    const above = span.parent === null ? "" : (this.#place.get(span.parent) ?? "");
    const own = span.tags.filter((tag) => typeof tag === "string" && PLACE.test(tag)).join(",");
    const name = plain(span.name);
    if (span.parent === null && this.#input !== undefined) {
      this.#of.get(this.#input)?.push(index);
    }
    const place = `${above}/${own || name}`;
    this.#place.set(span.span, place.length > 2000 ? place.slice(-2000) : place);
    const nodes = this.#named.get(name)?.filter(({ type }) => type === "chain" || type === span.type) ?? [];
    const inherited = span.parent === null ? undefined : this.#nodeOf.get(span.parent);
    if (!nodes.length) {
      if (inherited !== undefined) this.#nodeOf.set(span.span, inherited);
      return;
    }
    const key = `${name} ${place}`;
    let id = this.#placed.get(key);
    if (id === undefined) {
      const seen = this.#places.get(name) ?? 0;
      this.#places.set(name, seen + 1);
      id = /** @type {GraphNode} */ (nodes[Math.min(seen, nodes.length - 1)]).id;
      this.#placed.set(key, id);
    }
    this.#nodeOf.set(span.span, id);
    this.#of.get(id)?.push(index);
  }
}

/** A graph of what ran, where the chain's own is not known: names below names. @implements {Graph} */
export class SeenGraph {
  /** @type {GraphNode[]} */
  nodes = [];
  /** @type {import("./graph.js").GraphEdge[]} */
  edges = [];
  /** Whether some are left out. */
  isCut = false;
  #read = 0;
  /** @type {Map<string, string>} */
  #ids = new Map();
  /** @type {Map<number, string>} */
  #nodeOf = new Map();
  /** @type {Map<string, number[]>} */
  #of = new Map();

  /** @param {readonly Step[]} spans @returns {boolean} whether there are new nodes */
  follow(spans) {
    const before = this.nodes.length;
    for (; this.#read < spans.length; this.#read++) {
      const span = /** @type {Step} */ (spans[this.#read]);
      const above = span.parent === null ? undefined : this.#nodeOf.get(span.parent);
      const key = `${above ?? ""} ${span.type} ${span.name}`;
      let id = this.#ids.get(key);
      if (id === undefined) {
        if (this.nodes.length >= MOST_SEEN) {
          this.isCut = true;
          if (above !== undefined) this.#nodeOf.set(span.span, above);
          continue;
        }
        id = String(this.nodes.length);
        this.#ids.set(key, id);
        this.#of.set(id, []);
        this.nodes.push({ id, name: span.name, type: span.type });
        if (above !== undefined) this.edges.push({ source: above, target: id, conditional: false });
      }
      this.#nodeOf.set(span.span, id);
      this.#of.get(id)?.push(this.#read);
    }
    return this.nodes.length > before;
  }

  /** @param {string} id @returns {readonly number[]} */
  of(id) {
    return this.#of.get(id) ?? [];
  }

  /** @param {number} span */
  node(span) {
    return this.#nodeOf.get(span);
  }
}
