// The list of runs. Only the rows in view are in the document; what is not read yet is asked for when it is seen.

import { button, el, show } from "../dom.js";
import { counted, dayTime } from "../format.js";
import { confirm } from "./confirm.js";
import { givenText, RunEntry, titleOf } from "./run_entry.js";
import { RunsTools } from "./runs_tools.js";

/** @typedef {import("../run_list.js").Summary} Summary */
/** @typedef {import("../runs_session.js").RunsSession} RunsSession */

const BEYOND = 6;
const ROW = 50;

export class RunsView {
  /** Rows in the document, by run. @type {Map<string, RunEntry>} */
  entries = new Map();
  /** @type {RunEntry[]} */
  #spare = [];
  /** The run that the Tab key reaches. @type {string | null} */
  #active = null;
  /** The run that had the focus is gone. */
  #isLost = false;
  /** The run that stands at the top, and how far it is scrolled out. @type {{ run: string, past: number } | null} */
  #top = null;
  #drawn = "";
  #row = ROW;
  #height = 0;
  /** How far it is scrolled: to ask the browser in a frame would make it lay out all anew. */
  #scrolled = 0;
  /** What went wrong with what was asked for last. */
  #trouble = "";
  /** @type {string} */
  #said = "";
  /** @type {string | null} */
  #current = null;

