import assert from "node:assert/strict";
import { test } from "node:test";

import { Growth, grown } from "../../static/js/growth.js";

/** @typedef {import("../../static/js/growth.js").GrowthNode} GrowthNode */

/** @param {GrowthNode | null | undefined} node @returns {any} */
function value(node) {
  if (!node) return undefined;
  if (node.kind === "object")
    return Object.fromEntries(node.children.map((child) => [child.key, value(child)]));
  if (node.kind === "array") return node.children.map(value);
  return node.kind === "string" ? node.leaf : JSON.parse(node.leaf);
}

const STATES = [
  {},
  { countries: [] },
  { countries: [{}] },
  { countries: [{ name: "" }] },
  { countries: [{ name: "Fra" }] },
  { countries: [{ name: "France", population: 67 }] },
  { countries: [{ name: "France", population: 67750000 }, { name: "Spain" }], done: true },
];

test("it is the value, at each step", () => {
  const growth = new Growth();
  for (const [step, state] of STATES.entries()) {
    growth.offer(state, step * 20_000);
    assert.deepEqual(value(growth.root), state);
    assert.deepEqual(Object.keys(value(growth.root)), Object.keys(state));
  }
});

test("only what changed is touched", () => {
  const growth = new Growth();
  growth.offer({ a: { b: 1 }, c: { d: "x" } }, 0, 3);
  growth.offer({ a: { b: 1 }, c: { d: "xy" } }, 20_000, 7);
  const [a, c] = growth.root?.children ?? [];
  assert.equal(a?.touched, 1);
  assert.equal(c?.touched, 2);
  assert.equal(c?.changed, 1, "itself it is as it was");
  assert.equal(c?.children[0]?.changed, 2);
  assert.deepEqual([c?.children[0]?.first, c?.children[0]?.last], [3, 7]);
  assert.deepEqual([c?.first, c?.last], [3, 7]);
  assert.deepEqual([a?.first, a?.last], [3, 3]);
  assert.deepEqual(growth.path, ["c", "d"]);
});

test("nodes stay the same while they grow", () => {
  const growth = new Growth();
  growth.offer({ list: [{ x: 1 }] }, 0);
  const before = growth.root?.children[0]?.children[0];
  growth.offer({ list: [{ x: 1 }, { x: 2 }] }, 20_000);
  assert.equal(growth.root?.children[0]?.children[0], before);
  assert.deepEqual(growth.path, ["list", 1, "x"]);
});

test("it shrinks, changes kind and order too", () => {
  const growth = new Growth();
  let step = 0;
  for (const state of [
    [1, 2, 3],
    [1],
    { a: 1, b: 2 },
    { b: 2, a: 1 },
    "text",
    null,
    [[]],
    { a: { a: { a: 0 } } },
    {},
  ]) {
    growth.offer(state, step++ * 20_000);
    assert.deepEqual(value(growth.root), state);
    if (state !== null && typeof state === "object" && !Array.isArray(state)) {
      assert.deepEqual(
        growth.root?.children.map((child) => child.key),
        Object.keys(state),
      );
    }
  }
});

test("what follows too closely is taken up with the next or on request", () => {
  const growth = new Growth();
  growth.offer({ a: 1 }, 0);
  growth.offer({ a: 2 }, 1000);
  assert.deepEqual(value(growth.root), { a: 1 });
  growth.settle();
  assert.deepEqual(value(growth.root), { a: 2 });
  assert.equal(growth.version, 2);
  growth.settle();
  assert.equal(growth.version, 2);
});

test("markers are told by what they stand for, what they wrap is shown", () => {
  const { root } = grown({
    a: { $tracer: "nan" },
    b: { $tracer: "object", type: "m.Point", value: { x: 1 } },
    c: { $tracer: "surrogate", json: "\\ud83d" },
    d: { $tracer: "cut", kind: "list", size: 5000, head: [1, 2] },
    e: { $tracer: "cut", kind: "dict", size: 12 },
  });
  const [a, b, c, d, e] = root?.children ?? [];
  assert.deepEqual([a?.leaf, a?.kind, a?.type], ["NaN", "other", "nan"]);
  assert.deepEqual([b?.kind, b?.type, value(b)], ["object", "m.Point", { x: 1 }]);
  assert.deepEqual([c?.kind, c?.leaf], ["string", "\ud83d"]);
  assert.deepEqual([d?.kind, d?.type, value(d)], ["array", "cut", [1, 2]]);
  assert.equal(e?.leaf, "cut: dict of 12");
});

test("depth does not use up the call stack", () => {
  /** @type {any} */
  let deep = 1;
  for (let level = 0; level < 50_000; level++) deep = [deep];
  assert.equal(grown(deep).root?.kind, "array");
});

test("keys that look like numbers or like prototypes are keys", () => {
  const state = JSON.parse('{"__proto__": 1, "constructor": {"toString": 2}, "a": 3}');
  assert.deepEqual(
    grown(state).root?.children.map((child) => child.key),
    Object.keys(state),
  );
});
