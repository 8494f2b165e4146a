// A file that is shown without being kept: read in this browser, by another thread. No DOM.

import { sentence } from "./format.js";
import { Import, ImportStopped } from "./import.js";
import { RunStore } from "./store.js";
import { Tracks } from "./tracks.js";
import { WorkerLog } from "./worker_log.js";

/** @typedef {{ name: string, file: File } | { name: string, url: string }} What  A file of the user's, or one that `tracer open` serves. */
/** @typedef {import("./feed.js").FeedStatus} FeedStatus */

/** There is nothing to follow. */
const QUIET = {
  /** @type {FeedStatus} */
  status: { state: "closed", retryAt: null, tries: 0, lastId: "" },
  open() {},
  pause() {},
  close() {},
};

/** Reads like a RunSession. */
export class OpenedSession {
  feed = QUIET;
  quietSince = 0;
  stopping = false;
  stopProblem = "";
  /** How much of it has been read, while it is. @type {{ read: number, size: number } | null} */
  reading = null;
  /** Why it cannot be read, or kept. */
  problem = "";
  /** It is on its way to the server. @type {Import | null} */
  keeping = null;
  #asked = false;

  /**
   * @param {What} what @param {import("./api.js").Api} api
   * @param {{ changed: () => void, kept: (run: string) => void, unreadable: (why: string) => void }} on
   * kept: it is a run now, with this id; unreadable: nothing in it can be shown
   */
  constructor(what, api, on) {
    this.what = what;
    this.file = what.name;
    this.run = what.name;
    this.api = api;
    this.on = on;
    this.store = new RunStore(what.name);
    this.tracks = new Tracks(
      () => this.store,
      (seqs, rows) => this.log.track(seqs, rows),
      () => on.changed(),
    );
    this.store.trackOf = (span) => this.tracks.now(span);
    this.store.loading = true;
    this.log = new WorkerLog({
      batch: (batch, size) => {
        this.store.apply(batch, size);
        this.reading = { read: batch.read, size };
      },
      changed: on.changed,
      done: () => {
        this.store.loading = false;
        this.reading = null;
        // Nobody writes it any more, as far as anyone can tell.
        this.store.lost();
        on.changed();
      },
      failed: (text) => {
        this.store.loading = false;
        this.reading = null;
        this.problem = text;
        this.store.lost();
        if (this.store.fold.lines === this.store.fold.bad_lines) on.unreadable(text);
        else on.changed();
      },
    });
  }

  open() {
    this.reading = { read: 0, size: 0 };
    const { what } = this;
    this.log.open("file" in what ? { file: what.file } : { url: what.url });
  }

  close() {
    this.log.close();
  }

  /** Whole lines. @param {number} first @param {number} last */
  linesOf(first, last) {
    return this.log.lines(first, last);
  }

  /** What a span streamed, by rows; null where it streamed no values. @param {number} span */
  track(span) {
    return this.tracks.of(span);
  }

  async stop() {}

  /** @returns {Promise<string>} */
  async resume() {
    throw new Error("A file that was opened cannot go on. Keep it first.");
  }

  /** Makes a run of it, which the server keeps. */
  async keep() {
    if (this.#asked) return;
    this.#asked = true;
    this.problem = "";
    const { what } = this;
    try {
      const body = "file" in what ? what.file : await (await fetch(what.url)).blob();
      this.keeping = new Import(what.name, body, () => this.on.changed());
      this.on.changed();
      const { run } = await this.keeping.send();
      this.on.kept(run);
    } catch (error) {
      if (!(error instanceof ImportStopped)) {
        this.problem = `It could not be kept. ${sentence(error instanceof Error ? error.message : String(error))}`;
      }
    } finally {
      this.#asked = false;
      this.keeping = null;
      this.on.changed();
    }
  }
}
