// The list of runs: places and holes, changes, filters, what is selected, and the search in their text.

import assert from "node:assert/strict";
import { test } from "node:test";

import { EVERYTHING, matches, RunList } from "../../static/js/run_list.js";
import { TextSearch } from "../../static/js/run_search.js";
import { RunSelection } from "../../static/js/run_selection.js";
import { RunsSession } from "../../static/js/runs_session.js";

/** @typedef {import("../../static/js/run_list.js").Summary} Summary */

/** @param {string} run @param {Partial<Summary>} [more] @returns {Summary} */
const summary = (run, more = {}) => ({
  run,
  name: null,
  starred: false,
  chain: "demo:rag",
  mode: "stream",
  status: "ok",
  started_at: `2026-11-20T11:${run.padStart(2, "0").slice(0, 2)}:00Z`,
  duration_us: 1,
  spans: 1,
  input: "Why?",
  error: null,
  bytes: 1,
  pid: null,
  ...more,
});

/** @param {Summary[]} runs @param {number} [found] @param {number} [total] */
const page = (runs, found = runs.length, total = found) => ({ runs, found, total, chains: ["demo:rag"] });

/** @param {RunList} list */
const ids = (list) => Array.from(list.rows, (row) => row?.run ?? "·").join("");

test("what was not read is a hole, and is read by its place", () => {
  const list = new RunList();
  list.page(page([summary("9"), summary("8")], 6), 0, true);
  assert.equal(ids(list), "98····");
  assert.deepEqual([list.missing(0, 1), list.missing(0, 5), list.missing(3, 99)], [-1, 2, 3]);
  list.page(page([summary("6"), summary("5")], 6), 3, false);
  assert.equal(ids(list), "98·65·");
  assert.deepEqual([list.place("5"), list.place("7"), list.runs.length], [4, -1, 4]);
});

test("a page read before others came counts from the end", () => {
  const list = new RunList();
  list.page(page([summary("7"), summary("6")], 5), 0, true);
  list.change(summary("8", { status: "running" }));
  assert.equal(ids(list), "876···");
  list.page(page([summary("5"), summary("4")], 5), 2, false);
  assert.equal(ids(list), "87654·");
  // And one that was read after: the newest is told of in a moment.
  list.page(page([summary("4"), summary("3")], 7), 5, false);
  assert.equal(ids(list), "876543");
});

test("a run is never in two places", () => {
  const list = new RunList();
  list.page(page([summary("5"), summary("4")], 4), 0, true);
  list.page(page([summary("4"), summary("3")], 4), 2, false);
  assert.equal(ids(list), "5·43");
});

test("changes are put in their place, whatever order they come in", () => {
  const list = new RunList();
  list.page(page([summary("3"), summary("1")]), 0, true);
  list.change(summary("4", { status: "running" }));
  list.change(summary("2"));
  list.change(summary("4"));
  assert.equal(ids(list), "4321");
  assert.equal(list.rows[0]?.status, "ok");
  assert.equal(list.total, 3, "2 was there before, unseen");
  list.remove(new Set(["3"]));
  assert.deepEqual([ids(list), list.total, list.stale], ["421", 2, false]);
});

test("what may be in a hole is left there; what cannot be placed makes the list stale", () => {
  const list = new RunList();
  list.page(page([summary("9")], 3), 0, true);
  list.change(summary("5"));
  assert.deepEqual([ids(list), list.stale], ["9··", false]);
  list.remove(new Set(["5"]));
  assert.equal(list.stale, true);
  list.page(page([summary("9")], 2), 0, true);
  assert.deepEqual([ids(list), list.stale], ["9·", false]);
});

test("runs stand by the clock in their id", () => {
  const list = new RunList();
  const [older, newer] = ["01a1fc1a-91fe-7cc3-8289-c1c202bfc66b", "01a1fc1a-91ff-7cc3-8289-c1c202bfc66b"];
  list.page(page([summary(older, { started_at: "2030-01-01T00:00:00Z" })]), 0, true);
  list.change(summary(newer, { started_at: "" }));
  assert.equal(list.rows[0]?.run, newer);
});

