import assert from "node:assert/strict";
import { test } from "node:test";

import {
  fits,
  hasTerm,
  isEmpty,
  parseQuery,
  quoted,
  setTerm,
  toggleTerm,
} from "../../static/js/find_query.js";
import { chances } from "./chance.js";

test("words, phrases and filters", () => {
  const query = parseQuery(
    'Tokyo "two  Words" TYPE:Tool type:model state:error tag:"a b" meta:User=Ada meta:k took:>500ms',
  );
  assert.deepEqual(query, {
    words: ["tokyo", "two words"],
    types: ["tool", "model"],
    states: ["error"],
    names: [],
    tags: ["a b"],
    metas: [
      { key: "user", value: "ada" },
      { key: "k", value: null },
    ],
    took: [{ sign: ">", us: 500_000 }],
    problem: "",
  });
});

test("durations with their units", () => {
  const us = (/** @type {string} */ text) => parseQuery(`took:${text}`).took[0];
  assert.deepEqual(us("<2s"), { sign: "<", us: 2e6 });
  assert.deepEqual(us(">=1.5m"), { sign: ">=", us: 90e6 });
  assert.deepEqual(us("<=7µs"), { sign: "<=", us: 7 });
  assert.deepEqual(us(">1h"), { sign: ">", us: 3600e6 });
  for (const wrong of ["500ms", ">500", ">ms", ">1parsec", "=1s", ">-1s"]) {
    assert.match(parseQuery(`took:${wrong}`).problem, /took: needs/, wrong);
  }
});

test("what cannot be understood is told, not passed over", () => {
  assert.match(parseQuery("foo:bar").problem, /no filter foo\..*"foo:bar"/);
  assert.match(parseQuery("type:robot").problem, /no type robot/);
  assert.match(parseQuery("state:fine").problem, /no state fine/);
  assert.match(parseQuery("tag:").problem, /tag: of what/);
  assert.match(parseQuery("meta:=x").problem, /which key/);
  assert.match(parseQuery("a b c d e f g h i").problem, /At most 8/);
  assert.match(parseQuery("x".repeat(1001)).problem, /1000 characters/);
});

test("a colon may be part of a word", () => {
  for (const word of ["http://host/x", "std::move", "12:30", '"foo:bar"', ":x"]) {
    const query = parseQuery(word);
    assert.deepEqual([query.problem, query.words], ["", [word.replaceAll('"', "")]], word);
  }
});

test("no text stops it, and a phrase comes back as it was quoted", () => {
  const chance = chances(3);
  const letters = ['"', "\\", ":", "type", "took:", ">", " ", "a", "é", "\n", "*", "=", "meta:", "tag:"];
  for (let round = 0; round < 3000; round++) {
    const size = Math.floor(chance() * 12);
    const text = Array.from({ length: size }, () => letters[Math.floor(chance() * letters.length)]).join("");
    const query = parseQuery(text);
    if (!text.trim()) assert.ok(isEmpty(query));
    const value = text.trim().replace(/\s+/g, " ");
    if (value) assert.deepEqual(parseQuery(`tag:${quoted(value)}`).tags, [value.toLowerCase()], text);
  }
});

test("terms are added, taken away, and put in the place of others", () => {
  assert.equal(toggleTerm("tokyo", "type:tool"), "tokyo type:tool");
  assert.equal(toggleTerm("tokyo Type:Tool x", "type:tool"), "tokyo x");
  assert.equal(setTerm("a took:>1s b", "took", "<5s"), "a b took:<5s");
  assert.equal(setTerm("a took:>1s", "took", ""), "a");
  assert.ok(hasTerm('x tag:"a b"', 'tag:"a b"'));
  assert.ok(!hasTerm("x tag:ab", "tag:a"));
});

test("a star stands for anything", () => {
  const chance = chances(5);
  const word = (/** @type {string} */ letters) =>
    Array.from(
      { length: Math.floor(chance() * 6) },
      () => letters[Math.floor(chance() * letters.length)],
    ).join("");
  for (let round = 0; round < 5000; round++) {
    const pattern = word("ab*");
    const text = word("ab");
    const plain = new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(text);
    assert.equal(fits(pattern, text), plain, `${pattern} in ${text}`);
  }
});
