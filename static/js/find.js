// Which spans of a run fit what is searched for, and since which row. Works in slices, a few milliseconds a frame. No DOM.

import { CALLS, TEXT } from "./columns.js";
import { metadataFits, nameFits, stateFits, tagsFit, tookFits, typeFits } from "./find_filters.js";
import { FindHits } from "./find_hits.js";
import { textsIn } from "./find_lines.js";
import { isEmpty, parseQuery } from "./find_query.js";
import { NONE } from "./span_table.js";
import { NumberList } from "./typed.js";

/** @typedef {import("./store.js").RunStore} RunStore */
/** @typedef {import("./span_columns.js").SpanColumns} SpanColumns */
/** @typedef {import("./find_query.js").Query} Query */
/** @typedef {import("./find_lines.js").Hit} Hit */
/**
 * @typedef {{ hits(hits: Hit[], share: number): void, done(problem: string): void }} Hears  `share` of the log that
 * has been looked through; `problem`: why it could not be.
 */
/** @typedef {(texts: string[], hears: Hears) => { stop(): void }} SearchDeep  Looks through whole lines for texts. */

/** Where a word was found, the plainest first. */
export const PLACES = ["", "", "in what it streamed", "in its input", "in its output", "in a finding"];
const SHALLOW = 1;
const STREAMED = 2;
/** @type {Record<string, number>} */
const DEEP = { input: 3, output: 4, finding: 5 };
const STRIDE = 512;
/** Whole lines are looked through once nobody has typed for so long. */
const TYPING_MS = 180;
/** A run that goes on is looked through again after so long, and after so many times what that took. */
const AGAIN_MS = 1000;
const AGAIN_SHARE = 10;
const PASS_EVERY_MS = 120;
const TOOK_EVERY_MS = 500;

export class Find {
  text = "";
  query = parseQuery("");
  /** Grows with every change of which spans fit. */
  version = 0;
  /** How much of the log was looked through; 1: all of it. */
  share = 1;
  /** Why inputs and outputs could not be. */
  problem = "";
  #hits = new FindHits();
  /** By word: the row from which on a span has it, and where. @type {{ first: Uint32Array, place: Uint8Array }[]} */
  #words = [];
  /** Whether what never changes of a span fits. */
  #fixed = new Uint8Array(0);
  #read = { spans: 0, ended: 0, row: 0 };
  /** What was found of a code, by kind. @type {Record<string, any[]>} */
  #codes = {};
  /** How what a span streamed ends, by its slot and kind. @type {Map<number, string>[]} */
  #tails = [];
  #longest = 0;
  /** Hits of lines that have not come yet. @type {Hit[]} */
  #early = [];
  /** @type {{ stop(): void } | null} */
  #search = null;
  /** When whole lines are looked through next (0: not yet known), how long that took (0: never), up to which line. */
  #deep = { dueAt: 0, took: 0, seq: -1 };
  #pass = { at: -2, found: new NumberList(Uint32Array), dirty: false, endedAt: 0 };
  #cursor = { row: Number.NaN, at: 0 };
  /** @type {RunStore | null} */
  #store = null;
  /** @type {SpanColumns | null} */
  #columns = null;
  #now_us = 0;
  /** How many spans the tree had. */
  #shown = 0;

  /** @param {SearchDeep} searchDeep @param {() => void} [touch] called where there is something to do again */
  constructor(searchDeep, touch = () => {}) {
    this.searchDeep = searchDeep;
    this.touch = touch;
  }

  /** How many spans fit, as far as is known. */
  get count() {
    return this.#hits.count;
  }

  /** Whether something is searched for that can be understood. */
  get isOn() {
    return !this.query.problem && !isEmpty(this.query);
  }

  /** Whether what fits is not all known yet. */
  get isBusy() {
    return this.isOn && (this.#search !== null || this.#deep.dueAt > 0 || this.#isBehind || this.#isPassing);
  }

  /** Whether the matches that are known are of what is searched for now. */
  get isAnswered() {
    return this.isOn && this.#pass.endedAt > 0;
  }

  get #isPassing() {
    return this.#pass.dirty || this.#pass.at !== -2;
  }

  get #isBehind() {
    const store = this.#store;
    if (!store) return false;
    return (
      this.#read.spans < store.fold.table.length ||
      (this.#words.length > 0 && this.#read.row < store.columns.length)
    );
  }

