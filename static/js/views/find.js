// The search in a run: the box, how many spans fit, and the filters, which write what the box says.

import { button, el, glyph, setAttribute, setText, show } from "../dom.js";
import { facetsOf } from "../find_facets.js";
import { hasTerm, setTerm, toggleTerm } from "../find_query.js";
import { count } from "../format.js";

/** @typedef {import("../find.js").Find} Find */
/** @typedef {import("../store.js").RunStore} RunStore */

export class FindView {
  #drawn = "";
  #facets = "";
  /** @type {{ chip: HTMLButtonElement, term: string }[]} */
  #chips = [];
  /** @type {RunStore | null} */
  #store = null;

  /** @param {HTMLElement} root @param {Find} find @param {import("../dom.js").Send} send */
  constructor(root, find, send) {
    this.root = root;
    this.find = find;
    this.send = send;
    this.box = el("input", "field find-box", "", {
      type: "search",
      "aria-label": "Find in run",
      "aria-describedby": "find-said",
      "aria-keyshortcuts": "/",
      placeholder: "Find  /",
      autocomplete: "off",
      spellcheck: "false",
    });
    this.said = el("span", "find-said", "", { role: "status", id: "find-said" });
    this.before = button("btn icon quiet small find-step", [glyph("twisty")], {
      "aria-label": "Match before",
    });
    this.next = button("btn icon quiet small find-step", [glyph("twisty")], { "aria-label": "Next match" });
    this.before.classList.add("up");
    this.clear = button("btn small", "Clear", { "aria-label": "Clear the search" });
    this.open = button("chip find-open", "filters", {
      "aria-expanded": "false",
      "aria-controls": "find-filters",
    });
    this.panel = el("div", "find-filters", "", {
      id: "find-filters",
      role: "group",
      "aria-label": "Filter spans",
      hidden: "",
    });
    this.problem = el("p", "find-problem", "", { role: "alert", hidden: "" });
    // What is said of it stands in the same field: nothing beside it moves while one types.
    const field = el("div", "find-field");
    field.append(this.box, this.said, this.before, this.next, this.clear);
    root.replaceChildren(field, this.open, this.panel, this.problem);
    this.#listen();
  }

  #listen() {
    const { box, send } = this;
    box.addEventListener("input", () => send({ type: "find", text: box.value }));
    box.addEventListener("keydown", (event) => this.#key(event));
    this.before.addEventListener("click", () => send({ type: "find-step", by: -1 }));
    this.next.addEventListener("click", () => send({ type: "find-step", by: 1 }));
    this.clear.addEventListener("click", () => {
      this.#set("");
      box.focus();
    });
    this.open.addEventListener("click", () => this.#toggle(Boolean(this.panel.hidden)));
    this.root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.panel.hidden) return;
      event.preventDefault();
      event.stopPropagation();
      this.#toggle(false);
      this.open.focus();
    });
    addEventListener("pointerdown", (event) => {
      if (!this.panel.hidden && !this.root.contains(/** @type {Node} */ (event.target))) this.#toggle(false);
    });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing) return;
    if (event.key === "Enter") {
      event.preventDefault();
      this.send({ type: "find-step", by: event.shiftKey ? -1 : 1 });
    } else if (event.key === "ArrowDown" && !event.altKey) {
      event.preventDefault();
      this.send({ type: "find-leave" });
    } else if (event.key === "Escape" && this.panel.hidden) {
      event.preventDefault();
      if (this.box.value) this.#set("");
      else this.send({ type: "find-leave" });
    }
  }

  /** @param {string} text */
  #set(text) {
    this.box.value = text;
    this.send({ type: "find", text });
  }

  /** Shows what is searched for from elsewhere. @param {string} text */
  say(text) {
    if (this.box.value !== text) this.box.value = text;
  }

  focus() {
    this.box.focus();
    this.box.select();
  }

  /** Another run. @param {RunStore} store */
  show(store) {
    this.#store = store;
    this.#toggle(false);
  }

  /** @param {boolean} open */
  #toggle(open) {
    show(this.panel, open);
    setAttribute(this.open, "aria-expanded", String(open));
    if (!open || !this.#store) return;
    const facets = facetsOf(this.#store.fold.table);
    const key = JSON.stringify(facets);
    if (key !== this.#facets) {
      this.#facets = key;
      this.#chips = [];
      this.panel.replaceChildren(
        ...facets.map(({ title, terms }) => {
          const group = el("div", "find-facet", "", {
            role: "group",
            "aria-label": `By ${title.toLowerCase()}`,
          });
          group.append(el("h3", "find-title", title), ...terms.map((term) => this.#chip(term)));
          return group;
        }),
      );
    }
    this.#press();
  }

  /** @param {string} term */
  #chip(term) {
    const at = term.indexOf(":");
    const name = term.slice(0, at);
    const chip = button("chip find-chip", term.slice(at + 1).replaceAll('"', ""), {
      "aria-pressed": "false",
    });
    chip.addEventListener("click", () => {
      const { value } = this.box;
      // A span takes one time: of durations, the last one that was chosen counts.
      const text =
        name === "took" && !hasTerm(value, term)
          ? setTerm(value, "took", term.slice(at + 1))
          : toggleTerm(value, term);
      this.#set(text);
    });
    this.#chips.push({ chip, term });
    return chip;
  }

  #press() {
    for (const { chip, term } of this.#chips)
      setAttribute(chip, "aria-pressed", String(hasTerm(this.box.value, term)));
  }

  /** @param {number} selected the place of the selected span, -1 for none */
  draw(selected) {
    const { find } = this;
    const place = find.isOn ? find.place(selected) : 0;
    const { problem } = find.query;
    const busy = find.isBusy;
    const share = find.share < 1 ? Math.floor(find.share * 100) : -1;
    const key = [find.text, find.count, place, busy, share, problem, find.problem].join("\n");
    if (key === this.#drawn) return;
    this.#drawn = key;
    const { isOn } = find;
    const none = isOn && !busy && find.count === 0;
    const found = find.count ? (place ? `${count(place)} of ${count(find.count)}` : count(find.count)) : "";
    const looking = busy ? (share > 0 ? `… ${share} %` : "…") : "";
    setText(this.said, !isOn ? "" : none ? "no match" : `${found}${looking}`);
    this.said.classList.toggle("none", none);
    this.root.classList.toggle("on", find.text.trim() !== "");
    show(this.before, isOn && find.count > 0);
    show(this.next, isOn && find.count > 0);
    show(this.clear, none || problem !== "");
    const failed = isOn && find.problem ? `Inputs and outputs could not be searched. ${find.problem}` : "";
    setText(this.problem, problem || failed);
    show(this.problem, (problem || failed) !== "");
    setAttribute(this.box, "aria-invalid", problem ? "true" : null);
    this.#press();
  }
}
