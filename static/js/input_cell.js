// The state of a form (input_field.js), and between it and JSON. No DOM: views/fields.js draws it.
//
// A Cell is the state of one drawn Field. What a Field cannot hold, and what a schema does not say, is kept as JSON
// text in the Cell: any value goes in and comes out unchanged.

import { range } from "./input_field.js";
import { readJson, sayMistake } from "./json_text.js";
import { isObject } from "./values.js";

/** @typedef {import("./input_field.js").Field} Field */
/** @typedef {import("./input_field.js").MessageField} MessageField */
/** @typedef {import("./input_field.js").NumberField} NumberField */
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

const MOST_ROWS = 200;
const ABSENT = Symbol("absent");

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

/** @param {unknown} value @param {number} [indent] */
function say(value, indent) {
  return JSON.stringify(value, null, indent) ?? "null";
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
