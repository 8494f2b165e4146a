// The help sheet: which key does what, and how a search is written. Both from the tables that do it.

import { button, el, glyph } from "../dom.js";
import { FILTERS } from "../find_query.js";
import { KEYS, OTHERS, ROWS } from "../keys.js";

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
  { term: "Drag", words: "In the overview: choose the time that is seen" },
  { term: "Shift+Click", words: "On ▸: fold all, or open all" },
];
const FINGER = [
  { term: "Drag the overview", words: "Choose the time that is seen" },
  { term: "Tap it twice", words: "Show all of the run" },
  { term: "Tap a span twice", words: "Fold it, or open it" },
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
    section("Anywhere in a run", keysIn(""), "keys"),
    section("In the tree of spans", keysIn(ROWS), "keys"),
    ...OTHERS.map(({ title, keys }) =>
      section(
        title,
        keys.map(({ key, words }) => ({ term: key, words })),
        "keys",
      ),
    ),
    section("With the pointer", POINTER, "keys"),
    section("Searching", SEARCH, "code"),
  );
  if (matchMedia("(any-pointer: coarse)").matches) columns.prepend(section("With a finger", FINGER, "words"));
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

/** @param {string} title @param {{ term: string, words: string }[]} rows @param {"keys" | "code" | "words"} are  what the terms are */
function section(title, rows, are) {
  const part = el("section", "help-part");
  const list = el("dl", are === "keys" ? "help-keys" : "help-terms");
  for (const { term, words } of rows) {
    const name = el("dt");
    if (are === "keys") {
      for (const [at, part] of term.split(/([+ ])/).entries()) {
        if (at % 2) name.append(part);
        else name.append(el("kbd", "", SIGNS[part] ?? part));
      }
    } else name.append(are === "code" ? el("code", "", term) : term);
    list.append(name, el("dd", "", words));
  }
  part.append(el("h3", "", title), list);
  return part;
}
