// Above the list of runs: the search, the filters, the search in their text, and what is done with the selected ones.

import { button, el, glyph, setAttribute, setText, show } from "../dom.js";
import { chainLabel, count, counted } from "../format.js";
import { RunsBar } from "./runs_bar.js";

/** @typedef {import("./runs_bar.js").Act} Act */
/** @typedef {import("../runs_session.js").RunsSession} RunsSession */

const TYPING = 120;
/** @type {[value: string, said: string][]} */
const STATES = [
  ["", "All states"],
  ["*", "Starred"],
  ["running", "Running"],
  ["ok", "Ok"],
  ["error", "Error"],
  ["cancelled", "Cancelled"],
  ["interrupted", "Interrupted"],
  ["abandoned", "Abandoned"],
  ["lost", "Lost"],
];

export class RunsTools {
  #drawnChains = "";
  #hadText = false;

  /**
   * @param {RunsSession} session
   * @param {Act & { down: () => void }} act with the selected runs; down: into the list
   */
  constructor(session, act) {
    this.session = session;
    this.count = el("span", "runs-count");
    this.select = button("btn icon quiet small runs-select", [glyph("select")], {
      "aria-label": "Select runs",
      "aria-pressed": "false",
      title: "Select runs",
    });
    this.head = el("h2", "runs-head", "Runs");
    this.head.append(this.count);
    const top = el("div", "runs-top");
    top.append(this.head, this.select);
    this.search = el("input", "field runs-search", "", {
      type: "search",
      placeholder: "Search runs",
      "aria-label": "Search runs",
      autocomplete: "off",
      spellcheck: "false",
    });
    this.state = el("select", "select", "", { "aria-label": "State", autocomplete: "off" });
    this.state.append(...STATES.map(([value, said]) => new Option(said, value)));
    this.chain = el("select", "select", "", { "aria-label": "Only runs of", autocomplete: "off" });
    this.filters = el("div", "runs-filters");
    this.filters.append(this.state, this.chain);
    this.inside = button("btn quiet small runs-inside", "");
    this.progress = el("progress", "runs-progress", "", { "aria-label": "Runs searched" });
    this.said = el("span", "runs-said", "", { role: "status" });
    this.stop = button("btn quiet small", "Stop");
    this.searching = el("div", "runs-searching");
    this.searching.append(this.progress, this.said, this.stop);
    this.bar = new RunsBar(act, () => {
      this.selecting = false;
      session.selection.clear();
      session.changed();
    });
    this.elements = [top, this.search, this.filters, this.inside, this.searching, this.bar.element];
    this.#listen(act);
  }

  /** Boxes are shown, also where there is no pointer that could hover. */
  selecting = false;

  /** @param {{ down: () => void }} act */
  #listen(act) {
    const { session } = this;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let wait;
    const ask = () => {
      clearTimeout(wait);
      session.ask({ q: this.search.value.trim() });
    };
    this.search.addEventListener("input", () => {
      clearTimeout(wait);
      wait = setTimeout(ask, TYPING);
    });
    this.search.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "Enter") {
        ask();
        session.searchText();
      } else if (event.key === "ArrowDown") act.down();
      else if (event.key === "Escape" && this.search.value) {
        this.search.value = "";
        ask();
        event.stopPropagation();
      } else return;
      event.preventDefault();
    });
    this.state.addEventListener("change", () => {
      const { value } = this.state;
      session.ask({ status: value === "*" ? "" : value, starred: value === "*" });
    });
    this.chain.addEventListener("change", () => session.ask({ chain: this.chain.value }));
    this.inside.addEventListener("click", () => {
      ask();
      session.searchText();
    });
    this.stop.addEventListener("click", () => {
      if (session.text?.state === "reading") session.text.stop();
      else session.closeText();
    });
    this.select.addEventListener("click", () => {
      this.selecting = !this.selecting;
      if (!this.selecting) session.selection.clear();
      session.changed();
    });
  }

  /** Puts the fields back to what is asked for, where that was not done by them. */
  reset() {
    this.search.value = "";
    this.search.focus();
  }

  draw() {
    const { list, selection, shown, text } = this.session;
    const { filter } = list;
    const { q, status, chain, starred } = filter;
    const narrowed = Boolean(q || status || chain || starred);
    const some = `${count(shown.rows.length)} of ${count(list.total)}`;
    setText(this.count, list.total ? (narrowed || text ? some : count(list.total)) : "");
    const state = starred ? "*" : status;
    if (this.state.value !== state) this.state.value = state;
    this.state.classList.toggle("set", state !== "");
    this.chain.classList.toggle("set", chain !== "");
    this.#drawChains(list.chains, chain);
    show(this.filters, list.total > 0);
    show(this.select, list.total > 0);
    show(this.inside, q !== "" && !text && list.total > 0);
    if (q) setText(this.inside, `Look inside for “${q}”`);
    this.#drawText();
    const isOpen = this.selecting || selection.size > 0;
    setAttribute(this.select, "aria-pressed", String(isOpen));
    show(this.bar.element, isOpen);
    this.bar.draw(selection.size);
  }

  #drawText() {
    const { text } = this.session;
    show(this.searching, text !== null);
    if (!text) {
      this.#hadText = false;
      return;
    }
    if (!this.#hadText) this.said.textContent = "";
    this.#hadText = true;
    this.progress.max = text.of || 1;
    this.progress.value = text.of ? text.read : 0;
    show(this.progress, text.state === "reading");
    const found = `${counted(text.list.rows.length, "run")} with “${text.text}” inside`;
    const read = `${count(text.read)} of ${count(text.of)} searched`;
    if (text.state === "reading") setText(this.said, `${count(text.list.rows.length)} found, ${read}`);
    else if (text.state === "failed") setText(this.said, `${found}; ${read}. ${text.problem}`);
    else setText(this.said, text.state === "done" ? found : `${found}; ${read}`);
    setText(this.stop, text.state === "reading" ? "Stop" : "Close");
  }

  /** @param {string[]} chains @param {string} chosen */
  #drawChains(chains, chosen) {
    const known = chosen && !chains.includes(chosen) ? [...chains, chosen] : chains;
    const key = known.join("\n");
    if (key !== this.#drawnChains || !this.chain.options.length) {
      this.#drawnChains = key;
      const labels = known.map(chainLabel);
      // Two that would look the same are told apart by their whole names.
      const said = known.map((name, at) => {
        const label = /** @type {string} */ (labels[at]);
        return labels.indexOf(label) === labels.lastIndexOf(label) ? label : name;
      });
      this.chain.replaceChildren(
        new Option("All chains", ""),
        ...known.map((name, at) => new Option(said[at], name)),
      );
    }
    if (this.chain.value !== chosen) this.chain.value = chosen;
  }
}
