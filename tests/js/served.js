// What tests read of a run file.

import { Whole } from "../../static/js/expand.js";

/** The lines of a file, put back. @param {Buffer} bytes */
export function whole(bytes) {
  const lines = new Whole();
  return served(bytes).map((line) => lines.line(line));
}

import { check } from "../../static/js/lines.js";

/**
 * What the server sends of a file: each line by its place, a stand-in for what is no line, nothing after run_end.
 * @param {Buffer} bytes
 * @returns {Record<string, any>[]}
 */
export function served(bytes) {
  const lines = [];
  let begin = 0;
  for (let seq = 0; begin < bytes.length; seq++) {
    const newline = bytes.indexOf(10, begin);
    const raw = bytes.subarray(begin, newline < 0 ? bytes.length : newline);
    begin += raw.length + 1;
    const line = check(seq, raw);
    lines.push(line);
    if (line.event === "run_end") break;
  }
  return lines;
}
