// What tests read of a run file.

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
    let line = null;
    try {
      line = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(raw));
    } catch {}
    const sound = line !== null && typeof line === "object" && typeof line.event === "string";
    lines.push(sound ? { ...line, seq } : { seq, event: "bad_line", line: seq + 1, bytes: raw.length });
    if (sound && line.event === "run_end") break;
  }
  return lines;
}
