import assert from "node:assert/strict";
import { test } from "node:test";

import { partsOf, raisedAt } from "../../static/js/traceback.js";

const HEAD = "Traceback (most recent call last):\n";
const LIBRARY = `  File "/venv/lib/python3.12/site-packages/langchain_core/runnables/base.py", line 10, in ainvoke
    return await call(
           ^^^^^^^^^^^
`;
const TRACER = `  File "/src/tracer/run/executor.py", line 3, in work
    job()
`;
const OWN = `  File "/home/me/app.py", line 42, in publish
    raise ValueError(
        "no"
    )
`;
const END = "ValueError: no\n  and the rest of what it says\n";

/** @param {string} text */
const place = (text) => raisedAt(partsOf(text))?.place;

test("all of the text is kept, frame by frame", () => {
  for (const text of [
    "",
    "no traceback",
    HEAD + LIBRARY + OWN + END,
    `${OWN}\r\n${END}`,
    HEAD + OWN.trimEnd(),
  ]) {
    const parts = partsOf(text);
    assert.equal(parts.map((part) => part.text).join(""), text);
  }
  const parts = partsOf(HEAD + LIBRARY + TRACER + OWN + END);
  assert.deepEqual(
    parts.map(({ isFrame, own }) => [isFrame, own]),
    [
      [false, true],
      [true, false],
      [true, false],
      [true, true],
      [false, true],
    ],
  );
});

test("the user's last own frame is where it was raised", () => {
  assert.equal(place(HEAD + OWN + LIBRARY + END), "app.py:42, in publish");
  assert.equal(place(HEAD + OWN.replace("app", "first") + LIBRARY + OWN + END), "app.py:42, in publish");
  assert.equal(place(HEAD + TRACER + LIBRARY + END), "base.py:10, in ainvoke", "none of it is the user's");
  assert.equal(place('  File "C:\\\\me\\\\app.py", line 7\n    x ===\n'), "app.py:7");
  assert.equal(
    place('  + Exception Group Traceback:\n  |   File "/me/app.py", line 7, in f\n'),
    "app.py:7, in f",
  );
  assert.equal(place("ValueError: no"), undefined);
});