test("a filter keeps out what does not fit, also what fits no more", () => {
  const list = new RunList();
  list.filter = { ...EVERYTHING, q: "RATE" };
  list.page(page([], 0, 9), 0, true);
  list.change(summary("5"));
  const failed = summary("6", { error: { type: "x.RateLimitError", message: "" }, status: "error" });
  list.change(failed);
  assert.equal(ids(list), "6");
  list.change({ ...failed, error: null });
  assert.equal(ids(list), "");
});

for (const [
  filter,
  more,
  fits,
] of /** @type {[Partial<import("../../static/js/run_list.js").Filter>, Partial<Summary>, boolean][]} */ ([
  [{}, {}, true],
  [{ q: "zürich" }, { name: "Nach ZÜRICH" }, true],
  [{ q: "zürich" }, { name: null }, false],
  [{ status: "ok" }, {}, true],
  [{ status: "error" }, {}, false],
  [{ chain: "demo:rag" }, {}, true],
  [{ chain: "rag" }, {}, false],
  [{ starred: true }, {}, false],
  [{ starred: true, q: "why" }, { starred: true }, true],
])) {
  test(`${JSON.stringify(filter)} on ${JSON.stringify(more)}`, () => {
    assert.equal(matches(summary("1", more), { ...EVERYTHING, ...filter }), fits);
  });
}

test("a question knows its newest answer, also where a filter hides it", () => {
  const list = new RunList();
  const asks = summary("1", { status: "interrupted" });
  list.page(page([summary("2", { continues: "1" }), asks]), 0, true);
  assert.equal(list.answerTo("1"), "2");
  assert.equal(list.answerTo("2"), undefined);
  list.filter = { ...EVERYTHING, q: "interrupted" };
  list.change(summary("3", { continues: "1" }));
  list.page(page([asks], 1, 3), 0, true);
  assert.deepEqual([list.rows.length, list.answerTo("1")], [1, "3"]);
  list.remove(new Set(["3"]));
  assert.equal(list.answerTo("1"), undefined);
});

test("runs are selected one by one and in ranges", () => {
  const selection = new RunSelection();
  const order = [..."abcdefg"];
  const chosen = () => [...selection.runs].sort().join("");
  selection.toggle("c");
  selection.extend("e", order);
  assert.equal(chosen(), "cde");
  selection.extend("b", order);
  assert.equal(chosen(), "bc", "from the same anchor the other way");
  selection.toggle("g");
  selection.toggle("b");
  assert.equal(chosen(), "cg");
  selection.remove(["g", "x"]);
  assert.equal(chosen(), "c");
  selection.all(order);
  assert.equal(selection.size, 7);
  selection.clear();
  selection.extend("d", order);
  assert.equal(chosen(), "d", "without an anchor it is one");
});

/** @param {string[]} parts */
const stream = (parts) =>
  new Response(
    new ReadableStream({
      start(controller) {
        for (const part of parts) controller.enqueue(new TextEncoder().encode(part));
        controller.close();
      },
    }),
  );

/** @param {string} event @param {unknown} data */
const told = (event, data) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

test("what is found in the text of runs comes as it is found", async () => {
  /** @type {string[]} */
  const asked = [];
  const parts = [
    told("message", summary("9", { excerpt: "…so" })) + told("progress", { read: 2, of: 5, found: 1 }),
    told("message", summary("3", { excerpt: "so…" })) + told("end", { read: 5, of: 5, found: 2 }),
  ];
  const ask = async (/** @type {any} */ url) => {
    asked.push(String(url));
    return stream(parts);
  };
  const search = new TextSearch(
    "so & so",
    { ...EVERYTHING, chain: "m:c" },
    () => {},
    /** @type {any} */ (ask),
  );
  await search.ended;
  assert.deepEqual([ids(search.list), search.read, search.of, search.state], ["93", 5, 5, "done"]);
  assert.deepEqual(asked, ["/api/runs/search?text=so+%26+so&chain=m%3Ac"]);
});

