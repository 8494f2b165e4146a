// JSON as people type it: read strictly, and where it is wrong, say where and what to write instead.

/** @typedef {{ line: number, column: number, message: string }} Mistake  Counted from 1; columns in characters. */

/**
 * Reads one JSON text. A number that would not survive (too large, or too long to be kept exactly) is a mistake
 * too: it would be sent as another one.
 * @param {string} text
 * @returns {{ ok: true, value: unknown } | { ok: false, mistake: Mistake }}
 */
export function readJson(text) {
  const found = scan(text);
  if (found) return { ok: false, mistake: place(text, found.at, found.message) };
  return { ok: true, value: JSON.parse(text) };
}

/**
 * @param {Mistake} mistake
 * @returns {string} e.g. `2:14 expected "," or "}" but found "x"`
 */
export function sayMistake(mistake) {
  return `${mistake.line}:${mistake.column} ${mistake.message}`;
}

/**
 * The value in few words, for a button or a row: its texts where there are few, anything else as compact JSON.
 * @param {unknown} value
 * @param {number} [most] characters
 * @returns {string}
 */
export function preview(value, most = 60) {
  const text = telling(value).trim().replace(/\s+/g, " ");
  const characters = Array.from(text || (JSON.stringify(value) ?? "null"));
  return characters.length > most ? `${characters.slice(0, most - 1).join("")}…` : characters.join("");
}

/**
 * {"question": "…", "k": 3} is best told by its question, a conversation by what was said last.
 * @param {unknown} value
 * @param {number} [depth]
 * @returns {string}
 */
function telling(value, depth = 0) {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null || depth > 3) return "";
  if (Array.isArray(value)) {
    const last = value[value.length - 1];
    return typeof last?.content === "string" ? last.content : "";
  }
  const inner = Object.values(value);
  const texts = inner.filter((one) => typeof one === "string" && one.trim() !== "");
  if (texts.length > 0) return texts.length <= 3 ? texts.join(" · ") : "";
  return inner.length === 1 ? telling(inner[0], depth + 1) : "";
}

/**
 * Where a text that was meant to be JSON breaks; null where it is JSON, whatever its numbers.
 * @param {string} text @param {boolean} whole false: more of it comes, it may end anywhere
 * @param {number} [begin] where the JSON begins @param {number} [end]
 * @returns {(Mistake & { at: number }) | null}
 */
export function breakOf(text, whole, begin = 0, end = text.length) {
  const found = scan(text.slice(begin, end), false);
  if (!found) return null;
  const at = begin + found.at;
  if (!whole && end === text.length && UNFINISHED.test(text.slice(at))) return null;
  return { ...place(text, at, found.message), at };
}

/** What a text that goes on may end with. */
const UNFINISHED = /^(?:"(?:[^"\\\n]|\\.)*\\?|\\u?[\da-fA-F]{0,4}|[\w.+-]*)$/;

