// Which tab of the details shows what a span was found by. No DOM.

/** @typedef {import("./find_query.js").Query} Query */
/** @typedef {{ name: string, tags: readonly unknown[], metadata: unknown, error: unknown }} Found  What is read of a span. */

/** Where a word was found in its values, and who shows that; the others show all of it. @type {Record<string, string[]>} */
const BY_PLACE = {
  "in what it streamed": ["Output", "JSON", "Raw"],
  "in its input": ["Input", "Raw"],
  "in its output": ["Output", "JSON", "Raw"],
};

/**
 * The tab to open, the one that is open where it shows it.
 * @param {Query} query @param {string} place as Find says it @param {Found} span @param {string} open
 */
export function tabOf(query, place, span, open) {
  const tabs = BY_PLACE[place] ?? byWords(query, place, span);
  return tabs.length && !tabs.includes(open) ? /** @type {string} */ (tabs[0]) : open;
}

/** @param {Query} query @param {string} place @param {Found} span */
function byWords({ words, tags, metas }, place, { name, tags: own, metadata, error }) {
  if (place) return [];
  if (tags.length || metas.length) return ["Attributes", "Raw"];
  // The name stands above every tab, an error above the output.
  const seen = name.toLowerCase();
  const hidden = words.filter((word) => !seen.includes(word));
  const failed = text(error);
  if (hidden.some((word) => failed.includes(word))) return ["Output", "Raw"];
  const about = text([own, metadata]);
  return hidden.some((word) => about.includes(word)) ? ["Attributes", "Raw"] : [];
}

/** @param {unknown} value */
const text = (value) => (JSON.stringify(value ?? null) ?? "").toLowerCase();
