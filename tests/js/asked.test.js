// What was asked of a model, sorted for reading.

import assert from "node:assert/strict";
import { test } from "node:test";

import { askedFor } from "../../static/js/asked.js";

test("the model and the temperature come first, nothing that is not set", () => {
  const asked = askedFor({ stop: ["END"], _type: "x", temperature: 0, model_name: "m", model: "m", n: null });
  assert.deepEqual(asked?.plain, [
    ["model", "m"],
    ["temperature", "0"],
    ["stop", '"END"'],
  ]);
});

test("tools by name with their schema, in the shapes of providers", () => {
  const schema = { type: "object" };
  const asked = askedFor({
    tools: [
      { type: "function", function: { name: "a", description: "does a", parameters: schema } },
      { name: "b", input_schema: schema },
      { type: "web_search" },
      { toolSpec: { name: "c", inputSchema: schema } },
      "d",
    ],
  });
  assert.deepEqual(
    asked?.tools.map((tool) => tool.name),
    ["a", "b", "web_search", "c", "d"],
  );
  assert.deepEqual(asked?.tools[0], { name: "a", description: "does a", schema });
  assert.deepEqual(asked?.tools[1]?.schema, schema);
});

test("the response format and what is nested are kept whole", () => {
  const format = { type: "json_schema", json_schema: { name: "x", schema: {} } };
  const asked = askedFor({ response_format: format, extra: { a: 1 } });
  assert.deepEqual(asked?.format, format);
  assert.deepEqual(asked?.rest, { extra: { a: 1 } });
});

test("nothing known is nothing", () => {
  for (const params of [undefined, null, "x", []]) assert.equal(askedFor(params), null);
});
