// The page's end of worker.js: a log that another thread reads. No DOM.

import { parseExact } from "./exact.js";

/** @typedef {import("./opened.js").Told} Told */
/**
 * @typedef {{
 *   batch(batch: import("./reader.js").LogBatch, size: number): void, changed(): void,
 *   done(plain: boolean): void, failed(text: string): void,
 * }} Hears  `size` is that of the log in bytes; changed: now is the time to draw; done: all of it was read; failed: why it cannot be read.
 */

/** How often a page is drawn whose log is still being read, in ms: each time costs the reading of it. */
const READING_MS = 300;
/** Frames in which a page is drawn anew; in the first turns there is more to it. */
const FRAMES = 2;
const FIRST_FRAMES = 6;
const FIRST_TURNS = 2;

/** A worker that has been started and waits for a log. @type {Worker | null} */
let spare = null;

const newWorker = () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" });

/** A log will be opened, perhaps: a worker that has read its modules by then shows it sooner. */
export function expectLog() {
  if (spare) return;
  spare = newWorker();
  spare.addEventListener("error", lose);
}

function lose() {
  spare = null;
}

function takeWorker() {
  const worker = spare ?? newWorker();
  worker.removeEventListener("error", lose);
  spare = null;
  return worker;
}

export class WorkerLog {
  #worker;
  #asked = 0;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #turns = 0;
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
  #waiting = new Map();
  /** Who hears of a search. @type {Map<number, import("./find.js").Hears>} */
  #searches = new Map();

  /** @param {Hears} hears */
  constructor(hears) {
    this.#worker = takeWorker();
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      hears.failed(`The log could not be read. ${event.message ?? ""}`.trim());
    });
    this.#worker.addEventListener("message", ({ data }) => {
      /** @type {Told} */
      const told = data;
      if (told.type === "batch") hears.batch(told.batch, told.size);
      else if (told.type === "turn") this.#turn(hears);
      else if (told.type === "done") hears.done(told.plain);
      else if (told.type === "failed") hears.failed(told.text);
      else if (told.type === "found") this.#found(told);
      else {
        const waiting = this.#waiting.get(told.id);
        this.#waiting.delete(told.id);
        if (told.error === undefined) waiting?.resolve(parseExact(told.text ?? "null"));
        else waiting?.reject(new Error(told.error));
      }
    });
  }

  /** Both at once would make each other wait: while the page draws, the worker does not read. @param {Hears} hears */
  #turn(hears) {
    const now = performance.now();
    if (now - this.#drawnAt < READING_MS) return this.#goOn(0, false);
    this.#drawnAt = now;
    this.#turns++;
    hears.changed();
    this.#goOn(this.#turns > FIRST_TURNS ? FRAMES : FIRST_FRAMES);
  }

  /** @param {number} frames @param {boolean} [drawn] */
  #goOn(frames, drawn = true) {
    if (frames) requestAnimationFrame(() => this.#goOn(frames - 1));
    else this.#worker.postMessage({ type: "go-on", drawn });
  }

  /** Looks for texts in what has been read. @param {string[]} texts @param {import("./find.js").Hears} hears */
  find(texts, hears) {
    const id = ++this.#asked;
    this.#searches.set(id, hears);
    this.#worker.postMessage({ type: "find", id, texts });
    return {
      stop: () => {
        this.#searches.delete(id);
        this.#worker.postMessage({ type: "stop-find", id });
      },
    };
  }

  /** @param {Extract<Told, { type: "found" }>} told */
  #found({ id, hits, share, done, error }) {
    const hears = this.#searches.get(id);
    if (hits.length || !done) hears?.hits(hits, share);
    if (!done) return;
    this.#searches.delete(id);
    hears?.done(error ?? "");
  }

  /** @param {{ file: File } | { url: string }} what */
  open(what) {
    this.#worker.postMessage({ type: "open", ...what });
  }

  close() {
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(new Error("The log was closed."));
    this.#waiting.clear();
  }

  /** Whole lines. @param {number} first @param {number} last @returns {Promise<Record<string, any>[]>} */
  lines(first, last) {
    return this.#ask({ type: "lines", first, last });
  }

  /** @param {number[]} seqs @param {number[]} rows @returns {Promise<import("./track.js").Steps>} */
  track(seqs, rows) {
    return this.#ask({ type: "track", seqs, rows });
  }

  /** @param {Record<string, any>} what @returns {Promise<any>} */
  #ask(what) {
    const id = ++this.#asked;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ ...what, id });
    });
  }
}
