// The thread that reads opened files: bytes in, batches of rows out, and lines again when they are asked for.

import { writeJson } from "./exact.js";
import { Opened } from "./opened.js";
import { fileSource, urlSource } from "./source.js";

/** @typedef {{ type: "open", file?: File, url?: string }} Open */
/** @typedef {{ type: "go-on", drawn: boolean }} GoOn */
/** @typedef {{ type: "find", id: number, texts: string[] } | { type: "stop-find", id: number }} Find */
/** @typedef {{ type: "lines", id: number, first: number, last: number } | { type: "track", id: number, seqs: number[], rows: number[] }} Ask */

/** How long the page may take to draw; one that nobody looks at draws nothing, and is not waited for again. */
const DRAWN_MS = 500;

/** @type {Opened | null} */
let opened = null;
/** The page has drawn what it was given. */
let goOn = () => {};
let isWatched = true;
/** Searches that go on. @type {Set<number>} */
const searches = new Set();
/** @param {import("./opened.js").Told} told @param {Transferable[]} [buffers] */
const post = (told, buffers = []) => /** @type {any} */ (self).postMessage(told, buffers);

/** The page takes its turn. @returns {Promise<void>} when it has drawn */
function turn() {
  post({ type: "turn" });
  if (!isWatched) return Promise.resolve();
  return new Promise((resolve) => {
    const late = setTimeout(() => {
      isWatched = false;
      resolve();
    }, DRAWN_MS);
    goOn = () => {
      clearTimeout(late);
      resolve();
    };
  });
}

self.addEventListener("message", async ({ data }) => {
  /** @type {Open | GoOn | Ask | Find} */
  const asked = data;
  if (asked.type === "open") {
    try {
      const source = asked.file ? fileSource(asked.file) : await urlSource(String(asked.url));
      opened = new Opened(source, post, turn);
      await opened.read();
    } catch (error) {
      post({ type: "failed", text: error instanceof Error ? error.message : String(error) });
    }
    return;
  }
  if (asked.type === "go-on") {
    isWatched ||= asked.drawn;
    goOn();
    return;
  }
  if (asked.type === "stop-find") {
    searches.delete(asked.id);
    return;
  }
  if (asked.type === "find") {
    await find(asked.id, asked.texts);
    return;
  }
  try {
    if (!opened) throw new Error("Nothing is open.");
    const value =
      asked.type === "lines" ? opened.lines(asked.first, asked.last) : opened.track(asked.seqs, asked.rows);
    // As text: objects that are sent to another thread lose the order of their keys.
    post({ type: "answer", id: asked.id, text: writeJson(value) });
  } catch (error) {
    post({ type: "answer", id: asked.id, error: error instanceof Error ? error.message : String(error) });
  }
});

/** @param {number} id @param {string[]} texts */
async function find(id, texts) {
  searches.add(id);
  try {
    await opened?.find(
      texts,
      (hits, share) => post({ type: "found", id, hits, share, done: false }),
      () => !searches.has(id),
    );
    post({ type: "found", id, hits: [], share: 1, done: true });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    post({ type: "found", id, hits: [], share: 1, done: true, error: text });
  }
  searches.delete(id);
}