  /**
   * @param {HTMLElement} root
   * @param {import("../dom.js").Send} send
   * @param {RunsSession} session
   * @param {(text: string) => void} announce
   */
  constructor(root, send, session, announce) {
    this.send = send;
    this.session = session;
    this.announce = announce;
    this.tools = new RunsTools(session, {
      all: () => void this.#all(),
      star: () => void this.#starSelected(),
      rename: () => this.#rename([...session.selection.runs][0] ?? null),
      remove: () => void this.#remove([...session.selection.runs]),
      down: () => this.#focus(0),
    });
    this.search = this.tools.search;
    this.list = el("ol", "runs-list", "", { "aria-label": "Runs, the last to come first" });
    this.scroller = el("div", "runs-scroller", "", { tabindex: "-1" });
    this.scroller.append(this.list);
    this.none = el("div", "runs-none", "", { role: "status" });
    root.replaceChildren(...this.tools.elements, this.none, this.scroller);
    this.scroller.addEventListener("scroll", () => {
      this.#scrolled = this.scroller.scrollTop;
      this.#top = null;
      session.changed();
    });
    new ResizeObserver(() => this.#measure()).observe(this.scroller);
    this.list.addEventListener("click", (event) => this.#click(event));
    this.list.addEventListener("keydown", (event) => void this.#key(event));
    this.list.addEventListener("focusin", (event) => {
      const run = runOf(event.target);
      if (run) this.#activate(run);
    });
    this.#measure();
  }

  #measure() {
    this.#row = Number.parseFloat(getComputedStyle(this.list).getPropertyValue("--run-row")) || ROW;
    this.#height = this.scroller.clientHeight;
    this.#scrolled = this.scroller.scrollTop;
    this.#drawn = "";
    this.session.changed();
  }

  /** What was searched for inside of runs is searched for in the one that is opened. */
  get #find() {
    const text = this.session.text?.text ?? "";
    // In quotes it is no filter, whatever stands in it.
    return /^[\p{L}\p{N}_-]*$/u.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
  }

  /** @param {string} run */
  #activate(run) {
    if (run === this.#active) return;
    this.#active = run;
    this.#drawn = "";
    this.session.changed();
  }

  /**
   * @param {string | null} current the run that is shown
   * @param {number} wall
   * @returns {boolean} whether a duration counts
   */
  draw(current, wall) {
    this.#current = current;
    const { session } = this;
    const list = session.shown;
    this.tools.draw();
    this.#keepPlace();
    const top = this.#scrolled;
    const first = Math.max(0, Math.floor(top / this.#row));
    const last = Math.min(list.rows.length - 1, Math.ceil((top + this.#height) / this.#row));
    session.want(first, last + BEYOND);
    const { selection } = session;
    const drawn = [
      list.version,
      selection.version,
      first,
      last,
      current,
      this.#active,
      this.tools.selecting,
    ].join("|");
    if (drawn !== this.#drawn || this.#list !== list) {
      this.#drawn = drawn;
      this.#list = list;
      this.#arrange(first - BEYOND, last + BEYOND);
    }
    const row = list.rows[first];
    this.#top = row && top > 0 ? { run: row.run, past: top - first * this.#row } : null;
    this.#drawNone();
    return this.tick(wall);
  }

  /** Durations that count: all that changes while nothing else does. @param {number} wall @returns {boolean} whether there are any */
  tick(wall) {
    let counting = false;
    for (const entry of this.entries.values()) counting = entry.tick(wall) || counting;
    return counting;
  }

  /** @type {import("../run_list.js").RunList | null} */
  #list = null;

  /** What is read stays where it is while others come above it. */
  #keepPlace() {
    const list = this.session.shown;
    const height = `${list.rows.length * this.#row}px`;
    if (this.list.style.height !== height) {
      this.list.style.height = height;
      // The browser does the same, and tells later.
      this.#scrolled = Math.min(this.#scrolled, this.#most);
    }
    if (list !== this.#list && this.#list) this.#scrollTo(0);
    else if (this.#top) {
      const at = list.place(this.#top.run);
      const to = at * this.#row + this.#top.past;
      if (at >= 0 && Math.abs(to - this.#scrolled) >= 1) this.#scrollTo(to);
    }
  }

  /** @param {number} top */
  #scrollTo(top) {
    this.#scrolled = Math.max(0, Math.min(top, this.#most));
    this.scroller.scrollTop = top;
  }

  /** How far it can be scrolled. */
  get #most() {
    return Math.max(0, this.session.shown.rows.length * this.#row - this.#height);
  }

  /** @param {number} first @param {number} last */
  #arrange(first, last) {
    const list = this.session.shown;
    const { rows } = list;
    if (this.#active === null || list.place(this.#active) < 0) {
      this.#active = (rows[Math.max(0, first + BEYOND)] ?? rows[0])?.run ?? null;
    }
    /** @type {number[]} */
    const places = [];
    for (let at = Math.max(0, first); at <= Math.min(last, rows.length - 1); at++) places.push(at);
    // What has the focus stays, wherever it is scrolled to.
    const held = runOf(document.activeElement);
    const kept = held === null ? -1 : list.place(held);
    if (kept >= 0 && !places.includes(kept)) places.push(kept);
    places.sort((a, b) => a - b);
    const wanted = new Set(places.map((at) => rows[at]?.run));
    for (const [run, entry] of this.entries) {
      if (wanted.has(run)) continue;
      entry.element.remove();
      this.entries.delete(run);
      this.#spare.push(entry);
    }
    const day = new Date().toDateString();
    const find = this.#find;
    this.scroller.classList.toggle("selecting", this.tools.selecting || this.session.selection.size > 0);
    /** @type {Element | null} */
    let next = this.list.firstElementChild;
    for (const place of places) {
      const summary = rows[place];
      if (!summary) continue;
      let entry = this.entries.get(summary.run);
      if (!entry) {
        entry = this.#spare.pop() ?? new RunEntry();
        this.entries.set(summary.run, entry);
      }
      entry.draw(summary, {
        answered: summary.status === "interrupted" && this.session.list.answerTo(summary.run) !== undefined,
        selected: this.session.selection.has(summary.run),
        current: summary.run === this.#current,
        active: summary.run === this.#active,
        place,
        of: rows.length,
        day,
        find,
      });
      const { element } = entry;
      const move = `0 ${place * this.#row}px`;
      if (element.style.translate !== move) element.style.translate = move;
      if (element === next) next = element.nextElementSibling;
      else this.list.insertBefore(element, next);
    }
    // Where it is not in the list any more, who goes on by keyboard does so from the top.
    if (document.activeElement !== document.body) this.#isLost = false;
    else if (held !== null) this.#isLost = true;
    const active = this.#isLost ? this.entries.get(this.#active ?? "") : undefined;
    if (!active) return;
    this.#isLost = false;
    active.link.focus({ preventScroll: true });
  }

  #drawNone() {
    const { problem, list, text, ready } = this.session;
    const { q, status, chain, starred } = list.filter;
    let said = problem || this.#trouble;
    let clear = "";
    if (!said && text) said = "";
    else if (!said && ready && !list.rows.length) {
      const narrowed = status || chain || starred;
      if (q) said = `No run has “${q}” in its name, chain, input or error.`;
      else said = narrowed ? "No run is like that." : "No runs yet.";
      if (q || narrowed) clear = narrowed ? "Show all runs" : "Clear the search";
    }
    const key = `${said}|${clear}`;
    if (key === this.#said) return;
    this.#said = key;
    this.none.replaceChildren();
    show(this.none, said !== "");
    if (!said) return;
    this.none.append(el("p", "", said));
    if (!clear) return;
    const again = button("btn small", clear);
    again.addEventListener("click", () => {
      this.tools.reset();
      this.session.everything();
    });
    this.none.append(again);
  }

  // ── What is done with them ──

  /** @param {MouseEvent} event */
  #click(event) {
    const run = runOf(event.target);
    const target = /** @type {Element} */ (event.target);
    if (!run || event.button) return;
    const { selection } = this.session;
    if (target.closest(".runs-star")) void this.#star([run]);
    else if (target.closest(".runs-pencil")) this.#rename(run);
    else if (target.closest(".runs-box") || this.tools.selecting) {
      if (target.closest("a")) event.preventDefault();
      if (event.shiftKey) void this.#extend(run);
      else selection.toggle(run);
      this.session.changed();
    } else if (target.closest("a")) {
      if (event.shiftKey && selection.size) {
        event.preventDefault();
        void this.#extend(run);
        return;
      }
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      this.send({ type: "open", run, find: this.#find });
    }
  }

  /** @param {KeyboardEvent} event */
  async #key(event) {
    const run = runOf(event.target);
    if (!run || event.isComposing || event.altKey) return;
    const { selection, shown } = this.session;
    const at = shown.place(run);
    const onLink = /** @type {Element} */ (event.target).closest("a") !== null;
    const page = Math.max(1, Math.floor(this.#height / this.#row) - 1);
    const last = shown.rows.length - 1;
    /** @type {Record<string, number>} */
    const moves = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: last,
    };
    const { key } = event;
    const isCommand = event.ctrlKey || event.metaKey;
    const to = moves[key];
    if (to !== undefined && !isCommand) {
      event.preventDefault();
      event.stopPropagation();
      if (to < 0 && key === "ArrowUp") {
        this.search.focus();
        return;
      }
      if (event.shiftKey && selection.anchor === null) selection.anchor = run;
      const next = this.#focus(Math.max(0, Math.min(last, to)));
      if (event.shiftKey && next) await this.#extend(next);
      return;
    }
    if (isCommand && key.toLowerCase() === "a") void this.#all();
    else if (isCommand) return;
    else if (key === " " && onLink) {
      if (event.shiftKey) void this.#extend(run);
      else selection.toggle(run);
    } else if (key === "F2") this.#rename(run);
    else if (key === "Delete" || (key === "Backspace" && onLink))
      void this.#remove(selection.size ? [...selection.runs] : [run]);
    else if (key === "Escape" && (selection.size || this.tools.selecting)) {
      selection.clear();
      this.tools.selecting = false;
    } else return;
    event.preventDefault();
    event.stopPropagation();
    this.session.changed();
  }

  /** Goes to a row, also one that is not in the document yet. @param {number} place @returns {string | null} its run */
  #focus(place) {
    const row = this.session.shown.rows[place];
    const top = place * this.#row;
    this.#top = null;
    if (top < this.#scrolled) this.#scrollTo(top);
    else if (top + this.#row > this.#scrolled + this.#height) this.#scrollTo(top + this.#row - this.#height);
    if (!row) return null;
    this.#active = row.run;
    this.draw(this.#current, Date.now());
    this.entries.get(row.run)?.link.focus({ preventScroll: true });
    return row.run;
  }

  async #all() {
    await this.#try(async () => {
      this.session.selection.all(await this.session.ids());
      this.announce(`${counted(this.session.selection.size, "run")} selected`);
    });
  }

  /** @param {string} run */
  async #extend(run) {
    const { selection, shown } = this.session;
    const anchor = selection.anchor === null ? -1 : shown.place(selection.anchor);
    const to = shown.place(run);
    await this.#try(async () => {
      const isRead = anchor >= 0 && shown.missing(Math.min(anchor, to), Math.max(anchor, to)) < 0;
      selection.extend(run, isRead ? shown.runs.map((row) => row.run) : await this.session.ids());
    });
  }

  #starSelected() {
    const { selection, shown } = this.session;
    // Those that have one lose theirs only where all have one.
    const without = [...selection.runs].filter((run) => !shown.rows[shown.place(run)]?.starred);
    return this.#star(without.length ? without : [...selection.runs], without.length > 0);
  }

  /** @param {string[]} runs @param {boolean} [starred] the other way round without */
  #star(runs, starred) {
    return this.#try(async () => {
      for (const run of runs) {
        const summary = this.#summary(run);
        await this.session.annotate(run, { starred: starred ?? !summary?.starred });
      }
    });
  }

