// JSON as it was written: keys in their order, numbers to their last digit, where JSON.parse would lose them. No DOM.

/** The keys of an object in their order, where JavaScript has another one: it puts whole numbers first. */
const ORDER = Symbol("order");

/** A number that is not written as JavaScript would write it: 12345678901234567890, 1.0, 1e-05. */
export class ExactNumber {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }

  valueOf() {
    return Number(this.text);
  }

  toString() {
    return this.text;
  }

  toJSON() {
    return Number(this.text);
  }
}

const BACKSLASH = 0x5c;
const POINT = 0x2e;
const MINUS = 0x2d;

/**
 * Whether there is something in it that JSON.parse may lose: keys that look like whole numbers, numbers that are not
 * written as JavaScript would. Most texts have none, and this costs less than parsing them.
 * @param {string} text that is JSON
 */
export function isOdd(text) {
  for (let at = 0; ; ) {
    const quote = text.indexOf('"', at);
    const end = quote < 0 ? text.length : quote;
    for (; at < end; at++) {
      const code = text.charCodeAt(at);
      if (code !== MINUS && !isDigit(code)) continue;
      let last = code;
      let plain = true;
      const from = at;
      for (let next = code; at < end; next = text.charCodeAt(++at)) {
        if (!isDigit(next) && next !== MINUS) {
          if (next !== POINT && (next | 0x20) !== 0x65 && next !== 0x2b) break;
          if (next !== POINT) return true;
          plain = false;
        }
        last = next;
      }
      const zero = last === 0x30;
      if (plain ? at - from > 15 || (zero && code === MINUS && at - from === 2) : zero || at - from > 17)
        return true;
      if (!plain && text.startsWith("0.000000", from + (code === MINUS ? 1 : 0))) return true;
    }
    if (quote < 0) return false;
    let close = text.indexOf('"', quote + 1);
    while (isEscaped(text, close)) close = text.indexOf('"', close + 1);
    if (close < 0) return false;
    const first = text.charCodeAt(quote + 1);
    // As a key, maybe written in escapes.
    if ((isDigit(first) || first === BACKSLASH) && /^\s*:/.test(text.slice(close + 1, close + 9))) {
      if (INDEX.test(JSON.parse(text.slice(quote, close + 1)))) return true;
    }
    at = close + 1;
  }
}

/** @param {number} code */
const isDigit = (code) => code >= 0x30 && code <= 0x39;

/** Whether anything was ever kept exactly: most pages read nothing that has to be. */
let any = false;

/** Whether backslashes before this place make it part of the string. @param {string} text @param {number} at */
function isEscaped(text, at) {
  let from = at;
  while (text.charCodeAt(from - 1) === BACKSLASH) from--;
  return (at - from) % 2 === 1;
}

/**
 * Any JSON text. Throws SyntaxError where it is none.
 * @param {string} text
 * @returns {any}
 */
export function parseExact(text) {
  const value = JSON.parse(text);
  if (!isOdd(text)) return value;
  try {
    return new Parser(text).value();
  } catch (error) {
    // Nested deeper than the call stack.
    if (error instanceof RangeError) return value;
    throw error;
  }
}

/**
 * A line of a log: what is the log's own in it are plain numbers. Throws SyntaxError where it is no JSON.
 * @param {string} text
 * @returns {any}
 */
export function parseLine(text) {
  const line = parseExact(text);
  if (!isObject(line)) return line;
  for (const key of Object.keys(line)) line[key] = numberOf(line[key]);
  for (const about of valuesOf(line.delta)) if (isObject(about)) about.base = numberOf(about.base);
  for (const about of valuesOf(line.same)) if (Array.isArray(about)) about[0] = numberOf(about[0]);
  return line;
}

/** @param {unknown} value @returns {value is Record<string, any>} */
const isObject = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);

/** @param {unknown} value @returns {any[]} */
const valuesOf = (value) => (isObject(value) ? Object.values(value) : []);

const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*")|(-?\d[\d.eE+-]*)|([{}[\],:])|(true|false|null))/y;

