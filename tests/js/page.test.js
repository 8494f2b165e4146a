// The page's small parts: its addresses, asking the server.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError, makeApi, readLines } from "../../static/js/api.js";
import { turnPool } from "../../static/js/dom.js";
import { routeOf, runPath } from "../../static/js/route.js";
import { ranges } from "../../static/js/views/raw.js";

/** @param {string} path */
const route = (path) => routeOf(new URL(path, "http://127.0.0.1"));

test("addresses", () => {
  assert.deepEqual(route("/"), { page: "home" });
  assert.deepEqual(route("/?chain=tracer.demo%3Arag"), { page: "compose", chain: "tracer.demo:rag" });
  const nowhere = { span: null, tab: null, at: null, from_us: null, to_us: null, graph: false, find: "" };
  assert.deepEqual(route("/runs/0199-a"), { page: "run", run: "0199-a", ...nowhere });
  assert.deepEqual(route("/runs/a%20b/?span=3&tab=Raw"), {
    page: "run",
    run: "a b",
    ...nowhere,
    span: 3,
    tab: "Raw",
  });
  for (const wrong of ["span=-1", "span=0", "at=x", "from=5", "from=9&to=3", "from=1e3&to=2e3", "view=no"]) {
    assert.deepEqual(route(`/runs/a?${wrong}`), { page: "run", run: "a", ...nowhere });
  }
  assert.deepEqual(route("/runs/%E0%A4%A"), { page: "run", run: "%E0%A4%A", ...nowhere });
  const places = [
    {},
    { span: 3 },
    { span: 3, tab: "JSON" },
    { at: 0, from_us: 0, to_us: 1200, graph: true, find: "a b&c=d" },
  ];
  for (const place of places) {
    const { page: _page, ...found } = /** @type {any} */ (route(runPath("a b", place)));
    assert.deepEqual(found, { run: "a b", ...nowhere, ...place });
  }
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
