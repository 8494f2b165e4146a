// LangGraph: which spans are graphs and which their nodes, when they ran and how often. No DOM.

/** @typedef {import("./spans.js").Span} Span */
/** @typedef {import("./spans.js").Fold} Fold */
/**
 * @typedef {{ node: string, step: number | null, nth: number, readonly times: number }} NodeRun
 * One execution of a node: the `nth` of `times` in its graph, counted from 1.
 */

const PLUMBING = /^(_|ChannelWrite|ChannelRead|Branch<|__|Unnamed$)/;
const HIDDEN = "langsmith:hidden";
const LATER_STEP = /^seq:step:([2-9]|\d\d+)$/;

export class GraphNodes {
  /** @type {Fold | null} */
  #fold = null;
  /** How many spans were read. */
  #count = 0;
  /** @type {Map<number, NodeRun>} */
  #runs = new Map();
  /** Names of the nodes of each graph, by its span. @type {Map<number, Set<string>>} */
  #graphs = new Map();
  /** @type {Set<number>} */
  #plumbing = new Set();
  /** The executions of each node of each graph. @type {Map<string, NodeRun[]>} */
  #groups = new Map();

  /** Takes in what began since. @param {Fold} fold */
  of(fold) {
    if (fold !== this.#fold) {
      this.#fold = fold;
      this.#count = 0;
      for (const kept of [this.#runs, this.#graphs, this.#plumbing, this.#groups]) kept.clear();
    }
    for (; this.#count < fold.spans.length; this.#count++) {
      this.#read(fold, /** @type {Span} */ (fold.spans[this.#count]));
    }
    return this;
  }

  /** Which execution of which node a span is. @param {number} span */
  run(span) {
    return this.#runs.get(span);
  }

  /** The names of the nodes that ran in it, if the span is a graph. @param {number} span */
  nodes(span) {
    return this.#graphs.get(span);
  }

  /** Whether a span is LangGraph's own work around a node's. @param {number} span */
  isPlumbing(span) {
    return this.#plumbing.has(span);
  }

  /**
   * The execution of a node that had ended last by then.
   * @param {Fold} fold @param {number} graph @param {string} node @param {number} t_us
   */
  latest(fold, graph, node, t_us) {
    let found;
    for (const span of fold.spans) {
      if (span.start_us > t_us) break;
      const run = span.parent === graph ? this.#runs.get(span.span) : undefined;
      const isOver = span.end_us !== null && span.end_us <= t_us;
      if (run?.node === node && (isOver || !found)) found = run;
    }
    return found;
  }

  /** @param {Fold} fold @param {Span} span */
  #read(fold, span) {
    const node = span.metadata.langgraph_node;
    if (typeof node !== "string") return;
    const above = fold.span(span.parent);
    if (above && keyOf(above) === keyOf(span)) {
      const isEdge = this.#runs.has(above.span) && span.tags.some((tag) => LATER_STEP.test(String(tag)));
      if (isEdge || span.tags.includes(HIDDEN) || PLUMBING.test(span.name)) this.#plumbing.add(span.span);
      return;
    }
    const graph = span.parent ?? 0;
    const names = this.#graphs.get(graph) ?? new Set();
    this.#graphs.set(graph, names.add(node));
    const key = `${graph}|${node}`;
    const runs = this.#groups.get(key) ?? [];
    this.#groups.set(key, runs);
    const step = span.metadata.langgraph_step;
    const run = {
      node,
      step: typeof step === "number" ? step : null,
      nth: runs.length + 1,
      get times() {
        return runs.length;
      },
    };
    runs.push(run);
    this.#runs.set(span.span, run);
  }
}

/**
 * An execution in words: `step 2, 2nd of 3`.
 * @param {NodeRun} run @param {string} name of its span
 */
export function nodeWords({ node, step, nth, times }, name) {
  const parts = [];
  if (node !== name) parts.push(`node ${node}`);
  if (step !== null) parts.push(`step ${step}`);
  if (times > 1) parts.push(`run ${nth} of ${times}`);
  return parts.join(", ");
}

/** What all spans of one execution of a node have in common. @param {Span} span */
function keyOf({ metadata }) {
  const { langgraph_node: node, langgraph_step: step, langgraph_checkpoint_ns: place } = metadata;
  return `${node}|${step}|${place}`;
}
