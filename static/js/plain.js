// LangChain's own events in a file, as people dump them: one JSON object a line, or a JSON array of them. Makes lines
// of format 1 of them. Twin of tracer/log/plain.py, but for references, which nothing needs that is not kept. No DOM.

import { parse } from "./lines.js";
import { spanEvent } from "./spans.js";
import { isObject } from "./values.js";

/** @typedef {import("./spans.js").Line} Line */
/** @typedef {"lines" | "array"} Shape */

const LOOKED_AT = 64;
const BLANK = new Set([0x20, 0x09, 0x0a, 0x0d]);
const OWN = /** @type {const} */ (["tags", "metadata"]);
/** @typedef {{ span: number, own: { tags: unknown[], metadata: Record<string, unknown> } }} Known */

/** @param {unknown} value @returns {value is string} */
const isText = (value) => typeof value === "string";

/** @param {Record<string, any>} line */
function isEvent({ event, run_id, seq, t_us }) {
  return (
    typeof event === "string" &&
    event.startsWith("on_") &&
    typeof run_id === "string" &&
    seq === undefined &&
    t_us === undefined
  );
}

/**
 * The event that these bytes are; null where they are none.
 * @param {Uint8Array} given
 * @param {boolean} [first] they begin the file, perhaps with a byte order mark
 * @returns {Record<string, any> | null}
 */
export function eventIn(given, first = false) {
  const raw = first && given[0] === 0xef ? given.subarray(3) : given;
  const event = parse(raw) ?? mended(raw);
  return isObject(event) && isEvent(event) ? event : null;
}

/** JSON with what Python's json module writes beyond it, as markers; undefined where it is none. @param {Uint8Array} raw */
function mended(raw) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
    return marked(JSON.parse(text.replace(TOKEN, (token) => BEYOND[token] ?? token)), 0);
  } catch {
    return undefined;
  }
}

const TOKEN = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g;
/** @type {Record<string, string>} */
const BEYOND = { NaN: '{"$tracer":"nan"}', Infinity: '{"$tracer":"inf"}', "-Infinity": '{"$tracer":"-inf"}' };
const DEEPEST = 1000;

/** @param {any} value @param {number} depth @returns {any} */
function marked(value, depth) {
  if (depth > DEEPEST) throw new RangeError("nested too deep");
  if (typeof value === "string") {
    return isWellFormed(value) ? value : { $tracer: "surrogate", json: JSON.stringify(value).slice(1, -1) };
  }
  if (value === Number.POSITIVE_INFINITY) return { $tracer: "inf" };
  if (value === Number.NEGATIVE_INFINITY) return { $tracer: "-inf" };
  if (Array.isArray(value)) return value.map((item) => marked(item, depth + 1));
  if (!isObject(value)) return value;
  const members = Object.entries(value);
  if (members.every(([key]) => isWellFormed(key))) {
    return Object.fromEntries(members.map(([key, item]) => [key, marked(item, depth + 1)]));
  }
  return {
    $tracer: "dict",
    items: members.map(([key, item]) => [marked(key, depth), marked(item, depth + 1)]),
  };
}

/** Whether it has no half of a surrogate pair. @param {string} text */
const isWellFormed = (text) => !/\p{Surrogate}/u.test(text);

/**
 * How a file that begins like this holds plain events; null where it does not: the first sound line decides.
 * @param {Uint8Array} head
 * @returns {Shape | null}
 */
export function shapeOf(head) {
  if (beginsArray(head)) {
    const splitter = new Elements();
    const first = splitter.push(head).find((raw) => isObject(parse(raw) ?? mended(raw)));
    return first && eventIn(first) ? "array" : null;
  }
  let from = 0;
  for (let looked = 0; looked < LOOKED_AT && from < head.length; looked++) {
    const newline = head.indexOf(10, from);
    const raw = head.subarray(from, newline < 0 ? head.length : newline);
    from = newline < 0 ? head.length : newline + 1;
    const bare = looked === 0 && raw[0] === 0xef ? raw.subarray(3) : raw;
    const line = parse(bare) ?? mended(bare);
    if (isObject(line) && typeof line.event === "string") return isEvent(line) ? "lines" : null;
  }
  return null;
}

/** @param {Uint8Array} head */
function beginsArray(head) {
  let at = head[0] === 0xef ? 3 : 0;
  while (BLANK.has(/** @type {number} */ (head[at]))) at++;
  if (head[at++] !== 0x5b) return false;
  while (BLANK.has(/** @type {number} */ (head[at]))) at++;
  return head[at] === 0x7b || head[at] === 0x5d;
}

/** The objects in an array, each as it stands in the file, from pieces of the file in order. */
export class Elements {
  /** How many bytes have been looked at. */
  read = 0;
  /** Where the element begins that comes next in what `push` gave last. @type {number[]} */
  begins = [];
  #depth = 0;
  #quoted = false;
  #escaped = false;
  /** @type {Uint8Array[]} */
  #parts = [];
  #begin = 0;

