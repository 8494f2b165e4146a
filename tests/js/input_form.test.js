import assert from "node:assert/strict";
import { test } from "node:test";
import { addItem, blank, cellAt, choose, fill, read } from "../../static/js/input_cell.js";
import { formOf, hint } from "../../static/js/input_field.js";

/** @typedef {import("../../static/js/input_field.js").Field} Field */

/** @param {unknown} schema @returns {any} */
function form(schema) {
  return formOf(schema);
}

/** @param {Field} field */
function start(field) {
  return read(blank(field)).value;
}

/** @param {string} type @param {string[]} [needed] */
function message(type, needed = ["content"]) {
  return {
    title: type,
    type: "object",
    required: needed,
    properties: {
      content: { anyOf: [{ type: "string" }, { type: "array", items: {} }] },
      type: { const: type, default: type, type: "string" },
    },
  };
}

const MESSAGES = {
  $defs: { H: message("human"), A: message("ai"), S: message("system") },
  type: "array",
  items: { oneOf: [{ $ref: "#/$defs/A" }, { $ref: "#/$defs/H" }, { $ref: "#/$defs/S" }] },
};

test("plain types become plain controls, with their bounds in words", () => {
  const field = form({
    type: "object",
    required: ["q", "k"],
    properties: {
      q: { type: "string", title: "Q" },
      k: { type: "integer", minimum: 1, maximum: 6, default: 3 },
      t: { type: "number", exclusiveMinimum: 0 },
      b: { type: "boolean", default: true },
      c: { enum: ["x", 2, null], type: "string" },
      n: { anyOf: [{ type: "string" }, { type: "null" }], default: null },
      l: { type: "array", items: { type: "string" }, minItems: 1 },
    },
  });
  assert.deepEqual(
    field.fields.map((/** @type {Field} */ one) => `${one.name}: ${one.kind}: ${hint(one)}`),
    [
      "q: string: string, required",
      "k: number: integer, 1 to 6",
      "t: number: number, above 0, optional",
      "b: boolean: boolean",
      "c: enum: choice or null, optional",
      "n: string: string or null, optional",
      "l: list: list, at least 1, optional",
    ],
  );
  assert.deepEqual(start(field), { q: "", k: 3, b: true });
});

test("references, allOf and nullable are seen through; what stands beside a reference wins", () => {
  const field = form({
    $ref: "#/$defs/In",
    $defs: {
      In: {
        type: "object",
        required: ["who"],
        properties: {
          who: { allOf: [{ $ref: "#/$defs/Who" }], description: "beside" },
          "a/b~c": { $ref: "#/$defs/x~1y~0z" },
        },
      },
      Who: {
        type: "object",
        description: "under",
        required: ["name"],
        properties: { name: { type: "string" } },
      },
      "x/y~z": { type: "integer", default: 7 },
    },
  });
  const [who, slashed] = field.fields;
  assert.equal(who.kind, "object");
  assert.equal(who.description, "beside");
  assert.equal(slashed.kind, "number");
  assert.deepEqual(start(field), { who: { name: "" }, "a/b~c": 7 });
});

test("the root may be anything", () => {
  assert.deepEqual(start(form({ type: "string" })), "");
  assert.deepEqual(start(form({ type: "string", default: "x" })), "x");
  assert.deepEqual(start(form({ type: "array", items: { type: "integer" } })), []);
  assert.deepEqual(start(form({})), "");
  assert.deepEqual(start(form(null)), "");
  assert.deepEqual(start(form(true)), "");
  assert.deepEqual(start(form({ type: "boolean" })), false);
  assert.deepEqual(start(form({ const: 5 })), 5);
  assert.deepEqual(start(form({ type: "object" })), {});
  assert.deepEqual(read(blank(form({ type: "integer" }))).problems, [
    { path: [], message: "needs a whole number" },
  ]);
});

test("chat messages are rows of role and content", () => {
  const field = form(MESSAGES);
  assert.equal(field.kind, "messages");
  const cell = blank(field);
  const first = cell.items[0];
  assert.ok(first);
  first.said.text = "hi";
  addItem(cell).said.text = "hello";
  assert.deepEqual(read(cell).value, [
    { type: "human", content: "hi" },
    { type: "ai", content: "hello" },
  ]);
});

test("a model's input offers text, messages and the rest", () => {
  const { $defs, ...messages } = MESSAGES;
  const field = form({
    $defs,
    anyOf: [
      { type: "string" },
      { type: "object", title: "StringPromptValue", properties: { text: { type: "string" } } },
      messages,
    ],
  });
  assert.equal(field.kind, "union");
  assert.deepEqual(
    field.variants().map((/** @type {Field} */ one) => one.kind),
    ["string", "object", "messages"],
  );
  const cell = blank(field);
  assert.equal(read(cell).value, "");
  choose(cell, 2);
  assert.deepEqual(read(cell).value, [{ type: "human", content: "" }]);
  assert.equal(fill(field, [{ type: "ai", content: "x" }]).pick, 2);
});

