// Which key says what, on the page of a run. The help sheet reads the same table. No DOM.

/** @typedef {import("./dom.js").PageEvent} PageEvent */
/**
 * @typedef {{
 *   key: string, when: string, words: string, event: PageEvent,
 *   code?: string, shift?: boolean,
 * }} Key
 * `key` as a person reads it; `when` the part of the page it works in, "" for all of it; `words` what it does; `code`
 * the key's place on the keyboard (KeyboardEvent.code), where the place counts and not the letter; `shift` with Shift
 * held (missing: either way).
 */

/** The part of the page in which rows are chosen. */
export const ROWS = "rows";

/** @type {Key[]} */
export const KEYS = [
  { key: "W", code: "KeyW", shift: false, when: "", words: "Zoom in", event: { type: "zoom", by: 1.5 } },
  { key: "S", code: "KeyS", shift: false, when: "", words: "Zoom out", event: { type: "zoom", by: 1 / 1.5 } },
  { key: "A", code: "KeyA", shift: false, when: "", words: "Earlier", event: { type: "pan", by: -0.2 } },
  { key: "D", code: "KeyD", shift: false, when: "", words: "Later", event: { type: "pan", by: 0.2 } },
  {
    key: "Shift+W",
    code: "KeyW",
    shift: true,
    when: "",
    words: "Zoom in faster",
    event: { type: "zoom", by: 4 },
  },
  {
    key: "Shift+S",
    code: "KeyS",
    shift: true,
    when: "",
    words: "Zoom out faster",
    event: { type: "zoom", by: 1 / 4 },
  },
  {
    key: "Shift+A",
    code: "KeyA",
    shift: true,
    when: "",
    words: "Much earlier",
    event: { type: "pan", by: -0.8 },
  },
  {
    key: "Shift+D",
    code: "KeyD",
    shift: true,
    when: "",
    words: "Much later",
    event: { type: "pan", by: 0.8 },
  },
  { key: "F", shift: false, when: "", words: "Fit the selected span", event: { type: "fit" } },
  { key: "0", when: "", words: "Show all of the run", event: { type: "fit", all: true } },
  { key: "E", shift: false, when: "", words: "Next error", event: { type: "error", step: 1 } },
  { key: "Shift+E", shift: true, when: "", words: "Error before", event: { type: "error", step: -1 } },
  { key: "/", when: "", words: "Find in the run", event: { type: "find-focus" } },
  { key: "*", when: "", words: "Fold all, or open all", event: { type: "fold", all: true } },
  { key: "Space", code: "Space", when: "", words: "Play the run back, or pause", event: { type: "play" } },
  { key: ",", code: "Comma", shift: false, when: "", words: "Event before", event: { type: "step", by: -1 } },
  { key: ".", code: "Period", shift: false, when: "", words: "Next event", event: { type: "step", by: 1 } },
  {
    key: "Shift+,",
    code: "Comma",
    shift: true,
    when: "",
    words: "Token before",
    event: { type: "step", by: -1, token: true },
  },
  {
    key: "Shift+.",
    code: "Period",
    shift: true,
    when: "",
    words: "Next token",
    event: { type: "step", by: 1, token: true },
  },
  { key: "G", shift: false, when: "", words: "Graph or timeline", event: { type: "view", graph: null } },
  { key: "ArrowDown", when: ROWS, words: "Next span", event: { type: "row", go: "next" } },
  { key: "ArrowUp", when: ROWS, words: "Span before", event: { type: "row", go: "previous" } },
  { key: "ArrowRight", when: ROWS, words: "Open, or go in", event: { type: "row", go: "in" } },
  { key: "ArrowLeft", when: ROWS, words: "Fold, or go out", event: { type: "row", go: "out" } },
  { key: "Home", when: ROWS, words: "First span", event: { type: "row", go: "first" } },
  { key: "End", shift: false, when: ROWS, words: "Last span", event: { type: "row", go: "last" } },
  { key: "Shift+End", shift: true, when: ROWS, words: "Back to the newest event", event: { type: "follow" } },
  { key: "PageDown", when: ROWS, words: "A page down", event: { type: "row", go: "page-down" } },
  { key: "PageUp", when: ROWS, words: "A page up", event: { type: "row", go: "page-up" } },
  { key: "Enter", when: ROWS, words: "Open its details", event: { type: "row", go: "open" } },
  { key: "End", when: "", words: "Back to the newest event", event: { type: "follow" } },
  { key: "Escape", when: "", words: "Select no span", event: { type: "deselect" } },
  { key: "?", when: "", words: "This help", event: { type: "help" } },
];

