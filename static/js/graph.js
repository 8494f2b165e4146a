// How a chain is built: LangChain's `get_graph`, as `/api/chains/{name}` gives it. No DOM.

/**
 * @typedef {{ id: string, name: string, type: string, mark?: "input" | "end" }} GraphNode
 * A `mark` is where data goes in or the graph may end: no step, so no span is its.
 */
/** @typedef {{ source: string, target: string, conditional: boolean }} GraphEdge */
/** @typedef {{ nodes: GraphNode[], edges: GraphEdge[] }} Graph */

/**
 * Without what LangChain draws only to join its own pieces: the ends of a RunnableParallel, the final output. The end
 * stays where a graph chooses whether to go there.
 * @param {Graph} graph
 * @returns {Graph}
 */
export function simplify(graph) {
  const known = new Set(graph.nodes.map((node) => node.id));
  let edges = graph.edges.filter((edge) => known.has(edge.source) && known.has(edge.target));
  /** @type {GraphNode[]} */
  const nodes = [];
  for (const node of graph.nodes) {
    const into = edges.filter((edge) => edge.target === node.id);
    const outOf = edges.filter((edge) => edge.source === node.id);
    const plain = node.type === "chain";
    if (plain && into.length === 0 && /(^__start__$|Input$|_input$)/.test(node.name)) {
      nodes.push({ ...node, name: "input", mark: "input" });
    } else if (node.name === "__end__" && plain && into.some((edge) => edge.conditional)) {
      nodes.push({ ...node, name: "end", mark: "end" });
    } else if (
      plain &&
      outOf.length === 0 &&
      into.length > 0 &&
      /(^__end__$|Output$|_output$)/.test(node.name)
    ) {
      edges = edges.filter((edge) => edge.target !== node.id);
    } else if (
      plain &&
      into.length > 0 &&
      outOf.length > 0 &&
      /^Parallel<.*>(Input|Output)$/.test(node.name)
    ) {
      edges = edges.filter((edge) => edge.target !== node.id && edge.source !== node.id);
      for (const a of into)
        for (const b of outOf)
          edges.push({
            source: a.source,
            target: b.target,
            conditional: a.conditional || b.conditional,
          });
    } else nodes.push(node);
  }
  return { nodes, edges };
}
