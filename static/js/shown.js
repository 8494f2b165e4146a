// What is shown of a string that is the newest part of a value, made from its bytes. No DOM.

import { compactJson, oneLine } from "./format.js";

const MOST = 160;
const [SPACE, TILDE, QUOTE, BACKSLASH] = [0x20, 0x7e, 0x22, 0x5c];
const OPEN = Uint8Array.of(QUOTE);
const ELLIPSIS = new TextEncoder().encode("…");

/** Of a text, as excerpt.js shows it. @param {string} text */
export const shownText = (text) => oneLine(compactJson(text, MOST), MOST);

/**
 * Writes the same from its bytes, where these are plain words with a space between them.
 * @param {import("./row_batch.js").RowBatch} rows in which a text has begun, with room for it
 * @param {Uint8Array} bytes @param {number} from @param {number} to
 * @returns {boolean} false: its text is wanted
 */
export function writeShown(rows, bytes, from, to) {
  const size = to - from;
  const seen = Math.min(size, MOST);
  let before = 0;
  for (let at = from; at < from + seen; at++) {
    const code = /** @type {number} */ (bytes[at]);
    if (code < SPACE || code > TILDE || code === BACKSLASH || (code === SPACE && before === SPACE))
      return false;
    before = code;
  }
  rows.append(OPEN, 0, 1);
  if (size + 2 <= MOST) {
    rows.append(bytes, from, to);
    rows.append(OPEN, 0, 1);
  } else {
    rows.append(bytes, from, from + MOST - 2);
    rows.append(ELLIPSIS, 0, ELLIPSIS.length);
  }
  return true;
}
