// How a chain is built, as a column of names in the order data flows through them.

import { simplify } from "../graph.js";

/** @typedef {import("../graph.js").Graph} Graph */
/** @typedef {import("../graph.js").GraphNode} GraphNode */
/** @typedef {import("../graph.js").GraphEdge} GraphEdge */
/** @typedef {{ id: string, name: string, type: string, maybe: boolean, loops: string[] }} Box  `maybe`: reached on a condition; `loops`: names of earlier boxes it can go back to. */

// Beyond this a list of names is no picture any more, and the page has better things to do.
const MOST_NODES = 400;
// More than these do not fit side by side: they wrap.
const MOST_ABREAST = 4;

/**
 * The nodes in layers: every edge that is not a way back leads from a layer to a later one.
 * What LangChain draws only to join its own pieces (the ends of a RunnableParallel, the final output) is left out.
 * @param {Graph} graph
 * @returns {Box[][]}
 */
export function layers(graph) {
  const { nodes, edges } = simplify(graph);
  /** @type {Map<string, number>} */
  const order = new Map(nodes.map((node, index) => [node.id, index]));
  const names = new Map(nodes.map((node) => [node.id, node.name]));
  const { forward, back } = split(nodes, edges);

  /** @type {Map<string, number>} */
  const depth = new Map(nodes.map((node) => [node.id, 0]));
  const before = count(forward.map((edge) => edge.target));
  const after = group(forward);
  const ready = nodes.filter((node) => !before.get(node.id)).map((node) => node.id);
  for (const id of ready) {
    // grows while it is walked
    for (const edge of after.get(id) ?? []) {
      depth.set(edge.target, Math.max(depth.get(edge.target) ?? 0, (depth.get(id) ?? 0) + 1));
      const left = (before.get(edge.target) ?? 1) - 1;
      before.set(edge.target, left);
      if (left === 0) ready.push(edge.target);
    }
  }

  const into = group(forward, "target");
  /** @type {Box[][]} */
  const rows = [];
  for (const node of nodes) {
    const incoming = into.get(node.id) ?? [];
    const row = depth.get(node.id) ?? 0;
    rows[row] ??= [];
    rows[row].push({
      ...node,
      maybe: incoming.length > 0 && incoming.every((edge) => edge.conditional),
      loops: back.filter((edge) => edge.source === node.id).map((edge) => names.get(edge.target) ?? ""),
    });
  }
  const rank = (/** @type {string} */ id) => order.get(id) ?? 0;
  // A branch stays below the branch it comes from.
  const place = (/** @type {string} */ id) => {
    const sources = (into.get(id) ?? []).map((edge) => rank(edge.source));
    return sources.length ? sources.reduce((sum, one) => sum + one, 0) / sources.length : 0;
  };
  return rows
    .filter((row) => row)
    .map((row) => row.sort((a, b) => place(a.id) - place(b.id) || rank(a.id) - rank(b.id)));
}

/**
 * The card with the chain's graph, or null where nothing is to be drawn.
 * @param {Graph | null} graph
 * @returns {HTMLElement | null}
 */
export function graphCard(graph) {
  if (!graph || graph.nodes.length === 0) return null;
  const card = document.createElement("section");
  card.className = "graph-card";
  const title = document.createElement("h2");
  title.id = "compose-graph-title";
  title.textContent = "Chain";
  card.setAttribute("aria-labelledby", title.id);
  card.append(title);
  if (graph.nodes.length > MOST_NODES) {
    const note = document.createElement("p");
    note.textContent = `${graph.nodes.length} nodes: too many to draw here.`;
    card.append(note);
    return card;
  }
  const list = document.createElement("ol");
  list.className = "graph-flow";
  for (const row of layers(graph)) {
    const item = document.createElement("li");
    if (row.length > MOST_ABREAST) item.className = "wide";
    for (const box of row) item.append(drawBox(box));
    list.append(item);
  }
  card.append(list);
  return card;
}

/** @param {Box} box */
function drawBox(box) {
  const element = document.createElement("span");
  element.className = "graph-node";
  element.dataset.type = box.type;
  if (box.maybe) element.dataset.maybe = "";
  element.title = [
    box.type.replace("_", " "),
    box.maybe ? "on a condition" : "",
    box.loops.length ? `can go back to ${box.loops.join(", ")}` : "",
  ]
    .filter(Boolean)
    .join(", ");
  const name = document.createElement("span");
  name.className = "graph-name";
  name.textContent = box.name;
  element.append(name);
  for (const loop of box.loops) {
    const note = document.createElement("small");
    note.textContent = `↺ ${loop}`;
    element.append(note);
  }
  return element;
}

/**
 * Ways back are the edges a depth-first walk meets while their target is still open.
 * @param {GraphNode[]} nodes
 * @param {GraphEdge[]} edges
 */
function split(nodes, edges) {
  const after = group(edges);
  /** @type {Map<string, "open" | "done">} */
  const state = new Map();
  /** @type {Set<GraphEdge>} */
  const back = new Set();
  const targets = new Set(edges.map((edge) => edge.target));
  const sources = nodes.filter((node) => !targets.has(node.id));
  for (const root of [...sources, ...nodes]) {
    if (state.has(root.id)) continue;
    state.set(root.id, "open");
    const stack = [{ id: root.id, next: 0 }];
    while (stack.length) {
      const top = stack[stack.length - 1];
      const edge = after.get(top.id)?.[top.next++];
      if (!edge) {
        state.set(top.id, "done");
        stack.pop();
      } else if (state.get(edge.target) === "open") back.add(edge);
      else if (!state.has(edge.target)) {
        state.set(edge.target, "open");
        stack.push({ id: edge.target, next: 0 });
      }
    }
  }
  return { forward: edges.filter((edge) => !back.has(edge)), back: [...back] };
}

/** @param {GraphEdge[]} edges @param {"source" | "target"} [by] @returns {Map<string, GraphEdge[]>} */
function group(edges, by = "source") {
  const grouped = new Map();
  for (const edge of edges) {
    const list = grouped.get(edge[by]);
    if (list) list.push(edge);
    else grouped.set(edge[by], [edge]);
  }
  return grouped;
}

/** @param {string[]} ids @returns {Map<string, number>} */
function count(ids) {
  const counted = new Map();
  for (const id of ids) counted.set(id, (counted.get(id) ?? 0) + 1);
  return counted;
}
