// Whole lines from lines as they stand in the log. Twin of tracer/log/expand.py; docs/format.md has the rules. No DOM.

import { DeltaError, Draft, tokens, valueAt } from "./delta.js";
import { ExactNumber, parseLine, setMember } from "./exact.js";

/** Bytes of log, from the start of a line back, that are kept; a line refers to none that begins further back. */
export const WINDOW = 8 * 2 ** 20;
/** References inside each other that are followed. */
const NESTED = 16;
/** Lines that one line is rebuilt from at most. */
const LINES = 65_536;
/** Characters and values that references may bring into one line. */
const BROUGHT = 64 * 2 ** 20;
const HELD = 32 * 2 ** 20;
/** Lines that are kept parsed where their text is known. */
const PARSED = 256;

/** @typedef {Record<string, any>} Line */
/**
 * @typedef {{ data: any, put: [string, number][], weight: number, cost: number }} Built
 * The whole data of a line, shared with other lines; `put`: pointers of the values put back, each with how many
 * references are inside each other there; `weight`: bytes of JSON that it is at most; `cost`: bytes of memory that
 * only it takes, about.
 */
/** @typedef {{ line: Line, size: number }} Raw */
/** @typedef {{ line: Line | null, size: number, begins: number, text: string | Uint8Array | null }} Kept */

/**
 * Puts back what lines say by reference (`same`, `delta`). Total: what cannot be found becomes a marker `missing`.
 *
 * Without `fetch`, lines are given in order, and those of the last 8 MB are kept. With it, any line may be given:
 * `fetch(seq)` returns an earlier line as it stands in the log, or nothing. Values are shared between lines and must
 * not be changed: what is the same object is unchanged.
 */
export class Whole {
  #fetch;
  #measure;
  #next = 0;
  #bytes = 0;
  /** @type {Map<number, Kept>} */
  #lines = new Map();
  /** The seqs of those, and of those that are held parsed beside their text. */
  #order = new Queue();
  #recent = new Queue();
  /** @type {Map<number, Built>} */
  #states = new Map();
  #remembered = new Queue();
  #held = 0;

  /**
   * @param {((seq: number) => Line | null | undefined) | null} [fetch]
   * @param {(seq: number, line: Line) => number} [measure] how many bytes a line that was fetched has
   */
  constructor(fetch = null, measure = (_, line) => sizeOf(line)) {
    this.#fetch = fetch;
    this.#measure = measure;
  }

  /**
   * The whole line: itself where nothing is missing in it. `size` is its length in bytes; give it where it is known.
   * `text` is its JSON: where it is given, older lines are kept as text, which takes a fraction of the memory.
   * @param {Line} line
   * @param {number} [size]
   * @param {string | Uint8Array | null} [text]
   * @returns {Line}
   */
  line(line, size, text = null) {
    const seq = Number.isInteger(line.seq) ? line.seq : this.#next;
    this.#next = seq + 1;
    const refers = line.same !== undefined || line.delta !== undefined;
    if (this.#fetch === null) {
      size ??= sizeOf(line);
      this.#keep(seq, line, size, text);
    }
    if (!refers) return line;
    let built = this.#fetch === null ? undefined : this.#states.get(seq);
    if (built === undefined) {
      built = this.#build(seq, line, size ?? sizeOf(line), this.#resolve(seq, line));
      // What is only repeated is put together again as fast as it is looked up.
      if (line.delta !== undefined || this.#fetch === null) this.#remember(seq, built);
    }
    /** @type {Line} */
    const whole = {};
    for (const key of Object.keys(line))
      if (key !== "same" && key !== "delta") setMember(whole, key, line[key]);
    whole.data = built.data;
    return whole;
  }

  /** @param {number} seq @param {Line} line @param {number} size @param {string | Uint8Array | null} text */
  #keep(seq, line, size, text) {
    const begins = this.#bytes;
    this.#bytes += size + 1;
    // Not by the Map's own order: it would pass over all that was deleted, each time.
    for (
      ;
      this.#order.length && (this.#lines.get(this.#order.first)?.begins ?? -1) < begins - WINDOW;
      this.#order.shift()
    ) {
      this.#lines.delete(this.#order.first);
    }
    this.#lines.set(seq, { line, size, begins, text });
    this.#order.push(seq);
    if (text === null) return;
    this.#recent.push(seq);
    if (this.#recent.length <= PARSED) return;
    const old = this.#lines.get(this.#recent.shift());
    if (old?.text) old.line = null;
  }

  /** @param {number} seq @param {Built} built */
  #remember(seq, built) {
    const before = this.#states.get(seq);
    if (!before) this.#remembered.push(seq);
    this.#held += built.cost - (before?.cost ?? 0);
    this.#states.set(seq, built);
    while (this.#held > HELD && this.#remembered.length > 1) {
      const old = this.#remembered.shift();
      this.#held -= this.#states.get(old)?.cost ?? 0;
      this.#states.delete(old);
    }
  }

