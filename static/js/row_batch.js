// Rows that are collected, to be handed over as columns. No DOM.

import { Kinds } from "./columns.js";

/** Rows in a batch at most: the page takes one in a few milliseconds. */
export const ROWS = 4096;
const TEXT_ROOM = 1 << 20;
const SHORT = 40;

export class RowBatch {
  length = 0;
  kinds = new Kinds();
  seq = new Float64Array(ROWS);
  t_us = new Float64Array(ROWS);
  kind = new Uint8Array(ROWS);
  form = new Uint8Array(ROWS);
  mark = new Uint8Array(ROWS);
  span = new Float64Array(ROWS);
  begin = new Uint32Array(ROWS);
  size = new Uint32Array(ROWS);
  text = new Uint8Array(TEXT_ROOM);
  textEnd = 0;
  #encoder = new TextEncoder();
  /** Null where it was written by its bytes. @type {string | null} */
  #lastText = "";
  #lastBegin = 0;
  /** Of the text that was written last. */
  lastSize = 0;

  /** @param {import("./intake.js").Taken} taken */
  push({ event, parts, row }) {
    this.write(row.text);
    this.add(row.seq, row.t_us, this.kinds.codeOf(event, parts), row.form, row.mark, row.span);
  }

  /**
   * A row with the text that was written last.
   * @param {number} seq @param {number} t_us @param {number} kind @param {number} form @param {number} mark @param {number} span
   */
  add(seq, t_us, kind, form, mark, span) {
    const at = this.length++;
    this.seq[at] = seq;
    this.t_us[at] = t_us;
    this.kind[at] = kind;
    this.form[at] = form;
    this.mark[at] = mark;
    this.span[at] = span;
    this.begin[at] = this.#lastBegin;
    this.size[at] = this.lastSize;
  }

  /** @param {string} text */
  write(text) {
    if (text === this.#lastText) return;
    this.#room(text.length * 3);
    this.#lastText = text;
    this.#lastBegin = this.textEnd;
    this.lastSize = this.#encode(text);
    this.textEnd += this.lastSize;
  }

  /** A text by its bytes, of sound UTF-8. @param {Uint8Array} bytes @param {number} from @param {number} to */
  copy(bytes, from, to) {
    this.begins(to - from);
    this.append(bytes, from, to);
  }

  /** A text begins that has at most so many bytes. @param {number} most */
  begins(most) {
    this.#room(most);
    this.#lastText = null;
    this.#lastBegin = this.textEnd;
    this.lastSize = 0;
  }

  /** More bytes of it. @param {Uint8Array} bytes @param {number} from @param {number} to */
  append(bytes, from, to) {
    const { text } = this;
    let end = this.textEnd;
    if (to - from > SHORT) {
      text.set(bytes.subarray(from, to), end);
      end += to - from;
    } else {
      for (let at = from; at < to; at++) text[end++] = /** @type {number} */ (bytes[at]);
    }
    this.lastSize += to - from;
    this.textEnd = end;
  }

  /** @param {number} most */
  #room(most) {
    const needed = this.textEnd + most;
    if (needed <= this.text.length) return;
    const larger = new Uint8Array(Math.max(needed, this.text.length * 2));
    larger.set(this.text.subarray(0, this.textEnd));
    this.text = larger;
  }

  /** @param {string} text @returns {number} how many bytes it has */
  #encode(text) {
    // Most are a word, for which calling the encoder takes longest.
    let size = 0;
    if (text.length < SHORT) {
      for (; size < text.length; size++) {
        const code = text.charCodeAt(size);
        if (code >= 0x80) break;
        this.text[this.textEnd + size] = code;
      }
    }
    if (size === text.length) return size;
    return this.#encoder.encodeInto(text, this.text.subarray(this.textEnd)).written;
  }

  get isFull() {
    return this.length === ROWS;
  }

  /** @returns {import("./columns.js").RowBatch} */
  drain() {
    const { length } = this;
    const batch = {
      seq: this.seq.slice(0, length),
      t_us: this.t_us.slice(0, length),
      kind: this.kind.slice(0, length),
      form: this.form.slice(0, length),
      mark: this.mark.slice(0, length),
      span: this.span.slice(0, length),
      begin: this.begin.slice(0, length),
      size: this.size.slice(0, length),
      text: this.text.slice(0, this.textEnd),
      kinds: this.kinds.drain(),
    };
    this.length = 0;
    this.textEnd = 0;
    this.#lastText = "";
    this.#lastBegin = this.lastSize = 0;
    return batch;
  }
}
