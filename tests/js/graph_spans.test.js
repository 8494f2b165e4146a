import assert from "node:assert/strict";
import { test } from "node:test";
import { curve, layOut } from "../../static/js/graph_layout.js";
import { GraphSpans, SeenGraph } from "../../static/js/graph_spans.js";

/** @param {string} names `name:type` */
const nodes = (names) =>
  names.split(" ").map((one, id) => {
    const [name = "", type = "chain"] = one.split(":");
    return { id: String(id), name, type };
  });

/** @param {[name: string, type: string, parent: number | null, ...tags: string[]][]} rows */
const spans = (rows) =>
  rows.map(([name, type, parent, ...tags], index) => ({ span: index + 1, parent, type, name, tags }));

test("spans find their node by name, whatever LangChain leaves out of it", () => {
  const graph = { nodes: nodes("Lambda Prompt:prompt Fake:chat_model"), edges: [] };
  const found = new GraphSpans(graph);
  found.follow(
    spans([
      ["RunnableSequence", "chain", null],
      ["RunnableLambda", "chain", 1, "seq:step:1"],
      ["Prompt", "prompt", 1, "seq:step:2"],
      ["Fake", "chat_model", 1, "seq:step:3"],
      ["Fake", "tool", 1],
    ]),
  );
  assert.deepEqual([found.of("0"), found.of("1"), found.of("2")], [[1], [2], [3]]);
  assert.equal(found.node(4), "2");
  assert.equal(found.node(5), undefined);
});

test("a graph's input is what the run itself was given", () => {
  const [input, ...others] = nodes("input Lambda input");
  const marked = {
    .../** @type {NonNullable<typeof input>} */ (input),
    mark: /** @type {const} */ ("input"),
  };
  const found = new GraphSpans({ nodes: [marked, ...others], edges: [] });
  found.follow(
    spans([
      ["RunnableSequence", "chain", null],
      ["RunnableLambda", "chain", 1],
      ["input", "chain", 1],
    ]),
  );
  // A step that is called input is no less a step.
  assert.deepEqual([found.of("0"), found.of("1"), found.of("2")], [[0], [1], [2]]);
});

test("nodes of one name are told apart by the place of their spans; a place that comes again is the same node", () => {
  const graph = { nodes: nodes("Fake:chat_model Fake:chat_model"), edges: [] };
  const found = new GraphSpans(graph);
  const all = spans([
    ["RunnableSequence", "chain", null],
    ["Fake", "chat_model", 1, "seq:step:1"],
    ["Fake", "chat_model", 1, "seq:step:2"],
    ["Fake", "chat_model", 1, "seq:step:1"],
    ["Fake", "chat_model", 1, "seq:step:3"],
  ]);
  found.follow(all.slice(0, 2));
  found.follow(all);
  assert.deepEqual(
    [found.of("0"), found.of("1")],
    [
      [1, 3],
      [2, 4],
    ],
  );
});

test("what runs inside a node belongs to it", () => {
  const found = new GraphSpans({ nodes: nodes("agent tools"), edges: [] });
  found.follow(
    spans([
      ["LangGraph", "chain", null],
      ["agent", "chain", 1, "graph:step:1"],
      ["ChatOpenAI", "chat_model", 2, "seq:step:1"],
      ["tools", "chain", 1, "graph:step:2"],
      ["agent", "chain", 1, "graph:step:3"],
    ]),
  );
  assert.deepEqual([found.of("0"), found.of("1")], [[1, 4], [3]]);
  assert.deepEqual([found.node(3), found.node(1)], ["0", undefined]);
});

test("without a graph, what ran draws one, and it is bounded", () => {
  const seen = new SeenGraph();
  const rows = spans([
    ["root", "chain", null],
    ["step", "chain", 1],
    ["step", "chain", 1],
    ["Fake", "chat_model", 3],
  ]);
  assert.equal(seen.follow(rows), true);
  assert.equal(seen.follow(rows), false);
  assert.deepEqual(
    seen.nodes.map(({ name }) => name),
    ["root", "step", "Fake"],
  );
  assert.deepEqual(seen.of("1"), [1, 2]);
  const many = new SeenGraph();
  many.follow(spans(Array.from({ length: 1000 }, (_, n) => [`s${n}`, "chain", n ? 1 : null])));
  assert.equal(many.isCut, true);
  assert.ok(many.nodes.length < 200);
});

test("boxes do not overlap, whatever the edges; arrows lead from box to box", () => {
  for (let seed = 1; seed < 40; seed++) {
    const count = 2 + (seed % 12);
    const edges = Array.from({ length: count * 2 }, (_, n) => ({
      source: String((seed * 7 + n * 3) % count),
      target: String((seed * 5 + n * n) % count),
      conditional: n % 2 === 0,
    }));
    edges.push({ source: "0", target: "none", conditional: false });
    const all = nodes(Array.from({ length: count }, (_, n) => `n${n}`).join(" "));
    const { boxes, arrows, width, height } = layOut({ nodes: all, edges }, () => ({
      width: 100,
      height: 40,
    }));
    assert.equal(arrows.length, edges.length - 1);
    for (const [n, a] of boxes.entries()) {
      assert.ok(a.x >= 0 && a.y >= 0 && a.x + a.width <= width && a.y + a.height <= height);
      for (const b of boxes.slice(n + 1)) {
        assert.ok(
          a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y,
        );
      }
    }
    for (const { points } of arrows) assert.match(curve(points), /^M[\d.,-]+(Q[\d.,-]+ [\d.,-]+)+$/);
  }
  assert.equal(curve([]), "");
});
