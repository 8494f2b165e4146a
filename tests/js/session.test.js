// A live run whose lines come as messages is the one that its lines make, parsed one by one.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { Whole, WINDOW } from "../../static/js/expand.js";
import { LineWindow } from "../../static/js/line_window.js";
import { RunSession } from "../../static/js/session.js";
import { RunStore } from "../../static/js/store.js";
import { rowsOf } from "./seen.js";
import { served } from "./served.js";

const fixtures = fileURLToPath(new URL("../fixtures/", import.meta.url));
const QUIET = { changed() {}, replaced() {}, feed() {} };

/** @param {Record<string, any>[]} lines @param {number} from */
function bodyOf(lines, from) {
  const text = lines
    .slice(from)
    .map((line) => `id: ${line.seq}\ndata: ${JSON.stringify(line)}\n\n`)
    .join("");
  return new Response(`${text}event: end\ndata: {}\n\n`);
}

/** What the session makes of these messages. @param {Record<string, any>[]} lines @param {number} [skipped] left out once */
async function followed(lines, skipped = -1) {
  const asked = globalThis.fetch;
  let left = skipped;
  globalThis.fetch = async (_, request) => {
    const after = Number(/** @type {any} */ (request)?.headers?.["Last-Event-ID"] || -1);
    const given = lines.filter(({ seq }) => seq !== left);
    left = -1;
    return bodyOf(given, given.findIndex(({ seq }) => seq > after) >>> 0);
  };
  try {
    const api = /** @type {any} */ ({ get: async () => ({ status: "running" }) });
    return await new Promise((resolve) => {
      /** @type {RunSession} */
      const session = new RunSession("r", api, {
        ...QUIET,
        feed: ({ state }) => state === "closed" && resolve(session.store),
      });
      session.open();
    });
  } finally {
    globalThis.fetch = asked;
  }
}

/** @param {RunStore} store */
function seen({ columns, moment }) {
  const rows = rowsOf(columns);
  return { rows, now: JSON.stringify(moment.summary()) };
}

for (const name of readdirSync(fixtures).filter((one) => one.endsWith(".jsonl"))) {
  test(`fixture ${name}, as messages`, async () => {
    const lines = served(readFileSync(fixtures + name));
    const store = new RunStore("r");
    const whole = new Whole();
    for (const line of lines) store.take(whole.line(line), 0, false);
    assert.deepEqual(seen(await followed(lines)), seen(store));
    if (lines.length > 4) {
      assert.deepEqual(seen(await followed(lines, lines.length >> 1)), seen(store), "one came late");
    }
  });
}

test("lines are kept as far back as a line may refer to", () => {
  let parsed = 0;
  const window = new LineWindow((text) => {
    parsed++;
    return JSON.parse(text);
  });
  const text = JSON.stringify({ seq: 0, data: "x".repeat(1000) });
  const kept = Math.floor(WINDOW / (text.length + 1)) + 1;
  for (let seq = 0; seq < 20_000; seq++) window.push(seq, text);
  assert.equal(window.size(19_999 - kept), 0);
  assert.equal(window.line(19_999 - kept), null);
  assert.equal(window.size(20_000 - kept), text.length);
  assert.ok(window.line(20_000 - kept));
  window.push(20_010, text, { seq: 20_010 });
  assert.equal(window.line(20_005), null, "there is none");
  assert.equal(window.size(19_999), text.length, "what came before a gap is still there");
  assert.equal(window.line(20_010)?.seq, 20_010);
  assert.equal(parsed, 1);
  window.push(1e12, text);
  assert.equal(window.size(20_010), 0);
});
