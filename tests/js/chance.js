// Runs made by chance, the same for the same seed: any lines shaped like events, in nearly any order.

/** Numbers from 0 to 1. @param {number} seed */
export function chances(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Choices, the same for the same seed. */
export class Chance {
  /** @param {number} seed */
  constructor(seed) {
    this.next = chances(seed);
  }

  /** @param {number} most */
  below(most) {
    return Math.floor(this.next() * most);
  }

  /** @template T @param {readonly T[]} list @returns {T} */
  of(list) {
    return /** @type {T} */ (list[this.below(list.length)]);
  }
}

const TYPES = ["chain", "chat_model", "llm", "parser", "prompt", "tool", "retriever", "odd"];
const ERRORS = ["ValueError", "a.GraphInterrupt", "GeneratorExit", "x.CancelledError", "ParentCommand", ""];

/**
 * @param {number} seed @param {number} length
 * @param {{ spans?: number, starts?: number, ends?: number }} [how] how many spans, and how often they start and end
 * @returns {Record<string, any>[]}
 */
export function chanceRun(seed, length, { spans = 9, starts = 0.25, ends = 0.3 } = {}) {
  const chance = chances(seed);
  const below = (/** @type {number} */ most) => Math.floor(chance() * most);
  /** @template T @param {T[]} list @returns {T} */
  const one = (list) => /** @type {T} */ (list[below(list.length)]);
  const usage = () => ({ input_tokens: below(30), output_tokens: below(30), total_tokens: below(60) });
  const value = () =>
    one([{ a: [1, { b: "x" }] }, { a: below(9) }, [1, 2], "text", "", null, 7, { __interrupt__: [] }]);
  /** @type {Map<number, string>} */
  const types = new Map();
  let t_us = 0;
  return Array.from({ length }, (_, seq) => {
    t_us += chance() < 0.3 ? 0 : below(40_000);
    const odd = chance();
    if (seq === 0 || odd < 0.005)
      return {
        seq,
        t_us,
        event: "run_start",
        run: `r${seed}`,
        chain: `c${seq}`,
        started_at: "2026-11-20T11:38:00Z",
      };
    if (odd < 0.02) return { seq, event: "bad_line", line: seq + 1, bytes: 3 };
    if (odd < 0.05) {
      const span = chance() < 0.3 ? null : 1 + below(spans);
      return { seq, t_us, event: "finding", span, kind: "k", text: "t", advice: "a", evidence: { n: seq } };
    }
    if (odd < 0.06) return { seq, t_us: 5, event: "unheard_of", span: 1 };
    if (odd > 1 - 0.3 / length)
      return { seq, t_us, event: "run_end", status: one(["ok", "cancelled", "error", "abandoned"]) };
    const open = types.size && chance() < 0.97;
    const known = open
      ? /** @type {number} */ ([...types.keys()].at(-1 - below(Math.min(types.size, spans))))
      : 0;
    const span = chance() < 0.01 ? one([0, -3, 2 ** 40, 1 + below(spans)]) : known || 1 + below(spans);
    const what = chance();
    if (what < starts || !open) {
      const fresh = Math.max(0, ...types.keys()) + 1;
      const number =
        chance() < 0.02 ? one([-3, 2 ** 40, fresh + 5]) : fresh <= spans || spans > 100 ? fresh : span;
      const type = one(TYPES);
      if (!types.has(number)) types.set(number, type);
      const metadata = one([{}, { ls_model_name: "m" }, { langgraph_node: "n", langgraph_step: 1 }]);
      const parent = chance() < 0.2 ? null : one([1 + below(spans), known || 1, number]);
      const tags = one([[], ["graph:step:2"], ["x", "y"]]);
      const run_id = chance() < 0.5 ? `id${seq}` : "0199d0c1-7f3e-7a44-8a55-00000000abcd";
      const start = { parent, name: `n${number}`, run_id, metadata, tags, data: { input: value() } };
      return { seq, t_us, event: `on_${type}_start`, span: number, ...start };
    }
    const type = chance() < 0.03 ? one(TYPES) : (types.get(span) ?? "chain");
    if (what < starts + ends / 2) {
      const more = {
        usage_metadata: chance() < 0.5 ? usage() : null,
        additional_kwargs: chance() < 0.2 ? { refusal: "no" } : {},
      };
      const about = { model_name: "m2", finish_reason: one(["stop", "length"]) };
      const message = { type: "ai", content: "x", response_metadata: about, ...more };
      const llm = {
        generations: [[{ text: "t" }]],
        llm_output: { token_usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } },
      };
      const output = type === "chat_model" ? message : type === "llm" ? llm : value();
      return { seq, t_us, event: `on_${type}_end`, span, data: { output, input: value() } };
    }
    if (what < starts + ends * 0.85) {
      const error = { type: one(ERRORS), message: "m", traceback: "tb" };
      const line = { seq, t_us, event: `on_${type}_error`, span, data: { error } };
      return chance() < 0.4 ? { ...line, cause: 1 + below(spans) } : line;
    }
    if (what < starts + ends) {
      const event = one(["abandoned", "ended", "on_custom_event"]);
      return { seq, t_us, event, span, stack: "here", name: "progress", data: value() };
    }
    const counted = chance() < 0.2 ? { usage_metadata: usage() } : {};
    const call = chance() < 0.1 ? { tool_call_chunks: [{ index: 0, name: "f", args: "{", id: "c" }] } : {};
    const chunk = { type: "AIMessageChunk", content: chance() < 0.2 ? "" : `t${seq}`, ...counted, ...call };
    const isModel = type === "chat_model" || type === "llm";
    return { seq, t_us, event: `on_${type}_stream`, span, data: { chunk: isModel ? chunk : value() } };
  });
}
