// Says what the page's state is at moments, for tests/log/test_moments.py: `node moments.js FILE… | SEEDS` prints, for
// each file and for each run made by chance from a seed, its lines and the state after each of 200 of them.

import { readFileSync } from "node:fs";

import { health } from "../../static/js/health.js";
import { RunStore } from "../../static/js/store.js";
import { chanceRun, chances } from "./chance.js";
import { whole } from "./served.js";

const MOMENTS = 200;

for (const name of process.argv.slice(2)) {
  const seed = /^\d+$/.test(name) ? Number(name) : 0;
  const lines = seed ? chanceRun(seed, 20 + seed * 7) : whole(readFileSync(name));
  const store = new RunStore("r");
  for (const line of lines) store.take(line, 0, false);
  store.lost();
  const chance = chances(seed + 1);
  const moments = [];
  for (let left = lines.length ? MOMENTS : 0; left > 0; left--) {
    // Each row of a short run, and rows by chance of a long one, to and fro.
    const row = lines.length <= MOMENTS ? left % lines.length : Math.floor(chance() * lines.length);
    store.seek(row);
    // At once: its spans are those of the moment that is shown.
    moments.push(JSON.stringify({ row, summary: store.moment.summary(), health: health(store.moment) }));
  }
  const about = JSON.stringify({ name, lines: seed ? lines : null });
  process.stdout.write(`${about.slice(0, -1)},"moments":[${moments.join(",")}]}\n`);
}