  /** @param {number} seq @returns {Raw | null} */
  #raw(seq) {
    if (this.#fetch === null) {
      const kept = this.#lines.get(seq);
      return kept ? { line: kept.line ?? parsed(kept.text), size: kept.size } : null;
    }
    const line = this.#fetch(seq);
    return isObject(line) ? { line, size: this.#measure(seq, line) } : null;
  }

  /**
   * The lines that this one refers to, whole; null for those that are not to be had.
   * @param {number} seq
   * @param {Line} line
   */
  #resolve(seq, line) {
    return this.#plain(seq, line) ?? this.#nested(seq, line);
  }

  /**
   * The same where all of them say what they hold themselves, or are known; else null.
   * @param {number} seq
   * @param {Line} line
   */
  #plain(seq, line) {
    /** @type {Map<number, Built | null>} */
    const found = new Map();
    for (const number of referred(line, seq)) {
      const known = this.#states.get(number);
      const raw = known ? null : this.#raw(number);
      if (raw && (raw.line.same !== undefined || raw.line.delta !== undefined)) return null;
      found.set(number, known ?? (raw && this.#build(number, raw.line, raw.size, found)));
    }
    return found;
  }

  /** @param {number} seq @param {Line} line */
  #nested(seq, line) {
    /** @type {Map<number, Built | null>} */
    const found = new Map();
    /** @type {Map<number, Raw>} */
    const raws = new Map();
    /** @type {Map<number, number>} */
    const users = new Map();
    const use = (/** @type {number} */ number) => users.set(number, (users.get(number) ?? 0) + 1);
    const waiting = referred(line, seq);
    waiting.forEach(use);
    let left = LINES;
    while (waiting.length > 0) {
      const at = /** @type {number} */ (waiting.at(-1));
      let known = found.get(at) ?? this.#states.get(at) ?? null;
      if (known === null && !found.has(at)) {
        let raw = raws.get(at) ?? null;
        if (raw === null && left > 0) {
          raw = this.#raw(at);
          if (raw !== null) {
            left--;
            raws.set(at, raw);
            const needed = referred(raw.line, at);
            needed.forEach(use);
            if (needed.length > 0) {
              for (const number of needed) waiting.push(number);
              continue;
            }
          }
        }
        if (raw !== null) {
          known = this.#build(at, raw.line, raw.size, found);
          raws.delete(at);
          for (const number of referred(raw.line, at)) {
            const others = (users.get(number) ?? 0) - 1;
            users.set(number, others);
            // A long chain of states is not held all at once.
            if (others === 0) found.delete(number);
          }
          if (raw.line.same !== undefined || raw.line.delta !== undefined) this.#remember(at, known);
        }
      }
      found.set(at, known);
      waiting.pop();
    }
    return found;
  }

  /**
   * @param {number} seq
   * @param {Line} line
   * @param {number} size
   * @param {Map<number, Built | null>} found
   * @returns {Built}
   */
  #build(seq, line, size, found) {
    const data = line.event === "run_start" ? { input: line.input ?? null } : "data" in line ? line.data : {};
    if (line.same === undefined && line.delta === undefined) return { data, put: [], weight: size, cost: 0 };
    const draft = new Draft(data);
    /** @type {[string, number][]} */
    const put = [];
    let weight = size;
    let room = BROUGHT;
    // What lines are at most adds up to more and more; where it may be too much, it is looked what they bring.
    const most = referred(line, seq).reduce((sum, number) => sum + (found.get(number)?.weight ?? 0), 0);
    const weigh = most > BROUGHT ? weighed : atMost;
    for (const [pointer, about] of entries(line.delta)) {
      const base = isObject(about) ? about.base : null;
      const source = isEarlier(base, seq) ? found.get(base) : null;
      /** @type {any} */
      let value = missing(base);
      if (source && Array.isArray(about.ops)) {
        attempt(() => {
          const from = Object.hasOwn(about, "from") ? about.from : pointer;
          const changed = new Draft(valueAt(source.data, tokens(from)));
          const brought = weigh(source, changed.value, room);
          for (const operation of about.ops) changed.apply(operation);
          value = changed.value;
          room -= brought;
          draft.copied += changed.copied;
          weight += brought;
          put.push([pointer, nestedAt(source, from)]);
        });
      }
      attempt(() => draft.put(tokens(pointer), value));
    }
    for (const [pointer, about] of entries(line.same)) {
      const [number, at] = isReference(about) ? about : [null, null];
      const source = isEarlier(number, seq) ? found.get(number) : null;
      /** @type {any} */
      let value = missing(number);
      if (source) {
        attempt(() => {
          const same = valueAt(source.data, tokens(at));
          const brought = weigh(source, same, room);
          const nested = nestedAt(source, at) + 1;
          if (nested > NESTED) return;
          value = same;
          room -= brought;
          weight += brought;
          put.push([pointer, nested]);
        });
      }
      attempt(() => draft.put(tokens(pointer), value));
    }
    return { data: draft.value, put, weight, cost: 300 + 8 * draft.copied };
  }
}

