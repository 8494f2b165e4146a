// Where the boxes and arrows of a graph go. No DOM.

import { Graph as Dagre, layout } from "../vendor/dagre/dagre.esm.js";

/** @typedef {import("./graph.js").Graph} Graph */
/** @typedef {{ id: string, x: number, y: number, width: number, height: number }} Box  x and y of its left upper corner. */
/** @typedef {{ source: string, target: string, conditional: boolean, points: { x: number, y: number }[] }} Arrow */
/** @typedef {{ width: number, height: number, boxes: Box[], arrows: Arrow[] }} Drawing  In pixels. */

const MARGIN = 12;

/**
 * @param {Graph} graph @param {(id: string) => { width: number, height: number }} sizeOf of a node's box, in pixels
 * @returns {Drawing}
 */
export function layOut(graph, sizeOf) {
  const drawn = new Dagre({ multigraph: true });
  drawn.setGraph({ rankdir: "TB", nodesep: 20, ranksep: 34, edgesep: 14, marginx: MARGIN, marginy: MARGIN });
  const known = new Set(graph.nodes.map(({ id }) => id));
  for (const id of known) drawn.setNode(id, sizeOf(id));
  // Two conditions may lead from one node to another.
  const edges = graph.edges.filter(({ source, target }) => known.has(source) && known.has(target));
  for (const [n, { source, target }] of edges.entries()) drawn.setEdge(source, target, {}, String(n));
  if (known.size) layout(drawn);
  const { width, height } = known.size ? drawn.graph() : { width: 0, height: 0 };
  return {
    width,
    height,
    boxes: [...known].map((id) => {
      const box = drawn.node(id);
      return {
        id,
        x: box.x - box.width / 2,
        y: box.y - box.height / 2,
        width: box.width,
        height: box.height,
      };
    }),
    arrows: edges.map((edge, n) => ({
      ...edge,
      points: drawn.edge(edge.source, edge.target, String(n)).points,
    })),
  };
}

/** A smooth line through the points, as the `d` of an SVG path. @param {{ x: number, y: number }[]} points */
export function curve(points) {
  const [first, ...rest] = points;
  if (!first) return "";
  /** @param {number} n */
  const round = (n) => Math.round(n * 10) / 10;
  let d = `M${round(first.x)},${round(first.y)}`;
  let from = first;
  for (const [n, to] of rest.entries()) {
    const next = rest[n + 1];
    // Each bend lies between two points; the last piece ends where the arrow's head is.
    const end = next ? { x: (to.x + next.x) / 2, y: (to.y + next.y) / 2 } : to;
    d += `Q${round(next ? to.x : (from.x + to.x) / 2)},${round(next ? to.y : (from.y + to.y) / 2)} ${round(end.x)},${round(end.y)}`;
    from = end;
  }
  return d;
}
