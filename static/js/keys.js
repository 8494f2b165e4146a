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
