// One loop for all panels: what is dirty is drawn in the next frame, and not all of it where that takes too long.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Loop } from "../../static/js/loop.js";

/** @type {((ms: number) => void)[]} */
let asked = [];
globalThis.requestAnimationFrame = (call) => asked.push(call);

/** Shows the next frame. @returns {boolean} whether one was asked for */
function frame() {
  const calls = asked;
  asked = [];
  for (const call of calls) call(0);
  return calls.length > 0;
}

test("what is dirty is drawn once, what goes on in each frame", () => {
  const loop = new Loop();
  /** @type {string[]} */
  const drawn = [];
  let more = 2;
  const one = loop.add(() => void drawn.push("one"));
  loop.add(() => void drawn.push("never"));
  const three = loop.add(() => {
    drawn.push("three");
    return --more > 0;
  });
  three();
  one();
  one();
  while (frame());
  assert.deepEqual(drawn, ["one", "three", "three"]);
});

test("panels left after a long time are drawn in the frame after where they may be, however long that takes", (t) => {
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const loop = new Loop();
  /** @type {string[]} */
  let drawn = [];
  const touch = ["a", "b", "c", "d"].map((name) =>
    loop.add(() => {
      drawn.push(name);
      now += 6;
      return loop.isPatient && name < "c";
    }),
  );
  for (const one of touch) one();
  frame();
  assert.deepEqual(drawn, ["a", "b", "c", "d"]);
  loop.isPatient = true;
  for (const one of touch) one();
  drawn = [];
  frame();
  assert.deepEqual(drawn, ["a", "b"]);
  drawn = [];
  frame();
  assert.deepEqual(drawn, ["a", "b", "c", "d"]);
});
