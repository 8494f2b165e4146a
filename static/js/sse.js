// A parser for text/event-stream, written to the HTML standard's "interpreting an event stream".

/** @typedef {{ event: string, data: string, id: string }} Message  `event` is "message" where the server named none; `id` is the last one seen, "" before any. */

export class SseParser {
  /** The last event id that was complete: what `Last-Event-ID` asks to go on from. */
  lastId = "";
  /** What the server asked to wait before coming back, in ms. @type {number | null} */
  retry = null;
  #decoder = new TextDecoder();
  /** The line that is not complete yet. */
  #rest = "";
  /** A CR ended the last chunk: an LF that follows belongs to it. */
  #skipLf = false;
  #event = "";
  #data = "";
  #hasData = false;
  #id = "";

  /** @param {string} [lastId] where a reader before this one got to */
  constructor(lastId = "") {
    this.lastId = lastId;
    this.#id = lastId;
  }

  /**
   * The messages that these bytes complete.
   * @param {Uint8Array} bytes
   * @returns {Message[]}
   */
  push(bytes) {
    let text = this.#decoder.decode(bytes, { stream: true });
    if (this.#skipLf && text) {
      if (text[0] === "\n") text = text.slice(1);
      this.#skipLf = false;
    }
    /** @type {Message[]} */
    const messages = [];
    // A line that is still coming is long; only what is new is searched for its end.
    let searched = this.#rest.length;
    text = this.#rest + text;
    let begin = 0;
    let cr = text.indexOf("\r", searched);
    for (;;) {
      const lf = text.indexOf("\n", Math.max(begin, searched));
      if (cr >= 0 && cr < begin) cr = text.indexOf("\r", begin);
      const end = cr >= 0 && (lf < 0 || cr < lf) ? cr : lf;
      if (end < 0) break;
      this.#line(text, begin, end, messages);
      begin = end + 1;
      searched = begin;
      if (end === cr) {
        if (begin === text.length) this.#skipLf = true;
        else if (text[begin] === "\n") begin++;
      }
    }
    this.#rest = text.slice(begin);
    return messages;
  }

  /** @param {string} text @param {number} begin @param {number} end @param {Message[]} messages */
  #line(text, begin, end, messages) {
    if (begin === end) {
      this.#dispatch(messages);
      return;
    }
    let colon = text.indexOf(":", begin);
    if (colon === begin) return; // a comment
    if (colon < 0 || colon > end) colon = end;
    const field = text.slice(begin, colon);
    const value = text.slice(Math.min(end, colon + (text[colon + 1] === " " ? 2 : 1)), end);
    if (field === "data") {
      this.#data = this.#hasData ? `${this.#data}\n${value}` : value;
      this.#hasData = true;
    } else if (field === "event") {
      this.#event = value;
    } else if (field === "id") {
      if (!value.includes("\0")) this.#id = value;
    } else if (field === "retry" && /^[0-9]+$/.test(value)) {
      this.retry = Number(value);
    }
  }

  /** @param {Message[]} messages */
  #dispatch(messages) {
    this.lastId = this.#id;
    // The standard looks at the data, not at whether a data line came: "data:" alone gives an empty message.
    if (this.#hasData) messages.push({ event: this.#event || "message", data: this.#data, id: this.lastId });
    this.#data = "";
    this.#hasData = false;
    this.#event = "";
  }
}
