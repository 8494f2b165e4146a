// The list of runs: state, chain, how long, what about; a search; older ones on request.

import { button, el, glyph, setAttribute, setText, show } from "../dom.js";
import { chainLabel, clockTime, count, dayTime, duration, errorName } from "../format.js";

/** @typedef {import("../run_list.js").RunList} RunList */
/** @typedef {import("../run_list.js").Summary} Summary */
/** @typedef {{ item: HTMLLIElement, link: HTMLAnchorElement, state: HTMLElement, chain: HTMLElement, time: HTMLElement, about: HTMLElement, word: HTMLElement, drawn: Summary | null, key: string }} Entry */

/** What the list says of runs that ended in another way than well or with an error. @type {Record<string, string>} */
const SAID = {
  cancelled: "stopped",
  interrupted: "waits for an answer",
  abandoned: "abandoned",
  lost: "lost",
};

export class RunsView {
  /** @param {HTMLElement} root @param {import("../dom.js").Send} send */
  constructor(root, send) {
    this.send = send;
    this.count = el("span", "runs-count");
    const head = el("h2", "runs-head", "Runs");
    head.append(this.count);
    this.search = el("input", "field runs-search", "", {
      type: "search",
      placeholder: "Search runs",
      "aria-label": "Search runs",
      autocomplete: "off",
      spellcheck: "false",
    });
    this.list = el("ol", "runs-list");
    this.none = el("div", "runs-none", "", { role: "status" });
    this.older = button("btn quiet small runs-older", "Older runs");
    root.replaceChildren(head, this.search, this.list, this.none, this.older);
    /** @type {Map<string, Entry>} */
    this.entries = new Map();
    /** @type {string | null} */
    this.current = null;
    this.version = -1;
    this.drawnNone = "";
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let wait;
    this.search.addEventListener("input", () => {
      clearTimeout(wait);
      wait = setTimeout(() => send({ type: "search", query: this.search.value.trim() }), 150);
    });
    this.older.addEventListener("click", () => send({ type: "older" }));
    this.list.addEventListener("click", (event) => {
      const link = /** @type {Element} */ (event.target).closest("a");
      const run = link?.dataset.run;
      if (!run || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      send({ type: "open", run });
    });
  }

  /**
   * @param {RunList} list
   * @param {string | null} current the run that is shown
   * @param {string} problem why the list cannot be had, "" if it can
   * @param {number} wall
   * @returns {boolean} whether a duration counts
   */
  draw(list, current, problem, wall) {
    if (list.version !== this.version || current !== this.current) {
      this.version = list.version;
      this.current = current;
      this.#arrange(list);
    }
    this.#drawNone(list, problem);
    let counting = false;
    for (const summary of list.runs) {
      if (summary.status !== "running") continue;
      counting = true;
      const entry = this.entries.get(summary.run);
      if (entry) setText(entry.time, duration((wall - Date.parse(summary.started_at)) * 1000, true));
    }
    return counting;
  }

  /** @param {RunList} list */
  #arrange(list) {
    setText(this.count, list.total ? count(list.total) : "");
    show(this.older, list.next !== null);
    const today = new Date().toDateString();
    const seen = new Set();
    /** @type {Element | null} */
    let place = this.list.firstElementChild;
    for (const summary of list.runs) {
      seen.add(summary.run);
      let entry = this.entries.get(summary.run);
      if (!entry) {
        entry = makeEntry(summary);
        this.entries.set(summary.run, entry);
      }
      const answered = summary.status === "interrupted" && list.answerTo(summary.run) !== undefined;
      const key = `${answered}|${today}`;
      if (entry.drawn !== summary || entry.key !== key) fillEntry(entry, summary, answered);
      entry.key = key;
      setAttribute(entry.link, "aria-current", summary.run === this.current ? "page" : null);
      if (entry.item === place) place = place.nextElementSibling;
      else this.list.insertBefore(entry.item, place);
    }
    for (const [run, entry] of this.entries) {
      if (seen.has(run)) continue;
      entry.item.remove();
      this.entries.delete(run);
    }
  }

  /** @param {RunList} list @param {string} problem */
  #drawNone(list, problem) {
    const text =
      problem || (list.runs.length ? "" : list.query ? `No run has “${list.query}” in it.` : "No runs yet.");
    if (text === this.drawnNone) return;
    this.drawnNone = text;
    this.none.replaceChildren();
    show(this.none, text !== "");
    if (!text) return;
    this.none.append(el("p", "", text));
    if (list.query && !problem) {
      const clear = button("btn small", "Clear the search");
      clear.addEventListener("click", () => {
        this.search.value = "";
        this.search.focus();
        this.send({ type: "search", query: "" });
      });
      this.none.append(clear);
    }
  }
}

/** @param {Summary} summary @returns {Entry} */
function makeEntry(summary) {
  const item = el("li");
  const link = el("a", "runs-entry", "", { href: `/runs/${encodeURIComponent(summary.run)}` });
  link.dataset.run = summary.run;
  const state = el("i", "state");
  const word = el("span", "out-of-sight");
  const chain = el("span", "runs-chain");
  const time = el("span", "runs-time");
  const about = el("small", "runs-about");
  link.append(state, chain, word, time, about);
  item.append(link);
  return { item, link, state, chain, time, about, word, drawn: null, key: "" };
}

/** @param {Entry} entry @param {Summary} summary @param {boolean} answered another run goes on with its answer */
function fillEntry(entry, summary, answered) {
  entry.drawn = summary;
  entry.state.dataset.state = summary.status;
  setText(entry.chain, chainLabel(summary.chain) || "unknown chain");
  setText(entry.word, `, ${summary.status}, `);
  if (summary.duration_us !== null) setText(entry.time, duration(summary.duration_us));
  else if (summary.status !== "running") setText(entry.time, "");
  const failed = summary.error && summary.status === "error";
  const given = summary.continues ? `answer: ${summary.input}` : summary.input;
  const about = failed ? errorName(summary.error?.type ?? "") : given;
  const detail = failed && summary.error?.message ? `${about}: ${summary.error.message}` : about;
  const said = answered ? "answered" : SAID[summary.status];
  const when = dayTime(summary.started_at);
  setText(entry.about, [when, said, detail || (said ? "" : "no input")].filter(Boolean).join(" · "));
  entry.about.classList.toggle("failed", Boolean(failed));
  entry.link.title = [summary.chain, clockTime(summary.started_at), given].filter(Boolean).join("\n");
}

/** The button that shows the list where there is no room for it beside the run. @param {HTMLElement} opener @param {HTMLElement} drawer */
export function mountDrawer(opener, drawer) {
  const close = button("btn icon quiet runs-close", [glyph("close")], { "aria-label": "Close runs" });
  drawer.prepend(close);
  const veil = el("div", "veil", "", { "aria-hidden": "true" });
  drawer.after(veil);
  /** @param {boolean} open */
  const set = (open) => {
    document.body.classList.toggle("drawer-open", open);
    opener.setAttribute("aria-expanded", String(open));
    opener.setAttribute("aria-label", open ? "Hide runs" : "Show runs");
  };
  opener.addEventListener("click", () => {
    const open = opener.getAttribute("aria-expanded") !== "true";
    set(open);
    if (open) close.focus();
  });
  const leave = () => {
    set(false);
    opener.focus();
  };
  close.addEventListener("click", leave);
  veil.addEventListener("click", leave);
  drawer.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.body.classList.contains("drawer-open")) leave();
  });
  return { close: () => set(false) };
}
