import assert from "node:assert/strict";
import { test } from "node:test";

import { Find } from "../../static/js/find.js";
import { textsIn } from "../../static/js/find_lines.js";
import { SpanColumns } from "../../static/js/span_columns.js";
import { RunStore } from "../../static/js/store.js";
import { chanceRun, chances } from "./chance.js";

/** @typedef {import("../../static/js/find_lines.js").Hit} Hit */

/** Nothing of whole lines. @type {import("../../static/js/find.js").SearchDeep} */
const nothing = (_, hears) => {
  hears.done("");
  return { stop() {} };
};

/** @param {Record<string, any>[]} lines */
function storeOf(lines) {
  const store = new RunStore("r");
  for (const line of lines) store.take(line, 0, false, true);
  return store;
}

/** @param {RunStore} store */
function columnsOf(store) {
  const columns = new SpanColumns();
  columns.sync(store.fold.spans, store.fold.version, () => false, store.fold.findings);
  return columns;
}

let clock = 1e6;

/** A time that long after the last one. @param {number} ms */
function later(ms) {
  clock += ms;
  return Math.max(clock, performance.now());
}

/** Until it knows all. @param {Find} find @param {number} [ms] */
function settle(find, ms = 1000) {
  for (let round = 0; round < 10_000; round++) {
    if (!find.step(ms, later(200)) && !find.isBusy) return;
  }
  assert.fail("it never comes to an end");
}

/** What a span had said of itself after a row, in lower case. @param {RunStore} store @param {Record<string, any>[]} lines @param {number} index */
function saidBy(store, lines, index) {
  const { row } = store.moment;
  const span = store.moment.view(index);
  const texts = [span.name, ...textsIn(span.tags), ...Object.keys(span.metadata), ...textsIn(span.metadata)];
  if (span.state !== "running") {
    texts.push(
      span.model ?? "",
      span.error?.type ?? "",
      span.error?.message ?? "",
      span.error?.traceback ?? "",
    );
    texts.push(span.stack ?? "");
  }
  const streamed = lines.filter(
    (line, at) =>
      at <= row && at > span.start_row && line.span === span.span && String(line.event).endsWith("_stream"),
  );
  const chunks = streamed.map((line) => line.data?.chunk?.content ?? line.data?.chunk);
  texts.push(chunks.map((chunk) => (typeof chunk === "string" ? chunk : "")).join(""));
  return texts.join("\n").toLowerCase();
}

test("at any moment the spans that fit are those that say it, also where it came in pieces", () => {
  for (let seed = 1; seed < 40; seed++) {
    const lines = chanceRun(seed, 160).filter((line) => line.seq === 0 || line.event !== "run_start");
    const started = new Set(lines.filter((line) => /_start$/.test(line.event)).map((line) => line.span));
    const store = storeOf(lines.map((line, seq) => ({ ...line, seq })));
    const columns = columnsOf(store);
    const chance = chances(seed);
    const find = new Find(nothing);
    find.show(store, columns);
    const streamed = lines.map((line) => line.data?.chunk?.content ?? "").join("");
    const at = Math.floor(chance() * Math.max(1, streamed.length - 4));
    for (const text of [
      streamed.slice(at, at + 3).toLowerCase(),
      "n1",
      "m",
      "langgraph",
      "x",
      "valueerror here",
      "step",
    ]) {
      if (!text.trim()) continue;
      find.set(text);
      for (const row of [null, 10, 60, 100]) {
        store.seek(row);
        settle(find);
        for (let index = 0; index < store.fold.table.length; index++) {
          const { span, start_row } = store.moment.view(index);
          if (!started.has(span)) continue;
          const said = saidBy(store, lines, index);
          const expected =
            Number(start_row) <= store.moment.row && text.split(" ").every((word) => said.includes(word));
          assert.equal(
            find.matches(index),
            expected,
            `seed ${seed}, ${JSON.stringify(text)}, span ${span}, row ${row}`,
          );
        }
      }
    }
  }
});

test("filters are what they say, and the count is of the spans that fit", () => {
  for (let seed = 1; seed < 30; seed++) {
    const store = storeOf(chanceRun(seed, 120));
    const columns = columnsOf(store);
    const find = new Find(nothing);
    find.show(store, columns);
    /** @type {Record<string, (span: import("../../static/js/span.js").SpanNow) => boolean>} */
    const filters = {
      "type:model": ({ type }) => type === "chat_model" || type === "llm",
      "type:tool type:chain": ({ type }) => type === "tool" || type === "chain",
      "state:error": ({ state }) => state === "error",
      "state:recovered state:ok": ({ state, recovered }) => state === "ok" || recovered,
      "tag:x": ({ tags }) => tags.includes("x"),
      "tag:graph:step:*": ({ tags }) => tags.includes("graph:step:2"),
      "meta:ls_model_name=M": ({ metadata }) => metadata.ls_model_name === "m",
      "meta:langgraph_step": ({ metadata }) => "langgraph_step" in metadata,
      "name:2 type:parser": ({ name, type }) => name.includes("2") && type === "parser",
      "took:>30ms took:<=1s": ({ start_us, end_us }) => {
        const us = (end_us ?? store.at(0)) - start_us;
        return us > 30_000 && us <= 1e6;
      },
    };
    if (store.running) delete filters["took:>30ms took:<=1s"];
    for (const [text, fits] of Object.entries(filters)) {
      find.set(text);
      settle(find);
      const expected = [...store.fold.spans].filter(fits).length;
      assert.equal(find.count, expected, `seed ${seed}: ${text}`);
    }
  }
});

