// What the page knows of a log, for comparison.

import { Whole } from "../../static/js/expand.js";
import { RunStore } from "../../static/js/store.js";
import { served } from "./served.js";

/** What stands in each row. @param {import("../../static/js/columns.js").Columns} columns */
export function rowsOf(columns) {
  return Array.from({ length: columns.length }, (_, row) => [
    columns.seq[row],
    columns.t_us[row],
    columns.kindAt(row),
    columns.form[row],
    columns.mark[row],
    columns.spanAt(row),
    columns.text(row),
  ]);
}

/** A store that was given each line parsed. @param {string | Uint8Array} log */
export function parsedInto(log) {
  const store = new RunStore("r");
  const whole = new Whole();
  for (const line of served(Buffer.from(log))) store.take(whole.line(line), 0, false);
  return store;
}
