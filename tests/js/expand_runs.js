// node tests/js/expand_runs.js FILE: runs that tests/log/test_expand.py made, put back line after line, and one by one.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { Whole } from "../../static/js/expand.js";

/** @type {{ lines: Record<string, any>[], whole: Record<string, any>[] }[]} */
const runs = JSON.parse(readFileSync(process.argv[2] ?? "", "utf-8"));
for (const { lines, whole: expected } of runs) {
  const whole = new Whole();
  const jumping = new Whole((seq) => lines[seq]);
  for (const [seq, line] of lines.entries()) {
    for (const found of [whole.line(line), jumping.line(line), new Whole((at) => lines[at]).line(line)]) {
      assert.deepStrictEqual(found, expected[seq]);
      // Also in the order of their keys.
      assert.equal(JSON.stringify(found.data), JSON.stringify(expected[seq]?.data));
    }
  }
}
console.log(`${runs.length} runs`);
