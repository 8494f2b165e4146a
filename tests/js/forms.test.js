// Lines that are read out of their bytes give the page what they would give it parsed, whatever stands in them.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { TEXT, TREE } from "../../static/js/columns.js";
import { formOf } from "../../static/js/form.js";
import { Forms } from "../../static/js/forms.js";
import { LogReader } from "../../static/js/reader.js";
import { RunStore } from "../../static/js/store.js";
import { Chance } from "./chance.js";
import { parsedInto, rowsOf } from "./seen.js";

const fixtures = fileURLToPath(new URL("../fixtures/", import.meta.url));

/** What the page knows of a log. @param {RunStore} store */
function seen(store) {
  const { columns, moment, fold, badSeqs, header, footer } = store;
  const rows = rowsOf(columns).map((row) => JSON.stringify(row));
  const spans = fold.spans.map(({ span }) => [store.pieces(span), store.objectSeq(span)]);
  return {
    rows,
    bad: badSeqs,
    now: JSON.stringify(moment.summary()),
    first: fold.first_us,
    spans,
    header,
    footer,
  };
}

/** @param {Uint8Array} log @param {Chance} chance where it is cut in pieces */
function read(log, chance) {
  const store = new RunStore("r");
  const reader = new LogReader((batch) => store.apply(structuredClone(batch)));
  for (let at = 0; at < log.length; ) {
    const next = at + 1 + (chance.below(3) ? log.length : chance.below(900));
    reader.push(log.subarray(at, next));
    at = next;
  }
  reader.end();
  return seen(store);
}

/** The same, each line parsed. @param {Uint8Array} log */
function parsed(log) {
  return seen(parsedInto(log));
}

/** @param {Uint8Array} log @param {Chance} chance @param {string} name */
function agree(log, chance, name) {
  assert.deepEqual(read(log, chance), parsed(log), name);
}

const START = [
  '{"seq":0,"t_us":0,"event":"run_start","format":1,"run":"r","chain":"c"}',
  '{"seq":1,"t_us":0,"event":"on_chain_start","span":1,"parent":null,"name":"c","metadata":{},"data":{}}',
  '{"seq":2,"t_us":0,"event":"on_chat_model_start","span":2,"parent":1,"name":"m","metadata":{},"data":{}}',
  '{"seq":3,"t_us":0,"event":"on_parser_start","span":3,"parent":1,"name":"p","metadata":{},"data":{}}',
  '{"seq":4,"t_us":0,"event":"on_llm_start","span":4,"parent":1,"name":"l","metadata":{},"data":{}}',
];
const EVENTS = [
  "on_chain_stream",
  "on_chat_model_stream",
  "on_parser_stream",
  "on_llm_stream",
  "on_chain_end",
];
/** T: any text, N: any number. */
const CHUNKS = [
  '{"type":"AIMessageChunk","content":"T","id":"T","response_metadata":{"model_provider":"x"}}',
  '{"messages":[{"type":"AIMessageChunk","content":"T","id":"T"}],"turn":N,"of":"T"}',
  '{"messages":[{"type":"AIMessageChunk","content":"T","id":"T"}]}',
  '"T"',
  '{"a":"T","n":N}',
  '[{"type":"ai","content":"T"},{"step":N,"node":"T"}]',
  '{"x":{"y":"T"},"last":true}',
  '{"a":"T","b":{"c":["T","T"],"2":"T","1":"T"}}',
  '{"type":"GenerationChunk","text":"T","id":"T"}',
  '{"type":"AIMessageChunk","content":"T","additional_kwargs":{"reasoning_content":"T"}}',
  '{"type":"AIMessageChunk","content":"T","usage_metadata":{"input_tokens":N,"output_tokens":N,"total_tokens":N}}',
  '{"a":"T","__interrupt__":[]}',
  '{"a":{"$tracer":"cut","head":"T"}}',
  '{"generations":[[{"text":"T"}]],"n":N}',
  '{"$tracer":"surrogate","json":"\\\\ud83d"}',
];
const WORDS = "the first of all words is not the last one ".repeat(9);
const TEXTS = [
  " word",
  "a",
  "two  spaces",
  "ends ",
  " é😀",
  "",
  ...[157, 158, 159, 160, 161, 300].map((length) => WORDS.slice(0, length)),
  `${WORDS.slice(0, 150)}é  ${WORDS}`,
  `${WORDS.slice(0, 200)}\\n${WORDS.slice(0, 200)}`,
  "a\\nb",
  '\\"quoted\\"',
  "\\ud83d",
  "\\ude00",
  "\\u00e9",
  "tab\there",
  "\\x",
  "\\",
  '","content":"other',
  "\u2028\ufeff\u007f",
];
const NUMBERS = [
  "1",
  "2",
  "30",
  "0",
  "-1",
  "-0",
  "01",
  "1.5",
  "1e3",
  "1e999",
  "9007199254740993",
  "1.",
  "null",
  '"1"',
];
/** What a byte is changed into, or what is put before one. */
const SPOILT = [
  ...'"\\{}[],: \t\r\n0159eE.-+é_T',
  '"span":1,',
  '"seq":7,',
  ',"event":"on_chain_stream"',
  "\\u0041",
];

