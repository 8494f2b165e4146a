// What keeps the page in touch with the list of runs: read where it is seen, changed as runs change. No DOM.

import { Feed } from "./feed.js";
import { EVERYTHING, RunList } from "./run_list.js";
import { TextSearch } from "./run_search.js";
import { RunSelection } from "./run_selection.js";

/** @typedef {import("./api.js").Api} Api */
/** @typedef {import("./sse.js").Message} Message */
/** @typedef {import("./run_list.js").Filter} Filter */
/** @typedef {{ deleted: string[], running: string[], missing: string[], failed: string[] }} Deleted */

const FIRST_PAGE = 60;
const PAGE = 100;
const AGAIN = 300;

export class RunsSession {
  list = new RunList();
  selection = new RunSelection();
  /** The search in the text of runs whose results are shown instead of the list. @type {TextSearch | null} */
  text = null;
  /** Why the list cannot be had, "" if it can. */
  problem = "";
  /** Whether the list was read at all. */
  ready = false;
  #asked = 0;
  /** The first place that is seen. */
  #seen = 0;
  #reading = false;
  /** What changed since the list was asked for: the answer may be older. @type {Map<string, import("./run_list.js").Summary>} */
  #news = new Map();
  /** @type {import("./feed.js").FeedState} */
  #state = "idle";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #again;

  /** @param {Api} api @param {() => void} changed @param {typeof fetch} [ask] for the stream of changes */
  constructor(api, changed, ask) {
    this.api = api;
    this.changed = changed;
    this.feed = new Feed({
      url: "/api/runs/events",
      take: (messages) => this.#take(messages),
      changed: (status) => {
        // The stream tells of changes only: the list is asked for once it is open, so that none falls between.
        const opened = status.state === "live" && this.#state !== "live";
        this.#state = status.state;
        if (opened) void this.#anew(this.#seen);
        if (status.state === "waiting" && status.tries > 1) this.problem = "The server does not answer.";
        this.changed();
      },
      ...(ask && { ask }),
    });
  }

  open() {
    this.feed.open();
  }

  /** What is shown: the list, or what was found in the text of runs. */
  get shown() {
    return this.text?.list ?? this.list;
  }

  /** Another search or filter. @param {Partial<Filter>} change */
  ask(change) {
    const filter = { ...this.list.filter, ...change };
    const before = this.list.filter;
    const same = /** @type {(keyof Filter)[]} */ (Object.keys(filter)).every(
      (name) => filter[name] === before[name],
    );
    if (same && !this.text) return;
    this.closeText();
    this.list.filter = filter;
    this.selection.clear();
    this.#seen = 0;
    void this.#anew(0);
  }

  everything() {
    this.ask(EVERYTHING);
  }

  /** Looks for what is searched for in the text of the runs too. */
  searchText() {
    const { q } = this.list.filter;
    if (!q || this.text?.text === q) return;
    this.closeText();
    this.selection.clear();
    this.text = new TextSearch(q, this.list.filter, () => this.changed());
    this.changed();
  }

  closeText() {
    this.text?.stop();
    this.text = null;
    this.changed();
  }

  /** What is seen has to be read. @param {number} first @param {number} last */
  want(first, last) {
    if (!this.text) this.#seen = first;
    if (this.text || this.#reading || this.problem) return;
    const at = this.list.missing(first, last);
    if (at >= 0) void this.#read(Math.max(0, Math.min(at, last - PAGE + 1)), PAGE, false);
  }

  /** The ids of all that is listed, also of what was not read. @returns {Promise<string[]>} */
  async ids() {
    const { rows } = this.shown;
    if (this.shown.missing(0, rows.length) < 0) return this.shown.runs.map((row) => row.run);
    return (await this.api.get(`/api/runs?${this.#query({ ids: "1" })}`)).ids;
  }

  /** @param {string} run @param {{ name?: string | null, starred?: boolean }} changes */
  async annotate(run, changes) {
    const summary = await this.api.patch(`/api/runs/${encodeURIComponent(run)}`, changes);
    this.list.change(summary);
    this.text?.list.refresh(summary);
    this.changed();
  }

  /** @param {string[]} runs @returns {Promise<Deleted>} */
  async remove(runs) {
    /** @type {Deleted} */
    const done = await this.api.del("/api/runs", { runs });
    this.#gone(new Set([...done.deleted, ...done.missing]));
    this.changed();
    return done;
  }

  /** @param {Set<string>} runs */
  #gone(runs) {
    this.list.remove(new Set([...runs].filter((run) => !this.#told.has(run))));
    for (const run of runs) this.#told.add(run);
    this.text?.list.remove(runs);
    this.selection.remove(runs);
    this.#heal();
  }

  /** Runs that are known to be gone: the answer to a delete and the stream both say so. @type {Set<string>} */
  #told = new Set();

  /** @param {Record<string, string>} more */
  #query(more) {
    const { q, status, chain, starred } = this.list.filter;
    const query = new URLSearchParams(more);
    if (q) query.set("q", q);
    if (status) query.set("status", status);
    if (chain) query.set("chain", chain);
    if (starred) query.set("starred", "1");
    return query;
  }

  /** @param {number} first what is seen first */
  #anew(first) {
    return this.#read(Math.max(0, first - PAGE / 4), first ? PAGE : FIRST_PAGE, true);
  }

  /** Asks again, soon and once, where what was told could not be put in its place. */
  #heal() {
    if (!this.list.stale || this.#again !== undefined) return;
    this.#again = setTimeout(() => {
      this.#again = undefined;
      void this.#anew(this.#seen);
    }, AGAIN);
  }

  /** @param {number} offset @param {number} limit @param {boolean} anew */
  async #read(offset, limit, anew) {
    const asked = ++this.#asked;
    this.#reading = true;
    this.#news.clear();
    try {
      const page = await this.api.get(
        `/api/runs?${this.#query({ offset: String(offset), limit: String(limit) })}`,
      );
      // Only the newest question counts.
      if (asked !== this.#asked) return;
      this.list.page(page, offset, anew);
      for (const summary of this.#news.values()) this.list.change(summary);
      this.problem = "";
      this.ready = true;
    } catch (error) {
      if (asked !== this.#asked) return;
      this.problem = error instanceof Error ? error.message : String(error);
    } finally {
      if (asked === this.#asked) this.#reading = false;
    }
    this.changed();
  }

  /** @param {Message[]} messages */
  #take(messages) {
    /** @type {Set<string>} */
    const gone = new Set();
    for (const { event, data } of messages) {
      let about;
      try {
        about = JSON.parse(data);
      } catch {
        continue;
      }
      if (event === "gone") {
        gone.add(String(about.run));
        this.#news.delete(about.run);
      } else if (event === "message") {
        this.#told.delete(about.run);
        if (this.#reading) this.#news.set(about.run, about);
        this.list.change(about);
        this.text?.list.refresh(about);
      }
    }
    if (gone.size) this.#gone(gone);
    this.#heal();
    this.changed();
  }
}
