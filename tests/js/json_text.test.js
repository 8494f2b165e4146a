import assert from "node:assert/strict";
import { test } from "node:test";
import { preview, readJson, sayMistake } from "../../static/js/json_text.js";

/** @param {string} text */
function mistake(text) {
  const found = readJson(text);
  return found.ok ? null : sayMistake(found.mistake);
}

const GOOD = [
  "null",
  " 1 ",
  "-0",
  "1e3",
  '"a\\u00e9\\n"',
  "[]",
  "{}",
  '[1,{"a":[true,false,null]}]',
  '"\\ud800"',
  "0.1",
];
for (const text of GOOD) {
  test(`reads ${text}`, () => {
    assert.deepEqual(readJson(text), { ok: true, value: JSON.parse(text) });
  });
}

const BAD = {
  "": "1:1 empty: expected a value",
  '{"a": 1,}': '1:9 a "," too many before "}"',
  "[1, 2,]": '1:7 a "," too many before "]"',
  '{"a" 1}': '1:6 expected ":" after the key but found "1"',
  "{a: 1}": '1:2 expected a key in double quotes or "}" but found "a"',
  "{\"a\": 'x'}": "1:7 strings need double quotes",
  '{\n  "a": None\n}': "2:8 None is not JSON; write null",
  '["é", True]': "1:7 True is not JSON; write true",
  "[NaN]": "1:2 JSON has no NaN",
  "[1 2]": '1:4 expected "," or "]" but found "2"',
  "{} x": '1:4 expected nothing more but found "x"',
  '{"a": "b': '1:7 this string has no closing "',
  '"a\nb"': '1:1 this string has no closing " on its line (write a line break as \\n)',
  '"\t"': "1:2 a control character in a string; write \\u0009",
  '"\\x"': "1:2 a backslash in a string is written \\\\",
  '"\\u12"': "1:2 \\u needs four hexadecimal digits",
  "[1, [2": '1:7 ends too early: expected "," or "]"',
  '{"a":': "1:6 ends too early: expected a value",
  "01": '1:2 expected nothing more but found "1"',
  "1e999": "1:1 1e999 is too large for a number",
  "12345678901234567890": "1:1 12345678901234567890 is too long to be kept exactly; write it as a string",
  '"👍" x': '1:5 expected nothing more but found "x"',
};
for (const [text, said] of Object.entries(BAD)) {
  test(`says where ${JSON.stringify(text)} is wrong`, () => {
    assert.equal(mistake(text), said);
  });
}

test("agrees with JSON.parse on every cut and every changed character of a sample", () => {
  const sample = '{"a": [1, -2.5e+3, "x\\u0041\\n", {"b": null}], "c": true, "": {}}';
  const odd = ['"', "\\", "{", "]", ",", ":", "0", "e", "-", " ", "\n", "\u0000", "é"];
  for (let at = 0; at <= sample.length; at++) {
    for (const put of ["", ...odd]) {
      for (const text of [sample.slice(0, at) + put, sample.slice(0, at) + put + sample.slice(at + 1)]) {
        let parses = true;
        try {
          JSON.parse(text);
        } catch {
          parses = false;
        }
        assert.equal(readJson(text).ok, parses, JSON.stringify(text));
      }
    }
  }
});

test("depth costs no stack", () => {
  const deep = 50_000;
  assert.equal(mistake("[".repeat(deep)), `1:${deep + 1} ends too early: expected a value or "]"`);
});

test("a preview says what tells inputs apart", () => {
  assert.equal(preview({ question: "What is a Runnable?" }), "What is a Runnable?");
  assert.equal(preview("a\n  b"), "a b");
  assert.equal(preview({ q: "x", k: 3 }), "x");
  assert.equal(preview({ topic: "work", language: "German", words: 3 }), "work · German");
  assert.equal(preview({ n: 1 }), '{"n":1}');
  assert.equal(preview(""), '""');
  assert.equal(preview([1, 2]), "[1,2]");
  assert.equal(preview("x".repeat(99), 10), `${"x".repeat(9)}…`);
  assert.equal(
    preview({ messages: [{ content: "hi" }, { type: "human", content: "and then?" }] }),
    "and then?",
  );
  assert.equal(preview({ a: { b: { c: { d: { e: "deep" } } } } }), '{"a":{"b":{"c":{"d":{"e":"deep"}}}}}');
});
