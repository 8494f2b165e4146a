// Browsers open six connections to one server for all their tabs together, and a stream holds one for as long as it
// goes on. So the tabs share: one of them reads the stream of the list and passes it on to the others; three hold the
// streams of their runs; any further one asks again and again, and takes a stream over as soon as one is free. Each of
// them looks like one stream that goes on. No DOM.

import { SseParser } from "./sse.js";

/**
 * @typedef {{
 *   ask: typeof fetch,
 *   locks: Pick<LockManager, "request"> | undefined,
 *   channel: (() => Pick<BroadcastChannel, "postMessage" | "close" | "onmessage">) | undefined,
 *   pause?: number,
 * }} Means  Without locks and a channel (no secure context) every tab holds its own streams. `pause` in ms.
 */
/** @typedef {() => void} Release */

const STREAMS = 3;
const PAUSE = 400;
const LIST = "tracer-list";

export class Connections {
  #means;
  /** @param {Means} means */
  constructor(means) {
    this.#means = means;
  }

  /** As `fetch` of the stream of a run. @type {typeof fetch} */
  run = async (input, init) => {
    const { ask } = this.#means;
    const free = await this.#stream();
    if (free) return released(ask, input, init, free);
    return this.#turns(String(input), init ?? {});
  };

  /** As `fetch` of the stream of the list. @type {typeof fetch} */
  list = async (input, init) => {
    const { ask, locks, channel } = this.#means;
    if (!locks || !channel) return ask(input, init);
    const release = await take(locks, LIST);
    const talk = channel();
    if (!release) return this.#listen(talk, locks, init?.signal ?? null);
    const leave = () => {
      // Whoever listened reads the list anew: with the next one something may have been missed.
      talk.postMessage("over");
      talk.close();
      release();
    };
    return released(ask, input, init, leave, (chunk) => talk.postMessage(chunk));
  };

  /** One of the few streams, or null. @returns {Promise<Release | null>} */
  async #stream() {
    const { locks } = this.#means;
    if (!locks) return () => {};
    for (let n = 0; n < STREAMS; n++) {
      const release = await take(locks, `tracer-run-${n}`);
      if (release) return release;
    }
    return null;
  }

  /** @param {ReturnType<NonNullable<Means["channel"]>>} talk @param {NonNullable<Means["locks"]>} locks @param {AbortSignal | null} signal */
  #listen(talk, locks, signal) {
    const over = new AbortController();
    const body = new ReadableStream({
      start(controller) {
        const end = () => {
          if (over.signal.aborted) return;
          over.abort();
          talk.close();
          controller.close();
        };
        talk.onmessage = ({ data }) => {
          if (data instanceof Uint8Array) controller.enqueue(data);
          else end();
        };
        signal?.addEventListener("abort", end);
        // Granted once the one that reads is gone, however it went.
        void Promise.resolve(locks.request(LIST, { signal: over.signal }, end)).catch(() => {});
      },
      cancel: () => over.abort(),
    });
    return new Response(body);
  }

  /** @param {string} url @param {RequestInit} init */
  async #turns(url, init) {
    const first = await this.#means.ask(once(url), init);
    return first.ok && first.body ? new Response(streamOf(this.#chunks(first, url, init))) : first;
  }

  /** @param {Response} response @param {string} url @param {RequestInit} init @returns {AsyncGenerator<Uint8Array>} */
  async *#chunks(response, url, init) {
    const { ask, pause = PAUSE } = this.#means;
    const headers = new Headers(init.headers);
    const parser = new SseParser(headers.get("Last-Event-ID") ?? "");
    for (;;) {
      for await (const chunk of chunksOf(response)) {
        parser.push(chunk);
        yield chunk;
      }
      if (parser.lastId) headers.set("Last-Event-ID", parser.lastId);
      const free = await this.#stream();
      if (free) {
        yield* chunksOf(await released(ask, url, { ...init, headers }, free));
        return;
      }
      await new Promise((resume) => setTimeout(resume, pause));
      init.signal?.throwIfAborted();
      response = await ask(once(url), { ...init, headers });
    }
  }
}

/** What there is so far, and no more. @param {string} url */
const once = (url) => `${url}${url.includes("?") ? "&" : "?"}wait=0`;

/** Null where another one has it. @param {NonNullable<Means["locks"]>} locks @param {string} name @returns {Promise<Release | null>} */
function take(locks, name) {
  return new Promise((resolve) => {
    const held = locks.request(name, { ifAvailable: true }, (lock) => {
      if (!lock) {
        resolve(null);
        return undefined;
      }
      return new Promise((release) => resolve(() => release(undefined)));
    });
    Promise.resolve(held).catch(() => resolve(null));
  });
}

/**
 * Asks, and calls `release` once the answer is read to its end, given up or was none.
 * @param {typeof fetch} ask @param {RequestInfo | URL} input @param {RequestInit | undefined} init
 * @param {Release} release @param {(chunk: Uint8Array) => void} [also] gets what is read
 */
async function released(ask, input, init, release, also) {
  let isOver = false;
  const over = () => {
    if (!isOver) release();
    isOver = true;
  };
  init?.signal?.addEventListener("abort", over);
  let response;
  try {
    response = await ask(input, init);
  } catch (error) {
    over();
    throw error;
  }
  if (!response.ok || !response.body) {
    over();
    return response;
  }
  const reader = response.body.getReader();
  const body = new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) {
          over();
          controller.close();
          return;
        }
        if (!isOver) also?.(value);
        controller.enqueue(value);
      } catch (error) {
        over();
        controller.error(error);
      }
    },
    cancel(reason) {
      over();
      return reader.cancel(reason);
    },
  });
  return new Response(body, { status: response.status, headers: response.headers });
}

/** @param {Response} response @returns {AsyncGenerator<Uint8Array>} */
async function* chunksOf(response) {
  if (!response.ok || !response.body) throw new Error(`the server answered ${response.status}`);
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

/** @param {AsyncGenerator<Uint8Array>} chunks @returns {ReadableStream<Uint8Array>} */
function streamOf(chunks) {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: () => void chunks.return(undefined),
  });
}

const { BroadcastChannel: Channel } = globalThis;

/** This page's. */
export const connections = new Connections({
  ask: (...request) => fetch(...request),
  locks: globalThis.navigator?.locks,
  channel: Channel && (() => new Channel(LIST)),
});
