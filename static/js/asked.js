// What was asked of a model: the `invocation_params` of its start line, sorted for reading. No DOM.

import { isObject, markerText, stringOf } from "./values.js";

/** @typedef {{ name: string, description: string, schema: unknown }} Tool */
/**
 * @typedef {{ plain: [name: string, value: string][], tools: Tool[], format: unknown, rest: Record<string, unknown> }} Asked
 * `plain`: what can be said in a word, in the order of its weight; `format`: the response format, undefined for none.
 */

const FIRST = [
  "model",
  "model_name",
  "model_id",
  "temperature",
  "max_tokens",
  "max_completion_tokens",
  "top_p",
];
const TOOLS = ["tools", "functions"];
const FORMATS = ["response_format", "format", "text_format"];
const NOISE = new Set(["_type"]);
const LONG = 120;

/** @param {unknown} params @returns {Asked | null} null where nothing is known */
export function askedFor(params) {
  if (!isObject(params)) return null;
  /** @type {Asked} */
  const asked = { plain: [], tools: [], format: undefined, rest: {} };
  const names = Object.keys(params).sort((a, b) => weight(a) - weight(b));
  for (const name of names) {
    const value = params[name];
    if (value === null || value === undefined || NOISE.has(name)) continue;
    if (TOOLS.includes(name) && Array.isArray(value)) asked.tools.push(...value.map(toolOf));
    else if (FORMATS.includes(name)) asked.format = value;
    else {
      const word = wordOf(value);
      if (word !== null) asked.plain.push([name, word]);
      else asked.rest[name] = value;
    }
  }
  const [, model] = asked.plain.find(([name]) => name === "model") ?? [];
  // Both names say the same with most models.
  asked.plain = asked.plain.filter(([name, word]) => name !== "model_name" || word !== model);
  return asked;
}

/** @param {string} name */
function weight(name) {
  const at = FIRST.indexOf(name);
  return at < 0 ? FIRST.length : at;
}

/** @param {unknown} value @returns {string | null} */
function wordOf(value) {
  if (Array.isArray(value)) {
    const words = value.map((one) => (typeof one === "string" ? JSON.stringify(one) : null));
    return words.length && words.every((word) => word !== null) ? words.join(", ") : null;
  }
  if (isObject(value)) return markerText(value);
  const word = stringOf(value) ?? String(value);
  return word.length > LONG ? null : word;
}

/** OpenAI's, Anthropic's and plain shapes of a tool. @param {unknown} value @returns {Tool} */
function toolOf(value) {
  if (!isObject(value)) return { name: String(value), description: "", schema: undefined };
  const inner = isObject(value.function) ? value.function : isObject(value.toolSpec) ? value.toolSpec : value;
  const name = stringOf(inner.name) || stringOf(value.type) || "tool";
  const schema =
    inner.parameters ?? inner.input_schema ?? inner.inputSchema ?? (inner === value ? value : undefined);
  return { name, description: stringOf(inner.description) ?? "", schema };
}
