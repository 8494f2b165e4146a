// Says where texts stand in logs, for tests/log/test_find.py: `node finds.js < JSON`, a list of { file, texts }.

import { readFileSync } from "node:fs";

import { LineFinder } from "../../static/js/find_lines.js";
import { check } from "../../static/js/lines.js";

for (const { file, texts } of JSON.parse(readFileSync(0, "utf8"))) {
  const raws = readFileSync(file).toString("utf8").split("\n").slice(0, -1);
  const line = (/** @type {number} */ seq) => check(seq, new TextEncoder().encode(raws[seq]));
  const finder = new LineFinder(texts, line);
  let begin = 0;
  const hits = raws.flatMap((raw, seq) => {
    const found = finder.take(seq, begin, raw, () => line(seq));
    begin += Buffer.byteLength(raw) + 1;
    return found;
  });
  process.stdout.write(`${JSON.stringify(hits)}\n`);
}
