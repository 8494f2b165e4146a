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

/** @type {Key[]} */
export const KEYS = [];

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
      (one.code ? one.code === press.code : one.key === press.key) &&
      (one.shift === undefined || one.shift === press.shiftKey) &&
      (one.when === "" || one.when === when),
  )?.event;
}
