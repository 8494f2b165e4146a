// Where in a log texts stand: the values that went into its spans, and those that came out. Twin of tracer/log/find.py,
// which says how. No DOM.

import { DeltaError, tokens, valueAt } from "./delta.js";
import { Whole, WINDOW } from "./expand.js";
import { isObject } from "./values.js";

/** @typedef {import("./spans.js").Line} Line */
/** @typedef {[text: number, span: number, seq: number, where: string]} Hit  The first line of a span that has the text; `where` is input, output or finding. */

/** Values that grow, and strings in one, whose ends are kept: those beyond are read again. */
const MOST_ENDS = 4096;
const FINDING = ["text", "advice", "evidence"];

/** A text to look for, ignoring case. */
class Needle {
  /** @param {string} text */
  constructor(text) {
    const said = text.trim().replace(/\s+/g, " ");
    this.text = said.toLowerCase();
    this.long = said.length;
    // As it stands in JSON, and once more in JSON that stands in a text.
    const once = JSON.stringify(said).slice(1, -1);
    this.forms = [...new Set([once, JSON.stringify(once).slice(1, -1)])].map((form) => form.toLowerCase());
  }

  /** @param {string} low JSON in lower case */
  mayBeIn(low) {
    return this.forms.some((form) => low.includes(form));
  }

  /** @param {string} text */
  isIn(text) {
    return text.toLowerCase().includes(this.text);
  }
}

export class LineFinder {
  #needles;
  #whole;
  /** Spans by text and place. @type {Map<string, Set<number>>} */
  #told = new Map();
  /** Lines among the last 8 MB that have the text. @type {Set<number>[]} */
  #matched;
  /** @type {{ begin: number, text: number, seq: number }[]} */
  #order = [];
  #oldest = 0;
  /** Of each value that grows, its newest line and how its strings end. @type {Map<string, { seq: unknown, ends: Map<string, string> }>} */
  #ends = new Map();
  #keep;

  /** @param {string[]} texts @param {(seq: number) => Line | null} fetch an earlier line, as it stands in the log */
  constructor(texts, fetch) {
    this.#needles = texts.map((text) => new Needle(text));
    this.#matched = texts.map(() => new Set());
    this.#keep = Math.max(0, ...this.#needles.map(({ long }) => long));
    this.#whole = new Whole(fetch);
  }

  /**
   * @param {number} seq @param {number} begin where the line begins @param {string} raw its JSON
   * @param {() => Line} parse
   * @returns {Hit[]} each is told once for a text, a span and a place
   */
  take(seq, begin, raw, parse) {
    const low = raw.toLowerCase();
    /** @type {Set<number>} */
    const candidates = new Set();
    for (const [number, needle] of this.#needles.entries()) {
      if (needle.mayBeIn(low)) candidates.add(number);
    }
    const refers = raw.includes('"same"') || raw.includes('"delta"');
    if (!candidates.size && !refers) return [];
    this.#forget(begin);
    const line = parse();
    if (refers) {
      for (const base of basesOf(line)) {
        for (const [number, matched] of this.#matched.entries()) {
          if (matched.has(base)) candidates.add(number);
        }
      }
      this.#grow(seq, line, raw.length, candidates);
    }
    return candidates.size ? this.#hits(seq, begin, line, refers ? raw.length : -1, candidates) : [];
  }

  /** @param {number} begin */
  #forget(begin) {
    for (; this.#oldest < this.#order.length; this.#oldest++) {
      const old = /** @type {{ begin: number, text: number, seq: number }} */ (this.#order[this.#oldest]);
      if (old.begin >= begin - WINDOW) break;
      this.#matched[old.text]?.delete(old.seq);
    }
    if (this.#oldest > 4096 && this.#oldest > this.#order.length / 2) {
      this.#order.splice(0, this.#oldest);
      this.#oldest = 0;
    }
  }

