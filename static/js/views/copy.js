// Copies the selected span, or the tree of the run, for a bug report.

import { button, el, glyph, setAttribute, setText, show } from "../dom.js";
import { asJson, asMarkdown, runReport, spanReport } from "../report.js";

/** @typedef {import("../store.js").RunStore} RunStore */
/** @typedef {import("../span.js").SpanNow} SpanNow */

const TOLD_MS = 2500;
const ITEMS = [
  { words: "This span, as Markdown", ofSpan: true, write: asMarkdown },
  { words: "This span, as JSON", ofSpan: true, write: asJson },
  { words: "The whole tree, as Markdown", ofSpan: false, write: asMarkdown },
  { words: "The whole tree, as JSON", ofSpan: false, write: asJson },
];

export class CopyMenu {
  /** @type {RunStore | null} */
  store = null;
  /** @type {SpanNow | undefined} */
  span;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {import("../report.js").LinesOf} linesOf */
  constructor(linesOf) {
    this.linesOf = linesOf;
    this.root = el("div", "copy");
    this.words = el("span", "", "Copy");
    this.opener = button("btn small quiet copy-open", [glyph("copy"), this.words], {
      "aria-label": "Copy",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
    });
    this.menu = el("div", "copy-menu", "", { role: "menu", "aria-label": "Copy", hidden: "" });
    this.items = ITEMS.map(({ words, ofSpan, write }) => {
      const item = button("copy-item", words, { role: "menuitem", tabindex: "-1" });
      item.addEventListener("click", () => void this.#copy(ofSpan, write));
      return item;
    });
    this.menu.append(...this.items);
    this.said = el("span", "out-of-sight", "", { role: "status" });
    this.root.append(this.opener, this.menu, this.said);
    this.opener.addEventListener("click", () => this.#toggle(Boolean(this.menu.hidden)));
    this.root.addEventListener("keydown", (event) => this.#key(event));
    this.root.addEventListener("focusout", (event) => {
      const to = event.relatedTarget;
      if (!(to instanceof Node && this.root.contains(to))) this.#toggle(false, false);
    });
  }

  /** @param {boolean} open @param {boolean} [move] the keyboard goes with it */
  #toggle(open, move = true) {
    if (open === !this.menu.hidden) return;
    show(this.menu, open);
    setAttribute(this.opener, "aria-expanded", String(open));
    if (move) (open ? this.items[0] : this.opener)?.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (this.menu.hidden) return;
    const at = this.items.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    /** @type {Record<string, number>} */
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: this.items.length - 1 };
    const next = to[event.key];
    if (next !== undefined) this.items[(next + this.items.length) % this.items.length]?.focus();
    else if (event.key === "Escape") this.#toggle(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {boolean} ofSpan @param {(report: import("../report.js").Report) => string} write */
  async #copy(ofSpan, write) {
    this.#toggle(false);
    const { store, span } = this;
    if (!store || (ofSpan && !span)) return;
    let text;
    try {
      text = write(ofSpan && span ? await spanReport(store, span, this.linesOf) : runReport(store));
    } catch (error) {
      this.#say(`Not copied: it could not be read. ${error instanceof Error ? error.message : ""}`, "Failed");
      return;
    }
    try {
      if (!navigator.clipboard)
        throw new Error("This page is not from a secure address (https or this computer).");
      await navigator.clipboard.writeText(text);
      this.#say("Copied.", "Copied");
    } catch (error) {
      showText(text, error instanceof Error ? error.message : "");
    }
  }

  /** @param {string} words @param {string} short */
  #say(words, short) {
    clearTimeout(this.#timer);
    setText(this.said, words);
    setText(this.words, short);
    this.opener.title = short === "Copied" ? "" : words;
    this.#timer = setTimeout(() => {
      setText(this.said, "");
      setText(this.words, "Copy");
    }, TOLD_MS);
  }
}

/** Where the browser does not let the page copy, its user can. @param {string} text @param {string} why */
function showText(text, why) {
  const dialog = el("dialog", "copied", "", { "aria-labelledby": "copied-title" });
  const close = button("btn primary", "Close");
  const area = el("textarea", "copied-text", "", {
    readonly: "",
    "aria-label": "Text to copy",
    spellcheck: "false",
  });
  area.value = text;
  const head = el("div", "help-head");
  head.append(el("h2", "", "Copy it by hand", { id: "copied-title" }));
  const buttons = el("div", "confirm-buttons");
  buttons.append(close);
  const said = `The browser does not let this page copy. ${why} It is selected: press Ctrl+C, or ⌘C.`;
  dialog.append(head, el("p", "", said), area, buttons);
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  close.addEventListener("click", () => dialog.close());
  dialog.showModal();
  area.focus();
  area.select();
}
