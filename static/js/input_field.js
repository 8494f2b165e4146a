// What is to be drawn for an input, out of its JSON Schema: a Field for the whole of it, Fields inside. No DOM.

import { choicesOf, isMessage, resolve, titleOf, typeOf, valuesOf } from "./input_schema.js";
import { isObject } from "./values.js";

/** @typedef {import("./input_schema.js").Schema} Schema */
/**
 * @typedef {{
 *   name: string, description: string, required: boolean, nullable: boolean, fallback: unknown,
 * }} Common  `fallback` is the schema's default, undefined where there is none.
 */
/** @typedef {Common & { kind: "string", minLength: number, maxLength: number }} StringField */
/** @typedef {Common & { kind: "number", whole: boolean, min: number, max: number, above: number, below: number, step: number }} NumberField  `above` and `below` are excluded bounds; absent bounds are ±Infinity, an absent step 0. */
/** @typedef {Common & { kind: "boolean" }} BooleanField */
/** @typedef {Common & { kind: "enum", options: unknown[], labels: string[] }} EnumField */
/** @typedef {Common & { kind: "list", item: () => Field, minItems: number, maxItems: number }} ListField */
/** @typedef {Common & { kind: "object", fields: Field[] }} ObjectField */
/** @typedef {Common & { kind: "union", variants: () => Field[] }} UnionField */
/** @typedef {Common & { kind: "messages" }} MessagesField  A list of chat messages. */
/** @typedef {Common & { kind: "message" }} MessageField */
/** @typedef {Common & { kind: "any" }} AnyField  The schema says nothing: text, or JSON. */
/** @typedef {Common & { kind: "json", what: string }} JsonField  Too much to draw; `what` says of what type it is. */
/** @typedef {StringField | NumberField | BooleanField | EnumField | ListField | ObjectField | UnionField | MessagesField | MessageField | AnyField | JsonField} Field */

const MOST_DEPTH = 8;
const MOST_FIELDS = 600;
const MOST_PROPERTIES = 120;
const MOST_VARIANTS = 40;

/**
 * The whole form of an input schema (null: unknown).
 * @param {unknown} schema
 * @param {string} [name] what the value is called where it has no name of its own
 * @returns {Field}
 */
export function formOf(schema, name = "input") {
  const budget = { left: MOST_FIELDS };
  return fieldOf(schema, { root: isObject(schema) ? schema : {}, budget, depth: 0 }, name, true);
}

/** @typedef {{ root: Schema, budget: { left: number }, depth: number }} Within */

/** @param {unknown} raw @param {Within} within @param {string} name @param {boolean} required @returns {Field} */
function fieldOf(raw, within, name, required) {
  const { root, budget, depth } = within;
  const inner = { root, budget, depth: depth + 1 };
  let schema = resolve(raw, root);
  /** @type {Common} */
  const common = {
    name,
    description: String(schema.description ?? ""),
    required,
    nullable: false,
    fallback: schema.default,
  };
  /** @param {string} what @returns {JsonField} */
  const json = (what) => ({ ...common, kind: "json", what });
  budget.left -= 1;
  if (depth > MOST_DEPTH || budget.left < 0) return json("JSON");

  const choices = choicesOf(schema, root);
  if (choices) {
    const real = choices.filter((choice) => choice.type !== "null" && choice.const !== null);
    common.nullable = real.length < choices.length;
    const only = real[0];
    if (only === undefined) return { ...common, kind: "enum", options: [null], labels: ["null"] };
    if (real.length > 1) {
      const values = real.flatMap(valuesOf);
      if (real.every((choice) => valuesOf(choice).length > 0)) return enumField(common, values);
      if (real.every(isMessage)) return { ...common, kind: "message" };
      if (real.length > MOST_VARIANTS) return json(`one of ${real.length} types`);
      const variants = once(() => real.map((choice) => fieldOf(choice, inner, titleOf(choice), true)));
      return { ...common, kind: "union", variants };
    }
    schema = only;
    common.description ||= String(only.description ?? "");
    if (common.fallback === undefined) common.fallback = only.default;
    const nested = choicesOf(only, root);
    if (nested) {
      const field = fieldOf(only, inner, name, required);
      return { ...field, ...common, nullable: common.nullable || field.nullable };
    }
  }

  const values = valuesOf(schema);
  if (values.length > 0) {
    const real = values.filter((value) => value !== null);
    common.nullable ||= real.length < values.length && real.length > 0;
    return enumField(common, real.length > 0 ? real : values);
  }
  if (isMessage(schema)) return { ...common, kind: "message" };
  switch (typeOf(schema)) {
    case "string":
      return {
        ...common,
        kind: "string",
        minLength: number(schema.minLength, 0),
        maxLength: number(schema.maxLength, Infinity),
      };
    case "integer":
    case "number":
      return {
        ...common,
        kind: "number",
        whole: schema.type === "integer",
        min: number(schema.minimum, -Infinity),
        max: number(schema.maximum, Infinity),
        above: number(schema.exclusiveMinimum, -Infinity),
        below: number(schema.exclusiveMaximum, Infinity),
        step: Math.max(0, number(schema.multipleOf, 0)),
      };
    case "boolean":
      return { ...common, kind: "boolean" };
    case "null":
      return enumField(common, [null]);
    case "array": {
      if (schema.prefixItems !== undefined || Array.isArray(schema.items)) return json("list");
      const items = resolve(schema.items, root);
      const speakers = choicesOf(items, root) ?? [items];
      if (speakers.every(isMessage)) return { ...common, kind: "messages" };
      return {
        ...common,
        kind: "list",
        item: once(() => fieldOf(schema.items, inner, "", true)),
        minItems: number(schema.minItems, 0),
        maxItems: number(schema.maxItems, Infinity),
      };
    }
    case "object": {
      const properties = isObject(schema.properties) ? Object.entries(schema.properties) : [];
      if (properties.length === 0 || properties.length > MOST_PROPERTIES) return json("object");
      const needed = Array.isArray(schema.required) ? schema.required : [];
      const fields = properties.map(([key, value]) => fieldOf(value, inner, key, needed.includes(key)));
      return { ...common, kind: "object", fields };
    }
    default:
      return { ...common, kind: "any" };
  }
}

