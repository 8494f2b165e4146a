// Which spans are graphs and nodes, how often nodes ran, and what is LangGraph's own.

import assert from "node:assert/strict";
import { test } from "node:test";

import { GraphNodes, nodeWords } from "../../static/js/graph_nodes.js";
import { Fold } from "../../static/js/spans.js";

/** @param {[name: string, parent: number | null, node?: string, step?: number, ns?: string, tags?: string[]][]} spans */
function foldOf(spans) {
  const fold = new Fold();
  spans.forEach(([name, parent, node, step, ns, tags = []], index) => {
    const metadata = node
      ? { langgraph_node: node, langgraph_step: step, langgraph_checkpoint_ns: ns ?? `${node}:${step}` }
      : {};
    fold.add({
      seq: index,
      t_us: index,
      event: "on_chain_start",
      span: index + 1,
      parent,
      name,
      metadata,
      tags,
    });
  });
  return fold;
}

test("a chain without graphs has no nodes", () => {
  const nodes = new GraphNodes().of(
    foldOf([
      ["a", null],
      ["b", 1],
    ]),
  );
  assert.equal(nodes.run(2), undefined);
  assert.equal(nodes.nodes(1), undefined);
});

test("the executions of a node are numbered, its inner spans are not nodes", () => {
  const fold = foldOf([
    ["LangGraph", null],
    ["work", 1, "work", 1],
    ["Model", 2, "work", 1],
    ["route", 2, "work", 1, undefined, ["seq:step:3"]],
    ["other", 1, "other", 2],
    ["work", 1, "work", 3],
  ]);
  const nodes = new GraphNodes().of(fold);
  assert.deepEqual(nodes.run(2), { node: "work", step: 1, nth: 1, times: 2 });
  assert.deepEqual(nodes.run(6), { node: "work", step: 3, nth: 2, times: 2 });
  assert.deepEqual(nodes.run(5), { node: "other", step: 2, nth: 1, times: 1 });
  assert.equal(nodes.run(3), undefined);
  assert.deepEqual([...(nodes.nodes(1) ?? [])], ["work", "other"]);
  assert.deepEqual(
    [1, 2, 3, 4].map((span) => nodes.isPlumbing(span)),
    [false, false, false, true],
  );
});

test("one node several times in the same step", () => {
  const fold = foldOf([
    ["LangGraph", null],
    ["map", 1, "map", 2, "map:a"],
    ["map", 1, "map", 2, "map:b"],
  ]);
  const nodes = new GraphNodes().of(fold);
  assert.deepEqual([nodes.run(2)?.nth, nodes.run(3)?.nth, nodes.run(3)?.times], [1, 2, 2]);
});

test("a graph inside a node numbers its own nodes", () => {
  const fold = foldOf([
    ["LangGraph", null],
    ["outer", 1, "outer", 1, "outer:a"],
    ["LangGraph", 2, "outer", 1, "outer:a"],
    ["inner", 3, "inner", 1, "outer:a|inner:b"],
  ]);
  const nodes = new GraphNodes().of(fold);
  assert.equal(nodes.run(3), undefined);
  assert.deepEqual(nodes.run(4), { node: "inner", step: 1, nth: 1, times: 1 });
  assert.deepEqual([...(nodes.nodes(3) ?? [])], ["inner"]);
});

test("what begins later is seen, and the execution behind an update is found", () => {
  const fold = foldOf([
    ["LangGraph", null],
    ["work", 1, "work", 1],
  ]);
  const nodes = new GraphNodes();
  assert.equal(nodes.of(fold).run(2)?.times, 1);
  fold.add({ seq: 2, t_us: 5, event: "on_chain_end", span: 2, data: {} });
  const metadata = { langgraph_node: "work", langgraph_step: 2, langgraph_checkpoint_ns: "work:2" };
  fold.add({ seq: 3, t_us: 6, event: "on_chain_start", span: 3, parent: 1, name: "work", metadata });
  assert.equal(nodes.of(fold).run(2)?.times, 2);
  assert.equal(nodes.latest(fold, 1, "work", 5)?.step, 1);
  assert.equal(nodes.latest(fold, 1, "work", 7)?.step, 1);
  fold.add({ seq: 4, t_us: 8, event: "on_chain_end", span: 3, data: {} });
  assert.equal(nodes.latest(fold, 1, "work", 8)?.step, 2);
  assert.equal(nodes.latest(fold, 1, "none", 8), undefined);
});

test("in words", () => {
  assert.equal(nodeWords({ node: "a", step: 2, nth: 1, times: 1 }, "a"), "step 2");
  assert.equal(nodeWords({ node: "a", step: 2, nth: 2, times: 3 }, "x"), "node a, step 2, run 2 of 3");
});
