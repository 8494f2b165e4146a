// The page's small parts: its addresses, the list of runs, asking the server.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError, makeApi, readLines } from "../../static/js/api.js";
import { turnPool } from "../../static/js/dom.js";
import { routeOf, runPath } from "../../static/js/route.js";
import { RunList } from "../../static/js/run_list.js";
import { ranges } from "../../static/js/views/raw.js";

/** @param {string} path */
const route = (path) => routeOf(new URL(path, "http://127.0.0.1"));

test("addresses", () => {
  assert.deepEqual(route("/"), { page: "home" });
  assert.deepEqual(route("/?chain=tracer.demo%3Arag"), { page: "compose", chain: "tracer.demo:rag" });
  assert.deepEqual(route("/runs/0199-a"), { page: "run", run: "0199-a", span: null, tab: null });
  assert.deepEqual(route("/runs/a%20b/?span=3&tab=Raw"), { page: "run", run: "a b", span: 3, tab: "Raw" });
  assert.deepEqual(route("/runs/a?span=-1"), { page: "run", run: "a", span: null, tab: null });
  assert.deepEqual(route("/runs/%E0%A4%A"), { page: "run", run: "%E0%A4%A", span: null, tab: null });
  for (const path of [runPath("a"), runPath("a b", 3), runPath("a", 3, "JSON")]) {
    const found = route(path);
    assert.equal(found.page === "run" && runPath(found.run, found.span, found.tab), path);
  }
});

/** @param {string} run @param {Partial<import("../../static/js/run_list.js").Summary>} [more] */
const summary = (run, more = {}) => ({
  run,
  chain: "demo:rag",
  mode: "stream",
  status: "ok",
  started_at: `2026-11-20T11:00:${run.padStart(2, "0")}Z`,
  duration_us: 1,
  spans: 1,
  input: "Why?",
  error: null,
  bytes: 1,
  pid: null,
  ...more,
});

test("the list is newest first, whatever order things come in", () => {
  const list = new RunList();
  list.page({ runs: [summary("3"), summary("2")], next: "2", total: 3 }, true);
  list.change(summary("4", { status: "running" }));
  list.change(summary("1"));
  assert.deepEqual(
    list.runs.map((one) => one.run),
    ["4", "3", "2"],
    "1 is on a page not asked for",
  );
  assert.equal(list.total, 4);
  list.page({ runs: [summary("1"), summary("2")], next: null, total: 4 }, false);
  list.change(summary("4"));
  assert.deepEqual(
    list.runs.map((one) => `${one.run} ${one.status}`),
    ["4 ok", "3 ok", "2 ok", "1 ok"],
  );
  list.remove("3");
  assert.deepEqual([list.runs.length, list.total], [3, 3]);
});

test("a search keeps out what does not fit", () => {
  const list = new RunList();
  list.query = "RATE";
  list.page({ runs: [], next: null, total: 9 }, true);
  list.change(summary("5"));
  list.change(summary("6", { error: { type: "x.RateLimitError", message: "" }, status: "error" }));
  assert.deepEqual(
    list.runs.map((one) => one.run),
    ["6"],
  );
});

test("a question knows its newest answer, also where a search hides it", () => {
  const list = new RunList();
  const asks = summary("1", { status: "interrupted" });
  list.page({ runs: [summary("2", { continues: "1" }), asks], next: null, total: 2 }, true);
  assert.equal(list.answerTo("1"), "2");
  assert.equal(list.answerTo("2"), undefined);
  list.query = "interrupted";
  list.change(summary("3", { continues: "1" }));
  list.page({ runs: [asks], next: null, total: 3 }, true);
  assert.deepEqual([list.runs.length, list.answerTo("1")], [1, "3"]);
  list.remove("3");
  assert.equal(list.answerTo("1"), undefined);
});

test("rows used in turn stand in their order", () => {
  /** @type {string[]} */
  const children = ["a", "b", "c", "d"];
  const pool = children.map((element) => ({ element }));
  const parent = {
    /** @param {string} child */
    append(child) {
      children.splice(children.indexOf(child), 1);
      children.push(child);
    },
  };
  let turn = 0;
  for (const [to, order] of /** @type {[number, string][]} */ ([
    [1, "bcda"],
    [3, "dabc"],
    [3, "dabc"],
    [0, "abcd"],
  ])) {
    turn = turnPool(/** @type {any} */ (parent), /** @type {any} */ (pool), turn, to);
    assert.equal(children.join(""), order);
  }
});

test("seqs are asked for in few ranges", () => {
  assert.deepEqual(ranges([1, 2, 3]), [[1, 3]]);
  assert.deepEqual(ranges([1, 10, 400, 405]), [
    [1, 10],
    [400, 405],
  ]);
  assert.deepEqual(ranges([]), []);
});

/** @param {number} status @param {string} body */
const answer = (status, body) => /** @type {any} */ (async () => new Response(body, { status }));

test("what the server refuses is an error that can be shown", async () => {
  const problem = JSON.stringify({
    title: "Bad Request",
    status: 400,
    detail: "no chain 'x'",
    field: "chain",
  });
  await assert.rejects(makeApi(undefined, answer(400, problem)).post("/api/runs", {}), (error) => {
    assert.ok(error instanceof ApiError);
    assert.deepEqual(
      [error.status, error.detail, error.field, error.message],
      [400, "no chain 'x'", "chain", "no chain 'x'"],
    );
    return true;
  });
  await assert.rejects(makeApi(undefined, answer(502, "<html>")).get("/"), /answered 502/);
  const down = makeApi(undefined, /** @type {any} */ (async () => Promise.reject(new TypeError("refused"))));
  await assert.rejects(down.get("/"), (error) => error instanceof ApiError && error.status === 0);
});

test("a token that is gone is told at once", async () => {
  let told = 0;
  const api = makeApi(() => void told++, answer(401, "{}"));
  await assert.rejects(api.get("/"));
  assert.equal(told, 1);
});

test("answers", async () => {
  assert.deepEqual(await makeApi(undefined, answer(200, '{"a":1}')).get("/"), { a: 1 });
  assert.equal(
    await makeApi(undefined, /** @type {any} */ (async () => new Response(null, { status: 204 }))).del("/"),
    null,
  );
  await assert.rejects(makeApi(undefined, answer(200, "<html>")).get("/"), /not JSON/);
  assert.deepEqual(readLines('{"a":"\u2028"}\n\nnot json\n{"b":2}\n'), [{ a: "\u2028" }, { b: 2 }]);
});
