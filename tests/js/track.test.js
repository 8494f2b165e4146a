import assert from "node:assert/strict";
import { test } from "node:test";

import { Track } from "../../static/js/track.js";
import { chances } from "./chance.js";

/** A value that grows, shrinks and changes by chance. @param {() => number} chance @param {any} value @param {number} depth @returns {any} */
function changed(chance, value, depth = 0) {
  const one = chance();
  if (Array.isArray(value) && one < 0.9 && depth < 5) {
    if (one < 0.4) return [...value, grown(chance)];
    if (one < 0.45) return value.slice(0, -1);
    const at = Math.floor(chance() * value.length);
    return value.map((item, index) => (index === at ? changed(chance, item, depth + 1) : item));
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value) && one < 0.9 && depth < 5) {
    const keys = Object.keys(value);
    if (one < 0.35) return { ...value, [`k${Math.floor(chance() * 9)}~/`]: grown(chance) };
    if (one < 0.4 && keys.length) return Object.fromEntries(Object.entries(value).slice(1));
    if (one < 0.43) return Object.fromEntries(Object.entries(value).reverse());
    const key = keys[Math.floor(chance() * keys.length)];
    return key === undefined ? value : { ...value, [key]: changed(chance, value[key], depth + 1) };
  }
  return typeof value === "string" && one < 0.6 ? `${value}x` : grown(chance);
}

/** @param {() => number} chance @returns {any} */
function grown(chance) {
  /** @type {any[]} */
  const values = [{}, [], "", "text", 1, null, { a: [1] }, [["b"]], { constructor: "c" }];
  return values[Math.floor(chance() * values.length)];
}

test("the value at any row is the one that was streamed, in the same order of keys", () => {
  for (let seed = 1; seed < 30; seed++) {
    const chance = chances(seed);
    const track = new Track();
    /** @type {any[]} */
    const values = [];
    let value = /** @type {any} */ ({});
    for (let step = 0; step < 300; step++) {
      track.push(step * 3, value);
      values.push(value);
      value = changed(chance, value);
      if (typeof value !== "object" || value === null) value = {};
    }
    const handed = new Track(structuredClone(track.steps));
    assert.equal(handed.valueAt(-1), undefined);
    for (let left = 200; left > 0; left--) {
      const row = Math.floor(chance() * 900);
      const wanted = JSON.stringify(values[Math.floor(row / 3)]);
      assert.equal(JSON.stringify(handed.valueAt(row)), wanted, `seed ${seed} row ${row}`);
      assert.equal(JSON.stringify(track.valueAt(row)), wanted);
    }
  }
});

test("what did not change is the same object", () => {
  const track = new Track();
  const kept = { long: "x".repeat(100) };
  track.push(1, { kept, text: "a" });
  track.push(2, { kept, text: "ab" });
  assert.deepEqual(track.steps.changes[1], [{ op: "append", path: ["text"], value: "b" }]);
  const first = /** @type {any} */ (track.valueAt(1));
  const second = /** @type {any} */ (track.valueAt(2));
  assert.equal(first.kept, second.kept);
  assert.equal(first.text, "a");
});

test("when each part came and changed last, up to a row", () => {
  const track = new Track();
  track.push(10, { list: [] });
  track.push(20, { list: [{ a: "x" }] });
  track.push(30, { list: [{ a: "xy" }] });
  track.push(40, { list: [{ a: "xy" }], done: true });
  assert.deepEqual(track.firstAndLast(["list"]), { first: 10, last: 30 });
  assert.deepEqual(track.firstAndLast(["list", 0, "a"]), { first: 20, last: 30 });
  assert.deepEqual(track.firstAndLast(["list", 0, "a"], 25), { first: 20, last: 20 });
  assert.deepEqual(track.firstAndLast(["done"]), { first: 40, last: 40 });
  assert.equal(track.firstAndLast(["done"], 39), null);
  assert.equal(track.firstAndLast(["nothing"]), null);
});

test("a long list that grows is found at any row without being made anew each time", () => {
  const track = new Track();
  let list = /** @type {any[]} */ ([]);
  for (let row = 0; row < 5000; row++) {
    list = [...list, { n: row }];
    track.push(row, { list });
  }
  assert.equal(/** @type {any} */ (track.valueAt(4321)).list.length, 4322);
  assert.equal(/** @type {any} */ (track.valueAt(7)).list.length, 8);
  assert.deepEqual(track.firstAndLast(["list", 99]), { first: 99, last: 99 });
});
