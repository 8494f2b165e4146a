// What an interrupted run asks, and what is sent as the answer. No DOM.

import { isObject, markerText, stringOf, unwrap } from "./values.js";

/** @typedef {import("./spans.js").Line} Line */
/**
 * @typedef {{ id: string, question: string, rest: unknown, choices: Choice[] }} Asked
 * `question`: what can be read as one, "" where nothing can; `rest`: what else was said, undefined for nothing.
 */
/** @typedef {{ label: string, value: unknown }} Choice an answer at hand */
/** @typedef {"text" | "json"} Kind */

const QUESTIONS = ["question", "message", "prompt", "query", "description", "text"];
const OPTIONS = ["options", "choices", "allowed_responses"];
const MOST_CHOICES = 12;
const YES_OR_NO =
  /^(is|are|was|were|do|does|did|can|could|may|might|shall|should|will|would|ok|okay|sure|really|approve|confirm|accept|allow|continue|proceed|send|delete|run|go ahead)\b.*\?\s*$/is;
const SAYS_SO = /\((y(es)?\s*\/\s*no?)\)|\b(approve|confirm)\b|\by\/n\b|yes or no/i;

/**
 * What the run asks, by its `run_end` line.
 * @param {Line | null} footer
 * @returns {Asked[]}
 */
export function askedOf(footer) {
  const interrupts = footer && Array.isArray(footer.interrupts) ? footer.interrupts : [];
  return interrupts.map((interrupt) => {
    const inner = unwrap(interrupt);
    const isOne = isObject(inner) && "value" in inner;
    const value = isOne ? inner.value : inner;
    const id = isOne ? (stringOf(inner.id) ?? "") : "";
    return { id, ...read(value) };
  });
}

/** @param {unknown} value @returns {Omit<Asked, "id">} */
function read(value) {
  const text = stringOf(value);
  if (text !== null) return { question: text, rest: undefined, choices: choicesFor(text, null) };
  const inner = unwrap(value);
  if (!isObject(inner) || markerText(value) !== null) return { question: "", rest: value, choices: [] };
  const key = QUESTIONS.find((name) => typeof inner[name] === "string" && inner[name].trim() !== "");
  const question = key ? String(inner[key]) : "";
  const others = Object.fromEntries(Object.entries(inner).filter(([name]) => name !== key));
  return {
    question,
    rest: Object.keys(others).length ? others : undefined,
    choices: choicesFor(question, inner),
  };
}

/** @param {string} question @param {Record<string, any> | null} value @returns {Choice[]} */
function choicesFor(question, value) {
  const actions = value && Array.isArray(value.action_requests) ? value.action_requests : null;
  if (actions && value) return decisions(actions, value.review_configs);
  const options = value && OPTIONS.map((name) => value[name]).find((list) => Array.isArray(list));
  if (
    options?.length &&
    options.every((/** @type {unknown} */ one) => !isObject(one) && !Array.isArray(one))
  ) {
    return options
      .slice(0, MOST_CHOICES)
      .map((/** @type {unknown} */ one) => ({ label: String(one), value: one }));
  }
  if (!YES_OR_NO.test(question.trim()) && !SAYS_SO.test(question)) return [];
  // Whether the graph compares with a word or asks for truth cannot be known: "no" is true in Python.
  return [
    { label: '"yes"', value: "yes" },
    { label: '"no"', value: "no" },
    { label: "true", value: true },
    { label: "false", value: false },
  ];
}

/**
 * What LangChain's human-in-the-loop middleware takes: one decision an action.
 * @param {unknown[]} actions @param {unknown} configs
 * @returns {Choice[]}
 */
function decisions(actions, configs) {
  const lists = (Array.isArray(configs) ? configs : [])
    .map((config) => (isObject(config) ? config.allowed_decisions : null))
    .filter((list) => Array.isArray(list));
  return ["approve", "reject"]
    .filter((type) => lists.every((list) => list.includes(type)))
    .map((type) => ({
      label: actions.length > 1 ? `${type} all` : type,
      value: { decisions: actions.map(() => ({ type })) },
    }));
}

/**
 * What is in a field, read as text or as JSON.
 * @param {string} text
 * @param {Kind | null} chosen null: as it looks
 * @returns {{ kind: Kind, ok: boolean, value: unknown }} not ok: it is empty, or no JSON though it should be
 */
export function answerIn(text, chosen) {
  const found = chosen === "text" || !text.trim() ? null : parsed(text);
  const kind = chosen ?? (found && typeof found.value !== "string" ? "json" : "text");
  if (kind === "text") return { kind, ok: text.trim() !== "", value: text };
  return { kind, ok: found !== null, value: found?.value };
}

/** How a value is written into the field. @param {unknown} value @returns {{ text: string, kind: Kind }} */
export function written(value) {
  return typeof value === "string"
    ? { text: value, kind: "text" }
    : { text: JSON.stringify(value), kind: "json" };
}

/**
 * What goes to the server: the answer, or where there are several questions, an answer for each by its id.
 * @param {Asked[]} asked @param {unknown[]} answers in the same order
 */
export function resumeOf(asked, answers) {
  if (asked.length <= 1) return answers[0];
  return Object.fromEntries(asked.map(({ id }, index) => [id, answers[index]]));
}

/** @param {string} text @returns {{ value: unknown } | null} */
function parsed(text) {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
}
