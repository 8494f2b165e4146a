// Text that grows: one <p> a line, what is new appended to the last one's text node.

import { el } from "../dom.js";

const LINES_A_BLOCK = 100;

export class TextView {
  #block = el("div", "text-block");
  /** @type {Text | null} */
  #last = null;
  length = 0;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
  }

  clear() {
    this.root.replaceChildren();
    this.#last = null;
    this.length = 0;
  }

  /** @param {string} text */
  append(text) {
    if (!text) return;
    this.length += text.length;
    const lines = text.split("\n");
    for (let index = 0; index < lines.length; index++) {
      const line = /** @type {string} */ (lines[index]);
      if (index > 0 || !this.#last) this.#line();
      if (line) this.#last?.appendData(line);
    }
  }

  #line() {
    // Blocks of lines that are out of view are not laid out.
    if (!this.#last || this.#block.childElementCount >= LINES_A_BLOCK) {
      this.#block = el("div", "text-block");
      this.root.append(this.#block);
    }
    const line = el("p");
    this.#last = document.createTextNode("");
    line.append(this.#last);
    this.#block.append(line);
  }
}
