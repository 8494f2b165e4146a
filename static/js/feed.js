// A stream of server-sent events that comes back by itself: by fetch, resumed by Last-Event-ID. No DOM.

import { SseParser } from "./sse.js";

/** @typedef {import("./sse.js").Message} Message */
/**
 * @typedef {"idle" | "connecting" | "live" | "waiting" | "paused" | "closed" | "denied" | "missing" | "refused"} FeedState
 * waiting: lost, comes back at `retryAt` · paused: let go of on purpose · denied: 401 or 403 · missing: 404 ·
 * refused: any other 4xx; the last three do not try again.
 */
/** @typedef {{ state: FeedState, retryAt: number | null, tries: number, lastId: string }} FeedStatus */
/**
 * @typedef {{
 *   url: string,
 *   take(messages: Message[], fresh: boolean): void,
 *   changed?(status: FeedStatus): void,
 *   lastId?: string,
 *   ask?: typeof fetch,
 *   now?(): number,
 *   random?(): number,
 * }} FeedOptions
 * `take` gets what one read completed; `fresh` is false for what was there before the connection was made, as
 * far as that can be told. Times are ms of `now`.
 */

const FIRST_WAIT = 400;
const LONGEST_WAIT = 10_000;
const ANSWER_WITHIN = 10_000;
/** The server sends a comment every 15 s. */
const SILENT_FOR = 40_000;
const BACKLOG = 250;
const SLICE = 12;
const AT_ONCE = 256;

export class Feed {
  #options;
  #ask;
  #now;
  #random;
  /** @type {FeedStatus} */
  #status;
  /** @type {AbortController | null} */
  #request = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {number | null} */
  #asked = null;

  /** @param {FeedOptions} options */
  constructor(options) {
    this.#options = options;
    this.#ask = options.ask ?? ((/** @type {Parameters<typeof fetch>} */ ...request) => fetch(...request));
    this.#now = options.now ?? (() => performance.now());
    this.#random = options.random ?? Math.random;
    this.#status = { state: "idle", retryAt: null, tries: 0, lastId: options.lastId ?? "" };
  }

  /** @returns {Readonly<FeedStatus>} */
  get status() {
    return this.#status;
  }

  /** Starts, or tries again at once. Does nothing while it is connected or closed. */
  open() {
    const { state } = this.#status;
    if (state === "idle" || state === "waiting" || state === "paused") void this.#connect();
  }

  /** Lets go of the connection until `open`. What comes meanwhile is caught up with then. */
  pause() {
    const { state } = this.#status;
    if (state === "connecting" || state === "live" || state === "waiting") {
      this.#drop();
      this.#set({ state: "paused", retryAt: null });
    }
  }

  /** Ends it for good. */
  close() {
    this.#drop();
    this.#set({ state: "closed", retryAt: null });
  }

  /** Reads on from after another event, or from the start (""). @param {string} lastId */
  restart(lastId) {
    this.#drop();
    this.#status = { ...this.#status, state: "idle", lastId };
    void this.#connect();
  }

  #drop() {
    clearTimeout(this.#timer);
    this.#request?.abort();
    this.#request = null;
  }

  /** @param {Partial<FeedStatus>} change */
  #set(change) {
    this.#status = { ...this.#status, ...change };
    this.#options.changed?.(this.#status);
  }

  async #connect() {
    this.#drop();
    const request = new AbortController();
    this.#request = request;
    this.#set({ state: "connecting", retryAt: null });
    const parser = new SseParser(this.#status.lastId);
    try {
      const response = await this.#answer(request);
      if (request.signal.aborted) return;
      const refusal = refused(response);
      if (refusal) {
        this.#drop();
        this.#set({ state: refusal, retryAt: null });
        return;
      }
      if (!response.ok || !response.body) throw new Error(`the server answered ${response.status}`);
      this.#set({ state: "live", retryAt: null });
      await this.#read(response.body.getReader(), parser, request);
    } catch {
      // A connection that breaks is what this class is for.
    }
    if (!request.signal.aborted) this.#comeBack(parser.retry);
  }

  /** @param {AbortController} request @returns {Promise<Response>} */
  async #answer(request) {
    /** @type {Record<string, string>} */
    const headers = { Accept: "text/event-stream" };
    if (this.#status.lastId) headers["Last-Event-ID"] = this.#status.lastId;
    this.#watch(request, ANSWER_WITHIN);
    return this.#ask(this.#options.url, { headers, cache: "no-store", signal: request.signal });
  }

  /** Breaks a connection that says nothing for so long. @param {AbortController} request @param {number} wait */
  #watch(request, wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#request !== request) return;
      this.#request = null;
      request.abort();
      this.#comeBack(null);
    }, wait);
  }

  /** @param {ReadableStreamDefaultReader<Uint8Array>} reader @param {SseParser} parser @param {AbortController} request */
  async #read(reader, parser, request) {
    const began = this.#now();
    let slice = began;
    for (;;) {
      this.#watch(request, SILENT_FOR);
      const { done, value } = await reader.read();
      if (done || request.signal.aborted) return;
      const messages = parser.push(value);
      if (this.#status.tries) this.#set({ tries: 0 });
      for (let at = 0; at < messages.length; at += AT_ONCE) {
        const some = messages.slice(at, at + AT_ONCE);
        this.#give(some, this.#now() - began > BACKLOG);
        if (request.signal.aborted) return;
        this.#status = { ...this.#status, lastId: some.at(-1)?.id ?? this.#status.lastId };
        if (this.#now() - slice <= SLICE) continue;
        // A long backlog must leave room for frames and clicks.
        await new Promise((resume) => setTimeout(resume));
        if (request.signal.aborted) return;
        slice = this.#now();
      }
      this.#status = { ...this.#status, lastId: parser.lastId };
    }
  }

  /** @param {Message[]} messages @param {boolean} fresh */
  #give(messages, fresh) {
    try {
      this.#options.take(messages, fresh);
    } catch (error) {
      // A mistake of the page's own: shown as one, not taken for a broken connection and read again for ever.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  /** @param {number | null} asked */
  #comeBack(asked) {
    this.#asked = asked ?? this.#asked;
    const tries = this.#status.tries + 1;
    const wait = Math.min(LONGEST_WAIT, (this.#asked ?? FIRST_WAIT) * 2 ** Math.min(tries - 1, 8));
    // Many viewers lost at once must not come back at once.
    const spread = wait * (0.8 + 0.4 * this.#random());
    this.#drop();
    this.#timer = setTimeout(() => this.open(), spread);
    this.#set({ state: "waiting", retryAt: this.#now() + spread, tries });
  }
}

/** @param {Response} response @returns {FeedState | null} */
function refused(response) {
  const { status } = response;
  if (status === 401 || status === 403) return "denied";
  if (status === 404 || status === 410) return "missing";
  // 408, 425 and 429 ask for another try.
  return status >= 400 && status < 500 && ![408, 425, 429].includes(status) ? "refused" : null;
}