  /** Another run. @param {RunStore} store @param {SpanColumns} columns */
  show(store, columns) {
    if (store === this.#store && columns === this.#columns) return;
    this.#store = store;
    this.#columns = columns;
    this.#begin(true);
  }

  /** Searches for something else. @param {string} text */
  set(text) {
    if (text === this.text) return;
    this.text = text;
    const before = this.query.words.join("\n");
    this.query = parseQuery(text);
    this.#begin(this.query.words.join("\n") !== before);
  }

  close() {
    this.#search?.stop();
    this.#search = null;
    this.#deep.dueAt = 0;
  }

  /** @param {boolean} anew other words than before, or another run */
  #begin(anew) {
    this.#read.spans = this.#read.ended = 0;
    this.#codes = {};
    this.#fixed = new Uint8Array(0);
    this.#pass.at = -2;
    this.#pass.dirty = true;
    this.#pass.endedAt = 0;
    this.version++;
    if (!this.isOn) this.#settle(new Uint32Array(0));
    if (!anew) return;
    this.close();
    this.problem = "";
    this.share = 1;
    this.#read.row = 0;
    this.#early = [];
    this.#tails = [new Map(), new Map(), new Map(), new Map()];
    this.#longest = Math.max(0, ...this.query.words.map((word) => word.length));
    const words = this.query.problem ? [] : this.query.words;
    this.#words = words.map(() => ({ first: new Uint32Array(0), place: new Uint8Array(0) }));
    if (words.length) this.#deep = { dueAt: performance.now() + TYPING_MS, took: 0, seq: -1 };
  }

  // ── What is known ──

