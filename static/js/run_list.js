// The runs of the list by their place, the last to come first; what was not read yet is a hole. Changed one by one. No DOM.

/**
 * @typedef {{
 *   run: string, name: string | null, starred: boolean, chain: string, mode: string, status: string,
 *   started_at: string, duration_us: number | null, spans: number | null, input: string,
 *   error: { type: string, message: string } | null, bytes: number, pid: number | null, continues?: string | null,
 *   excerpt?: string, imported?: boolean,
 * }} Summary  `continues`: the run whose question this one answers; `excerpt`: where a search found its text; `imported`: it came later than it began.
 */
/** @typedef {{ q: string, status: string, chain: string, starred: boolean }} Filter */
/** @typedef {{ runs: Summary[], found: number, total: number, chains: string[] | null }} Page  `found` fit the filter. */

/** @type {Readonly<Filter>} */
export const EVERYTHING = Object.freeze({ q: "", status: "", chain: "", starred: false });

export class RunList {
  /** @type {(Summary | undefined)[]} */
  rows = [];
  /** All runs in the folder, whatever the filter. */
  total = 0;
  /** Names of the chains that ran here, as far as they are known. @type {string[]} */
  chains = [];
  /** @type {Readonly<Filter>} */
  filter = EVERYTHING;
  version = 0;
  /** What is told of runs that were not read does not fit what is here: the list has to be asked for again. */
  stale = false;
  /** Places by run; null where they have to be counted again. @type {Map<string, number> | null} */
  #places = null;
  /** The newest run that answers another, also where a filter hides it. @type {Map<string, Summary>} */
  #answers = new Map();
  /** @type {Summary | null} */
  #newest = null;

  /** The rows that were read. @returns {Summary[]} */
  get runs() {
    return /** @type {Summary[]} */ (this.rows.filter((row) => row !== undefined));
  }

  /** The place of a run, -1 where it has none. @param {string} run @returns {number} */
  place(run) {
    if (!this.#places) {
      this.#places = new Map();
      for (let at = 0; at < this.rows.length; at++) {
        const row = this.rows[at];
        if (row) this.#places.set(row.run, at);
      }
    }
    return this.#places.get(run) ?? -1;
  }

  /** The first place from `first` to `last` that was not read yet, or -1. @param {number} first @param {number} last */
  missing(first, last) {
    for (let at = Math.max(0, first); at <= Math.min(last, this.rows.length - 1); at++)
      if (!this.rows[at]) return at;
    return -1;
  }

  /**
   * A page of the server's list.
   * @param {Page} page
   * @param {number} offset its place
   * @param {boolean} anew takes the place of all that was there
   */
  page(page, offset, anew) {
    for (const summary of page.runs) this.#note(summary);
    if (anew) {
      this.rows = new Array(page.found);
      this.#places = null;
      this.stale = false;
    }
    // Runs come at the top: of a page that was read before one came or went, the places count from the end.
    const shift = this.rows.length - page.found;
    page.runs.forEach((summary, index) => {
      const at = offset + index + shift;
      if (at < 0 || at >= this.rows.length) return;
      const before = this.place(summary.run);
      if (before >= 0 && before !== at) this.rows[before] = undefined;
      this.rows[at] = summary;
      this.#places?.set(summary.run, at);
    });
    this.#places = null;
    this.total = page.total;
    if (page.chains) this.chains = page.chains;
    this.version++;
  }

  /** One more at the end. @param {Summary} summary */
  push(summary) {
    this.#places?.set(summary.run, this.rows.length);
    this.rows.push(summary);
    this.version++;
  }

  /** A run that began or changed. @param {Summary} summary */
  change(summary) {
    const isNew = !this.#newest || newestFirst(summary, this.#newest) < 0;
    this.#note(summary);
    if (isNew) this.total++;
    if (isNew && summary.chain && !this.chains.includes(summary.chain)) {
      this.chains = [...this.chains, summary.chain].sort();
    }
    this.version++;
    const at = this.place(summary.run);
    if (at >= 0) {
      const { excerpt } = /** @type {Summary} */ (this.rows[at]);
      if (matches(summary, this.filter)) this.rows[at] = excerpt ? { ...summary, excerpt } : summary;
      else this.#cut(at);
    } else if (matches(summary, this.filter)) this.#insert(summary, isNew);
  }

  /** What is known here already changes, nothing else. @param {Summary} summary */
  refresh(summary) {
    if (this.place(summary.run) >= 0) this.change(summary);
  }

  /** @param {Summary} summary @param {boolean} isNew */
  #insert(summary, isNew) {
    let at = this.rows.findIndex((row) => row && newestFirst(summary, row) < 0);
    if (at < 0) at = this.rows.length;
    // Beside a hole its place is not known; most likely it is in there.
    if (at > 0 && !this.rows[at - 1]) this.stale ||= isNew;
    else {
      this.rows.splice(at, 0, summary);
      this.#places = null;
    }
  }

  /** @param {number} at */
  #cut(at) {
    this.rows.splice(at, 1);
    this.#places = null;
  }

  /** The newest known run that answers this one. @param {string} run @returns {string | undefined} */
  answerTo(run) {
    return this.#answers.get(run)?.run;
  }

  /** @param {Summary} summary */
  #note(summary) {
    if (!this.#newest || newestFirst(summary, this.#newest) < 0) this.#newest = summary;
    const { continues } = summary;
    const known = continues ? this.#answers.get(continues) : undefined;
    if (continues && (!known || newestFirst(summary, known) <= 0)) this.#answers.set(continues, summary);
  }

  /** Runs that are no more. @param {Set<string>} runs */
  remove(runs) {
    for (const [asked, answer] of this.#answers) if (runs.has(answer.run)) this.#answers.delete(asked);
    let seen = 0;
    this.rows = Array.from(this.rows).filter((row) => {
      const isGone = row !== undefined && runs.has(row.run);
      if (isGone) seen++;
      return !isGone;
    });
    this.total = Math.max(0, this.total - seen);
    // One of those that were not read, or that do not fit the filter.
    if (seen < runs.size) this.stale = true;
    this.#places = null;
    this.version++;
  }
}

/** As the server orders them. @param {Summary} a @param {Summary} b */
function newestFirst(a, b) {
  const [x, y] = [began(a), began(b)];
  if (x !== y) return x < y ? 1 : -1;
  return a.run < b.run ? 1 : a.run > b.run ? -1 : 0;
}

const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** In ms: by the clock of its id, which is a UUIDv7, else by its own word. @param {Summary} summary */
function began({ run, started_at }) {
  if (UUID7.test(run)) return Number.parseInt(run.slice(0, 8) + run.slice(9, 13), 16);
  return Date.parse(started_at) || 0;
}

/** As the server searches: in id, name, chain, input, error and status, ignoring case. @param {Summary} summary @param {Filter} filter */
export function matches(summary, filter) {
  const { run, name, chain, status, input, error, starred } = summary;
  if (filter.status && filter.status !== status) return false;
  if ((filter.chain && filter.chain !== chain) || (filter.starred && !starred)) return false;
  if (!filter.q) return true;
  const about = error ? `${error.type} ${error.message}` : "";
  return [run, name ?? "", chain, status, input, about]
    .join("\n")
    .toLowerCase()
    .includes(filter.q.toLowerCase());
}