test("small slices find what one long look does", () => {
  const lines = chanceRun(4, 4000, { spans: 900, starts: 0.4 });
  const store = storeOf(lines);
  const columns = columnsOf(store);
  const once = new Find(nothing);
  const slow = new Find(nothing);
  for (const find of [once, slow]) {
    find.show(store, columns);
    find.set("t1");
  }
  settle(once, 1e6);
  settle(slow, 0);
  assert.ok(once.count > 5);
  assert.equal(slow.count, once.count);
  for (let index = 0; index < columns.length; index++) assert.equal(slow.matches(index), once.matches(index));
});

/** Where each span stands, parents before their children. @param {SpanColumns} columns */
function inOrder(columns) {
  /** @type {number[]} */
  const order = [];
  const walk = (/** @type {number} */ parent) => {
    for (let index = 0; index < columns.length; index++) {
      if (columns.parent[index] !== parent) continue;
      order.push(index);
      walk(index);
    }
  };
  walk(-1);
  return order;
}

test("the next match is the next one down the tree, from anywhere, round and round", () => {
  for (let seed = 1; seed < 25; seed++) {
    const store = storeOf(chanceRun(seed, 140, { starts: 0.5 }));
    const columns = columnsOf(store);
    const find = new Find(nothing);
    find.show(store, columns);
    find.set(seed % 2 ? "type:chain" : "x");
    settle(find);
    const order = inOrder(columns);
    const hits = order.filter((index) => find.matches(index));
    assert.equal(find.count, hits.length);
    if (!hits.length) {
      assert.equal(find.next(-1, 1), -1);
      continue;
    }
    assert.equal(find.next(-1, 1), hits[0]);
    assert.equal(find.next(-1, -1), hits.at(-1));
    for (const [at, index] of order.entries()) {
      const after = order.slice(at + 1).find((one) => hits.includes(one)) ?? hits[0];
      const before = order.slice(0, at).findLast((one) => hits.includes(one)) ?? hits.at(-1);
      assert.equal(find.next(index, 1), after);
      assert.equal(find.next(index, -1), before);
      assert.equal(find.place(index), hits.indexOf(index) + 1);
    }
  }
});

test("how many fit in a stretch of time", () => {
  const store = storeOf(chanceRun(9, 200, { starts: 0.5, spans: 60 }));
  const columns = columnsOf(store);
  const find = new Find(nothing);
  find.show(store, columns);
  find.set("type:chain");
  settle(find);
  const starts = [...store.fold.spans].filter(({ type }) => type === "chain").map(({ start_us }) => start_us);
  const chance = chances(1);
  for (let round = 0; round < 200; round++) {
    const from = Math.floor(chance() * store.fold.t_us);
    const to = from + Math.floor(chance() * store.fold.t_us);
    assert.equal(find.between(from, to), starts.filter((us) => us >= from && us < to).length);
  }
});

test("what whole lines have counts from their row on, also where they come before the page has them", () => {
  const lines = [
    { event: "run_start" },
    { event: "on_chain_start", span: 1, parent: null, name: "a", data: {} },
    { event: "on_tool_start", span: 2, parent: 1, name: "b", data: {} },
    { event: "on_tool_end", span: 2, data: {} },
    { event: "on_chain_end", span: 1, data: {} },
  ].map((line, seq) => ({ seq, t_us: seq * 1000, ...line }));
  const store = storeOf(lines.slice(0, 2));
  const columns = columnsOf(store);
  /** @type {{ texts: string[], hears: import("../../static/js/find.js").Hears }[]} */
  const asked = [];
  const find = new Find((texts, hears) => {
    asked.push({ texts, hears });
    return { stop() {} };
  });
  find.show(store, columns);
  find.set("needle type:tool");
  for (let round = 0; round < 9; round++) find.step(100, later(500));
  assert.deepEqual(
    asked.map(({ texts }) => texts),
    [["needle"]],
  );
  assert.ok(find.isBusy);
  asked[0]?.hears.hits(
    [
      [0, 2, 3, "output"],
      [0, 1, 1, "input"],
    ],
    0.5,
  );
  assert.equal(find.share, 0.5);
  for (const line of lines.slice(2)) store.take(line, 0, false);
  columns.sync(store.fold.spans, store.fold.version, () => false, []);
  asked[0]?.hears.done("");
  for (let round = 0; round < 5; round++) find.step(100, later(10));
  assert.deepEqual([find.matches(0), find.matches(1)], [false, true]);
  assert.equal(find.placeOf(1), "in its output");
  store.seek(2);
  assert.equal(find.matches(1), false);
  store.seek(3);
  assert.equal(find.matches(1), true);
  // Another filter does not ask again; another word does.
  find.set("needle");
  find.step(100, later(500));
  assert.equal(asked.length, 1);
  assert.equal(find.matches(0), true);
  assert.equal(find.placeOf(0), "in its input");
  // What came since is looked at, too.
  for (let round = 0; round < 9; round++) find.step(100, later(5000));
  assert.equal(asked.length, 2);
});
