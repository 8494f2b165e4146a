// Looking through the whole lines of a run: of one that the server keeps there, of an opened file in its worker. No DOM.

import { SseParser } from "./sse.js";

/** @typedef {import("./find.js").Hears} Hears */
/** @typedef {{ find(texts: string[], hears: Hears): { stop(): void } }} Log  What reads an opened file. */

/**
 * @param {{ run: string, log?: Log }} session
 * @param {string[]} texts @param {Hears} hears
 * @param {typeof fetch} [ask]
 * @returns {{ stop(): void }}
 */
export function searchDeep(session, texts, hears, ask = (...request) => fetch(...request)) {
  return session.log ? session.log.find(texts, hears) : new ServerSearch(session.run, texts, hears, ask);
}

class ServerSearch {
  #request = new AbortController();
  #stopped = false;

  /** @param {string} run @param {string[]} texts @param {Hears} hears @param {typeof fetch} ask */
  constructor(run, texts, hears, ask) {
    const query = new URLSearchParams(texts.map((text) => ["text", text]));
    void this.#read(`/api/runs/${encodeURIComponent(run)}/find?${query}`, hears, ask);
  }

  stop() {
    this.#stopped = true;
    this.#request.abort();
  }

  /** @param {string} url @param {Hears} hears @param {typeof fetch} ask */
  async #read(url, hears, ask) {
    let ended = false;
    try {
      const headers = { Accept: "text/event-stream" };
      const response = await ask(url, { headers, signal: this.#request.signal, cache: "no-store" });
      if (!response.ok || !response.body) throw new Error(`The server answered ${response.status}.`);
      const parser = new SseParser();
      const reader = response.body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done || this.#stopped) break;
        for (const { event, data } of parser.push(value)) {
          if (event === "end") ended = true;
          if (event !== "message") continue;
          const { read, of, hits } = JSON.parse(data);
          hears.hits(hits, of > 0 ? Math.min(1, read / of) : 0);
        }
      }
      if (!ended) throw new Error("The server stopped searching before it was done.");
    } catch (error) {
      if (this.#stopped) return;
      hears.done(
        error instanceof TypeError || !(error instanceof Error)
          ? "The server does not answer."
          : error.message,
      );
      return;
    }
    if (!this.#stopped) hears.done("");
  }
}
