// Whether a span fits the filters of a query: its type, name, tags, metadata, state and duration. No DOM.

import { fits } from "./find_query.js";
import { RUNNING } from "./span_table.js";
import { isModel } from "./spans.js";

/** @typedef {import("./find_query.js").Query} Query */

/** @param {Query} query @param {string} type */
export function typeFits({ types }, type) {
  return types.length === 0 || types.includes(type) || (isModel(type) && types.includes("model"));
}

/** @param {Query} query @param {string} name */
export function nameFits({ names }, name) {
  const said = lower(name);
  return names.every((one) => (one.includes("*") ? fits(one, said) : said.includes(one)));
}

/** @param {Query} query @param {unknown[]} tags */
export function tagsFit({ tags: wanted }, tags) {
  return wanted.length === 0 || wanted.every((one) => tags.some((tag) => fits(one, lower(tag))));
}

/** @param {Query} query @param {Record<string, unknown>} metadata */
export function metadataFits({ metas }, metadata) {
  if (!metas.length) return true;
  const entries = Object.entries(metadata).map(([key, value]) => [key.toLowerCase(), lower(value)]);
  return metas.every(({ key, value }) =>
    entries.some(
      ([name, text]) => name === key && (value === null || fits(value, /** @type {string} */ (text))),
    ),
  );
}

/** @param {Query} query @param {import("./moment.js").Moment} moment @param {number} index */
export function stateFits({ states }, moment, index) {
  if (!states.length) return true;
  const span = moment.view(index);
  return states.includes(span.state) || (span.recovered && states.includes("recovered"));
}

/**
 * Of a span that goes on, up to now.
 * @param {Query} query @param {import("./store.js").RunStore} store @param {number} index @param {number} now_us
 */
export function tookFits({ took }, { fold: { table }, moment }, index, now_us) {
  if (!took.length) return true;
  const hasEnded = table.state[index] !== RUNNING && Number(table.end_row[index]) <= moment.row;
  const end = hasEnded ? Number(table.end_us[index]) : now_us;
  const us = Math.max(0, end - Number(table.start_us[index]));
  return took.every(({ sign, us: than }) =>
    sign === "<" ? us < than : sign === ">" ? us > than : sign === "<=" ? us <= than : us >= than,
  );
}

/** @param {unknown} value */
const lower = (value) => (typeof value === "string" ? value : (JSON.stringify(value) ?? "")).toLowerCase();
