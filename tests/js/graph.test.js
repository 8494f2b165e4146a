import assert from "node:assert/strict";
import { test } from "node:test";
import { simplify } from "../../static/js/graph.js";
import { layers } from "../../static/js/views/graph.js";

/**
 * `names` become nodes in that order (`name:type`), `arrows` edges: "a>b", "a?b" for a conditional one.
 * @param {string} names
 * @param {string} arrows
 */
function graph(names, arrows) {
  const nodes = names.split(" ").map((one) => {
    const [name = "", type = "chain"] = one.split(":");
    return { id: name, name, type };
  });
  const edges = arrows
    .split(" ")
    .filter(Boolean)
    .map((one) => {
      const [source = "", target = ""] = one.split(/[>?]/);
      return { source, target, conditional: one.includes("?") };
    });
  return { nodes, edges };
}

/** @param {import("../../static/js/views/graph.js").Graph} drawn */
function names(drawn) {
  return layers(drawn).map((row) => row.map((box) => box.name).join(" "));
}

test("a chain is a column from input to its last step", () => {
  const drawn = graph(
    "PromptInput Prompt Model StrOutput",
    "PromptInput>Prompt Prompt>Model Model>StrOutput",
  );
  assert.deepEqual(names(drawn), ["input", "Prompt", "Model"]);
});

test("a parser that is a step stays, whatever its name ends with", () => {
  const drawn = graph("AInput MyOutput:parser", "AInput>MyOutput");
  assert.deepEqual(names(drawn), ["input", "MyOutput"]);
});

test("parallel branches stand side by side, below the branch they come from", () => {
  const nodes = ["PInput", "Parallel<a,b>Input", "a1", "b1", "b2", "a2", "Parallel<a,b>Output", "join"];
  const edges = [
    [0, 1],
    [1, 2],
    [1, 3],
    [3, 4],
    [2, 5],
    [4, 6],
    [5, 6],
    [6, 7],
  ];
  const drawn = {
    nodes: nodes.map((name, index) => ({ id: String(index), name, type: "chain" })),
    edges: edges.map(([a, b]) => ({ source: String(a), target: String(b), conditional: false })),
  };
  assert.deepEqual(names(drawn), ["input", "a1 b1", "a2 b2", "join"]);
});

test("a loop ends at a note on the box it starts from", () => {
  const drawn = graph(
    "__start__ agent tools __end__",
    "__start__>agent agent?tools tools>agent agent?__end__",
  );
  const rows = layers(drawn);
  assert.deepEqual(names(drawn), ["input", "agent", "tools end"]);
  assert.deepEqual(rows[2]?.[0]?.loops, ["agent"]);
  assert.equal(rows[2]?.[0]?.maybe, true);
  assert.equal(rows[1]?.[0]?.maybe, false);
});

test("the end is drawn where a graph chooses whether to go there", () => {
  const drawn = graph("__start__ ask write __end__", "__start__>ask ask?write ask?__end__ write>__end__");
  assert.deepEqual(names(drawn), ["input", "ask", "write", "end"]);
  assert.deepEqual(names(graph("__start__ ask __end__", "__start__>ask ask>__end__")), ["input", "ask"]);
  const { nodes, edges } = simplify(drawn);
  assert.deepEqual(
    nodes.map(({ mark }) => mark),
    ["input", undefined, undefined, "end"],
  );
  assert.equal(edges.length, 4);
});

test("anything is drawn once: cycles without a start, self loops, doubled edges, edges to nowhere, nothing", () => {
  assert.deepEqual(names(graph("a b c", "a>b b>c c>a a>a a>b a>x")), ["a", "b", "c"]);
  assert.deepEqual(layers({ nodes: [], edges: [] }), []);
  const many = Array.from({ length: 300 }, (_, index) => `n${index}`);
  const edges = many.slice(1).map((name, index) => `${many[index]}>${name}`);
  assert.equal(layers(graph(many.join(" "), edges.join(" "))).length, 300);
});