  /** Whether a span fits at the moment that is shown; all do where nothing is searched for. @param {number} index */
  matches(index) {
    const store = this.#store;
    if (!this.isOn || !store) return true;
    const { table } = store.fold;
    const { row } = store.moment;
    if (index < 0 || !this.#fixed[index] || Number(table.start_row[index]) > row) return false;
    for (const { first } of this.#words) {
      const from = first[index] ?? NONE;
      if (from === NONE || from > row) return false;
    }
    return stateFits(this.query, store.moment, index) && tookFits(this.query, store, index, this.#now_us);
  }

  /** Where it was found, in words: "" for its name, tags or metadata. @param {number} index */
  placeOf(index) {
    let found = 0;
    for (const { place } of this.#words) found = Math.max(found, place[index] ?? 0);
    return PLACES[found] ?? "";
  }

  /** How many spans that fit begin in a stretch of time. @param {number} from_us @param {number} to_us */
  between(from_us, to_us) {
    return this.#hits.between(from_us, to_us);
  }

  /** Which of those that fit a span is, from 1; 0 for none. @param {number} index */
  place(index) {
    return this.#hits.place(index);
  }

  /** The next span that fits, after or before one, round and round; -1 where none does. @param {number} index -1: none @param {number} step 1 or -1 */
  next(index, step) {
    return this.#hits.next(index, step);
  }

  // ── What a frame has time for ──

  /**
   * @param {number} ms how long it may take, about @param {number} [now] in ms of performance.now
   * @returns {boolean} whether there is more to do
   */
  step(ms, now = performance.now()) {
    const store = this.#store;
    if (!store || !this.isOn) return false;
    const until = performance.now() + ms;
    this.#now_us = store.at(Date.now());
    this.#room(store.fold.table.length);
    this.#readSpans(store, until);
    if (this.#words.length) this.#readRows(store, until);
    if (this.#early.length) this.#takeDeep(this.#early.splice(0));
    this.#goDeep(store, now);
    this.#lookAgain(store, now);
    const shown = this.#columns?.length ?? 0;
    // The tree gets its spans after they are known here.
    if (shown !== this.#shown) this.#changed();
    this.#shown = shown;
    this.#makePass(until, now);
    return this.#isBehind || this.#isPassing || this.#deep.dueAt > 0 || shown < store.fold.table.length;
  }

  /** @param {RunStore} store @param {number} now */
  #lookAgain(store, now) {
    const { row } = store.moment;
    const isOld = this.query.took.length > 0 && store.running && store.moment.isNow;
    if (row !== this.#cursor.row || (isOld && now - this.#cursor.at > TOOK_EVERY_MS)) {
      this.#cursor = { row, at: now };
      this.#changed();
    }
  }

  #changed() {
    this.#pass.dirty = true;
  }

  /** @param {number} size */
  #room(size) {
    if (size <= this.#fixed.length) return;
    const room = Math.max(256, size, this.#fixed.length * 2);
    const fixed = new Uint8Array(room);
    fixed.set(this.#fixed);
    this.#fixed = fixed;
    for (const word of this.#words) {
      if (word.first.length >= room) continue;
      const first = new Uint32Array(room).fill(NONE);
      first.set(word.first);
      const place = new Uint8Array(room);
      place.set(word.place);
      word.first = first;
      word.place = place;
    }
  }

  /** Names, tags, metadata, models and errors. @param {RunStore} store @param {number} until */
  #readSpans(store, until) {
    const { table, ended } = store.fold;
    const read = this.#read;
    const from = read.spans;
    while (read.spans < table.length) {
      const stop = Math.min(table.length, read.spans + STRIDE);
      for (; read.spans < stop; read.spans++) this.#readSpan(table, read.spans);
      if (performance.now() >= until) break;
    }
    if (read.spans > from) this.#changed();
    // What ended says more than it did: its error, its model.
    const before = read.ended;
    while (read.ended < ended.length) {
      const index = ended.at(read.ended++);
      if (index < from) this.#readSpan(table, index);
      if (read.ended % STRIDE === 0 && performance.now() >= until) break;
    }
    if (read.ended > before) this.#changed();
  }

  /** @param {import("./span_table.js").SpanTable} table @param {number} index */
  #readSpan(table, index) {
    const code = (/** @type {Uint32Array} */ column) => /** @type {number} */ (column[index]);
    const fixed =
      this.#once("type", code(table.type), (at) => typeFits(this.query, String(table.texts.at(at)))) &&
      this.#once("name", code(table.name), (at) => nameFits(this.query, table.texts.at(at) ?? "")) &&
      this.#once("tags", code(table.tags), (at) => tagsFit(this.query, table.tagLists.at(at))) &&
      this.#once("meta", code(table.metadata), (at) => metadataFits(this.query, table.metadatas.at(at)));
    this.#fixed[index] = fixed ? 1 : 0;
    if (!this.#words.length) return;
    let bits = this.#once("name words", code(table.name), (at) => this.#bitsOf([table.texts.at(at) ?? ""]));
    bits |= this.#once("tag words", code(table.tags), (at) => this.#bitsOf(textsIn(table.tagLists.at(at))));
    bits |= this.#once("meta words", code(table.metadata), (at) => {
      const metadata = table.metadatas.at(at);
      return this.#bitsOf([...Object.keys(metadata), ...textsIn(metadata)]);
    });
    const row = /** @type {number} */ (table.start_row[index]);
    if (bits) this.#mark(index, bits, row, SHALLOW);
    const later = this.#once("name words", code(table.model), (at) =>
      this.#bitsOf([table.texts.at(at) ?? ""]),
    );
    const error = table.error.get(index);
    const stack = table.stack.get(index);
    let atEnd = later;
    if (error) atEnd |= this.#bitsOf([error.type, error.message, error.traceback ?? ""]);
    if (stack) atEnd |= this.#bitsOf([stack]);
    const end = /** @type {number} */ (table.end_row[index]);
    if (atEnd) this.#mark(index, atEnd, end === NONE ? row : end, SHALLOW);
  }

  /** @template T @param {string} kind @param {number} code @param {(code: number) => T} make @returns {T} */
  #once(kind, code, make) {
    this.#codes[kind] ??= [];
    const known = /** @type {T[]} */ (this.#codes[kind]);
    const found = known[code];
    if (found !== undefined) return found;
    const made = make(code);
    known[code] = made;
    return made;
  }

  /** Which words are in one of some texts, a bit each. @param {string[]} texts */
  #bitsOf(texts) {
    let bits = 0;
    for (const text of texts) {
      const lower = text.toLowerCase();
      for (const [number, word] of this.query.words.entries()) if (lower.includes(word)) bits |= 1 << number;
    }
    return bits;
  }

  /** @param {number} index @param {number} bits @param {number} row @param {number} place */
  #mark(index, bits, row, place) {
    for (const [number, word] of this.#words.entries()) {
      if (!(bits & (1 << number))) continue;
      if (row < /** @type {number} */ (word.first[index])) word.first[index] = row;
      const known = /** @type {number} */ (word.place[index]);
      if (!known || place < known) word.place[index] = place;
    }
  }

  /** What spans streamed: a word may be spread over pieces. @param {RunStore} store @param {number} until */
  #readRows({ columns, fold }, until) {
    const read = this.#read;
    const { form } = columns;
    let found = false;
    // A look at the clock after some, not before: each time it comes a little further.
    for (let isLate = false; read.row < columns.length && !isLate; read.row++) {
      isLate = read.row % STRIDE === STRIDE - 1 && performance.now() >= until;
      const kind = form[read.row];
      if (kind !== TEXT && kind !== CALLS) continue;
      const index = fold.table.indexOf(columns.spanAt(read.row));
      if (index < 0 || this.#isKnown(index, read.row)) continue;
      const slot = /** @type {number} */ (columns.span[read.row]);
      let bits = 0;
      if (kind === TEXT) bits = this.#add(0, slot, columns.text(read.row));
      else {
        /** @type {import("./excerpt.js").Piece} */
        const piece = JSON.parse(columns.text(read.row) || '{"text":"","calls":[]}');
        bits = this.#add(0, slot, piece.text);
        for (const call of piece.calls) bits |= this.#add(1, slot, call.args) | this.#bitsOf([call.name]);
        bits |= this.#add(2, slot, piece.reasoning ?? "") | this.#add(3, slot, piece.refusal ?? "");
      }
      if (!bits) continue;
      this.#mark(index, bits, read.row, STREAMED);
      found = true;
    }
    if (found) this.#changed();
  }

