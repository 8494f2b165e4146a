import assert from "node:assert/strict";
import { test } from "node:test";

import { tickLabel } from "../../static/js/format.js";
import { domainFor, rowsInView, scrollFor, scrolling, tickStep, ticks } from "../../static/js/layout.js";

test("the domain stays for a while as time goes on, and always holds it", () => {
  const seen = new Set();
  for (let now = 0; now < 100e6; now += 1e5) {
    const domain = domainFor(now, true);
    assert.ok(domain >= now * 1.1);
    assert.ok(domain <= Math.max(1e6, now * 1.1 * 1.67));
    seen.add(domain);
  }
  assert.ok(seen.size < 25, `${seen.size} domains`);
  assert.ok(domainFor(5000, false) < 6000);
  assert.ok(domainFor(0, false) > 0);
});

test("ticks are a hand's width apart and round", () => {
  for (let domain = 100; domain < 1e12; domain *= 1.7) {
    for (const width of [120, 400, 1200]) {
      const step = tickStep(domain, width);
      assert.ok((step / domain) * width >= 83.9 || step === 1, `${domain} ${width} ${step}`);
      assert.ok(ticks(0, domain, step).length <= Math.max(2, width / 84 + 2));
    }
  }
  assert.deepEqual(ticks(0, 3.5e6, 1e6), [0, 1e6, 2e6, 3e6]);
  assert.deepEqual(ticks(2.5e6, 4e6, 1e6), [3e6, 4e6]);
});

test("only rows in view", () => {
  assert.deepEqual(rowsInView(1000, 26, 0, 260), [0, 12]);
  assert.deepEqual(rowsInView(1000, 26, 2600, 260), [98, 112]);
  assert.deepEqual(rowsInView(3, 26, 0, 260), [0, 3]);
  assert.deepEqual(rowsInView(3, 26, 9999, 260), [3, 3]);
});

test("however many rows there are, the box stays as high as browsers can, and every row is reached", () => {
  for (const count of [3, 400, 400_000, 1_000_000, 40_000_000]) {
    const room = 600;
    const { height } = scrolling(count, 26, 0, room);
    assert.ok(height <= 8e6);
    assert.equal(scrolling(count, 26, 0, room).top, 0);
    for (const row of [0, 1, Math.floor(count / 3), count - 1]) {
      const most = Math.max(0, count * 26 - room);
      const top = Math.min(row * 26, most);
      const scrolled = scrollFor(count, 26, top, room);
      assert.ok(scrolled <= Math.max(0, height - room) + 1e-6);
      const seen = scrolling(count, 26, scrolled, room);
      assert.ok(Math.abs(seen.top - top) < 1e-3, `${count} ${row}: ${seen.top} for ${top}`);
      // A row stands where it is seen: at its own place, shifted, as far down as it is below the top.
      assert.ok(Math.abs(top + seen.shift - scrolled) < 1e-3);
    }
  }
});

test("labels of ticks tell one from the next", () => {
  const steps = [1, 20, 500, 1e3, 2e4, 5e5, 1e6, 5e6, 15e6, 60e6, 3600e6];
  for (const step of steps) {
    for (const from of [0, 3 * step, 1e6, 59e6, 61e6, 3599e6, 3601e6, 7_262e6]) {
      const first = Math.ceil(from / step) * step;
      const labels = Array.from({ length: 12 }, (_, at) => tickLabel(first + at * step, step));
      assert.equal(new Set(labels).size, 12, `${step} from ${from}: ${labels}`);
    }
  }
  assert.deepEqual(
    [
      tickLabel(5e5, 5e5),
      tickLabel(1.5e6, 5e5),
      tickLabel(61e6, 1e6),
      tickLabel(3661.25e6, 5e4),
      tickLabel(250, 50),
    ],
    ["500 ms", "1.5 s", "1:01", "1:01:01.25", "0.25 ms"],
  );
});
