// What is searched for in a run: words, and filters. One text says all of it. No DOM.

/**
 * @typedef {{ sign: "<" | ">" | "<=" | ">=", us: number }} Took
 * @typedef {{
 *   words: string[], types: string[], states: string[], names: string[], tags: string[],
 *   metas: { key: string, value: string | null }[], took: Took[], problem: string,
 * }} Query  A span fits where all words are found in it, its type and its state are among those named (none: any), and
 * all else is so. Words, names, tags and metadata are in lower case; `problem`: why the text cannot be understood.
 */
/** @typedef {{ text: string, begin: number, end: number }} Term  A piece of the text, from its place up to another. */

export const MOST_WORDS = 8;
export const LONGEST_WORD = 1000;

/** What may be asked for by type. */
export const TYPE_WORDS = ["chain", "model", "tool", "retriever", "parser", "prompt"];
const TYPES = new Set([...TYPE_WORDS, "chat_model", "llm"]);
export const STATE_WORDS = [
  "running",
  "ok",
  "error",
  "propagated",
  "recovered",
  "cancelled",
  "interrupted",
  "abandoned",
  "unfinished",
  "lost",
];
const UNITS = { us: 1, µs: 1, μs: 1, ms: 1e3, s: 1e6, m: 60e6, min: 60e6, h: 3600e6 };
const TOOK = /^(<=|>=|<|>)\s*(\d+(?:\.\d+)?)\s*(us|µs|μs|ms|s|m|min|h)$/i;

/** The filters, for the help sheet and for what is not understood. */
export const FILTERS = [
  { name: "type", example: "type:tool", words: "Spans of a type; type:model is any model" },
  { name: "state", example: "state:error", words: "Spans in a state; state:recovered too" },
  { name: "tag", example: "tag:seq:step:2", words: "Spans with a tag; * stands for anything" },
  { name: "meta", example: "meta:user=ada", words: "Spans with metadata; meta:user is any user" },
  { name: "took", example: "took:>500ms", words: "Spans by duration: <, >, <=, >= with us, ms, s, m or h" },
  { name: "name", example: "name:chat", words: "Spans by a part of their name" },
];

/** The pieces of a text: words, phrases in quotes, filters. @param {string} text @returns {Term[]} */
export function termsOf(text) {
  const terms = [];
  for (const found of text.matchAll(/(?:"(?:[^"\\]|\\.)*"?|[^\s"])+/g)) {
    terms.push({ text: found[0], begin: found.index, end: found.index + found[0].length });
  }
  return terms;
}

/** @param {string} text @returns {Query} */
export function parseQuery(text) {
  /** @type {Query} */
  const query = { words: [], types: [], states: [], names: [], tags: [], metas: [], took: [], problem: "" };
  for (const term of termsOf(text)) {
    const problem = take(query, term.text);
    query.problem ||= problem;
  }
  query.words = [...new Set(query.words)];
  if (query.words.length > MOST_WORDS)
    query.problem ||= `At most ${MOST_WORDS} words can be searched for at once.`;
  if (query.words.some((word) => word.length > LONGEST_WORD)) {
    query.problem ||= `A word may have at most ${LONGEST_WORD} characters.`;
  }
  return query;
}

/** Whether it asks for nothing. @param {Query} query */
export function isEmpty({ words, types, states, names, tags, metas, took }) {
  return ![words, types, states, names, tags, metas, took].some((list) => list.length);
}

