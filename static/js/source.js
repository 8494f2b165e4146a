// Where the bytes of a log come from: a file of the user's, or an address that gives ranges. For workers: `now` blocks.

/**
 * @typedef {{
 *   size: number,
 *   read(begin: number, end: number): Promise<Uint8Array>,
 *   now(begin: number, end: number): Uint8Array,
 * }} Source  Bytes from `begin` up to `end`; fewer where there are no more. Both throw Error.
 */

/** @param {Blob} file @returns {Source} */
export function fileSource(file) {
  const gone = "The file cannot be read any more: it was changed, moved or deleted since it was opened.";
  return {
    size: file.size,
    async read(begin, end) {
      try {
        return new Uint8Array(await file.slice(begin, end).arrayBuffer());
      } catch {
        throw new Error(gone);
      }
    },
    now(begin, end) {
      try {
        return new Uint8Array(
          new /** @type {any} */ (globalThis).FileReaderSync().readAsArrayBuffer(file.slice(begin, end)),
        );
      } catch {
        throw new Error(gone);
      }
    },
  };
}

/**
 * @param {string} url that answers requests for ranges
 * @param {typeof fetch} [ask]
 * @returns {Promise<Source>} Throws Error, in words.
 */
export async function urlSource(url, ask = (...request) => fetch(...request)) {
  /** @param {number} begin @param {number} end */
  const read = async (begin, end) => {
    let response;
    try {
      const headers = { Range: `bytes=${begin}-${end - 1}` };
      response = await ask(url, { headers, cache: "no-store" });
    } catch {
      throw new Error("The server does not answer. Is it still running?");
    }
    if (response.status === 416) return { bytes: new Uint8Array(0), size: begin };
    if (response.status === 404) throw new Error("The server does not have this file any more.");
    if (!response.ok) throw new Error(`The server answered ${response.status}.`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const size = Number(/\/(\d+)$/.exec(response.headers.get("Content-Range") ?? "")?.[1] ?? bytes.length);
    return { bytes, size };
  };
  const first = await read(0, FIRST);
  return {
    size: first.size,
    read: async (begin, end) => {
      if (begin === 0 && end <= first.bytes.length) return first.bytes.subarray(0, end);
      return (await read(begin, end)).bytes;
    },
    now(begin, end) {
      const request = new XMLHttpRequest();
      request.open("GET", url, false);
      request.setRequestHeader("Range", `bytes=${begin}-${end - 1}`);
      request.responseType = "arraybuffer";
      request.send();
      if (request.status !== 206 && request.status !== 200) {
        throw new Error(`The server answered ${request.status}.`);
      }
      return new Uint8Array(request.response);
    },
  };
}

/** Bytes of the first read: enough for a screen of spans, and quickly there. */
export const FIRST = 128 * 1024;
