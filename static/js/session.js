// What keeps the page in touch with the server: the events of the run that is shown. No DOM.

import { connections } from "./connections.js";
import { Feed } from "./feed.js";
import { RunStore } from "./store.js";

/** @typedef {import("./api.js").Api} Api */
/** @typedef {import("./sse.js").Message} Message */
/** @typedef {import("./feed.js").FeedStatus} FeedStatus */

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
    this.store = new RunStore(run);
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

  open() {
    this.feed.open();
  }

  close() {
    this.feed.close();
  }

  /** Lines of the run as they stand in its log. @param {number} first @param {number} last */
  linesOf(first, last) {
    return this.api.lines(`/api/runs/${encodeURIComponent(this.run)}/log?from=${first}&to=${last}`);
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
      let line;
      try {
        line = JSON.parse(message.data);
      } catch {
        // A line that does not parse still has its place.
        line = {
          seq: this.store.lastSeq + 1,
          event: "bad_line",
          line: this.store.lastSeq + 2,
          bytes: message.data.length,
        };
      }
      // Asked for once more; if they are missing again, there are none.
      if (this.store.take(line, now, fresh, this.#askedAfter === this.store.lastSeq) === "gap") {
        this.#askedAfter = this.store.lastSeq;
        this.feed.restart(this.store.lastSeq < 0 ? "" : String(this.store.lastSeq));
        return;
      }
    }
    this.quietSince = performance.now();
    this.on.changed();
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
      this.store = new RunStore(this.run);
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
