// Sending a file to be kept: its progress, its end, and how it says what went wrong.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError } from "../../static/js/api.js";
import { Import, ImportStopped } from "../../static/js/import.js";

/** Stands in for XMLHttpRequest, which node has not. */
class Request {
  upload = {};
  /** @type {string[]} */
  said = [];
  status = 0;
  responseText = "";
  /** @param {string} method @param {string} path */
  open(method, path) {
    this.said.push(`${method} ${path}`);
  }
  /** @param {string} name @param {string} value */
  setRequestHeader(name, value) {
    this.said.push(`${name}: ${value}`);
  }
  /** @param {Blob} body */
  send(body) {
    this.body = body;
  }
  abort() {
    /** @type {any} */ (this).onabort();
  }
  /** @param {number} status @param {string} text */
  answer(status, text) {
    this.status = status;
    this.responseText = text;
    /** @type {any} */ (this).onload();
  }
}

/** @param {string} name @param {Blob} body */
function made(name, body) {
  const request = /** @type {any} */ (new Request());
  let changes = 0;
  const one = new Import(
    name,
    body,
    () => changes++,
    () => request,
  );
  return { one, request, changes: () => changes };
}

test("a file is sent as it is, tells how far it is, and gives its run", async () => {
  const body = new Blob(["x".repeat(200)]);
  const { one, request, changes } = made("über & so.jsonl", body);
  const sending = one.send();
  assert.equal(request.body, body);
  assert.equal(request.said[0], "POST /api/runs/import?name=%C3%BCber%20%26%20so.jsonl");
  assert.ok(request.said.includes("Content-Type: application/jsonl"));
  assert.equal(one.share, 0);
  request.upload.onprogress({ loaded: 50 });
  assert.deepEqual([one.share, changes()], [0.25, 1]);
  request.upload.onprogress({ loaded: 900 });
  assert.equal(one.share, 1);
  request.answer(201, '{"run":"r","lines":3,"bad_lines":1,"ignored":0}');
  assert.deepEqual(await sending, { run: "r", lines: 3, bad_lines: 1, ignored: 0 });
});

test("what the server refuses is said in its words", async () => {
  for (const [status, text, said] of /** @type {[number, string, RegExp][]} */ ([
    [422, '{"detail":"this is no log that can be kept: it is empty"}', /it is empty/],
    [413, '{"detail":"the file has more than 5 bytes"}', /more than 5/],
    [502, "<html>", /answered 502/],
    [201, "{}", /answered 201/],
  ])) {
    const { one, request } = made("a", new Blob([]));
    const sending = one.send();
    request.answer(status, text);
    await assert.rejects(
      sending,
      (error) => error instanceof ApiError && error.status === status && said.test(error.message),
    );
  }
});

test("a connection that breaks, and somebody who stops it, are told apart", async () => {
  const broken = made("a", new Blob(["x"]));
  const sending = broken.one.send();
  broken.request.onerror();
  await assert.rejects(sending, (error) => error instanceof ApiError && error.status === 0);
  const stopped = made("a", new Blob(["x"]));
  const stopping = stopped.one.send();
  stopped.one.stop();
  await assert.rejects(stopping, ImportStopped);
});

test("an empty file has been sent at once", () => assert.equal(made("a", new Blob([])).one.share, 1));
