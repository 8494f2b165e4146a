// Reading a JSON Schema: references followed, alternatives, types, the values it allows. No DOM.

import { isObject } from "./values.js";

/** @typedef {Record<string, unknown>} Schema */

const SPEAKERS = new Set([
  "human",
  "ai",
  "system",
  "tool",
  "function",
  "chat",
  "developer",
  "user",
  "assistant",
]);

/**
 * `schema` with references followed and `allOf` folded in. What stands beside a reference wins.
 * @param {unknown} raw
 * @param {Schema} root
 * @param {number} [depth]
 * @returns {Schema}
 */
export function resolve(raw, root, depth = 0) {
  if (!isObject(raw) || depth > 32) return {};
  let schema = raw;
  if (typeof schema.$ref === "string") {
    const { $ref, ...beside } = schema;
    schema = merge(resolve(pointed(String($ref), root), root, depth + 1), beside);
  }
  if (!Array.isArray(schema.allOf)) return schema;
  const { allOf, ...beside } = schema;
  return allOf.slice(0, 64).reduceRight((all, part) => merge(resolve(part, root, depth + 1), all), beside);
}

/** @param {Schema} under @param {Schema} over @returns {Schema} */
function merge(under, over) {
  const merged = { ...under, ...over };
  if (isObject(under.properties) && isObject(over.properties))
    merged.properties = Object.fromEntries([
      ...Object.entries(under.properties),
      ...Object.entries(over.properties),
    ]);
  if (Array.isArray(under.required) && Array.isArray(over.required))
    merged.required = [...under.required, ...over.required];
  return merged;
}

/** @param {string} reference @param {Schema} root @returns {unknown} */
function pointed(reference, root) {
  if (reference === "#") return root;
  if (!reference.startsWith("#/")) return undefined;
  /** @type {unknown} */
  let at = root;
  for (const part of reference.slice(2).split("/")) {
    const key = unescaped(part).replaceAll("~1", "/").replaceAll("~0", "~");
    if (!isObject(at) || !Object.hasOwn(at, key)) return undefined;
    at = at[key];
  }
  return at;
}

/** @param {string} part */
function unescaped(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/**
 * The alternatives a schema offers (anyOf, oneOf, a list of types), each with what stands beside them; null: none.
 * @param {Schema} schema
 * @param {Schema} root
 * @returns {Schema[] | null}
 */
export function choicesOf(schema, root) {
  const { anyOf, oneOf, default: _default, title: _title, description: _description, ...beside } = schema;
  const offered = Array.isArray(anyOf) && anyOf.length ? anyOf : oneOf;
  if (Array.isArray(offered) && offered.length)
    return offered.slice(0, 200).map((one) => merge(beside, resolve(one, root)));
  if (!Array.isArray(schema.type)) return null;
  const types = schema.type.filter((type) => typeof type === "string");
  if (types.length === 0) return null;
  return types.map((type) => ({ ...beside, type }));
}

/** @param {Schema} schema @returns {unknown[]} */
export function valuesOf(schema) {
  if (Object.hasOwn(schema, "const")) return [schema.const];
  return Array.isArray(schema.enum) ? schema.enum : [];
}

/** @param {Schema} schema @returns {boolean} */
export function isMessage(schema) {
  if (!isObject(schema.properties)) return false;
  const { content, type } = schema.properties;
  if (!isObject(content) || !isObject(type)) return false;
  if (typeof type.const !== "string") return schema.title === "BaseMessage";
  return SPEAKERS.has(type.const) || /^(AI|Human|System|Tool|Function|Chat)MessageChunk$/.test(type.const);
}

/** @param {Schema} schema @returns {string} */
export function typeOf(schema) {
  if (typeof schema.type === "string") return schema.type;
  if (isObject(schema.properties)) return "object";
  return schema.items !== undefined || schema.prefixItems !== undefined ? "array" : "";
}

/** @param {Schema} schema @returns {string} */
export function titleOf(schema) {
  if (typeof schema.title === "string" && schema.title) return schema.title;
  const type = typeOf(schema);
  return type === "array" ? "list" : type || "anything";
}