/** @param {Chance} chance */
function madeLog(chance) {
  const chunks = [chance.of(CHUNKS), chance.of(CHUNKS)];
  const texts = chance.below(2) ? TEXTS : TEXTS.slice(0, 4);
  const tails = chance.below(4)
    ? ["}}"]
    : ["}}", '},"x":1}', '},"data":{"chunk":"T"}}', '},"span":1}', "}}\r"];
  const lines = [...START];
  const length = 12 + chance.below(20);
  while (lines.length < length) {
    const seq = lines.length;
    const number = chance.below(9) ? String(seq * 10) : chance.of(NUMBERS);
    const span = chance.below(9) ? 1 + chance.below(4) : chance.of(NUMBERS);
    const front = `{"seq":${chance.below(12) ? seq : chance.of(NUMBERS)},"t_us":${number},"event":"${chance.of(EVENTS)}"`;
    const back = Math.max(0, seq - 1 - chance.below(3));
    let line =
      chance.below(4) === 0
        ? `${front},"span":${span},"same":{"/chunk":[${chance.below(9) ? back : chance.of(NUMBERS)},"/chunk"]}}`
        : `${front},"span":${span},"data":{"chunk":${chance.of(chunks)}${chance.of(tails)}`;
    line = line
      .replace(/T/g, () => chance.of(texts))
      .replace(/N/g, () => chance.of(chance.below(5) ? ["4", "12"] : NUMBERS));
    for (let spoilt = chance.below(6); spoilt === 0 && chance.below(3); ) {
      const at = chance.below(line.length);
      line = line.slice(0, at) + chance.of(SPOILT) + line.slice(at + chance.below(2));
    }
    lines.push(line);
  }
  return Buffer.from(`${lines.join("\n")}${chance.below(4) ? "\n" : ""}`);
}

test("whatever stands in lines, they say what they say parsed", () => {
  for (let seed = 1; seed <= 600; seed++) {
    const chance = new Chance(seed);
    const log = madeLog(chance);
    // Broken UTF-8.
    if (chance.below(5) === 0)
      log[log.length - 1 - chance.below(log.length >> 1)] = 0x80 + chance.below(0x80);
    agree(log, chance, `seed ${seed}: ${log}`);
  }
});

/** Lines with other values of the same kinds in them. @param {string} line @param {Chance} chance */
const varied = (line, chance) =>
  line.replace(/"(?:[^"\\]|\\.)*"(?!:)|:-?\d+/g, (value) => {
    if (chance.below(4)) return value;
    if (value.startsWith(":")) return `:${chance.below(40)}`;
    return value.startsWith('"on_') || value.startsWith('"/') ? value : `"${chance.of(TEXTS.slice(0, 12))}"`;
  });

for (const name of readdirSync(fixtures).filter((one) => one.endsWith(".jsonl"))) {
  test(`fixture ${name}, its lines again with other values`, () => {
    const own = readFileSync(fixtures + name, "utf-8")
      .split("\n")
      .filter((line) => line.length < 4000);
    const lines = own.filter((line) => !line.includes('"run_end"'));
    const streams = lines.filter((line) => line.includes("_stream"));
    for (const seed of [1, 2]) {
      const chance = new Chance(seed);
      const made = [];
      for (const line of lines.slice(0, 200)) {
        made.push(line);
        for (let more = chance.below(3); more > 0 && streams.length; more--)
          made.push(varied(chance.below(3) ? line : chance.of(streams), chance));
      }
      agree(Buffer.from(`${made.join("\n")}\n`), chance, `seed ${seed}`);
    }
  });
}

/** @param {number} seq @param {string} event @param {number} span @param {string} chunk */
const line = (seq, event, span, chunk) =>
  `{"seq":${seq},"t_us":${seq * 10},"event":"${event}","span":${span},"data":{"chunk":${chunk}}}`;

