// From an input's JSON Schema to a form, and between a form's state and JSON. No DOM: views/fields.js draws it.
//
// A Field says what is to be drawn for a schema. A Cell is the state of one drawn Field. What a Field cannot hold,
// and what a schema does not say, is kept as JSON text in the Cell: any value goes in and comes out unchanged.

import { preview, readJson, sayMistake } from "../json_text.js";

/** @typedef {Record<string, unknown>} Schema */
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

/** @typedef {{ key: "type" | "role", role: string, text: string, more: Record<string, unknown> }} Said  One message; `key` is how the value names the role, `more` its other keys. */
/**
 * @typedef {{
 *   field: Field,
 *   is: "value" | "null" | "absent",
 *   asJson: boolean,
 *   text: string,
 *   flag: boolean,
 *   pick: number,
 *   items: Cell[],
 *   more: Record<string, unknown>,
 *   said: Said,
 * }} Cell
 * Which members count is up to `field.kind`: string, number, any and all JSON use `text`; boolean `flag`; enum and
 * union `pick` (-1: none); list, messages, object (a cell a field, in order) and union (the picked one) `items`;
 * object `more` (keys the schema does not name); message `said`.
 */
/** @typedef {{ path: (string | number)[], message: string }} Problem */

const MOST_DEPTH = 8;
const MOST_FIELDS = 600;
const MOST_PROPERTIES = 120;
const MOST_VARIANTS = 40;
const MOST_ROWS = 200;

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
const ABSENT = Symbol("absent");

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
  const labels = values.map((value) => (typeof value === "string" && value !== "" ? value : say(value)));
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
function range(field) {
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

/**
 * The state of a form before anything is typed: the schema's defaults.
 * @param {Field} field
 * @returns {Cell}
 */
export function blank(field) {
  if (field.fallback !== undefined && !(field.fallback === null && !field.required))
    return fill(field, field.fallback);
  const cell = empty(field);
  if (!field.required) cell.is = "absent";
  else if (field.nullable) cell.is = "null";
  return cell;
}

/**
 * A cell that holds a value, as someone who adds it wants it: blank, but there.
 * @param {Field} field
 * @returns {Cell}
 */
export function present(field) {
  if (field.fallback !== undefined && field.fallback !== null) return fill(field, field.fallback);
  return empty(field);
}

/** @param {Field} field @returns {Cell} */
function empty(field) {
  const cell = made(field);
  if (field.kind === "enum") cell.pick = 0;
  if (field.kind === "object") cell.items = field.fields.map(blank);
  if (field.kind === "list" && field.minItems > 0) cell.items = [blank(field.item())];
  if (field.kind === "union") choose(cell, 0);
  if (field.kind === "messages") cell.items = [saying()];
  if (field.kind === "json")
    cell.text = field.what === "list" ? "[]" : field.what === "object" ? "{}" : "null";
  return cell;
}

/**
 * Picks another variant of a union, and forgets what the one before held.
 * @param {Cell} cell
 * @param {number} pick
 */
export function choose(cell, pick) {
  const variant = cell.field.kind === "union" ? cell.field.variants()[pick] : undefined;
  cell.pick = pick;
  cell.items = variant ? [present(variant)] : [];
}

/**
 * One more row of a list.
 * @param {Cell} cell
 * @returns {Cell}
 */
export function addItem(cell) {
  const last = cell.items[cell.items.length - 1];
  const item =
    cell.field.kind === "list"
      ? present(cell.field.item())
      : saying(last?.said.role === "human" || last?.said.role === "user" ? "ai" : "human");
  if (cell.field.kind === "messages" && last?.said.key === "role") {
    item.said.key = "role";
    item.said.role = item.said.role === "ai" ? "assistant" : "user";
  }
  cell.items.push(item);
  return item;
}

/** @param {string} [role] @returns {Cell} */
function saying(role = "human") {
  const cell = made(MESSAGE);
  cell.said.role = role;
  return cell;
}

/** @type {MessageField} */
const MESSAGE = {
  kind: "message",
  name: "",
  description: "",
  required: true,
  nullable: false,
  fallback: undefined,
};

/** @param {Field} field @returns {Cell} */
function made(field) {
  return {
    field,
    is: "value",
    asJson: field.kind === "json",
    text: "",
    flag: false,
    pick: -1,
    items: [],
    more: {},
    said: { key: "type", role: "human", text: "", more: {} },
  };
}

/**
 * The state of a form that shows a value. `read(fill(field, value))` gives an equal value back, whatever it is.
 * @param {Field} field
 * @param {unknown} value
 * @returns {Cell}
 */
export function fill(field, value) {
  const cell = made(field);
  if (value === null && field.nullable) {
    cell.is = "null";
    return cell;
  }
  if (cell.asJson || !draws(cell, field, value)) {
    cell.asJson = field.kind !== "any";
    cell.flag = field.kind === "any";
    cell.text = say(value, 2);
  }
  return cell;
}

/** Fills the cell, or says that this field cannot show the value. @param {Cell} cell @param {Field} field @param {unknown} value @returns {boolean} */
function draws(cell, field, value) {
  switch (field.kind) {
    case "string":
    case "any":
      if (typeof value !== "string" || value.includes("\r")) return false; // a text box keeps no CR
      cell.text = value;
      return true;
    case "number":
      if (typeof value !== "number") return false;
      cell.text = say(value);
      return true;
    case "boolean":
      cell.flag = value === true;
      return typeof value === "boolean";
    case "enum":
      cell.pick = field.options.findIndex((option) => equal(option, value));
      return cell.pick >= 0;
    case "list": {
      if (!Array.isArray(value) || value.length > MOST_ROWS) return false;
      const item = field.item();
      cell.items = value.map((one) => fill(item, one));
      return true;
    }
    case "object": {
      if (!isObject(value)) return false;
      const rest = new Map(Object.entries(value));
      cell.items = field.fields.map((one) => {
        const held = rest.has(one.name);
        const inner = held ? fill(one, rest.get(one.name)) : missing(one);
        rest.delete(one.name);
        return inner;
      });
      cell.more = Object.fromEntries(rest);
      return true;
    }
    case "union": {
      const variants = field.variants();
      const pick = variants.findIndex((variant) => fits(variant, value));
      const variant = variants[pick];
      if (!variant) return false;
      cell.pick = pick;
      cell.items = [fill(variant, value)];
      return true;
    }
    case "messages": {
      if (!Array.isArray(value) || value.length > MOST_ROWS) return false;
      const rows = value.map(saidIn);
      if (!rows.every((row) => row !== null)) return false;
      cell.items = rows.map((said) => ({ ...saying(), said }));
      return true;
    }
    case "message": {
      const said = saidIn(value);
      if (said) cell.said = said;
      return said !== null;
    }
    default:
      return false;
  }
}

/** A key that a given value leaves out stays out, even where it is required: the value is shown as it is. @param {Field} field @returns {Cell} */
function missing(field) {
  const cell = empty(field);
  cell.is = "absent";
  return cell;
}

/** @param {Field} field @param {unknown} value @returns {boolean} */
function fits(field, value) {
  if (value === null && field.nullable) return true;
  if (field.kind === "object") {
    if (!isObject(value)) return false;
    return field.fields.every((one) =>
      Object.hasOwn(value, one.name) ? fits(one, value[one.name]) : !one.required,
    );
  }
  if (field.kind === "number" && field.whole && !Number.isInteger(value)) return false;
  if (field.kind === "json") {
    if (field.what === "list") return Array.isArray(value);
    return field.what !== "object" || isObject(value);
  }
  if (field.kind === "list") return Array.isArray(value) && value.every((one) => fits(field.item(), one));
  return field.kind === "any" || draws(made(field), field, value);
}

/** @param {unknown} value @returns {Said | null} */
function saidIn(value) {
  if (!isObject(value)) return null;
  const key = "type" in value ? "type" : "role";
  const { [key]: role, content, ...more } = value;
  if (typeof role !== "string" || typeof content !== "string" || content.includes("\r")) return null;
  return { key, role, text: content, more };
}

/**
 * What the form says, and what is wrong with it. With `loosely` nothing is wrong: what was typed is taken as it
 * stands, as text where it cannot be read, so that it can be seen and mended as JSON.
 * @param {Cell} cell
 * @param {boolean} [loosely]
 * @returns {{ value: unknown, problems: Problem[] }}
 */
export function read(cell, loosely = false) {
  /** @type {Problem[]} */
  const problems = [];
  const value = collect(cell, [], problems, loosely);
  return { value: value === ABSENT ? null : value, problems: loosely ? [] : problems };
}

/** @param {Cell} cell @param {(string | number)[]} path @param {Problem[]} problems @param {boolean} loosely @returns {unknown} */
function collect(cell, path, problems, loosely) {
  const { field } = cell;
  /** @param {string} message */
  const wrong = (message) => {
    problems.push({ path, message });
  };
  if (cell.is === "absent") {
    if (field.required) wrong("missing");
    return ABSENT;
  }
  if (cell.is === "null") return null;
  if (cell.asJson || (field.kind === "any" && cell.flag)) {
    const found = readJson(cell.text);
    if (found.ok) {
      const what = field.kind === "json" ? field.what : "";
      if (what === "object" && !isObject(found.value)) wrong("must be a JSON object, like {}");
      if (what === "list" && !Array.isArray(found.value)) wrong("must be a JSON list, like []");
      return found.value;
    }
    wrong(`not JSON: ${sayMistake(found.mistake)}`);
    return cell.text;
  }
  switch (field.kind) {
    case "string":
      if (cell.text.length < field.minLength) wrong(`at least ${field.minLength} characters`);
      if (Array.from(cell.text).length > field.maxLength) wrong(`at most ${field.maxLength} characters`);
      return cell.text;
    case "any":
      return cell.text;
    case "number":
      return numeral(cell.text, field, wrong);
    case "boolean":
      return cell.flag;
    case "enum":
      if (cell.pick < 0) wrong("choose one");
      return cell.pick < 0 ? null : field.options[cell.pick];
    case "list":
      if (cell.items.length < field.minItems) wrong(`at least ${field.minItems} of them`);
      if (cell.items.length > field.maxItems) wrong(`at most ${field.maxItems} of them`);
      return cell.items.map((item, index) => collect(item, [...path, index], problems, loosely));
    case "messages":
      return cell.items.map((item, index) => collect(item, [...path, index], problems, loosely));
    case "object": {
      const pairs = cell.items.map((item) => {
        const name = item.field.name;
        return /** @type {const} */ ([name, collect(item, [...path, name], problems, loosely)]);
      });
      // Object.fromEntries, for a key may be called __proto__.
      return Object.fromEntries([
        ...pairs.filter(([, value]) => value !== ABSENT),
        ...Object.entries(cell.more),
      ]);
    }
    case "union": {
      const picked = cell.items[0];
      return picked ? collect(picked, path, problems, loosely) : null;
    }
    case "message": {
      const { key, role, text, more } = cell.said;
      return { [key]: role, content: text, ...more };
    }
    default:
      return null;
  }
}

/** @param {string} text @param {NumberField} field @param {(message: string) => void} wrong @returns {unknown} */
function numeral(text, field, wrong) {
  const trimmed = text.trim();
  const bounds = range(field);
  const found = readJson(trimmed);
  if (trimmed === "" || !found.ok || typeof found.value !== "number") {
    const kind = field.whole ? "a whole number" : "a number";
    wrong(`needs ${kind}${bounds ? `, ${bounds}` : ""}`);
    return trimmed;
  }
  const value = found.value;
  const inside = value >= field.min && value <= field.max && value > field.above && value < field.below;
  const steps = field.step ? value / field.step : 0;
  if (field.whole && !Number.isInteger(value)) wrong("needs a whole number");
  else if (!inside || Math.abs(steps - Math.round(steps)) > 1e-9) wrong(`must be ${bounds}`);
  return value;
}

/**
 * The cell that a path of keys and indices leads to, as far as it goes.
 * @param {Cell} cell
 * @param {(string | number)[]} path
 * @returns {Cell}
 */
export function cellAt(cell, path) {
  let at = cell;
  for (const step of path) {
    while (at.field.kind === "union" && at.items[0] && !at.asJson) at = at.items[0];
    const next =
      at.field.kind === "object"
        ? at.items.find((item) => item.field.name === String(step))
        : at.items[Number(step)];
    if (at.asJson || !next) break;
    at = next;
  }
  return at;
}

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
function choicesOf(schema, root) {
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
function valuesOf(schema) {
  if (Object.hasOwn(schema, "const")) return [schema.const];
  return Array.isArray(schema.enum) ? schema.enum : [];
}

/** @param {Schema} schema @returns {boolean} */
function isMessage(schema) {
  if (!isObject(schema.properties)) return false;
  const { content, type } = schema.properties;
  if (!isObject(content) || !isObject(type)) return false;
  if (typeof type.const !== "string") return schema.title === "BaseMessage";
  return SPEAKERS.has(type.const) || /^(AI|Human|System|Tool|Function|Chat)MessageChunk$/.test(type.const);
}

/** @param {Schema} schema @returns {string} */
function typeOf(schema) {
  if (typeof schema.type === "string") return schema.type;
  if (isObject(schema.properties)) return "object";
  return schema.items !== undefined || schema.prefixItems !== undefined ? "array" : "";
}

/** @param {Schema} schema @returns {string} */
function titleOf(schema) {
  if (typeof schema.title === "string" && schema.title) return schema.title;
  const type = typeOf(schema);
  return type === "array" ? "list" : type || "anything";
}

/** @param {unknown} value @param {number} fallback */
function number(value, fallback) {
  return typeof value === "number" && Number.isFinite(value) ? value : fallback;
}

/** @param {unknown} value @param {number} [indent] */
function say(value, indent) {
  return JSON.stringify(value, null, indent) ?? "null";
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Whether two JSON values are the same; the order of keys does not count.
 * @param {unknown} a
 * @param {unknown} b
 * @returns {boolean}
 */
export function equal(a, b) {
  if (Object.is(a, b) || a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((one, index) => equal(one, b[index]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]))
  );
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

/** What an example's button says. @param {unknown} value @returns {string} */
export function exampleLabel(value) {
  return preview(value, 44);
}
