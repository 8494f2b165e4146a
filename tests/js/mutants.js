// The page's reading of files that no tracer wrote, held to what Python found in them (tests/log/test_mutants.py).
// node mutants.js wanted.json

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { Whole } from "../../static/js/expand.js";
import { Fold } from "../../static/js/spans.js";
import { RunStore } from "../../static/js/store.js";
import { served } from "./served.js";

const SECONDS = 5;

const list = process.argv[2] ?? "";
const wanted = JSON.parse(readFileSync(list, "utf-8"));
let wrong = 0;
for (const { name, file, plain, refused, fold: expected, whole: lines } of wanted) {
  const began = performance.now();
  const fold = new Fold();
  const store = new RunStore("mutant");
  const whole = new Whole();
  const found = [];
  try {
    for (const line of served(readFileSync(join(dirname(list), file)))) {
      const one = whole.line(line);
      found.push(one);
      fold.add(one);
      store.take(one, 0, false);
    }
    fold.lost();
    store.lost();
    // What Python refuses or makes a run of is the server's to tell the page.
    if (!refused && !plain) {
      assert.deepEqual(JSON.parse(JSON.stringify(fold.summary())), expected);
      if (lines) assert.deepEqual(found, lines);
    }
    assert.ok(performance.now() - began < SECONDS * 1000, "it took too long");
  } catch (error) {
    wrong++;
    if (wrong <= 5) console.error(name, error);
  }
}
console.log(wanted.length, "files,", wrong, "wrong");
process.exitCode = wrong ? 1 : 0;
