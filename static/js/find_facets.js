// What the spans of a run can be filtered by: the types, states, tags and metadata that there are. No DOM.

import { quoted, STATE_WORDS, TYPE_WORDS } from "./find_query.js";
import { STATES } from "./span_table.js";
import { isModel } from "./spans.js";

/** @typedef {{ title: string, terms: string[] }} Facet  Terms of a query. */

const MOST = 24;
/** A value that can be read at a glance. */
const LONGEST = 40;
/** Distinct values of a key up to which each is offered. */
const FEW = 6;
/** Distinct tags and metadata that are looked at. */
const LOOKED_AT = 5000;
export const DURATIONS = ["took:<10ms", "took:>100ms", "took:>1s", "took:>10s"];

/** @param {import("./span_table.js").SpanTable} table @returns {Facet[]} those with something to choose */
export function facetsOf(table) {
  const states = new Set();
  const types = new Set();
  for (let index = 0; index < table.length; index++) {
    states.add(STATES[/** @type {number} */ (table.state[index])]);
    if (table.recovered[index]) states.add("recovered");
    types.add(table.type[index]);
  }
  const names = [...types].map((code) => String(table.texts.at(code)));
  const known = new Set(names.map((name) => (isModel(name) ? "model" : name)));
  return [
    { title: "Type", terms: TYPE_WORDS.filter((type) => known.has(type)).map((type) => `type:${type}`) },
    { title: "State", terms: STATE_WORDS.filter((state) => states.has(state)).map((one) => `state:${one}`) },
    { title: "Duration", terms: DURATIONS },
    { title: "Tag", terms: tagsOf(table.tagLists.values) },
    { title: "Metadata", terms: metasOf(table.metadatas.values) },
  ].filter(({ terms }) => terms.length > 0);
}

/** @param {unknown[][]} lists */
function tagsOf(lists) {
  const tags = new Set();
  for (const list of lists.slice(0, LOOKED_AT)) {
    for (const tag of list) if (typeof tag === "string" && tag && tag.length <= LONGEST) tags.add(tag);
  }
  return [...tags]
    .sort()
    .slice(0, MOST)
    .map((tag) => `tag:${quoted(tag)}`);
}

/** @param {Record<string, unknown>[]} all */
function metasOf(all) {
  /** @type {Map<string, Set<string>>} */
  const keys = new Map();
  for (const metadata of all.slice(0, LOOKED_AT)) {
    for (const [key, value] of Object.entries(metadata)) {
      if (!key || key.length > LONGEST || key.includes("=")) continue;
      const values = keys.get(key) ?? new Set();
      if (values.size <= FEW) values.add(typeof value === "string" ? value : JSON.stringify(value));
      keys.set(key, values);
    }
  }
  const terms = [];
  for (const [key, values] of [...keys].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const isFew = values.size <= FEW && [...values].every((value) => value && value.length <= LONGEST);
    if (isFew) for (const value of values) terms.push(`meta:${quoted(`${key}=${value}`)}`);
    else terms.push(`meta:${quoted(key)}`);
  }
  return terms.slice(0, MOST);
}
