// The lines of a tree of JSON, against what a reader with all the time in the world would list.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Growth, grown } from "../../static/js/growth.js";
import { isFlat, JsonLines } from "../../static/js/json_lines.js";
import { jsonPath, pythonPath } from "../../static/js/json_path.js";
import { jsonPart } from "../../static/js/json_source.js";
import { breakOf } from "../../static/js/json_text.js";
import { Sums } from "../../static/js/sums.js";
import { Chance } from "./chance.js";

/** @typedef {import("../../static/js/json_lines.js").JsonLine} JsonLine */

test("sums are sums, whatever is added and taken", () => {
  const chance = new Chance(3);
  const sums = new Sums();
  /** @type {number[]} */
  const all = [];
  for (let round = 0; round < 3000; round++) {
    const what = chance.below(5);
    if (what < 3) {
      const number = 1 + chance.below(9);
      sums.push(number);
      all.push(number);
    } else if (what === 3 && all.length) {
      const at = chance.below(all.length);
      sums.add(at, 2);
      all[at] = /** @type {number} */ (all[at]) + 2;
    } else if (chance.below(4) === 0) {
      const length = chance.below(all.length + 1);
      sums.cut(length);
      all.length = length;
    }
    assert.equal(sums.length, all.length);
    const at = chance.below(all.length + 1);
    const before = all.slice(0, at).reduce((sum, one) => sum + one, 0);
    assert.equal(sums.before(at), before);
    if (at < all.length) {
      assert.equal(sums.find(before), at);
      assert.equal(sums.find(before + /** @type {number} */ (all[at]) - 1), at);
    }
  }
});

/** @param {JsonLines} lines @param {any} value @param {(path: string, node: any, depth: number) => boolean} isOpen */
function expected(lines, value, isOpen) {
  /** @type {string[]} */
  const found = [];
  const visit = (/** @type {any} */ node, /** @type {any[]} */ path) => {
    found.push(jsonPath(path));
    if (node.children.length && isOpen(jsonPath(path), node, path.length))
      for (const child of node.children) visit(child, [...path, child.key]);
  };
  visit(value, []);
  assert.ok(lines.root);
  return found;
}

/** @param {JsonLines} lines */
function listed(lines) {
  const found = [];
  let row = 0;
  for (let line = lines.root; line; line = lines.next(line)) {
    found.push(jsonPath(line.path));
    assert.equal(lines.rowOf(line), row);
    assert.equal(lines.at(row)?.line, line);
    assert.equal(lines.at(row + line.own - 1)?.line, line);
    const next = lines.next(line);
    if (next) assert.equal(lines.previous(next), line);
    else assert.equal(lines.last(), line);
    row += line.own;
  }
  assert.equal(lines.total, row);
  return found;
}

/** A value that is a bit another one. @param {Chance} chance @param {any} value @param {number} depth @returns {any} */
function changed(chance, value, depth = 0) {
  if (depth > 4 || chance.below(6) === 0) {
    return chance.of([
      "x",
      1,
      null,
      {},
      [],
      "a long text ".repeat(30),
      { a: 1, b: [1, 2], c: "some text that is long enough" },
    ]);
  }
  if (Array.isArray(value)) {
    const copy = value.slice(0, chance.below(8) === 0 ? chance.below(value.length + 1) : value.length);
    if (copy.length && chance.below(2)) {
      const at = chance.below(copy.length);
      copy[at] = changed(chance, copy[at], depth + 1);
    } else copy.push(changed(chance, {}, depth + 1));
    return copy;
  }
  if (typeof value === "object" && value !== null) {
    const copy = { ...value };
    const keys = Object.keys(copy);
    const what = chance.below(6);
    if (what === 0 && keys.length) delete copy[chance.of(keys)];
    else if (what < 3 || !keys.length)
      copy[`k${chance.below(20)}`] = changed(chance, chance.of([{}, []]), depth + 1);
    else {
      const key = chance.of(keys);
      copy[key] = changed(chance, copy[key], depth + 1);
    }
    return copy;
  }
  return changed(chance, chance.of([{}, []]), depth + 1);
}

