// Which runs of the list are selected. No DOM.

export class RunSelection {
  /** @type {Set<string>} */
  runs = new Set();
  version = 0;
  /** Where a range begins. @type {string | null} */
  anchor = null;
  /** What the last range added, so that the next one from the same anchor takes its place. @type {string[]} */
  #range = [];

  get size() {
    return this.runs.size;
  }

  /** @param {string} run */
  has(run) {
    return this.runs.has(run);
  }

  /** @param {string} run */
  toggle(run) {
    if (!this.runs.delete(run)) this.runs.add(run);
    this.anchor = run;
    this.#range = [];
    this.version++;
  }

  /** From the anchor to this one, both included. @param {string} run @param {string[]} order all runs as they stand */
  extend(run, order) {
    const to = order.indexOf(run);
    if (to < 0) return;
    if (this.anchor === null || !order.includes(this.anchor)) this.anchor = run;
    const from = order.indexOf(this.anchor);
    for (const one of this.#range) this.runs.delete(one);
    this.#range = order.slice(Math.min(from, to), Math.max(from, to) + 1);
    for (const one of this.#range) this.runs.add(one);
    this.version++;
  }

  /** @param {string[]} runs */
  all(runs) {
    this.runs = new Set(runs);
    this.#range = [];
    this.version++;
  }

  /** Runs that are no more. @param {Iterable<string>} runs */
  remove(runs) {
    for (const run of runs) if (this.runs.delete(run)) this.version++;
  }

  clear() {
    if (!this.runs.size && this.anchor === null) return;
    this.runs.clear();
    this.anchor = null;
    this.#range = [];
    this.version++;
  }
}
