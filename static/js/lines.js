// One line of a file, checked. Twin of check() in tracer/log/file.py. No DOM.

/** @typedef {import("./spans.js").Line} Line */

/** Levels inside each other that are read. */
const DEEPEST = 1024;
const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|.)/g;
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;
const EXPONENT = /\d[eE]\+?\d{3}/;
const DIGITS = /\d{200}/;
const LONG = 200;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The line in this place: strict JSON, an object with an `event`, and the `seq` of its place; a stand-in where it is
 * none, which is where JSON.parse takes half a surrogate pair or a number beyond all numbers, too.
 * @param {number} seq
 * @param {Uint8Array} raw without its newline
 * @returns {Line}
 */
export function check(seq, raw) {
  const own = seq === 0 && isMarked(raw) ? raw.subarray(3) : raw;
  return placed(seq, parse(own), own.length);
}

/**
 * The same of a line whose text is known. @param {number} seq @param {string} text of sound UTF-8
 * @param {number} bytes @returns {Line}
 */
export function checkText(seq, text, bytes) {
  return placed(seq, parseText(text), bytes);
}

/** @param {number} seq @param {any} line @param {number} bytes @returns {Line} */
function placed(seq, line, bytes) {
  if (typeof line !== "object" || line === null || typeof line.event !== "string") {
    return { seq, event: "bad_line", line: seq + 1, bytes };
  }
  line.seq = seq;
  return line;
}

/** @param {Uint8Array} raw @returns {any} undefined where it is not strict JSON */
export function parse(raw) {
  try {
    return parseText(utf8.decode(raw));
  } catch {
    return undefined;
  }
}

/** @param {string} text @returns {any} undefined where it is not strict JSON */
function parseText(text) {
  try {
    const value = JSON.parse(text);
    return isStrict(text) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The text of bytes; null where they are no sound UTF-8. @param {Uint8Array} bytes */
export function textOfBytes(bytes) {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

/** Whether a text that JSON.parse takes is one for strict readers, too. @param {string} text */
function isStrict(text) {
  if (text.length > 2 * DEEPEST && depth(text) > DEEPEST) return false;
  if (text.includes("\\") && /\\u[dD]/.test(text) && hasHalfPair(text)) return false;
  if (!mayBeEndless(text)) return true;
  for (const [token] of text.matchAll(TOKEN)) {
    if (!token.startsWith('"') && !Number.isFinite(Number(token))) return false;
  }
  return true;
}

/** Whether a number in it may be beyond all numbers. @param {string} text */
function mayBeEndless(text) {
  // As many digits as that cannot hide between the places that are looked at.
  for (let at = LONG - 1; at < text.length; at += LONG) {
    const code = text.charCodeAt(at);
    if (code >= 0x30 && code <= 0x39 && DIGITS.test(text)) return true;
  }
  return EXPONENT.test(text);
}

/** @param {string} text */
function hasHalfPair(text) {
  let high = -1;
  for (const { 1: hex, index } of text.matchAll(ESCAPE)) {
    const code = hex === undefined ? 0 : Number.parseInt(hex, 16);
    const isLow = code >> 10 === 0x37;
    if (isLow !== (high >= 0 && index === high + 6)) return true;
    if (high >= 0 && !isLow) return true;
    high = code >> 10 === 0x36 ? index : -1;
  }
  return high >= 0;
}

/** @param {string} text @returns {number} levels of objects and lists inside each other */
function depth(text) {
  let deepest = 0;
  let now = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (quoted) {
      if (code === 0x5c) at++;
      else if (code === 0x22) quoted = false;
    } else if (code === 0x22) quoted = true;
    else if (code === 0x7b || code === 0x5b) deepest = Math.max(deepest, ++now);
    else if (code === 0x7d || code === 0x5d) now--;
  }
  return deepest;
}

/** @param {Uint8Array} raw */
const isMarked = (raw) => raw[0] === 0xef && raw[1] === 0xbb && raw[2] === 0xbf;