/** @param {Query} query @param {string} term @returns {string} what is wrong with it */
function take(query, term) {
  const filter = /^([A-Za-z]+):(.*)$/s.exec(term);
  const isKnown = FILTERS.some((one) => one.name === filter?.[1]?.toLowerCase());
  // As in http://… and std::move, a colon may be part of a word.
  if (!filter || (!isKnown && /^[/:]/.test(filter[2] ?? ""))) {
    const word = clean(unquoted(term));
    if (word) query.words.push(word);
    return "";
  }
  const name = /** @type {string} */ (filter[1]).toLowerCase();
  const value = clean(unquoted(/** @type {string} */ (filter[2])));
  if (!isKnown) {
    const names = listed(FILTERS.map((one) => one.name)).replace(" or ", " and ");
    return `There is no filter ${name}. There are ${names}. In quotes it is text: "${term.replaceAll('"', "")}".`;
  }
  if (!value) return `${name}: of what? For example ${exampleOf(name)}.`;
  switch (name) {
    case "type":
      if (!TYPES.has(value)) return `There is no type ${value}: a span is a ${listed(TYPE_WORDS)}.`;
      query.types.push(value);
      return "";
    case "state":
      if (!STATE_WORDS.includes(value))
        return `There is no state ${value}: a span is ${listed(STATE_WORDS)}.`;
      query.states.push(value);
      return "";
    case "tag":
      query.tags.push(value);
      return "";
    case "name":
      query.names.push(value);
      return "";
    case "meta": {
      const at = value.indexOf("=");
      const key = at < 0 ? value : value.slice(0, at);
      if (!key) return `meta: of which key? For example ${exampleOf(name)}.`;
      query.metas.push({ key, value: at < 0 ? null : value.slice(at + 1) });
      return "";
    }
    default: {
      const took = TOOK.exec(value);
      if (!took)
        return `took: needs <, >, <= or >= and a time with its unit, for example ${exampleOf(name)}.`;
      const unit = /** @type {keyof typeof UNITS} */ (/** @type {string} */ (took[3]).toLowerCase());
      query.took.push({ sign: /** @type {Took["sign"]} */ (took[1]), us: Number(took[2]) * UNITS[unit] });
      return "";
    }
  }
}

/** @param {string} name */
const exampleOf = (name) => FILTERS.find((one) => one.name === name)?.example ?? "";

/** @param {string[]} words */
const listed = (words) => `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;

/** @param {string} text */
const clean = (text) => text.trim().replace(/\s+/g, " ").toLowerCase();

/** Without its quotes; \" is one that belongs to it. @param {string} text */
const unquoted = (text) =>
  text.replace(/"((?:[^"\\]|\\.)*)"?/g, (_, inner) => inner.replace(/\\(["\\])/g, "$1"));

/** As it is written in a query: in quotes where it has to be. @param {string} value */
export function quoted(value) {
  return /[\s"]/.test(value) ? `"${value.replace(/["\\]/g, "\\$&")}"` : value;
}

/** The filter terms of a text, by name. @param {string} text @param {string} name @returns {Term[]} */
export const termsNamed = (text, name) =>
  termsOf(text).filter((term) => term.text.toLowerCase().startsWith(`${name}:`));

/** Whether a text has this very filter. @param {string} text @param {string} term */
export const hasTerm = (text, term) =>
  termsOf(text).some((one) => one.text.toLowerCase() === term.toLowerCase());

/** The text with a term more, or without it if it is there. @param {string} text @param {string} term */
export function toggleTerm(text, term) {
  const terms = termsOf(text);
  const left = terms.filter((one) => one.text.toLowerCase() !== term.toLowerCase());
  if (left.length === terms.length) left.push({ text: term, begin: 0, end: 0 });
  return left.map((one) => one.text).join(" ");
}

/** The text with this filter in the place of all of that name; "" takes them away. @param {string} text @param {string} name @param {string} value */
export function setTerm(text, name, value) {
  const left = termsOf(text).filter((one) => !one.text.toLowerCase().startsWith(`${name}:`));
  const terms = left.map((one) => one.text);
  if (value) terms.push(`${name}:${value}`);
  return terms.join(" ");
}

/** Whether a text is what a pattern says, in which * stands for anything. Both in lower case. @param {string} pattern @param {string} text */
export function fits(pattern, text) {
  if (!pattern.includes("*")) return pattern === text;
  const parts = pattern.split("*");
  const first = /** @type {string} */ (parts[0]);
  const last = /** @type {string} */ (parts.at(-1));
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= text.length - last.length;
}
