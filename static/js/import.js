// Sending a file to the server to be kept: with its progress, and a way to stop. No DOM.

import { ApiError, problemOf } from "./api.js";

/** @typedef {{ run: string, lines: number, bad_lines: number, ignored: number }} Imported */

/** Somebody stopped it: nothing of it is left on the server. */
export class ImportStopped extends Error {
  constructor() {
    super("It was stopped; nothing of it was kept.");
    this.name = "ImportStopped";
  }
}

/** One file on its way. `changed` is called whenever `sent` has grown. */
export class Import {
  /** Bytes that are on their way or there. */
  sent = 0;
  #request;

  /**
   * @param {string} name what its owner calls it
   * @param {Blob} body
   * @param {() => void} [changed]
   * @param {() => XMLHttpRequest} [make] fetch does not tell how much of a body was sent
   */
  constructor(name, body, changed = () => {}, make = () => new XMLHttpRequest()) {
    this.name = name;
    this.body = body;
    this.changed = changed;
    this.#request = make();
  }

  /** From 0 to 1. When all of it was sent, the server still makes a run of it. */
  get share() {
    return this.body.size ? Math.min(1, this.sent / this.body.size) : 1;
  }

  /** Sends it. @returns {Promise<Imported>} Throws ApiError, and ImportStopped. */
  send() {
    const request = this.#request;
    return new Promise((resolve, reject) => {
      request.upload.onprogress = ({ loaded }) => {
        this.sent = loaded;
        this.changed();
      };
      request.onload = () => {
        const answer = parsed(request.responseText);
        if (request.status === 201 && typeof answer?.run === "string") resolve(answer);
        else reject(problemOf(request.status, answer));
      };
      request.onerror = () =>
        reject(
          new ApiError(0, "The connection broke off; nothing of the file was kept. Is the server running?"),
        );
      request.onabort = () => reject(new ImportStopped());
      request.open("POST", `/api/runs/import?name=${encodeURIComponent(this.name)}`);
      request.setRequestHeader("Accept", "application/json");
      request.setRequestHeader("Content-Type", "application/jsonl");
      request.send(this.body);
    });
  }

  stop() {
    this.#request.abort();
  }
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