/**
 * Keys that a part of the page takes itself, while the focus is in it; `in` are its modules. A key reads as in KEYS;
 * several that belong together stand side by side.
 * @type {{ title: string, in: string[], keys: { key: string, words: string }[] }[]}
 */
export const OTHERS = [
  {
    title: "In the list of runs",
    in: ["views/runs.js"],
    keys: [
      { key: "ArrowUp ArrowDown", words: "Run before, next run" },
      { key: "PageUp PageDown", words: "A page up, a page down" },
      { key: "Home End", words: "First run, last run" },
      { key: "Enter", words: "Show it" },
      { key: "Space", words: "Select it, or no longer" },
      { key: "Shift+Space", words: "Select all up to it" },
      { key: "Shift+ArrowUp ArrowDown", words: "Select while going" },
      { key: "Ctrl+A", words: "Select all" },
      { key: "F2", words: "Rename it" },
      { key: "Delete Backspace", words: "Delete it, or those selected" },
      { key: "Escape", words: "Select none" },
    ],
  },
  {
    title: "In the search of runs",
    in: ["views/runs_tools.js"],
    keys: [
      { key: "Enter", words: "Look inside the runs, too" },
      { key: "ArrowDown", words: "To the list" },
      { key: "Escape", words: "Clear the search" },
    ],
  },
  {
    title: "While a run is renamed",
    in: ["views/run_entry.js"],
    keys: [
      { key: "Enter", words: "Keep the name" },
      { key: "Escape", words: "Leave it as it was" },
    ],
  },
  {
    title: "In a form",
    in: ["views/compose.js", "views/interrupt.js"],
    keys: [{ key: "Ctrl+Enter", words: "Run, or send the answer" }],
  },
  {
    title: "In the list of chains",
    in: ["app.js"],
    keys: [{ key: "Enter", words: "Into the page of the chain" }],
  },
  {
    title: "In the search box of a run",
    in: ["views/find.js"],
    keys: [
      { key: "Enter", words: "Next match" },
      { key: "Shift+Enter", words: "Match before" },
      { key: "ArrowDown", words: "To the spans" },
      { key: "Escape", words: "Clear the search, then leave it" },
    ],
  },
  {
    title: "On the slider of the replay",
    in: ["views/transport.js"],
    keys: [
      { key: "ArrowLeft ArrowDown", words: "Event before; with Shift, token before" },
      { key: "ArrowRight ArrowUp", words: "Next event; with Shift, next token" },
      { key: "PageDown PageUp", words: "A stretch back, or on" },
      { key: "Home End", words: "The beginning, the newest event" },
    ],
  },
  {
    title: "In a tree of JSON",
    in: ["views/json.js"],
    keys: [
      { key: "ArrowUp ArrowDown", words: "Line before, next line" },
      { key: "ArrowRight ArrowLeft", words: "Open, or go in; fold, or go out" },
      { key: "PageUp PageDown", words: "A page up, a page down" },
      { key: "Home End", words: "First line, last line" },
      { key: "Enter", words: "Open or fold; show more of a text" },
    ],
  },
  {
    title: "In the details, menus and notes",
    in: ["views/details.js", "views/copy.js", "views/findings.js", "views/drawer.js"],
    keys: [
      { key: "ArrowLeft ArrowRight", words: "Tab before, next tab" },
      { key: "ArrowUp ArrowDown", words: "Through a menu" },
      { key: "Home End", words: "The first, the last" },
      { key: "Escape", words: "Close it" },
    ],
  },
  {
    title: "On the edge between two parts",
    in: ["views/split.js"],
    keys: [{ key: "ArrowLeft ArrowRight ArrowUp ArrowDown", words: "Make room on one side" }],
  },
];

/**
 * What a press of a key says, if anything.
 * @param {{ key: string, code: string, shiftKey: boolean, altKey: boolean, ctrlKey: boolean, metaKey: boolean }} press
 * @param {string} [when] the part of the page it was pressed in
 * @returns {PageEvent | undefined}
 */
export function eventOf(press, when = "") {
  if (press.altKey || press.ctrlKey || press.metaKey) return undefined;
  return KEYS.find(
    (one) =>
      (one.code ? one.code === press.code : letter(one.key) === letter(press.key)) &&
      (one.shift === undefined || one.shift === press.shiftKey) &&
      (one.when === "" || one.when === when),
  )?.event;
}

/** @param {string} key */
const letter = (key) => key.slice(key.lastIndexOf("+") + 1).toLowerCase();