/** @param {Common} common @param {unknown[]} values @returns {EnumField} */
function enumField(common, values) {
  const labels = values.map((value) =>
    typeof value === "string" && value !== "" ? value : (JSON.stringify(value) ?? "null"),
  );
  return { ...common, kind: "enum", options: values, labels };
}

/**
 * What a field takes, in the words beside its name: `integer, 1 to 6`.
 * @param {Field} field
 * @returns {string}
 */
export function hint(field) {
  const words = [typeWords(field)];
  if (field.nullable) words[0] += " or null";
  if (field.kind === "number") words.push(range(field));
  if (field.kind === "string" && field.maxLength < Infinity)
    words.push(`at most ${field.maxLength} characters`);
  if (field.kind === "list" && (field.minItems > 0 || field.maxItems < Infinity)) words.push(lengths(field));
  if (field.required && field.fallback === undefined) words.push("required");
  else if (!field.required && (field.fallback ?? null) === null) words.push("optional");
  return words.filter(Boolean).join(", ");
}

/** @param {Field} field @returns {string} */
export function typeWords(field) {
  switch (field.kind) {
    case "number":
      return field.whole ? "integer" : "number";
    case "enum":
      return field.options.length === 1 ? "constant" : "choice";
    case "messages":
      return "chat messages";
    case "message":
      return "chat message";
    case "union":
      return "one of several types";
    case "any":
      return "anything";
    case "json":
      return field.what;
    default:
      return field.kind;
  }
}

/** @param {NumberField} field @returns {string} */
export function range(field) {
  const low = field.above > field.min ? `above ${field.above}` : field.min > -Infinity ? `${field.min}` : "";
  const high = field.below < field.max ? `below ${field.below}` : field.max < Infinity ? `${field.max}` : "";
  const step = field.step ? `multiple of ${field.step}` : "";
  let said = "";
  if (low && high)
    said = field.above > field.min || field.below < field.max ? `${low}, ${high}` : `${low} to ${high}`;
  else if (low) said = field.above > field.min ? low : `at least ${low}`;
  else if (high) said = field.below < field.max ? high : `at most ${high}`;
  return [said, step].filter(Boolean).join(", ");
}

/** @param {ListField} field @returns {string} */
function lengths(field) {
  if (field.maxItems === Infinity) return `at least ${field.minItems}`;
  return field.minItems > 0 ? `${field.minItems} to ${field.maxItems}` : `at most ${field.maxItems}`;
}

/** @param {unknown} value @param {number} fallback */
function number(value, fallback) {
  return typeof value === "number" && Number.isFinite(value) ? value : fallback;
}

/** @template T @param {() => T} make @returns {() => T} */
function once(make) {
  /** @type {{ made: T } | null} */
  let held = null;
  return () => {
    held ??= { made: make() };
    return held.made;
  };
}