/** Reads a text that JSON.parse takes. */
class Parser {
  #at = 0;

  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }

  #next() {
    TOKEN.lastIndex = this.#at;
    const found = /** @type {RegExpExecArray} */ (TOKEN.exec(this.text));
    this.#at = TOKEN.lastIndex;
    return found;
  }

  /** @returns {any} */
  value() {
    return this.#of(this.#next());
  }

  /** @param {RegExpExecArray} token @returns {any} */
  #of([, string, number, sign, word]) {
    if (string !== undefined) return JSON.parse(string);
    if (number !== undefined) return numberFrom(number);
    if (sign === "{") return this.#object();
    if (sign === "[") return this.#array();
    return word === "null" ? null : word === "true";
  }

  #array() {
    const items = [];
    for (let token = this.#next(); token[3] !== "]"; token = this.#next())
      if (token[3] !== ",") items.push(this.#of(token));
    return items;
  }

  #object() {
    /** @type {Record<string, any>} */
    const object = {};
    const keys = new Set();
    let odd = false;
    for (let token = this.#next(); token[3] !== "}"; token = this.#next()) {
      if (token[3] === ",") continue;
      const key = JSON.parse(/** @type {string} */ (token[1]));
      this.#next();
      odd ||= INDEX.test(key);
      keys.add(key);
      assign(object, key, this.value());
    }
    if (odd) {
      const order = [...keys];
      if (Object.keys(object).some((key, at) => key !== order[at])) setOrder(object, order);
    }
    return object;
  }
}

/** A number, exact where JavaScript would write it otherwise. @param {string} text @returns {number | ExactNumber} */
function numberFrom(text) {
  const number = Number(text);
  if (String(number) === text) return number;
  any = true;
  return new ExactNumber(text);
}

const INDEX = /^(?:0|[1-9]\d{0,9})$/;

/**
 * Sets a member; a new one comes last.
 * @param {Record<string, any>} object @param {string} key @param {any} value
 */
export function setMember(object, key, value) {
  const order = /** @type {any} */ (object)[ORDER];
  if (order) {
    if (!Object.hasOwn(object, key)) setOrder(object, [...order, key]);
  } else if (INDEX.test(key) && !Object.hasOwn(object, key)) {
    const keys = Object.keys(object);
    const last = keys.at(-1);
    if (last !== undefined && !(INDEX.test(last) && Number(last) < Number(key)))
      setOrder(object, [...keys, key]);
  }
  assign(object, key, value);
}

/** @param {Record<string, any>} object @param {string} key @param {any} value */
function assign(object, key, value) {
  // Assigned, it would be the object's prototype and no member.
  if (key === "__proto__")
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  else object[key] = value;
}

/** @param {Record<string, any>} object @param {string[]} keys */
function setOrder(object, keys) {
  any = true;
  Object.defineProperty(object, ORDER, { value: keys, configurable: true });
}

/** A copy of the object itself, not of what is in it. @param {Record<string, any>} object @returns {Record<string, any>} */
export function copyOf(object) {
  const copy = { ...object };
  const order = /** @type {any} */ (object)[ORDER];
  if (order) setOrder(copy, order);
  return copy;
}

/** @param {Record<string, any>} object @param {string} key that is there */
export function removeMember(object, key) {
  delete object[key];
  const order = /** @type {any} */ (object)[ORDER];
  if (order) {
    setOrder(
      object,
      order.filter((/** @type {string} */ one) => one !== key),
    );
  }
}

/** The keys in the order in which they were written. @param {Record<string, any>} object @returns {string[]} */
export const keysOf = (object) => /** @type {any} */ (object)[ORDER] ?? Object.keys(object);

/** A number, also one that is kept exactly; anything else as it is. @param {unknown} value @returns {unknown} */
export const numberOf = (value) => (value instanceof ExactNumber ? Number(value.text) : value);

/**
 * As JSON, to the last digit and in order.
 * @param {unknown} value @param {number} [indent] spaces a level; 0: all on one line
 * @returns {string}
 */
export function writeJson(value, indent = 0) {
  if (!any) return JSON.stringify(value, null, indent) ?? "null";
  /** @type {string[]} */
  const parts = [];
  const shift = " ".repeat(indent);
  const colon = indent ? ": " : ":";
  /** @param {unknown} item @param {string} line the line break before it */
  const write = (item, line) => {
    if (item instanceof ExactNumber) {
      parts.push(item.text);
      return;
    }
    if (typeof item !== "object" || item === null) {
      parts.push(JSON.stringify(item) ?? "null");
      return;
    }
    const inner = indent ? line + shift : "";
    const isList = Array.isArray(item);
    const keys = isList ? item : keysOf(/** @type {Record<string, any>} */ (item));
    parts.push(isList ? "[" : "{");
    for (let at = 0; at < keys.length; at++) {
      parts.push(at ? `,${inner}` : inner);
      if (!isList) parts.push(JSON.stringify(keys[at]), colon);
      write(isList ? keys[at] : /** @type {any} */ (item)[keys[at]], inner);
    }
    parts.push(keys.length ? line : "", isList ? "]" : "}");
  };
  try {
    write(value, indent ? "\n" : "");
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // Nested deeper than the call stack.
    return JSON.stringify(value) ?? "null";
  }
  return parts.join("");
}
