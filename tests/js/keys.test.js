// The help sheet says every key that some part of the page takes.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { KEYS, OTHERS } from "../../static/js/keys.js";

const ROOT = new URL("../../static/js/", import.meta.url);
const NAME = "Arrow(?:Up|Down|Left|Right)|Page(?:Up|Down)|Home|End|Enter|Escape|Delete|Backspace|F\\d{1,2}";
const NAMED = new RegExp(`"(${NAME})"|\\b(${NAME}):`, "g");
/** They ask which key it was by KEYS, for the sheet alone, or not at all. */
const ANY_KEY = ["run_page.js", "views/help.js", "views/focus.js", "views/failure.js"];
/** What the browser does with it. */
const BY_ITSELF = { "views/runs.js": ["Enter"] };

/** Which keys a module takes. @param {string} code */
function taken(code) {
  const bare = code.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
  const found = new Set([...bare.matchAll(NAMED)].map(([, text, field]) => String(text ?? field)));
  if (/key === " "/.test(bare)) found.add("Space");
  for (const [, one] of bare.matchAll(/toLowerCase\(\) === "(\w)"/g)) found.add(String(one).toUpperCase());
  return found;
}

/** @param {string} key */
const last = (key) => key.slice(key.lastIndexOf("+") + 1);

const modules = readdirSync(ROOT, { recursive: true })
  .map((name) => String(name).replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".js"))
  .map((name) => ({ name, code: readFileSync(new URL(name, ROOT), "utf8") }))
  .filter(({ code }) => code.includes('"keydown"'));

test("who hears of keys stands in the sheet", () => {
  const told = [...OTHERS.flatMap((one) => one.in), ...ANY_KEY];
  assert.deepEqual(modules.map(({ name }) => name).sort(), told.sort());
});

for (const { title, in: names, keys } of OTHERS) {
  test(`${title}: the keys in the sheet are those that are taken`, () => {
    const said = new Set(keys.flatMap(({ key }) => key.split(" ").map(last)));
    const does = new Set(
      names.flatMap((name) => [
        ...taken(modules.find((one) => one.name === name)?.code ?? ""),
        ...(BY_ITSELF[/** @type {keyof typeof BY_ITSELF} */ (name)] ?? []),
      ]),
    );
    assert.deepEqual([...said].sort(), [...does].sort());
  });
}

test("each key says what it does", () => {
  for (const { key, words } of [...KEYS, ...OTHERS.flatMap((one) => one.keys)]) {
    assert.match(key, /\S/);
    assert.match(words, /^[A-Z]/);
  }
});
