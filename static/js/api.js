// Asking the server: JSON in, JSON out, its problems as errors.

import { parseLine } from "./exact.js";

/** What the server refused, or that it did not answer (status 0). `detail` can be shown to a person. */
export class ApiError extends Error {
  /**
   * @param {number} status HTTP status; 0 where no answer came
   * @param {string} detail
   * @param {string | null} field the field of the request it is about, e.g. "config.tags"
   */
  constructor(status, detail, field = null) {
    super(detail);
    this.name = "ApiError";
    this.status = status;
    this.detail = detail;
    this.field = field;
  }
}

/**
 * @typedef {{
 *   get(path: string): Promise<any>,
 *   post(path: string, body?: unknown): Promise<any>,
 *   patch(path: string, body: unknown): Promise<any>,
 *   del(path: string, body?: unknown): Promise<any>,
 *   lines(path: string): Promise<any[]>,
 * }} Api  All throw ApiError. `lines` reads JSON Lines; a line that is no JSON is left out.
 */

/**
 * @param {(error: ApiError) => void} [denied] called on each 401, before the error is thrown
 * @param {typeof fetch} [ask]
 * @returns {Api}
 */
export function makeApi(denied = () => {}, ask = (...request) => fetch(...request)) {
  /** @param {string} method @param {string} path @param {unknown} [body] @returns {Promise<Response>} */
  async function send(method, path, body) {
    /** @type {RequestInit} */
    const init = { method, headers: { Accept: "application/json" }, cache: "no-store" };
    if (method !== "GET") {
      init.headers = { Accept: "application/json", "Content-Type": "application/json" };
      init.body = JSON.stringify(body ?? {});
    }
    let response;
    try {
      response = await ask(path, init);
    } catch {
      throw new ApiError(0, "The server does not answer. Is it still running?");
    }
    if (response.ok) return response;
    const error = await problem(response);
    if (error.status === 401) denied(error);
    throw error;
  }
  return {
    get: async (path) => read(await send("GET", path)),
    post: async (path, body) => read(await send("POST", path, body)),
    patch: async (path, body) => read(await send("PATCH", path, body)),
    del: async (path, body) => read(await send("DELETE", path, body)),
    lines: async (path) => readLines(await (await send("GET", path)).text()),
  };
}

/** @param {Response} response */
async function read(response) {
  const text = await response.text();
  if (!text) return null;
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(response.status, "The server's answer is not JSON.");
  }
}

/** @param {Response} response @returns {Promise<ApiError>} */
async function problem(response) {
  let body;
  try {
    body = await response.json();
  } catch {
    body = null;
  }
  return problemOf(response.status, body);
}

/** What an answer says is wrong. @param {number} status @param {any} body its JSON, or null @returns {ApiError} */
export function problemOf(status, body) {
  const text = (/** @type {unknown} */ value) => (typeof value === "string" && value ? value : null);
  const detail = text(body?.detail) ?? text(body?.title) ?? `The server answered ${status}.`;
  return new ApiError(status, detail, text(body?.field));
}

/** @param {string} text @returns {any[]} */
export function readLines(text) {
  const lines = [];
  for (const line of text.split("\n")) {
    if (!line) continue;
    try {
      lines.push(parseLine(line));
    } catch {
      // The reader on the server has already put a stand-in for what is no JSON.
    }
  }
  return lines;
}