test("what a form cannot show is kept as JSON, and comes out as it went in", () => {
  const schemas = [
    {},
    { type: "string" },
    { type: "integer" },
    { type: "boolean" },
    { enum: ["a", 1, null, { a: 1 }] },
    { type: "array", items: { type: "string" } },
    { type: "array", prefixItems: [{ type: "string" }] },
    { type: "object", properties: { a: { type: "string" }, b: { type: "integer" } }, required: ["a"] },
    { type: "object", additionalProperties: { type: "string" } },
    { anyOf: [{ type: "string" }, { type: "integer" }, { type: "array", items: {} }] },
    { type: ["string", "null"] },
    MESSAGES,
    message("human"),
    {
      $ref: "#/$defs/T",
      $defs: { T: { type: "object", properties: { kids: { type: "array", items: { $ref: "#/$defs/T" } } } } },
    },
  ];
  const values = [
    null,
    "",
    "x",
    "a\r\nb",
    '{"a":1}',
    0,
    -1.5,
    1e21,
    true,
    false,
    [],
    [1, "a", null],
    ["a", "b"],
    {},
    { a: "x" },
    { a: 1, b: "no", extra: [{}] },
    { b: 1 },
    JSON.parse('{"__proto__": {"x": 1}, "constructor": 2, "a": "y"}'),
    [{ type: "human", content: "x" }],
    [{ role: "user", content: "x", name: "n" }],
    [{ type: "human", content: [{ type: "text", text: "x" }] }],
    [["human", "x"]],
    { type: "human", content: "x", id: "1" },
    { kids: [{ kids: [] }, { kids: "no" }] },
    Array.from({ length: 500 }, (_, index) => index),
  ];
  for (const schema of schemas) {
    for (const value of values) {
      const said = read(fill(form(schema), value), true).value;
      assert.equal(
        JSON.stringify(sorted(said)),
        JSON.stringify(sorted(value)),
        JSON.stringify([schema, value]),
      );
    }
  }
});

/** @param {unknown} value @returns {unknown} */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, one]) => [key, sorted(one)]);
}

test("problems say where and what", () => {
  const field = form({
    type: "object",
    required: ["k", "inner"],
    properties: {
      k: { type: "integer", minimum: 1, maximum: 6 },
      inner: { type: "object", required: ["x"], properties: { x: { type: "number", multipleOf: 0.1 } } },
      free: { type: "object" },
      s: { type: "string", minLength: 2 },
    },
  });
  const cell = fill(field, { k: 9, inner: { x: 0.25 }, free: {}, s: "a" });
  cellAt(cell, ["free"]).text = "[1,";
  assert.deepEqual(read(cell).problems, [
    { path: ["k"], message: "must be 1 to 6" },
    { path: ["inner", "x"], message: "must be multiple of 0.1" },
    { path: ["free"], message: "not JSON: 1:4 ends too early: expected a value" },
    { path: ["s"], message: "at least 2 characters" },
  ]);
  cellAt(cell, ["k"]).text = "three";
  cellAt(cell, ["free"]).text = "[]";
  cellAt(cell, ["inner", "x"]).text = "0.3";
  cellAt(cell, ["s"]).text = "ab";
  assert.deepEqual(read(cell).problems, [
    { path: ["k"], message: "needs a whole number, 1 to 6" },
    { path: ["free"], message: "must be a JSON object, like {}" },
  ]);
  assert.deepEqual(read(cell, true), {
    value: { k: "three", inner: { x: 0.3 }, free: [], s: "ab" },
    problems: [],
  });
});

test("a whole number may not be written with a fraction, or as text", () => {
  const cell = blank(form({ type: "integer" }));
  for (const [text, message] of [
    ["1.5", "needs a whole number"],
    ["0x10", "needs a whole number"],
    [" ", "needs a whole number"],
  ]) {
    cell.text = text ?? "";
    assert.equal(read(cell).problems[0]?.message, message);
  }
  cell.text = " 12 ";
  assert.deepEqual(read(cell), { value: 12, problems: [] });
});

test("hostile schemas end, and draw something", () => {
  const node = {
    type: "object",
    required: ["a", "b", "c"],
    properties: { a: { $ref: "#" }, b: { $ref: "#" }, c: { $ref: "#" } },
  };
  const either = {
    anyOf: [
      { type: "object", required: ["a", "b"], properties: { a: { $ref: "#" }, b: { $ref: "#" } } },
      { type: "string" },
    ],
  };
  const hostile = [
    { $ref: "#" },
    { $ref: "#/$defs/A", $defs: { A: { $ref: "#/$defs/B" }, B: { $ref: "#/$defs/A" } } },
    { allOf: [{ $ref: "#" }] },
    { allOf: [{ $ref: "#" }, { $ref: "#" }] },
    { anyOf: [{ $ref: "#" }, { $ref: "#" }] },
    node,
    either,
    { $ref: "https://elsewhere.example/schema" },
    { $ref: "#/%E0%A4%A" },
    { $ref: 7 },
    { type: 7, properties: 3, required: "x", items: false, enum: {}, anyOf: "x", allOf: {} },
    { type: "object", properties: { x: null, y: 3, z: [] } },
    { type: "object", properties: Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`p${n}`, {}])) },
    { type: "string", enum: Array.from({ length: 100_000 }, (_, n) => `v${n}`) },
    {
      type: "array",
      items: { type: "array", items: { type: "array", minItems: 1e9, items: {} }, minItems: 1e9 },
      minItems: 1e9,
    },
    { type: "object", properties: JSON.parse('{"__proto__": {"type": "string", "default": "x"}}') },
    { anyOf: Array.from({ length: 1000 }, () => ({ type: "object", properties: { a: {} } })) },
    { type: "object", properties: { toString: { type: "string" } }, required: ["toString"] },
    { type: "integer", minimum: 5, maximum: 1 },
    { type: "string", minLength: -1, maxLength: "x" },
    [],
    "x",
    7,
    null,
    undefined,
  ];
  for (const schema of hostile) {
    const before = performance.now();
    const field = form(schema);
    const cell = blank(field);
    hint(field);
    JSON.stringify(read(cell, true).value);
    const took = performance.now() - before;
    assert.ok(took < 500, `${JSON.stringify(schema)?.slice(0, 80)} took ${took} ms`);
  }
  const field = form(hostile[15]);
  assert.equal(JSON.stringify(start(field)), '{"__proto__":"x"}');
  assert.equal(/** @type {any} */ ({}).x, undefined);
});