test("a search that is stopped keeps what it has; one that breaks off says so", async () => {
  /** @type {AbortSignal | undefined} */
  let signal;
  const ask = async (/** @type {any} */ _, /** @type {any} */ init) => {
    signal = init.signal;
    return stream([told("message", summary("9"))]);
  };
  const broken = new TextSearch("a", EVERYTHING, () => {}, /** @type {any} */ (ask));
  await broken.ended;
  assert.deepEqual([broken.state, ids(broken.list)], ["failed", "9"]);
  assert.match(broken.problem, /before it was done/);
  const stopped = new TextSearch("a", EVERYTHING, () => {}, /** @type {any} */ (ask));
  stopped.stop();
  await stopped.ended;
  assert.deepEqual([stopped.state, signal?.aborted], ["stopped", true]);
});

/** A session over a server of `all` runs; the stream of changes says what `tell` is told. @param {Summary[]} all */
function served(all) {
  /** @type {string[]} */
  const asked = [];
  /** @type {ReadableStreamDefaultController<Uint8Array> | undefined} */
  let changes;
  const keep = (/** @type {typeof changes} */ controller) => {
    changes = controller;
  };
  const api = /** @type {any} */ ({
    get: async (/** @type {string} */ path) => {
      asked.push(path);
      const query = new URL(path, "http://x").searchParams;
      const fit = all.filter((one) => !query.get("q") || one.input.includes(String(query.get("q"))));
      if (query.get("ids")) return { ids: fit.map((one) => one.run) };
      const offset = Number(query.get("offset"));
      return page(fit.slice(offset, offset + Number(query.get("limit"))), fit.length, all.length);
    },
    patch: async (/** @type {string} */ _, /** @type {any} */ body) => ({ ...all[0], ...body }),
    del: async (/** @type {string} */ _, /** @type {any} */ body) => ({
      deleted: body.runs.slice(1),
      running: body.runs.slice(0, 1),
      missing: [],
      failed: [],
    }),
  });
  const body = new ReadableStream({ start: (controller) => keep(controller) });
  const session = new RunsSession(api, () => {}, /** @type {any} */ (async () => new Response(body)));
  const tell = (/** @type {string} */ text) => changes?.enqueue(new TextEncoder().encode(text));
  return { session, asked, tell };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

test("a session reads what is seen, filters, deletes, and hears of the rest", async () => {
  const all = Array.from({ length: 300 }, (_, n) =>
    summary(`${n}`, { started_at: new Date(2e12 - n * 1e6).toISOString(), input: n % 2 ? "odd" : "even" }),
  );
  const { session, asked, tell } = served(all);
  session.open();
  await settled();
  assert.deepEqual([session.list.rows.length, session.list.runs.length], [300, 60]);
  session.want(200, 220);
  await settled();
  assert.equal(session.list.missing(200, 220), -1);
  assert.equal((await session.ids()).length, 300);
  session.selection.toggle("3");
  session.ask({ q: "odd" });
  assert.equal(session.list.rows.length, 300, "what was there stays until the answer is");
  await settled();
  assert.deepEqual([session.list.rows.length, session.selection.size], [150, 0]);
  const before = asked.length;
  session.ask({ q: "odd" });
  assert.equal(asked.length, before, "the same is not asked twice");
  session.everything();
  await settled();
  session.selection.all(["0", "1", "2"]);
  const done = await session.remove(["0", "1", "2"]);
  assert.deepEqual(
    [done.deleted, session.list.rows.length, [...session.selection.runs]],
    [["1", "2"], 298, ["0"]],
  );
  tell(
    told("gone", { run: "1" }) + told("gone", { run: "2" }) + told("message", { ...all[4], status: "error" }),
  );
  await settled();
  assert.deepEqual([session.list.rows.length, session.list.total, session.list.stale], [298, 298, false]);
  assert.equal(session.list.rows[session.list.place("4")]?.status, "error");
  await session.annotate("0", { name: "first" });
  assert.equal(session.list.rows[0]?.name, "first");
  session.feed.close();
});

test("what is told while the list is being read is newer than the answer", async () => {
  const all = [summary("1", { status: "running" })];
  const { session, tell } = served(all);
  const { get } = session.api;
  session.api.get = async (path) => {
    const answer = await get(path);
    tell(told("message", summary("1", { status: "ok" })));
    await settled();
    return answer;
  };
  session.open();
  await settled();
  await settled();
  session.feed.close();
  assert.deepEqual(
    session.list.runs.map(({ status }) => status),
    ["ok"],
  );
});
