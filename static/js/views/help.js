// The help sheet: which key does what, and how a search is written. Both from the tables that do it.

import { button, el, glyph } from "../dom.js";
import { FILTERS } from "../find_query.js";
import { KEYS, ROWS } from "../keys.js";

/** Where a question mark is one. */
const WRITES = 'input, textarea, select, [contenteditable], [role="textbox"], dialog[open]';

/** @type {Record<string, string>} */
const SIGNS = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc" };

const SEARCH = [
  { term: "two words", words: "Spans with both, in names, tags, metadata, inputs, outputs, text or errors" },
  { term: '"two words"', words: "These words side by side" },
  ...FILTERS.map(({ example, words }) => ({ term: example, words })),
];
const POINTER = [
  { term: "Ctrl+Wheel", words: "Zoom at the pointer" },
  { term: "Shift+Wheel", words: "Earlier or later" },
  { term: "Drag above", words: "Choose the time that is seen" },
  { term: "Shift+Click ▸", words: "Fold all, or open all" },
];
const BOX = [
  { term: "Enter", words: "Next match" },
  { term: "Shift+Enter", words: "Match before" },
  { term: "Esc", words: "Clear the search, then leave it" },
];

/** @param {HTMLElement} opener @returns {{ open(): void }} */
export function mountHelp(opener) {
  const dialog = el("dialog", "help", "", { "aria-labelledby": "help-title" });
  const close = button("btn icon quiet help-close", [glyph("close")], { "aria-label": "Close help" });
  const head = el("div", "help-head");
  head.append(el("h2", "", "Keys and search", { id: "help-title" }), close);
  const columns = el("div", "help-columns", "", {
    tabindex: "0",
    role: "region",
    "aria-labelledby": "help-title",
  });
  const keysIn = (/** @type {string} */ when) =>
    KEYS.filter((one) => one.when === when).map(({ key, words }) => ({ term: key, words }));
  columns.append(
    section("Anywhere in a run", keysIn(""), true),
    section("In the tree of spans", keysIn(ROWS), true),
    section("In the search box", BOX, true),
    section("With the pointer", POINTER, true),
    section("Searching", SEARCH, false),
  );
  dialog.append(head, columns);
  document.body.append(dialog);
  const open = () => {
    if (!dialog.open) dialog.showModal();
  };
  opener.addEventListener("click", open);
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "?" || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target instanceof Element && event.target.closest(WRITES)) return;
    event.preventDefault();
    open();
  });
  return { open };
}

/** @param {string} title @param {{ term: string, words: string }[]} rows @param {boolean} areKeys */
function section(title, rows, areKeys) {
  const part = el("section", "help-part");
  const list = el("dl", areKeys ? "help-keys" : "help-terms");
  for (const { term, words } of rows) {
    const name = el("dt");
    if (areKeys) {
      for (const [at, key] of term.split("+").entries()) {
        if (at) name.append("+");
        name.append(el("kbd", "", SIGNS[key] ?? key));
      }
    } else name.append(el("code", "", term));
    list.append(name, el("dd", "", words));
  }
  part.append(el("h3", "", title), list);
  return part;
}
