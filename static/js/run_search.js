// Searching the text of runs: the server reads their files and says which have it, as it finds them. No DOM.

import { RunList } from "./run_list.js";
import { SseParser } from "./sse.js";

/** @typedef {import("./run_list.js").Filter} Filter */

export class TextSearch {
  list = new RunList();
  read = 0;
  of = 0;
  /** @type {"reading" | "done" | "stopped" | "failed"} */
  state = "reading";
  problem = "";
  #request = new AbortController();

  /**
   * @param {string} text
   * @param {Filter} filter which runs are searched; its `q` does not count
   * @param {() => void} changed
   * @param {typeof fetch} [ask]
   */
  constructor(text, filter, changed, ask = (...request) => fetch(...request)) {
    this.text = text;
    this.changed = changed;
    const query = new URLSearchParams({ text });
    if (filter.status) query.set("status", filter.status);
    if (filter.chain) query.set("chain", filter.chain);
    if (filter.starred) query.set("starred", "1");
    /** For tests: that it has come to an end. */
    this.ended = this.#run(`/api/runs/search?${query}`, ask);
  }

  /** What was found so far stays. */
  stop() {
    if (this.state !== "reading") return;
    this.state = "stopped";
    this.#request.abort();
    this.changed();
  }

  /** @param {string} url @param {typeof fetch} ask */
  async #run(url, ask) {
    try {
      const response = await ask(url, {
        headers: { Accept: "text/event-stream" },
        signal: this.#request.signal,
      });
      if (!response.ok || !response.body) throw new Error(`The server answered ${response.status}.`);
      const parser = new SseParser();
      const reader = response.body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done || this.state !== "reading") break;
        for (const message of parser.push(value)) this.#take(message);
        this.changed();
      }
      if (this.state === "reading") throw new Error("The server stopped searching before it was done.");
    } catch (error) {
      if (this.state !== "reading") return;
      this.state = "failed";
      this.problem =
        error instanceof TypeError || !(error instanceof Error)
          ? "The server does not answer."
          : error.message;
      this.changed();
    }
  }

  /** @param {import("./sse.js").Message} message */
  #take({ event, data }) {
    const about = JSON.parse(data);
    if (event === "message") {
      this.list.push(about);
      return;
    }
    this.read = about.read;
    this.of = about.of;
    if (event === "end") this.state = "done";
  }
}
