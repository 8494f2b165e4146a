// Health, held to the same fixtures as its twin in tests/log/test_health.py.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { Gaps } from "../../static/js/gaps.js";
import { health } from "../../static/js/health.js";
import { RunStore } from "../../static/js/store.js";
import { whole } from "./served.js";

const fixtures = fileURLToPath(new URL("../fixtures/", import.meta.url));
const names = readdirSync(fixtures).filter((name) => name.endsWith(".jsonl"));

for (const name of names) {
  test(`fixture ${name}`, () => {
    const store = new RunStore("r");
    for (const line of whole(readFileSync(fixtures + name))) store.take(line, 0, false);
    store.lost();
    const expected = readFileSync(fixtures + name.replace(".jsonl", ".health.json"), "utf-8");
    assert.deepEqual(health(store.moment), JSON.parse(expected));
  });
}

test("a quantile is at most a sixteenth too high, over all sizes of gaps", () => {
  for (let gap = 1; gap < 2 ** 33; gap = Math.ceil(gap * 1.013)) {
    const gaps = new Gaps();
    gaps.add(gap);
    gaps.add(2 ** 33);
    const most = Math.min(gap, 2 ** 31 - 1);
    const found = gaps.quantileUs(50);
    assert.ok(found >= most && found <= most + most / 16, `${gap}: ${found}`);
  }
});