  /** @param {Uint8Array} bytes @returns {Uint8Array[]} those that end in it */
  push(bytes) {
    const found = [];
    this.begins = [];
    let from = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at];
      if (this.#quoted) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === 0x5c) this.#escaped = true;
        else if (byte === 0x22) this.#quoted = false;
      } else if (byte === 0x22) {
        this.#quoted = this.#depth > 1;
      } else if (byte === 0x7b || byte === 0x5b) {
        if (++this.#depth === 2) {
          from = at;
          this.#begin = this.read + at;
          this.#parts = [];
        }
      } else if ((byte === 0x7d || byte === 0x5d) && this.#depth > 0 && --this.#depth === 1) {
        found.push(joined([...this.#parts, bytes.subarray(from, at + 1)]));
        this.begins.push(this.#begin);
        this.#parts = [];
      }
    }
    if (this.#depth > 1) this.#parts.push(bytes.slice(from));
    this.read += bytes.length;
    return found;
  }
}

/** @param {Uint8Array[]} parts */
function joined(parts) {
  if (parts.length === 1) return /** @type {Uint8Array} */ (parts[0]);
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Gives plain events the numbers of their spans, and makes lines of them. */
export class PlainLines {
  /** How many spans have begun. */
  spans = 0;
  /** The newest span of each run id, and those that are open. @type {Map<string, { newest: Known, open: Known[] }>} */
  #known = new Map();

  /** The first line, made of the first event. @param {string} name of the file @param {Record<string, any>} first @returns {Line} */
  header(name, first) {
    /** @type {Line} */
    const header = {
      ...{
        seq: 0,
        t_us: 0,
        event: "run_start",
        format: 1,
        run: name,
        chain: isText(first.name) ? first.name : "",
      },
      ...{ mode: "stream", times: "unknown" },
    };
    const above = Array.isArray(first.parent_ids) ? first.parent_ids.filter(isText) : [];
    if (!above.length && isObject(first.data) && "input" in first.data) header.input = first.data.input;
    return header;
  }

  /** @param {string} run_id */
  #find(run_id) {
    const known = this.#known.get(run_id);
    return known?.open.at(-1) ?? known?.newest;
  }

  /** @param {number} seq @param {Record<string, any>} event @returns {Line} */
  line(seq, event) {
    const kind = spanEvent(event.event);
    const stamps = { seq, t_us: seq, event: event.event };
    const run_id = String(event.run_id);
    const above = Array.isArray(event.parent_ids) ? event.parent_ids.filter(isText) : [];
    const name = isText(event.name) ? event.name : "";
    const tags = Array.isArray(event.tags) ? event.tags : [];
    const metadata = isObject(event.metadata) ? event.metadata : {};
    const data = event.data ?? null;
    if (kind?.[1] === "start") {
      const span = ++this.spans;
      const one = { span, own: { tags, metadata } };
      const parent = above.length ? (this.#find(String(above.at(-1)))?.span ?? null) : null;
      /** @type {{ newest: Known, open: Known[] }} */
      const known = this.#known.get(run_id) ?? { newest: one, open: [] };
      known.newest = one;
      known.open.push(one);
      this.#known.set(run_id, known);
      return { ...stamps, span, parent, run_id, name, tags, metadata, data };
    }
    const known = this.#find(run_id);
    if (!known) {
      return { ...stamps, run_id, name, parent_ids: above, tags, metadata, data };
    }
    /** @type {Line} */
    const line = { ...stamps, span: known.span };
    if (kind === null) {
      line.name = name;
      const own = { tags, metadata };
      for (const key of OWN) {
        if (JSON.stringify(own[key]) !== JSON.stringify(known.own[key])) line[key] = own[key];
      }
    } else if (kind[1] === "end" || kind[1] === "error") {
      this.#known.get(run_id)?.open.pop();
    }
    line.data = data;
    return line;
  }

  /** The last line: how the run ended is known by its roots alone. @param {number} seq @param {import("./spans.js").Fold} fold @returns {Line} */
  footer(seq, fold) {
    const roots = fold.spans.filter((span) => !fold.span(span.parent));
    const failed = roots.find(({ state }) => state === "error" || state === "propagated");
    const other = ["cancelled", "interrupted"].find((state) => roots.some((root) => root.state === state));
    const good = roots.length > 0 && roots.every(({ state }) => state === "ok");
    const status = failed ? "error" : (other ?? (good ? "ok" : "unfinished"));
    /** @type {Line} */
    const end = { seq, t_us: seq, event: "run_end", status, spans: this.spans };
    if (failed?.error) end.error = { type: failed.error.type, message: failed.error.message };
    return end;
  }
}
