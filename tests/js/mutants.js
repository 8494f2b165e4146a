// The page's reading of files that no tracer wrote, held to what Python found in them (tests/log/test_mutants.py).
// node mutants.js wanted.json

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { Whole } from "../../static/js/expand.js";
import { eventIn, PlainLines, shapeOf } from "../../static/js/plain.js";
import { Fold } from "../../static/js/spans.js";
import { RunStore } from "../../static/js/store.js";
import { served } from "./served.js";

const SECONDS = 20;

/** The lines of plain events, one a line, as a file that is opened gives them. @param {Buffer} bytes */
function* plainLines(bytes) {
  const plain = new PlainLines();
  const fold = new Fold();
  const early = [];
  let seq = 0;
  let begun = false;
  for (const raw of split(bytes)) {
    if (/^[ \t\r]*$/.test(raw.toString("latin1"))) continue;
    const event = eventIn(raw, ++seq === 1);
    const line = event ? plain.line(seq, event) : { seq, event: "bad_line" };
    if (event && !begun) {
      begun = true;
      yield plain.header("", event);
      yield* early;
    }
    fold.add(line);
    if (begun) yield line;
    else early.push(line);
  }
  yield plain.footer(seq + 1, fold);
}

/** @param {Buffer} bytes */
function split(bytes) {
  const lines = [];
  for (let begin = 0; begin < bytes.length; ) {
    const newline = bytes.indexOf(10, begin);
    const end = newline < 0 ? bytes.length : newline;
    lines.push(bytes.subarray(begin, end));
    begin = end + 1;
  }
  return lines;
}

const list = process.argv[2] ?? "";
const wanted = JSON.parse(readFileSync(list, "utf-8"));
let wrong = 0;
for (const { name, file, plain, refused, fold: expected, whole: lines } of wanted) {
  const began = process.cpuUsage();
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
    // What Python refuses is the server's to tell the page.
    const shape = plain ? shapeOf(readFileSync(join(dirname(list), file))) : null;
    // Of a damaged array, the browser reads less than Python does.
    if (plain && shape === null) assert.ok(expected.bad_lines > 0);
    if (shape === "lines") {
      const told = new Fold();
      for (const line of plainLines(readFileSync(join(dirname(list), file)))) told.add(line);
      const { run: _ours, t_us: _end, ...ours } = JSON.parse(JSON.stringify(told.summary()));
      const { run: _theirs, t_us: _too, ...theirs } = expected;
      assert.deepEqual(ours, theirs);
    }
    if (!refused && !plain) {
      assert.deepEqual(JSON.parse(JSON.stringify(fold.summary())), expected);
      if (lines) assert.deepEqual(found, lines);
    }
    assert.ok(process.cpuUsage(began).user < SECONDS * 1e6, "it took too long");
  } catch (error) {
    wrong++;
    if (wrong <= 5) console.error(name, error);
  }
}
console.log(wanted.length, "files,", wrong, "wrong");
process.exitCode = wrong ? 1 : 0;
