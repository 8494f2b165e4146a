// The scale of time with idle stretches cut, and the window that looks at a part of it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { IdleTimes, TimeScale } from "../../static/js/time_scale.js";
import { LEAST, TimeWindow } from "../../static/js/window.js";
import { numbers } from "./spans_made.js";

/** @param {number} seed */
function scaleOf(seed) {
  const next = numbers(seed);
  const idle = [];
  let at = 0;
  for (let count = next(8); count > 0; count--) {
    const from_us = at + next(2e6);
    const to_us = from_us + 1e5 + next(9e6);
    idle.push({ from_us, to_us });
    at = to_us;
  }
  const all = at + 1e6 + next(1e6);
  return { scale: new TimeScale(idle, all), idle, all, next };
}

test("time to place and back, never out of order, and no shorter than what is not cut", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const { scale, idle, all, next } = scaleOf(seed);
    const times = Array.from({ length: 200 }, () => next(all)).sort((a, b) => a - b);
    let last = Number.NEGATIVE_INFINITY;
    for (const t_us of times) {
      const place = scale.place(t_us);
      assert.ok(place >= last && place <= t_us + 1e-6);
      assert.ok(Math.abs(scale.time(place) - t_us) < 2, `${t_us} comes back as ${scale.time(place)}`);
      last = place;
    }
    // Between cuts a microsecond is a microsecond.
    const inCut = (/** @type {number} */ t) => idle.some((one) => t >= one.from_us && t <= one.to_us);
    for (const t_us of times) {
      if (inCut(t_us) || inCut(t_us + 10)) continue;
      if (idle.some((one) => one.from_us > t_us && one.to_us < t_us + 10)) continue;
      assert.ok(Math.abs(scale.place(t_us + 10) - scale.place(t_us) - 10) < 1e-6);
    }
    const cut = idle.reduce((sum, one) => sum + one.to_us - one.from_us, 0);
    assert.ok(scale.place(all) <= (all - cut) * (1 + 0.01 * idle.length) + 1);
  }
});

test("pieces of places follow one another without a gap, and know their times", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const { scale, all, next } = scaleOf(seed);
    const end = scale.place(all);
    const from = next(end);
    const to = from + next(end - from) + 1;
    const pieces = scale.pieces(from, to);
    assert.equal(pieces[0]?.from, from);
    assert.equal(pieces.at(-1)?.to, to);
    for (const [at, piece] of pieces.entries()) {
      assert.ok(piece.to >= piece.from);
      if (at) assert.equal(piece.from, pieces[at - 1]?.to);
      assert.ok(Math.abs(scale.place(piece.from_us) - piece.from) < 1e-3);
      assert.ok(Math.abs(scale.place(piece.to_us) - piece.to) < 1e-3);
    }
  }
});

test("idle is where no line came; the same whether lines come at once or one by one", () => {
  const t_us = [0, 400, 900, 4_000_900, 4_001_000, 4_050_000, 9_050_000, 9_050_100];
  const atOnce = new IdleTimes();
  atOnce.sync({ length: t_us.length, t_us });
  const oneByOne = new IdleTimes();
  for (let length = 1; length <= t_us.length; length++) oneByOne.sync({ length, t_us });
  assert.deepEqual(atOnce.found, oneByOne.found);
  assert.deepEqual(atOnce.worth(9_050_100), [
    { from_us: 900, to_us: 4_000_900 },
    { from_us: 4_050_000, to_us: 9_050_000 },
  ]);
  assert.deepEqual(atOnce.worth(1e9), [], "a few seconds are nothing in a quarter of an hour");
});

test("of very many idle stretches the longest are kept, in order", () => {
  const times = [0];
  for (let at = 0; at < 5000; at++) times.push(Number(times.at(-1)) + (at % 100 === 0 ? 2e6 : 1e5));
  const idle = new IdleTimes();
  for (let length = 10; length <= times.length; length += 10) idle.sync({ length, t_us: times });
  assert.ok(idle.found.length < 1000);
  assert.equal(idle.found.filter((one) => one.to_us - one.from_us === 2e6).length, 50);
  for (const [at, one] of idle.found.entries())
    assert.ok(at === 0 || one.from_us >= Number(idle.found[at - 1]?.to_us));
});

/** @param {TimeWindow} window @param {number} extent */
function rest(window, extent, now = Number.NaN) {
  for (let frame = 0; frame < 300 && (frame === 0 || window.isMoving); frame++) window.step(extent, now, 16);
  assert.equal(window.isMoving, false, "it comes to rest");
}

test("a window stays inside what there is and is never too narrow, whatever is done to it", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const next = numbers(seed);
    const window = new TimeWindow();
    let extent = 1000 + next(1e7);
    window.step(extent, Number.NaN, 16);
    for (let act = 0; act < 60; act++) {
      if (next(4) === 0) extent += next(1e6);
      const kind = next(5);
      const now = next(3) ? Number.NaN : extent * 0.9;
      if (kind === 0) window.zoom(window.from + next(window.width), 0.2 + next(40) / 8, now);
      else if (kind === 1) window.pan((next(40) - 20) / 10, now);
      else if (kind === 2) window.show(next(extent) - 1000, next(extent), now);
      else if (kind === 3) window.all();
      window.step(extent, now, next(2) ? 16 : Number.POSITIVE_INFINITY);
      for (const { from, to } of [window, window.target]) {
        assert.ok(
          from >= -1e-6 && to <= extent + 1e-6 && to - from >= LEAST - 1e-6,
          `${from} to ${to} of ${extent}`,
        );
      }
    }
    rest(window, extent, Number.NaN);
  }
});

test("what is under the pointer stays there while it is zoomed", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const next = numbers(seed);
    const window = new TimeWindow();
    window.step(1e7, Number.NaN, 16);
    window.show(2e6, 6e6);
    window.jump();
    const share = (20 + next(60)) / 100;
    const place = window.from + share * window.width;
    for (let notch = 0; notch < 5; notch++) {
      window.zoom(window.from + share * window.width, next(2) ? 1.3 : 1.1);
      for (let frame = 0; frame < next(12); frame++) {
        window.step(1e7, Number.NaN, 16);
        assert.ok(Math.abs((place - window.from) / window.width - share) < 1e-6);
      }
    }
    rest(window, 1e7);
    assert.ok(Math.abs((place - window.from) / window.width - share) < 1e-6);
  }
});

test("all of a run that goes on stays all of it; a window at its edge goes along, one before does not", () => {
  const window = new TimeWindow();
  window.step(1e6, 1e6, 16);
  rest(window, 2e6, 1.9e6);
  assert.deepEqual([window.from, window.to, window.isWhole], [0, 2e6, true]);
  window.show(1.5e6, 2e6, 1.9e6);
  assert.equal(window.follows, true);
  for (let now = 1.9e6; now < 5e6; now += 16_000) {
    window.step(now * 1.2, now, 16);
    assert.ok(now >= window.from && now <= window.to, `now ${now} in ${window.from} to ${window.to}`);
  }
  window.pan(-2, 5e6);
  rest(window, 6e6, 5e6);
  const { from } = window;
  rest(window, 9e6, 8e6);
  assert.equal(window.from, from);
  assert.equal(window.follows, false);
  window.all();
  rest(window, 9e6, 8e6);
  assert.deepEqual([window.from, window.to], [0, 9e6]);
});