  /** @param {string} run */
  #summary(run) {
    const { shown } = this.session;
    return shown.rows[shown.place(run)];
  }

  /** @param {string | null} run */
  #rename(run) {
    if (run === null) return;
    const place = this.session.shown.place(run);
    if (place < 0) return;
    this.#focus(place);
    const entry = this.entries.get(run);
    entry?.edit(
      (name) => void this.#try(() => this.session.annotate(run, { name: name || null })),
      (refocus) => {
        if (refocus) entry.link.focus({ preventScroll: true });
        this.session.changed();
      },
    );
  }

  /** @param {string[]} runs */
  async #remove(runs) {
    const [first] = runs;
    if (first === undefined) return;
    const known = runs.map((run) => this.#summary(run));
    const running = known.filter((summary) => summary?.status === "running").length;
    const starred = known.filter((summary) => summary?.starred).length;
    const one = runs.length === 1 && known[0];
    const text = [
      one ? givenText(one) : "",
      runs.length === 1 ? "Its file is removed for good." : "Their files are removed for good.",
      starred ? `${starred === 1 ? "One is" : `${starred} are`} starred.` : "",
      running ? `What still runs is kept (${running}).` : "",
    ];
    const yes = await confirm({
      title: one ? `Delete “${titleOf(one)}”${beganText(one)}?` : `Delete ${counted(runs.length, "run")}?`,
      text: text.filter(Boolean),
      yes: one ? "Delete" : `Delete ${counted(runs.length, "run")}`,
      danger: true,
    });
    if (!yes) {
      this.#refocus(this.session.shown.place(first));
      return;
    }
    await this.#try(async () => {
      const place = this.session.shown.place(this.#active ?? first);
      const done = await this.session.remove(runs);
      this.tools.selecting = false;
      this.announce(`${counted(done.deleted.length, "run")} deleted`);
      this.#refocus(Math.max(0, Math.min(place, this.session.shown.rows.length - 1)));
      const kept = done.running.length + done.failed.length;
      if (done.failed.length) throw new Error(`${counted(done.failed.length, "run")} could not be deleted.`);
      if (kept === 1) throw new Error("1 run still goes on: stop it first.");
      if (kept) throw new Error(`${kept} runs still go on: stop them first.`);
    });
  }

  /** @param {number} place */
  #refocus(place) {
    if (this.#focus(Math.max(0, place)) === null) this.search.focus();
  }

  /** What goes wrong is said above the list, until something else is done. @param {() => Promise<void>} work */
  async #try(work) {
    this.#trouble = "";
    try {
      await work();
    } catch (error) {
      this.#trouble = error instanceof Error ? error.message : String(error);
      this.announce(this.#trouble);
    }
    this.session.changed();
  }
}

/** Several runs of a chain are told apart by when they began. @param {import("../run_list.js").Summary} summary */
function beganText({ started_at }) {
  const when = dayTime(started_at);
  return when && ` of ${when}`;
}

/** The run of the row that an element is in. @param {EventTarget | null} target @returns {string | null} */
function runOf(target) {
  const item = target instanceof Element ? target.closest(".runs-item") : null;
  return item instanceof HTMLElement ? (item.dataset.run ?? null) : null;
}