  /** Whether all words are known of a span up to a row, plainly. @param {number} index @param {number} row */
  #isKnown(index, row) {
    return this.#words.every(
      ({ first, place }) => Number(first[index]) <= row && Number(place[index]) <= STREAMED,
    );
  }

  /** @param {number} kind @param {number} slot @param {string} piece @returns {number} the words that it makes up */
  #add(kind, slot, piece) {
    if (!piece) return 0;
    const tails = /** @type {Map<number, string>} */ (this.#tails[kind]);
    const text = (tails.get(slot) ?? "") + piece.toLowerCase();
    let bits = 0;
    for (const [number, word] of this.query.words.entries()) if (text.includes(word)) bits |= 1 << number;
    tails.set(slot, this.#longest > 1 ? text.slice(1 - this.#longest) : "");
    return bits;
  }

  // ── Whole lines ──

  /** @param {RunStore} store @param {number} now */
  #goDeep(store, now) {
    const deep = this.#deep;
    if (!this.#words.length || this.#search) return;
    if (!deep.dueAt) {
      if (deep.took && store.lastSeq > deep.seq)
        deep.dueAt = now + Math.max(AGAIN_MS, deep.took * AGAIN_SHARE);
      return;
    }
    if (now < deep.dueAt || store.lastSeq < 0) return;
    const isFirst = deep.took === 0;
    deep.dueAt = 0;
    deep.seq = store.lastSeq;
    if (isFirst) this.share = 0;
    /** @type {{ stop(): void } | null} */
    let search = null;
    const mine = { stop: () => search?.stop() };
    this.#search = mine;
    search = this.searchDeep(this.query.words, {
      hits: (hits, share) => {
        if (this.#search !== mine) return;
        if (isFirst) this.share = share;
        this.#takeDeep(hits);
        this.touch();
      },
      done: (problem) => {
        if (this.#search !== mine) return;
        this.#search = null;
        this.share = 1;
        this.problem = problem;
        deep.took = Math.max(1, performance.now() - now);
        this.#changed();
        this.touch();
      },
    });
  }

  /** @param {Hit[]} hits */
  #takeDeep(hits) {
    const store = this.#store;
    if (!store || !hits.length) return;
    const { table } = store.fold;
    this.#room(table.length);
    for (const hit of hits) {
      const [word, span, seq, where] = hit;
      const index = table.indexOf(span);
      if (index < 0 || seq > store.lastSeq) {
        this.#early.push(hit);
        continue;
      }
      const row = store.columns.rowOf(seq);
      const place = DEEP[where] ?? SHALLOW;
      this.#mark(index, 1 << word, row < 0 ? Number(table.start_row[index]) : row, place);
    }
    this.#changed();
  }

  // ── Which spans fit ──

  /** @param {number} until @param {number} now */
  #makePass(until, now) {
    const pass = this.#pass;
    const columns = this.#columns;
    if (!columns) return;
    if (pass.at === -2) {
      if (!pass.dirty || (pass.endedAt > 0 && now - pass.endedAt < PASS_EVERY_MS)) return;
      pass.dirty = false;
      pass.found = new NumberList(Uint32Array);
      pass.at = columns.length ? columns.firstRoot : -1;
    }
    while (pass.at >= 0) {
      for (let step = 0; step < STRIDE && pass.at >= 0; step++) {
        if (this.matches(pass.at)) pass.found.push(pass.at);
        pass.at = after(columns, pass.at);
      }
      if (pass.at >= 0 && performance.now() >= until) return;
    }
    pass.at = -2;
    pass.endedAt = now;
    this.#settle(pass.found.data.slice(0, pass.found.length));
  }

  /** @param {Uint32Array<ArrayBuffer>} hits */
  #settle(hits) {
    this.#hits.settle(this.#columns, hits);
    this.version++;
  }
}

/** The span after another in the tree, -1 after the last. @param {SpanColumns} columns @param {number} index */
function after({ firstChild, next, parent }, index) {
  const child = Number(firstChild[index]);
  if (child >= 0) return child;
  for (let at = index; at >= 0; at = Number(parent[at])) {
    const sibling = Number(next[at]);
    if (sibling >= 0) return sibling;
  }
  return -1;
}
