// What can be done with the selected runs.

import { button, el, glyph, setText } from "../dom.js";
import { count } from "../format.js";

/** @typedef {{ remove: () => void, star: () => void, rename: () => void, all: () => void }} Act */

export class RunsBar {
  /** @param {Act} act @param {() => void} clear */
  constructor(act, clear) {
    this.selected = el("span", "runs-selected", "", { role: "status" });
    this.all = button("btn quiet small", "All", { title: "Select all that are listed (Ctrl+A)" });
    this.all.addEventListener("click", act.all);
    this.star = tool("star", "Star the selected runs", act.star);
    this.rename = tool("pencil", "Rename the selected run", act.rename);
    this.remove = tool("trash", "Delete the selected runs", act.remove);
    this.clear = tool("close", "Select none", clear);
    this.element = el("div", "runs-bar", "", { role: "group", "aria-label": "Selected runs" });
    this.element.append(this.selected, this.all, this.star, this.rename, this.remove, this.clear);
  }

  /** @param {number} selected */
  draw(selected) {
    setText(this.selected, `${count(selected)} selected`);
    this.star.disabled = this.remove.disabled = selected === 0;
    this.rename.disabled = selected !== 1;
  }
}

/** @param {string} name @param {string} label @param {() => void} does */
function tool(name, label, does) {
  const made = button("btn icon quiet small", [glyph(name)], { "aria-label": label, title: label });
  made.addEventListener("click", does);
  return made;
}
