// One row of the list of runs: its state, what it is called, how long it took, what about; a box, a star, a new name.

import { button, el, glyph, setAttribute, setText } from "../dom.js";
import { chainLabel, clockTime, dayTime, duration, errorName } from "../format.js";
import { runPath } from "../route.js";

/** @typedef {import("../run_list.js").Summary} Summary */

/** What the list says of runs that ended in another way than well or with an error. @type {Record<string, string>} */
const SAID = {
  cancelled: "stopped",
  interrupted: "waits for an answer",
  abandoned: "abandoned",
  lost: "lost",
};

export const NAME_LENGTH = 200;

/** What a run is called. @param {Summary} summary */
export const titleOf = (summary) => summary.name || chainLabel(summary.chain) || "unknown chain";

export class RunEntry {
  /** @type {Summary | null} */
  summary = null;
  #key = "";

  constructor() {
    this.element = el("li", "runs-item");
    this.box = el("input", "runs-box", "", { type: "checkbox", tabindex: "-1" });
    this.link = el("a", "runs-entry", "", { tabindex: "-1", "aria-keyshortcuts": "Space F2 Delete" });
    this.state = el("i", "state");
    this.word = el("span", "out-of-sight");
    this.title = el("span", "runs-title");
    this.time = el("span", "runs-time");
    this.about = el("small", "runs-about");
    this.link.append(this.state, this.title, this.word, this.time, this.about);
    this.star = button("runs-star", [glyph("star")], { tabindex: "-1", "aria-pressed": "false" });
    this.pencil = button("runs-pencil", [glyph("pencil")], { tabindex: "-1", title: "Rename (F2)" });
    this.element.append(this.box, this.link, this.pencil, this.star);
  }

  /**
   * @param {Summary} summary
   * @param {{ answered: boolean, selected: boolean, current: boolean, active: boolean, place: number, of: number, day: string, find: string }} how
   * answered: another run goes on with its answer; active: the one that the Tab key reaches; day: today's; find: what is to be
   * searched for in the run when it is opened
   */
  draw(summary, { answered, selected, current, active, place, of, day, find }) {
    const key = `${answered}|${day}|${find}`;
    if (this.summary !== summary || this.#key !== key) this.#fill(summary, answered, find);
    this.#key = key;
    setAttribute(this.element, "aria-posinset", String(place + 1));
    setAttribute(this.element, "aria-setsize", String(of));
    this.element.classList.toggle("selected", selected);
    if (this.box.checked !== selected) this.box.checked = selected;
    setAttribute(this.link, "aria-current", current ? "page" : null);
    for (const part of [this.link, this.box, this.star, this.pencil])
      setAttribute(part, "tabindex", active ? "0" : "-1");
  }

  /** @param {Summary} summary @param {boolean} answered @param {string} find */
  #fill(summary, answered, find) {
    this.summary = summary;
    const title = titleOf(summary);
    const label = chainLabel(summary.chain) || "unknown chain";
    this.element.dataset.run = summary.run;
    setAttribute(this.link, "href", runPath(summary.run, { find }));
    this.state.dataset.state = summary.status;
    setText(this.title, title);
    setText(this.word, `, ${summary.status}, `);
    if (summary.duration_us !== null) setText(this.time, duration(summary.duration_us));
    else if (summary.status !== "running") setText(this.time, "");
    const failed = Boolean(summary.error) && summary.status === "error";
    setText(this.about, aboutText(summary, answered, summary.name ? label : ""));
    this.about.classList.toggle("failed", failed && !summary.excerpt);
    this.about.classList.toggle("excerpt", Boolean(summary.excerpt));
    const given = summary.excerpt || givenText(summary);
    this.link.title = [summary.name, summary.chain, clockTime(summary.started_at), given]
      .filter(Boolean)
      .join("\n");
    setAttribute(this.box, "aria-label", `Select ${title}`);
    setAttribute(this.pencil, "aria-label", `Rename ${title}`);
    setAttribute(this.star, "aria-label", `Star ${title}`);
    setAttribute(this.star, "aria-pressed", String(summary.starred));
    this.element.classList.toggle("starred", summary.starred);
  }

  /** A running run's duration counts. @param {number} wall */
  tick(wall) {
    if (this.summary?.status !== "running") return false;
    const began = Date.parse(this.summary.started_at);
    if (!Number.isNaN(began)) setText(this.time, duration((wall - began) * 1000, true));
    return true;
  }

  /**
   * Puts a field in the place of the title.
   * @param {(name: string) => void} done with the new name, "" for none; not called where it stays as it is
   * @param {(refocus: boolean) => void} closed
   */
  edit(done, closed) {
    const { summary } = this;
    if (!summary || this.element.classList.contains("editing")) return;
    const field = el("input", "field runs-name", "", {
      maxlength: String(NAME_LENGTH),
      "aria-label": `New name of ${titleOf(summary)}`,
      placeholder: chainLabel(summary.chain),
      autocomplete: "off",
      spellcheck: "false",
    });
    field.value = summary.name ?? "";
    let open = true;
    const close = (/** @type {boolean} */ keep, /** @type {boolean} */ refocus) => {
      if (!open) return;
      open = false;
      const name = field.value.trim();
      this.element.classList.remove("editing");
      field.remove();
      if (keep && name !== (summary.name ?? "")) done(name);
      closed(refocus);
    };
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.isComposing) return;
      if (event.key === "Enter") close(true, true);
      if (event.key === "Escape") close(false, true);
    });
    field.addEventListener("blur", () => close(true, false));
    this.element.classList.add("editing");
    this.element.append(field);
    field.focus();
    field.select();
  }
}

/** @param {Summary} summary */
export const givenText = (summary) => (summary.continues ? `answer: ${summary.input}` : summary.input);

/** @param {Summary} summary @param {boolean} answered @param {string} label of its chain, where the title is another */
function aboutText(summary, answered, label) {
  const when = dayTime(summary.started_at);
  if (summary.excerpt) return [summary.excerpt, when].filter(Boolean).join(" · ");
  const { error } = summary;
  let about = givenText(summary);
  if (error && summary.status === "error") {
    about = error.message ? `${errorName(error.type)}: ${error.message}` : errorName(error.type);
  }
  const said = answered ? "answered" : SAID[summary.status];
  const came = summary.imported ? "imported" : "";
  return [when, label, came, said, about || (said ? "" : "no input")].filter(Boolean).join(" · ");
}