/** Whether a second line is known after a first one was parsed. @param {string} first @param {string} second @param {number} [kind] */
function knows(first, second, kind = TEXT) {
  const forms = new Forms();
  forms.learn(first, JSON.parse(first), kind);
  const bytes = Buffer.from(`${second}\n`);
  forms.look(bytes);
  return forms.take(bytes, 0) === bytes.length - 1 ? forms : null;
}

test("a form is known of another span, id and text", () => {
  const message = (/** @type {string} */ text, /** @type {number} */ id) =>
    `{"type":"AIMessageChunk","content":"${text}","id":"x-${id}","response_metadata":{}}`;
  const second = line(3, "on_chat_model_stream", 88, message("b\\n", 2));
  const found = knows(line(2, "on_chat_model_stream", 7, message("a", 1)), second);
  assert.deepEqual(
    [found?.span, found?.t_us, found?.repeats, found?.text(Buffer.from(second))],
    [88, 30, -1, "b\n"],
  );
});

test("values are known where only strings and numbers in them differ", () => {
  const value = (/** @type {string} */ text, /** @type {string} */ type = "ai", more = "") =>
    `{"messages":[{"type":"${type}","content":"x${text}"}],"turn":${text.length},"of":"${text}"${more}}`;
  const first = line(2, "on_chain_stream", 1, value("a"));
  const of = (/** @type {string} */ second) => knows(first, line(3, "on_chain_stream", 1, second), TREE);
  assert.equal(new TextDecoder().decode(of(value("bc"))?.prefix), "of\n");
  assert.equal(of(value("bc", "human")), null);
  assert.equal(of(value("bc", "ai", ',"more":1')), null);
  assert.equal(of(value("\\u0041")), null);
});

test("what is shown of a value is as long as that of one that was parsed, and its numbers are written the same", () => {
  const chance = new Chance(1);
  const lines = [...START];
  const add = (/** @type {string} */ chunk) => lines.push(line(lines.length, "on_chain_stream", 1, chunk));
  for (let length = 150; length < 170; length++) add(`{"a":"${"word ".repeat(40).slice(0, length)}x"}`);
  for (const number of ["1", "20", "-3", "-0", "1.50", "0.1", "-0.0"]) add(`{"a":"b","n":${number}}`);
  agree(Buffer.from(`${lines.join("\n")}\n`), chance, "");
});

test("what a line repeats is the text of that line, whatever came in between", () => {
  const lines = [...START];
  const add = (/** @type {string} */ chunk) => lines.push(line(lines.length, "on_chain_stream", 1, chunk));
  const repeat = (/** @type {number} */ seq) =>
    lines.push(
      `{"seq":${lines.length},"t_us":9,"event":"on_chain_stream","span":1,"same":{"/chunk":[${seq},"/chunk"]}}`,
    );
  for (const text of ["a", "b", "c", WORDS.slice(0, 300)]) add(`"${text}"`);
  for (const text of ["a", "b", "c"]) add(`{"of":"${text}"}`);
  add('"d"');
  const last = lines.length - 1;
  add('{"of":"d"}');
  for (const seq of [last, last, last - 4, last - 5, last - 1, last]) repeat(seq);
  add('"\\u0065"');
  repeat(lines.length - 1);
  repeat(last);
  agree(Buffer.from(`${lines.join("\n")}\n`), new Chance(1), "");
});

test("what may say more than a text or a value has no form", () => {
  for (const chunk of [
    '{"type":"AIMessageChunk","content":"a","usage_metadata":{}}',
    '{"type":"AIMessageChunk","content":"a","additional_kwargs":{"reasoning_content":"b"}}',
    '{"type":"AIMessageChunk","content":"a","tool_call_chunks":[{"name":"f","args":"","index":0,"id":"c"}]}',
  ]) {
    const text = line(2, "on_chat_model_stream", 1, chunk);
    assert.equal(formOf(text, JSON.parse(text), TEXT), null, chunk);
  }
  for (const chunk of [
    '{"a":{"$tracer":"object","value":{"b":"c"}}}',
    '{"__interrupt__":[],"a":"b"}',
    '{"a" :"b","c":"d"}',
    '{"\\u0061":"b"}',
    '{"a":[{"type":"ai","content":"b"}]}',
    `{"a":[{"type":"${"x".repeat(200)}Message","content":"b"}]}`,
    '{"a":"b"},"name":"c"',
    '{"a":"b"}},"metadata":{"c":{"d":"e"}',
  ]) {
    const text = line(2, "on_chain_stream", 1, chunk);
    assert.equal(formOf(text, JSON.parse(text), TREE), null, chunk);
  }
});