test("the lines are those of the value, whatever grows, shrinks, is opened, shut or higher than it was", () => {
  for (let seed = 1; seed <= 30; seed++) {
    const chance = new Chance(seed);
    const growth = new Growth();
    const lines = new JsonLines();
    /** @type {Map<string, boolean>} */
    const chosen = new Map();
    /** @type {any} */
    let value = {};
    for (let step = 0; step < 60; step++) {
      value = depthless(changed(chance, value));
      growth.offer(value, step * 20_000, step);
      lines.take(growth, step);
      const all = [];
      for (let line = lines.root; line; line = lines.next(line)) all.push(line);
      const one = /** @type {JsonLine} */ (chance.of(all));
      const what = chance.below(6);
      if (what === 0) {
        lines.level = null;
        lines.collapse(/** @type {any} */ (chance.of([null, 1, 2, Number.POSITIVE_INFINITY])));
        chosen.clear();
      } else if (what < 3 && one.opens) {
        chosen.set(jsonPath(one.path), !one.open);
        lines.toggle(one);
      } else if (what === 3 && lines.has(one)) lines.measure(one, 1 + chance.below(4));
      const want = expected(lines, growth.root, (path, node, depth) => {
        const choice = chosen.get(path);
        if (choice !== undefined) return choice;
        if (lines.level !== null && depth >= lines.level) return false;
        return depth === 0 || lines.level === Number.POSITIVE_INFINITY || !isFlat(node);
      });
      assert.deepEqual(listed(lines), want);
    }
  }
});

/** @param {any} value */
const depthless = (value) => (typeof value === "object" && value !== null ? value : { value });

test("a change costs what it touches: nothing else is made anew or lit", () => {
  const items = Array.from({ length: 5000 }, (_, at) => ({
    name: `item ${at}`,
    text: "long enough to stand on lines of its own, this one",
  }));
  const growth = new Growth();
  const lines = new JsonLines();
  growth.offer({ items }, 0, 0);
  lines.take(growth, null);
  const list = /** @type {JsonLine} */ (lines.root?.children[0]);
  const before = list.children.slice();
  const versions = before.map((line) => line.version);
  const more = items.slice();
  more[4321] = { .../** @type {any} */ (items[4321]), name: "another" };
  growth.offer({ items: more }, 20_000, 1);
  lines.take(growth, 5);
  assert.deepEqual(list.children, before);
  const touched = before.flatMap((line, at) => (line.version === versions[at] ? [] : [at]));
  assert.deepEqual(touched, [4321]);
  assert.equal(list.children[4321]?.children[0]?.lit, 5);
  assert.equal(list.children[4321]?.children[1]?.lit, Number.NEGATIVE_INFINITY);
});

test("a list of 100,000 is made, found in and changed", () => {
  const growth = grown(Array.from({ length: 100_000 }, (_, at) => at));
  const lines = new JsonLines();
  lines.take(growth, null);
  assert.equal(lines.total, 100_001);
  assert.equal(lines.at(77_778)?.line.node.leaf, "77777");
  lines.measure(/** @type {JsonLine} */ (lines.at(50_000)?.line), 5);
  assert.equal(lines.at(77_782)?.line.node.leaf, "77777");
});

test("paths", () => {
  const path = ["a", 0, "full name", "é", 'x"y', "__proto__"];
  assert.equal(jsonPath(path), '$.a[0]["full name"].é["x\\"y"].__proto__');
  assert.equal(pythonPath(path), '["a"][0]["full name"]["é"]["x\\"y"]["__proto__"]');
});

test("where JSON is meant, and where it breaks", () => {
  const part = (/** @type {string} */ text) => {
    const found = jsonPart(text);
    return found && text.slice(found.begin, found.end).trim();
  };
  assert.equal(part(' {"a": 1}'), '{"a": 1}');
  assert.equal(part('Here:\n```json\n{"a": 1}\n```\nThat is it.'), '{"a": 1}');
  assert.equal(part("```\n[1]\n```"), "[1]");
  assert.equal(part("```python\nprint(1)\n```"), null);
  assert.equal(part("Hello"), null);
  assert.equal(breakOf('{"a": 12345678901234567890}', true), null);
  const broken = breakOf('{\n "a": 1 "b": 2}', false);
  assert.deepEqual([broken?.line, broken?.column, broken?.at], [2, 9, 10]);
});

test("what goes on may end anywhere", () => {
  const text = '{"a": [1.5, -2e3, tru' + 'e, null, "x\\u00e9 \\n\\"y"], "b": {}}';
  for (let length = 0; length <= text.length; length++)
    assert.equal(breakOf(text.slice(0, length), false), null, text.slice(0, length));
  for (let length = 1; length < text.length; length++)
    assert.notEqual(breakOf(text.slice(0, length), true), null);
});
