// What keeps the page in touch with the server: the events of the run that is shown. No DOM.

import { TEXT } from "./columns.js";
import { connections } from "./connections.js";
import { parseLine } from "./exact.js";
import { Whole } from "./expand.js";
import { Feed } from "./feed.js";
import { LineWindow } from "./line_window.js";
import { Pieces } from "./pieces.js";
import { RunStore } from "./store.js";
import { stepsOf, Tracks } from "./tracks.js";
import { WorkerLog } from "./worker_log.js";

/** @typedef {import("./api.js").Api} Api */
/** @typedef {import("./sse.js").Message} Message */
/** @typedef {import("./feed.js").FeedStatus} FeedStatus */

/** Bytes from which on a log is read by another thread. */
const LONG = 20e6;

/** Most lines: what a model says holds no values that grow. */
const MODEL_SAYS = /^\{"seq":\d+,"t_us":\d+,"event":"on_(?:chat_model|llm)_stream"/;

/** @param {string} text @returns {Record<string, any>} Throws SyntaxError. */
const parseOne = (text) => (MODEL_SAYS.test(text) ? JSON.parse(text) : parseLine(text));

/** One run, read from its first line on, and followed while it goes on. */
export class RunSession {
  /** @type {RunStore} */
  store;
  /** When the last line came, in ms of performance.now. */
  quietSince = performance.now();
  stopping = false;
  stopProblem = "";
  /** The line after which some were missing. @type {number | null} */
  #askedAfter = null;
  #pieces = new Pieces(true);
  #window = new LineWindow(parseOne);
  /** Puts back what lines say by reference. */
  #whole = this.#newWhole();
  /** Reads the log of a long run that has ended. @type {WorkerLog | null} */
  #log = null;
  #closed = false;
  /** How much of the log has been read, where that takes a while. @type {{ read: number, size: number } | null} */
  reading = null;
  /** Why the log cannot be read. */
  problem = "";

  /**
   * @param {string} run
   * @param {Api} api
   * @param {{ changed: () => void, replaced: () => void, feed: (status: FeedStatus) => void }} on
   * changed: new lines or another state; replaced: `store` is a new one, the log has to be read again
   */
  constructor(run, api, on) {
    this.run = run;
    this.api = api;
    this.on = on;
    this.store = this.#newStore();
    this.tracks = new Tracks(
      () => this.store,
      (seqs, rows) => (this.#log ? this.#log.track(seqs, rows) : stepsOf(api, run, seqs, rows)),
      () => on.changed(),
    );
    this.feed = new Feed({
      url: `/api/runs/${encodeURIComponent(run)}/events`,
      ask: connections.run,
      take: (messages, fresh) => this.#take(messages, fresh),
      changed: (status) => {
        if (status.state === "live") this.store.cutOff = null;
        else if (status.state === "waiting" || status.state === "paused") this.store.cutOff ??= Date.now();
        on.feed(status);
      },
    });
  }

  #newWhole() {
    const window = new LineWindow(parseOne);
    this.#window = window;
    this.#pieces = new Pieces(true);
    return new Whole(
      (seq) => window.line(seq),
      (seq) => window.size(seq),
    );
  }

  #newStore() {
    const store = new RunStore(this.run);
    store.trackOf = (span) => this.tracks.now(span);
    return store;
  }

  open() {
    void this.#begin();
  }

  close() {
    this.#closed = true;
    this.feed.close();
    this.#log?.close();
  }

  /** The log of a long run that has ended is read by another thread; anything else is followed. */
  async #begin() {
    const address = `/api/runs/${encodeURIComponent(this.run)}`;
    let about;
    try {
      about = await this.api.get(address);
    } catch {
      // Whether it is not there or cannot be had now, the feed tells.
    }
    if (this.#closed) return;
    if (!about || about.status === "running" || !(about.bytes >= LONG)) {
      this.feed.open();
      return;
    }
    this.store.loading = true;
    this.#log = new WorkerLog({
      batch: (batch, size) => {
        this.store.apply(batch, size);
        this.reading = { read: batch.read, size };
      },
      changed: this.on.changed,
      done: () => {
        this.store.loading = false;
        this.reading = null;
        this.store.lost();
        this.feed.close();
        this.on.changed();
      },
      failed: (text) => {
        this.store.loading = false;
        this.reading = null;
        this.problem = text;
        this.on.changed();
      },
    });
    this.#log.open({ url: `${address}/log` });
  }

  /** What a span streamed, by rows; null while it is being read, or where it streamed no values. @param {number} span */
  track(span) {
    return this.tracks.of(span);
  }

  /** Whole lines of the run. @param {number} first @param {number} last */
  linesOf(first, last) {
    if (this.#log) return this.#log.lines(first, last);
    return this.api.lines(`/api/runs/${encodeURIComponent(this.run)}/log?from=${first}&to=${last}&whole=1`);
  }

  async stop() {
    if (this.stopping) return;
    this.stopping = true;
    this.stopProblem = "";
    this.on.changed();
    try {
      await this.api.post(`/api/runs/${encodeURIComponent(this.run)}/cancel`);
    } catch (error) {
      this.stopping = false;
      this.stopProblem = error instanceof Error ? error.message : String(error);
      this.on.changed();
    }
  }

  /** The run that goes on with this answer. @param {unknown} answer @returns {Promise<string>} its id */
  async resume(answer) {
    const started = await this.api.post("/api/runs", { continues: this.run, resume: answer });
    return String(started.run);
  }

  /** @param {Message[]} messages @param {boolean} fresh */
  #take(messages, fresh) {
    const now = Date.now();
    for (const message of messages) {
      if (message.event !== "message" && message.event !== "oversize") {
        if (this.#signal(message)) return;
        continue;
      }
      if (message.event === "message" && this.#piece(message.data, now, fresh)) continue;
      let text = message.data;
      let raw;
      try {
        raw = parseOne(text);
      } catch {
        // A line that does not parse still has its place.
        const seq = this.store.lastSeq + 1;
        raw = { seq, event: "bad_line", line: seq + 1, bytes: text.length };
        text = JSON.stringify(raw);
      }
      let line = raw;
      // What came before is not put together again, nor what comes too early.
      const { lastSeq } = this.store;
      const next = this.#askedAfter === lastSeq ? Number.POSITIVE_INFINITY : lastSeq + 1;
      if (!Number.isInteger(raw.seq) || (raw.seq > lastSeq && raw.seq <= next)) {
        if (Number.isSafeInteger(raw.seq)) this.#window.push(raw.seq, text, raw);
        line = this.#whole.line(raw, text.length);
      }
      // Asked for once more; if they are missing again, there are none.
      const taken = this.store.take(line, now, fresh, this.#askedAfter === lastSeq);
      if (taken === "ok" && line === raw && this.store.columns.form[this.store.columns.length - 1] === TEXT) {
        this.#pieces.learn(text, raw);
      }
      if (taken === "gap") {
        this.#askedAfter = this.store.lastSeq;
        this.feed.restart(this.store.lastSeq < 0 ? "" : String(this.store.lastSeq));
        return;
      }
    }
    this.quietSince = performance.now();
    this.on.changed();
  }

  /** Takes a line that need not be parsed. @param {string} text @param {number} now @param {boolean} fresh */
  #piece(text, now, fresh) {
    const seq = this.store.lastSeq + 1;
    const pieces = this.#pieces;
    if (!pieces.take(seq, text, 0, text.length)) return false;
    if (pieces.repeats >= 0 && !this.#window.size(pieces.repeats)) return false;
    if (!this.store.takePiece(pieces, now, fresh)) return false;
    this.#window.push(seq, text);
    return true;
  }

  /** @param {Message} message @returns {boolean} whether nothing more of these messages counts */
  #signal({ event, data }) {
    /** @type {Record<string, any>} */
    let about = {};
    try {
      about = JSON.parse(data) ?? {};
    } catch {
      // A signal's name says enough.
    }
    if (event === "past_end") {
      // The file is shorter than what was read of it: another one stands in its place.
      this.store = this.#newStore();
      this.#whole = this.#newWhole();
      this.tracks.clear();
      this.on.replaced();
      this.feed.restart("");
      return true;
    }
    if (event === "alarm") {
      this.store.alarm = typeof about.message === "string" ? about.message : "unknown reason";
      return false;
    }
    if (event === "lost") this.store.lost();
    else if (event === "gone") this.store.gone = true;
    else if (event !== "end") return false;
    this.feed.close();
    this.on.changed();
    return true;
  }
}
