// Which events the log shows: row numbers of those that fit, kept up as events come. No DOM.

import { isModel } from "./spans.js";

/** @typedef {import("./store.js").RunStore} RunStore */
/** @typedef {"all" | "start / end" | "stream" | "errors" | "findings"} Phases */
/** @typedef {{ phases: Phases, type: string, name: string }} Filter  `type` "" is any, "model" both kinds of model; `name` is looked for in the span's name, ignoring case. */

/** @type {Phases[]} */
export const PHASE_FILTERS = ["all", "start / end", "stream", "errors", "findings"];

export class RowsFilter {
  /** @type {Filter} */
  filter = { phases: "all", type: "", name: "" };
  length = 0;
  #rows = new Uint32Array(1024);
  #read = 0;
  /** Whether a span's name fits. @type {Map<number, boolean>} */
  #names = new Map();
  /** @type {boolean[]} */
  #kinds = [];
  /** @type {RunStore | null} */
  #store = null;

  /** @param {Partial<Filter>} filter */
  set(filter) {
    this.filter = { ...this.filter, ...filter };
    this.#reset();
  }

  get isOn() {
    return this.filter.phases !== "all" || this.filter.type !== "" || this.filter.name !== "";
  }

  #reset() {
    this.length = 0;
    this.#read = 0;
    this.#names.clear();
    this.#kinds = [];
  }

  /** Takes in what came since. @param {RunStore} store */
  update(store) {
    if (store !== this.#store) {
      this.#store = store;
      this.#reset();
    }
    const { columns } = store;
    for (; this.#read < columns.length; this.#read++) {
      if (!this.isOn || (this.#kindFits(store, this.#read) && this.#nameFits(store, this.#read)))
        this.#add(this.#read);
    }
  }

  /** The row number of the `index`-th event shown. @param {number} index */
  row(index) {
    return /** @type {number} */ (this.#rows[index]);
  }

  /** The index of the first event shown at or after a row. @param {number} row */
  indexOf(row) {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.row(middle) < row) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** @param {number} row */
  #add(row) {
    if (this.length === this.#rows.length) {
      const larger = new Uint32Array(this.length * 2);
      larger.set(this.#rows);
      this.#rows = larger;
    }
    this.#rows[this.length++] = row;
  }

  /** @param {RunStore} store @param {number} row */
  #kindFits({ columns }, row) {
    const code = /** @type {number} */ (columns.kind[row]);
    const known = this.#kinds[code];
    if (known !== undefined) return known;
    const { event, type, phase } = columns.kindAt(row);
    const { phases, type: wanted } = this.filter;
    const fits =
      (wanted === "" || (wanted === "model" ? isModel(type) : type === wanted)) &&
      (phases === "all" ||
        (phases === "stream" && phase === "stream") ||
        (phases === "findings" && event === "finding") ||
        (phases === "errors" && (phase === "error" || event === "bad_line")) ||
        (phases === "start / end" &&
          (phase === "start" || phase === "end" || phase === "error" || event.startsWith("run_"))));
    this.#kinds[code] = fits;
    return fits;
  }

  /** @param {RunStore} store @param {number} row */
  #nameFits({ columns, fold }, row) {
    const { name } = this.filter;
    if (!name) return true;
    const number = columns.spanAt(row);
    const known = this.#names.get(number);
    if (known !== undefined) return known;
    const span = fold.span(number);
    const fits = (span?.name ?? "").toLowerCase().includes(name.toLowerCase());
    if (span || number === 0) this.#names.set(number, fits);
    return fits;
  }
}