  /** @param {number} seq @param {number} begin @param {Line} line @param {number} size -1: it is whole @param {Set<number>} candidates */
  #hits(seq, begin, line, size, candidates) {
    const span = Number.isInteger(line.span) && line.span > 0 ? line.span : 0;
    const names = namesOf(line);
    /** @type {Hit[]} */
    const hits = [];
    /** @type {[string, string[]][] | null} */
    let values = null;
    for (const number of [...candidates].sort((a, b) => a - b)) {
      if (span && names.every((name) => this.#told.get(`${number} ${name}`)?.has(span))) {
        this.#mark(number, seq, begin);
        continue;
      }
      values ??= valuesOf(size < 0 ? line : this.#whole.line(line, size));
      const needle = /** @type {Needle} */ (this.#needles[number]);
      for (const [name, texts] of values) {
        if (!texts.some((text) => needle.isIn(text))) continue;
        this.#mark(number, seq, begin);
        if (span && this.#isNew(`${number} ${name}`, span)) hits.push([number, span, seq, name]);
      }
    }
    return hits;
  }

  /** @param {string} key @param {number} span */
  #isNew(key, span) {
    let told = this.#told.get(key);
    if (!told) {
      told = new Set();
      this.#told.set(key, told);
    }
    if (told.has(span)) return false;
    told.add(span);
    return true;
  }

  /** @param {number} text @param {number} seq @param {number} begin */
  #mark(text, seq, begin) {
    const matched = /** @type {Set<number>} */ (this.#matched[text]);
    if (matched.has(seq)) return;
    matched.add(seq);
    this.#order.push({ begin, text, seq });
  }

  /** Which texts a string has now that an operation appended to it. @param {number} seq @param {Line} line @param {number} size @param {Set<number>} candidates */
  #grow(seq, line, size, candidates) {
    for (const [pointer, change] of entriesOf(line.delta)) {
      if (!isObject(change) || !Array.isArray(change.ops)) continue;
      const key = `${line.span} ${pointer}`;
      const known = this.#ends.get(key);
      const ends =
        known && known.seq === change.base && known.ends.size <= MOST_ENDS ? known.ends : new Map();
      for (const op of change.ops) {
        if (isObject(op) && typeof op.path === "string")
          this.#operate(line, size, pointer, op, ends, candidates);
      }
      if (this.#ends.size > MOST_ENDS) this.#ends.clear();
      this.#ends.set(key, { seq, ends });
    }
  }

  /** @param {Line} line @param {number} size @param {string} pointer @param {Record<string, any>} op @param {Map<string, string>} ends @param {Set<number>} candidates */
  #operate(line, size, pointer, { op, path, value }, ends, candidates) {
    if (op === "append" && typeof value === "string") {
      const before = ends.get(path);
      const text = before === undefined ? this.#string(line, size, pointer, path) : before + value;
      if (text === null) return;
      ends.set(path, text.slice(-this.#keep));
      for (const [number, needle] of this.#needles.entries()) if (needle.isIn(text)) candidates.add(number);
    } else if (!path.endsWith("/-")) {
      // What stood at other places may have moved, or gone.
      if (typeof value !== "string" || /\/\d+$/.test(path)) ends.clear();
      if (typeof value === "string") ends.set(path, value.slice(-this.#keep));
    }
  }

  /** @param {Line} line @param {number} size @param {string} pointer @param {string} path @returns {string | null} */
  #string(line, size, pointer, path) {
    try {
      const value = valueAt(this.#whole.line(line, size).data, [...tokens(pointer), ...tokens(path)]);
      return typeof value === "string" ? value : null;
    } catch (error) {
      if (error instanceof DeltaError) return null;
      throw error;
    }
  }
}

/** @param {unknown} value @returns {[string, any][]} */
const entriesOf = (value) => (isObject(value) ? Object.entries(value) : []);

/** The lines it refers to. @param {Line} line */
function* basesOf(line) {
  for (const [, said] of entriesOf(line.same)) {
    if (Array.isArray(said) && Number.isInteger(said[0])) yield/** @type {number} */ (said[0]);
  }
  for (const [, change] of entriesOf(line.delta)) {
    if (isObject(change) && Number.isInteger(change.base)) yield/** @type {number} */ (change.base);
  }
}

/** The places its values may be in. @param {Line} line */
function namesOf({ event }) {
  if (event === "finding") return ["finding"];
  return String(event).endsWith("_stream") ? ["output"] : ["input", "output"];
}

/** The texts in the values of a whole line, by the place they are in. @param {Line} line @returns {[string, string[]][]} */
function valuesOf(line) {
  if (line.event === "run_start") return [["input", textsIn(line.data ?? { input: line.input })]];
  if (line.event === "finding") return [["finding", textsIn(FINDING.map((name) => line[name]))]];
  const inside = isObject(line.data) ? line.data : { data: line.data };
  const others = Object.entries(inside).filter(([name]) => name !== "input");
  return [
    ["input", textsIn([inside.input, line.invocation_params])],
    ["output", textsIn(others.map(([, value]) => value))],
  ];
}

/** Every text in a value, and numbers as they stand; not the keys. @param {unknown} value @returns {string[]} */
export function textsIn(value) {
  /** @type {string[]} */
  const texts = [];
  const waiting = [value];
  while (waiting.length) {
    const one = waiting.pop();
    if (typeof one === "string") texts.push(one);
    else if (typeof one === "number") texts.push(String(one));
    else if (Array.isArray(one)) for (const inner of one) waiting.push(inner);
    else if (isObject(one)) {
      // A message says what kind it is.
      const isMessage = "content" in one;
      for (const [key, inner] of Object.entries(one)) {
        if (key !== "type" || !isMessage) waiting.push(inner);
      }
    }
  }
  return texts;
}
