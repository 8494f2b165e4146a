// A line of a log into the fold and into a row, and what else the page keeps of it. No DOM.

import { PIECE, PREVIEW, TEXT, TREE } from "./columns.js";
import { blocksOf } from "./content.js";
import { excerptOf, valuePreview } from "./excerpt.js";
import { compactJson, counted, hasFailed, oneLine } from "./format.js";
import { Fold, isModel, spanEvent } from "./spans.js";
import { isObject, unwrap } from "./values.js";

/** @typedef {import("./spans.js").Line} Line */
/** @typedef {import("./span.js").SpanNow} SpanNow */
/** @typedef {{ event: string, parts: [string, string] | null, row: Required<Omit<import("./columns.js").Row, "kind">>, span: SpanNow | undefined }} Taken */
/**
 * @typedef {{ row: number, what: "header" | "footer" | "note" | "more", span: number, value: any }} Fact
 * header, footer: the line; note: a few words on a span; more: a model's end says what no piece of its stream shows.
 */

export class Intake {
  fold = new Fold();
  /** The format of the log, where its first line names one. */
  format = 0;
  /** What the newest line brought beside its row. @type {Fact[]} */
  facts = [];
  /** Halves of surrogate pairs that wait for the other. @type {Map<number, string>} */
  #halves = new Map();

  /** @param {Line} line a whole one @param {number} seq @returns {Taken} */
  take(line, seq) {
    const { fold } = this;
    if (this.facts.length) this.facts = [];
    const span = fold.add(line);
    const event = typeof line.event === "string" ? line.event : "";
    const parts = spanEvent(event);
    const phase = parts?.[1] ?? "";
    const number = Number.isInteger(line.span) ? line.span : 0;
    let { form, text } = excerptOf(line, phase);
    if (form === TEXT) text = this.#joined(number, text);
    else if (form === TREE && (!span || isModel(span.type))) form = PREVIEW;
    let mark = fold.mark;
    if (phase === "stream") {
      if (text && span && isModel(span.type)) mark |= PIECE;
    } else {
      this.#note(line, event, phase, span);
    }
    if (span && span.state !== "running") this.#halves.delete(number);
    return { event, parts, row: { seq, t_us: fold.t_us, form, span: number, text, mark }, span };
  }

  /**
   * Takes the line that was found.
   * @param {import("./pieces.js").Pieces} found
   * @returns {string | null} what of it is shown now; null: it has to be parsed
   */
  piece({ span, t_us, text, repeats }) {
    const { fold } = this;
    if (repeats >= 0 && isModel(fold.span(span)?.type ?? "")) return null;
    if (this.facts.length) this.facts = [];
    const now = fold.piece(span, t_us);
    const shown = this.#joined(span, text);
    this.mark = shown && now && isModel(now.type) ? fold.mark | PIECE : fold.mark;
    if (this.#halves.size && now && now.state !== "running") this.#halves.delete(span);
    return shown;
  }

  /** Of the newest piece. */
  mark = 0;

  /**
   * Takes the next line, of which is known that it streams a text with something in it, or (`isTree`) a value.
   * @param {number} number its span @param {number} t_us @param {boolean} isTree
   * @param {boolean} isRepeated it says by reference what it streams
   * @returns {number} what it counts as; -1: it has to be parsed
   */
  streams(number, t_us, isTree, isRepeated) {
    const { fold } = this;
    const span = fold.span(number);
    const isSaid = span !== undefined && isModel(span.type);
    if ((isTree && !span) || ((isTree || isRepeated) && isSaid) || this.#halves.has(number)) return -1;
    if (this.facts.length) this.facts = [];
    fold.piece(number, t_us);
    return isSaid ? fold.mark | PIECE : fold.mark;
  }

  /** @param {Line} line @param {string} event @param {string} phase @param {SpanNow | undefined} span */
  #note(line, event, phase, span) {
    if (event === "run_start") {
      this.#fact("header", 0, line);
      if (Number.isInteger(line.format)) this.format = Math.max(this.format, line.format);
    } else if (event === "run_end") this.#fact("footer", 0, line);
    // A second start or end of a span is not its own.
    const row = this.fold.lines - 1;
    if (!span || (phase === "start" ? span.start_row : span.end_row) !== row) return;
    const data = isObject(line.data) ? line.data : {};
    if (phase === "start") {
      if (span.type === "tool") this.#fact("note", span.span, oneLine(argumentText(data.input), 60));
    } else if (phase === "end" && !hasFailed(span.state)) {
      const { output } = data;
      if (span.type === "retriever") {
        const inner = unwrap(output);
        if (Array.isArray(inner)) this.#fact("note", span.span, counted(inner.length, "document"));
      } else if (isModel(span.type) && isObject(output)) {
        const has = isObject(output.additional_kwargs) || Array.isArray(output.content);
        if (has && blocksOf(output).some((block) => block.kind !== "text"))
          this.#fact("more", span.span, true);
      }
    }
  }

  /** @param {Fact["what"]} what @param {number} span @param {any} value */
  #fact(what, span, value) {
    this.facts.push({ row: this.fold.lines - 1, what, span, value });
  }

  /** @param {number} span @param {string} text */
  #joined(span, text) {
    const half = this.#halves.get(span);
    let whole = text;
    if (half !== undefined) {
      whole = half + text;
      this.#halves.delete(span);
    }
    if (whole && whole.charCodeAt(whole.length - 1) >> 10 === 0x36) {
      this.#halves.set(span, whole.slice(-1));
      whole = whole.slice(0, -1);
    }
    return whole;
  }
}

/** What a tool was called with: `city: "Paris"`. @param {unknown} input */
function argumentText(input) {
  const inner = unwrap(input);
  if (!isObject(inner)) return valuePreview(input);
  return Object.entries(inner)
    .map(([name, value]) => `${name}: ${compactJson(value, 40)}`)
    .join(", ");
}
