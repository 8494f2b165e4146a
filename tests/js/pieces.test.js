// Lines that are not parsed give the page what they would give it parsed.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Pieces } from "../../static/js/pieces.js";
import { LogReader } from "../../static/js/reader.js";
import { RunStore } from "../../static/js/store.js";
import { chances } from "./chance.js";
import { parsedInto, rowsOf } from "./seen.js";

const START =
  '{"seq":0,"t_us":0,"event":"on_chat_model_start","span":1,"parent":null,"name":"m","metadata":{},"data":{}}\n' +
  '{"seq":1,"t_us":0,"event":"on_chain_start","span":2,"parent":null,"name":"c","metadata":{},"data":{}}\n';
const HEAD = '"event":"on_chat_model_stream","span":1,"data":{"chunk":{"type":"AIMessageChunk","content":"';
const TAIL = '","id":"x"}}}';

/** What the page knows of a log. @param {RunStore} store */
function seen({ columns, moment, fold, badSeqs }) {
  const rows = rowsOf(columns);
  return { rows, bad: badSeqs, now: JSON.stringify(moment.summary()), first: fold.first_us };
}

/** @param {string | Uint8Array} log @returns {ReturnType<typeof seen>} */
function read(log) {
  const store = new RunStore("r");
  const reader = new LogReader((batch) => store.apply(structuredClone(batch)));
  reader.push(Buffer.from(log));
  reader.end();
  return seen(store);
}

/** The same, each line parsed. @param {string | Uint8Array} log */
function parsed(log) {
  return seen(parsedInto(log));
}

/** @param {string[]} lines */
const logOf = (...lines) => `${START}${lines.map((line) => `${line}\n`).join("")}`;

test("lines that differ in their text alone are not parsed", () => {
  const pieces = new Pieces();
  const line = (/** @type {number} */ seq, /** @type {string} */ text) =>
    `{"seq":${seq},"t_us":${seq * 10},${HEAD}${text}${TAIL}`;
  pieces.learn(line(2, "a"), JSON.parse(line(2, "a")));
  assert.ok(pieces.take(3, line(3, "b\\n"), 0, line(3, "b\\n").length));
  assert.deepEqual([pieces.span, pieces.t_us, pieces.text, pieces.repeats], [1, 30, "b\n", -1]);
  const same = '{"seq":4,"t_us":41,"event":"on_chain_stream","span":2,"same":{"/chunk":[3,"/chunk"]}}';
  assert.ok(pieces.take(4, same, 0, same.length));
  assert.deepEqual([pieces.event, pieces.text, pieces.repeats], ["on_chain_stream", "b\n", 3]);
});

/** What may stand where a text stands. */
const TEXTS = [
  "word",
  " é😀",
  "",
  "a\\nb",
  '\\"',
  "\\ud83d",
  "\\ud83d\\ude00",
  "tab\there",
  "\u0001",
  "\\",
  '","content":"other',
  '"}}},"event":"x","y":{"a":{"b":"',
  "\u2028",
];
const NUMBERS = ["7", "07", "-1", "1e3", "99999999999999999999", "5.0", "", "null", "3"];
const TAILS = [
  TAIL,
  '","id":"x","content":"last"}}}',
  '"}},"t_us":9}',
  '"}},"event":"on_chain_end"}',
  '"}},"span":2}',
  '","usage_metadata":{"input_tokens":1,"output_tokens":2,"total_tokens":3}}}}',
  '","__interrupt__":[]}}}',
  '","tool_call_chunks":[{"name":"f","args":"{","index":0}]}}}',
  '","additional_kwargs":{"refusal":"no"}}}}',
  '"}},"same":{"/chunk":[2,"/chunk"]}}',
  '","n":1e999}}}',
  '"}}',
  '"}}}\r',
];
const HEADS = [
  HEAD,
  '"event":"on_chain_stream","span":2,"data":{"chunk":"',
  '"event":"on_chain_stream","span":9,"data":{"chunk":"',
  '"event":"on_chain_stream","span":2,"data":{"chunk":{"type":"Nothing","content":"',
];
const CHAIN_TAILS = ['"}}', '"},"span":1}', '","input":{"__interrupt__":[]}}}', ...TAILS];

test("whatever stands in a line, it says what it says parsed", () => {
  for (let seed = 1; seed <= 150; seed++) {
    const chance = chances(seed);
    /** @template T @param {T[]} from @returns {T} */
    const one = (from) => /** @type {T} */ (from[Math.floor(chance() ** 2 * from.length)]);
    const head = one(HEADS);
    const tails = chance() < 0.5 ? [one(CHAIN_TAILS)] : CHAIN_TAILS;
    const lines = [];
    for (let seq = 2; seq < 16; seq++) {
      const number = chance() < 0.15 ? one(NUMBERS) : String(seq * 10);
      const way = chance();
      if (way < 0.6) {
        lines.push(`{"seq":${seq},"t_us":${number},${head}${one(TEXTS)}${one(tails)}`);
      } else if (way < 0.9) {
        const event = one(["on_chain_stream", "on_chat_model_stream", "on_ch\tain_stream", "on_chain_end"]);
        const at = Math.floor(chance() * (seq + 2));
        const about = `"same":{"/chunk":[${chance() < 0.2 ? number : at},"/chunk"]}}`;
        lines.push(`{"seq":${seq},"t_us":${number},"event":"${event}","span":${one([2, 1, 9])},${about}`);
      } else {
        const end = chance() < 0.5 ? "on_chain_end" : "on_chat_model_end";
        lines.push(`{"seq":${seq},"t_us":${number},"event":"${end}","span":${one([2, 1])},"data":{}}`);
      }
    }
    const log = logOf(...lines);
    assert.deepEqual(read(log), parsed(log), log);
  }
});

test("bytes that are no text make bad lines, and spoil no others", () => {
  const line = Buffer.from(logOf(`{"seq":2,"t_us":2,${HEAD}a${TAIL}`, `{"seq":3,"t_us":3,${HEAD}b${TAIL}`));
  line[line.lastIndexOf("b".charCodeAt(0))] = 0xff;
  assert.deepEqual(read(line), parsed(line));
  assert.deepEqual(read(line).bad, [3]);
});

test("a line that refers to one too far back says that it is missing", () => {
  const far = `{"seq":3,"t_us":3,"event":"x","data":"${"y".repeat(8_400_000)}"}`;
  const same = '{"seq":4,"t_us":4,"event":"on_chain_stream","span":2,"same":{"/chunk":[2,"/chunk"]}}';
  const log = logOf(`{"seq":2,"t_us":2,${HEAD}a${TAIL}`, far, same);
  assert.deepEqual(read(log), parsed(log));
  assert.notEqual(read(log).rows[4]?.[6], "a");
});