/** @param {string} text @param {number} at @param {string} message @returns {Mistake} */
function place(text, at, message) {
  const before = text.slice(0, at).split("\n");
  return { line: before.length, column: Array.from(before[before.length - 1] ?? "").length + 1, message };
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = /[ \t\r\n]*/y;
const WORD = /[\p{L}\p{N}_$]+/uy;
/** @type {Record<string, string>} */
const MEANT = { None: "null", True: "true", False: "false", undefined: "null", nil: "null" };

/**
 * The first mistake, or null. A machine with a stack of its own: depth costs no call stack.
 * @param {string} text
 * @param {boolean} [exact] numbers have to be ones that survive
 * @returns {{ at: number, message: string } | null}
 */
function scan(text, exact = true) {
  /** @type {("{" | "[")[]} */
  const open = [];
  /** @type {"value" | "item" | "key" | "name" | "colon" | "next"} */
  let want = "value"; // "item": value or "]" · "name": key or "}"
  let at = 0;
  for (;;) {
    at += match(SPACE, text, at).length;
    const inside = open[open.length - 1];
    if (at >= text.length) {
      if (want === "next" && !inside) return null;
      return {
        at,
        message: text.trim() === "" ? "empty: expected a value" : `ends too early: ${wanted(want, inside)}`,
      };
    }
    const sign = text[at] ?? "";
    if (want === "next") {
      if (!inside) return { at, message: `expected nothing more but found ${quoted(text, at)}` };
      if (sign === ",") want = inside === "{" ? "key" : "value";
      else if (sign === (inside === "{" ? "}" : "]")) open.pop();
      else return { at, message: `${wanted(want, inside)} but found ${quoted(text, at)}` };
      at += 1;
    } else if (want === "colon") {
      if (sign !== ":") return { at, message: `${wanted(want, inside)} but found ${quoted(text, at)}` };
      want = "value";
      at += 1;
    } else if (want === "key" || want === "name") {
      if (sign === "}" && want === "name") {
        open.pop();
        want = "next";
        at += 1;
      } else if (sign === '"') {
        const bad = string(text, at);
        if (typeof bad === "object") return bad;
        at = bad;
        want = "colon";
      } else if (sign === "}") return { at, message: 'a "," too many before "}"' };
      else return { at, message: `${wanted(want, inside)} but found ${quoted(text, at)}` };
    } else if (sign === "]" && want === "item") {
      open.pop();
      want = "next";
      at += 1;
    } else if (sign === "{" || sign === "[") {
      open.push(sign);
      want = sign === "{" ? "name" : "item";
      at += 1;
    } else {
      const end = scalar(text, at, inside, exact);
      if (typeof end === "object") return end;
      at = end;
      want = "next";
    }
  }
}

/** @param {string} text @param {number} at @param {string | undefined} inside @param {boolean} exact @returns {number | { at: number, message: string }} */
function scalar(text, at, inside, exact) {
  const sign = text[at] ?? "";
  if (sign === '"') return string(text, at);
  if (sign === "'") return { at, message: "strings need double quotes" };
  const number = match(NUMBER, text, at);
  if (number) {
    if (!exact) return at + number.length;
    if (!Number.isFinite(Number(number))) return { at, message: `${cut(number)} is too large for a number` };
    if (/^-?\d+$/.test(number) && BigInt(number) !== BigInt(Number(number)))
      return { at, message: `${cut(number)} is too long to be kept exactly; write it as a string` };
    return at + number.length;
  }
  const word = match(WORD, text, at);
  if (word === "true" || word === "false" || word === "null") return at + word.length;
  if (Object.hasOwn(MEANT, word)) return { at, message: `${word} is not JSON; write ${MEANT[word]}` };
  if (word === "NaN" || word === "Infinity") return { at, message: `JSON has no ${word}` };
  if (sign === "]" && inside === "[") return { at, message: 'a "," too many before "]"' };
  return { at, message: `expected a value but found ${quoted(text, at)}` };
}

/** From the opening quote: where the string ends, or its mistake. @param {string} text @param {number} start @returns {number | { at: number, message: string }} */
function string(text, start) {
  for (let at = start + 1; at < text.length; at++) {
    const sign = text[at] ?? "";
    if (sign === '"') return at + 1;
    if (sign === "\n" || sign === "\r")
      return { at: start, message: 'this string has no closing " on its line (write a line break as \\n)' };
    if (sign < " ")
      return {
        at,
        message: `a control character in a string; write \\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
      };
    if (sign === "\\") {
      const letter = text[at + 1] ?? "";
      if (letter === "u") {
        if (!/^[\da-fA-F]{4}$/.test(text.slice(at + 2, at + 6)))
          return { at, message: "\\u needs four hexadecimal digits" };
        at += 5;
      } else if (letter !== "" && '"\\/bfnrt'.includes(letter)) at += 1;
      else return { at, message: "a backslash in a string is written \\\\" };
    }
  }
  return { at: start, message: 'this string has no closing "' };
}

/** @param {string} want @param {string | undefined} inside */
function wanted(want, inside) {
  if (want === "next") return `expected "," or "${inside === "{" ? "}" : "]"}"`;
  if (want === "colon") return 'expected ":" after the key';
  if (want === "key") return "expected a key in double quotes";
  if (want === "name") return 'expected a key in double quotes or "}"';
  return want === "item" ? 'expected a value or "]"' : "expected a value";
}

/** @param {string} text @param {number} at */
function quoted(text, at) {
  return JSON.stringify(cut(match(WORD, text, at) || String.fromCodePoint(text.codePointAt(at) ?? 32)));
}

/** @param {string} text */
function cut(text) {
  return text.length > 24 ? `${text.slice(0, 23)}…` : text;
}

/** @param {RegExp} sticky @param {string} text @param {number} at */
function match(sticky, text, at) {
  sticky.lastIndex = at;
  return sticky.exec(text)?.[0] ?? "";
}
