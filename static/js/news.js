// What is said aloud of a run while it is shown: what failed, what was found, how it ended; each once. No DOM.

import { chainLabel, duration, errorName } from "./format.js";

export class News {
  /** The version of the run that was told of last; -1 for none. */
  version = -1;
  #failures = 0;
  #findings = 0;
  #running = false;

  /** @param {boolean} all what the run holds already is news, too: it was started here */
  constructor(all) {
    if (all) this.version = 0;
    this.#running = all;
  }

  /** @param {import("./store.js").RunStore} store @param {(text: string) => void} announce */
  tell({ fold, running }, announce) {
    const failures = fold.failures();
    if (this.version >= 0) {
      for (const found of fold.findings.slice(this.#findings)) announce(`Finding: ${found.text}`);
      for (const span of failures.slice(this.#failures))
        announce(`${span.name} failed: ${errorName(span.error?.type ?? "")}.`);
      if (this.#running && !running)
        announce(`${chainLabel(fold.chain)}: ${fold.status} after ${duration(fold.t_us)}.`);
    }
    this.version = fold.version;
    this.#failures = failures.length;
    this.#findings = fold.findings.length;
    this.#running = running;
  }
}