/** References inside each other in, or around, the value there. @param {Built} built @param {string} pointer */
function nestedAt(built, pointer) {
  let most = 0;
  for (const [at, nested] of built.put)
    if (isInside(at, pointer) || isInside(pointer, at)) most = Math.max(most, nested);
  return most;
}

/** Whether the one pointer leads to the other's value, or into it. @param {string} pointer @param {string} outer */
const isInside = (pointer, outer) =>
  pointer.startsWith(outer) && (pointer.length === outer.length || pointer[outer.length] === "/");

/** Numbers, first in, first out. */
class Queue {
  /** @type {number[]} */
  #numbers = [];
  #gone = 0;

  get length() {
    return this.#numbers.length - this.#gone;
  }

  get first() {
    return /** @type {number} */ (this.#numbers[this.#gone]);
  }

  /** @param {number} number */
  push(number) {
    this.#numbers.push(number);
  }

  shift() {
    const { first } = this;
    this.#gone++;
    if (this.#gone > 4096 && this.#gone * 2 > this.#numbers.length) {
      this.#numbers = this.#numbers.slice(this.#gone);
      this.#gone = 0;
    }
    return first;
  }
}

/** @param {string | Uint8Array | null} text @returns {Line} */
const parsed = (text) => parseLine(typeof text === "string" ? text : new TextDecoder().decode(text ?? EMPTY));
const EMPTY = new Uint8Array([0x7b, 0x7d]);

/** What does not fit leaves things as they are. @param {() => void} change */
function attempt(change) {
  try {
    change();
  } catch (error) {
    if (!(error instanceof DeltaError)) throw error;
  }
}

/** @typedef {(source: Built, value: unknown, room: number) => number} Weigh  How much a value out of this line brings in. */

/** At most. @type {Weigh} */
const atMost = (source) => source.weight;

/** In fact. Throws DeltaError where that is more than there is room for. @type {Weigh} */
function weighed(_, value, room) {
  const brought = measure(value);
  if (brought > room) throw new DeltaError();
  return brought;
}

/** @param {unknown} value @returns {value is Record<string, any>} */
const isObject = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);

/** @param {unknown} value @returns {[string, any][]} */
const entries = (value) => (isObject(value) ? Object.entries(value) : []);

/** @param {unknown} about @returns {about is [any, any]} */
const isReference = (about) => Array.isArray(about) && about.length === 2;

/** @param {unknown} number @param {number} seq @returns {number is number} */
const isEarlier = (number, seq) => Number.isInteger(number) && Number(number) >= 0 && Number(number) < seq;

/** The earlier lines that this one refers to. @param {Line} line @param {number} seq */
function referred(line, seq) {
  /** @type {number[]} */
  const found = [];
  for (const [, about] of entries(line.delta)) {
    if (isObject(about) && isEarlier(about.base, seq)) found.push(about.base);
  }
  for (const [, about] of entries(line.same)) {
    if (isReference(about) && isEarlier(about[0], seq)) found.push(about[0]);
  }
  return found;
}

/** @param {unknown} seq */
const missing = (seq) => ({ $tracer: "missing", seq: Number.isSafeInteger(seq) ? seq : null });

/** What values weigh that were looked at. @type {WeakMap<object, number>} */
const weights = new WeakMap();

/**
 * Characters and values in it, more than BROUGHT where there are more: of what stands in many places counted for each,
 * but looked at once. A log may hold a value that holds the one before it ten times, which holds the one before it …
 * @param {unknown} value
 */
function measure(value) {
  const holder = [value];
  /** @type {object[]} */
  const waiting = [holder];
  for (let one = waiting.at(-1); one; one = waiting.at(-1)) {
    if (weights.has(one)) {
      waiting.pop();
      continue;
    }
    /** @type {object[]} */
    const inner = [];
    let taken = 1;
    for (const [key, item] of Object.entries(one)) {
      taken += Array.isArray(one) ? 1 : key.length;
      if (typeof item === "string") taken += 1 + item.length;
      else if (typeof item !== "object" || item === null || item instanceof ExactNumber) taken++;
      else {
        const known = weights.get(item);
        if (known === undefined) inner.push(item);
        else taken += known;
      }
    }
    if (inner.length > 0) {
      for (const item of inner) waiting.push(item);
      continue;
    }
    waiting.pop();
    weights.set(one, Math.min(taken, BROUGHT + 1));
  }
  return weights.get(holder) ?? 0;
}

/** @param {Line} line */
function sizeOf(line) {
  try {
    return JSON.stringify(line).length;
  } catch {
    // Nested deeper than can be written.
    return 2 ** 20;
  }
}
