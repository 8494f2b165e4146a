// The runs of the list: newest first, changed one by one. No DOM.

/**
 * @typedef {{
 *   run: string, chain: string, mode: string, status: string, started_at: string, duration_us: number | null,
 *   spans: number | null, input: string, error: { type: string, message: string } | null, bytes: number,
 *   pid: number | null, continues?: string | null,
 * }} Summary  `continues`: the run whose question this one answers.
 */

export class RunList {
  /** Newest first. @type {Summary[]} */
  runs = [];
  /** All runs in the folder, whatever the search. */
  total = 0;
  /** Where the next page begins; null where there is none. @type {string | null} */
  next = null;
  query = "";
  version = 0;
  /** The newest run that answers another, also where a search hides it. @type {Map<string, Summary>} */
  #answers = new Map();

  /**
   * A page of the server's list.
   * @param {{ runs: Summary[], next: string | null, total: number }} page
   * @param {boolean} first the first page takes the place of all that was there
   */
  page(page, first) {
    if (first) this.runs = [];
    const known = new Set(this.runs.map((summary) => summary.run));
    for (const summary of page.runs) this.#note(summary);
    this.runs.push(...page.runs.filter((summary) => !known.has(summary.run)));
    this.runs.sort(newestFirst);
    this.next = page.next;
    this.total = page.total;
    this.version++;
  }

  /** A run that began or changed. @param {Summary} summary */
  change(summary) {
    this.#note(summary);
    const at = this.runs.findIndex((one) => one.run === summary.run);
    const newest = this.runs[0];
    if (at >= 0) {
      if (matches(summary, this.query)) this.runs[at] = summary;
      else this.runs.splice(at, 1);
    } else {
      const isNew = !newest || newestFirst(summary, newest) < 0;
      if (isNew && !this.query) this.total++;
      // An older one belongs to a page that was not asked for yet.
      const last = this.runs.at(-1);
      if (matches(summary, this.query) && (this.next === null || !last || newestFirst(summary, last) < 0)) {
        this.runs.push(summary);
        this.runs.sort(newestFirst);
      }
    }
    this.version++;
  }

  /** The newest known run that answers this one. @param {string} run @returns {string | undefined} */
  answerTo(run) {
    return this.#answers.get(run)?.run;
  }

  /** @param {Summary} summary */
  #note(summary) {
    const { continues } = summary;
    const known = continues ? this.#answers.get(continues) : undefined;
    if (continues && (!known || newestFirst(summary, known) <= 0)) this.#answers.set(continues, summary);
  }

  /** @param {string} run */
  remove(run) {
    for (const [asked, answer] of this.#answers) if (answer.run === run) this.#answers.delete(asked);
    const before = this.runs.length;
    this.runs = this.runs.filter((summary) => summary.run !== run);
    if (this.runs.length < before) this.total = Math.max(0, this.total - 1);
    this.version++;
  }
}

/** @param {Summary} a @param {Summary} b */
function newestFirst(a, b) {
  if (a.started_at !== b.started_at) return a.started_at < b.started_at ? 1 : -1;
  return a.run < b.run ? 1 : a.run > b.run ? -1 : 0;
}

/** As the server searches: in chain, input, error and status, ignoring case. @param {Summary} summary @param {string} query */
export function matches(summary, query) {
  const { run, chain, status, input, error } = summary;
  const about = error ? `${error.type} ${error.message}` : "";
  return [run, chain, status, input, about].join("\n").toLowerCase().includes(query.toLowerCase());
}
