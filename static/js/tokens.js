// Tokens of a model call, and where the count comes from. Twin of tracer/log/tokens.py.

import { numberOf } from "./exact.js";

/** @typedef {{ input_tokens: number, output_tokens: number, total_tokens: number }} Usage */
/** @typedef {"end" | "chunks" | "cumulative"} UsageFrom */

const KEYS = /** @type {const} */ (["input_tokens", "output_tokens", "total_tokens"]);
const LLM_KEYS = /** @type {const} */ (["prompt_tokens", "completion_tokens", "total_tokens"]);
/** Above this it is no count; sums of them stay exact in both readers. */
const MOST = 2 ** 40;

/**
 * The counts that a message's `usage_metadata` holds; null unless all three are there.
 * @param {unknown} value
 * @param {readonly [string, string, string]} keys
 * @returns {Usage | null}
 */
export function usage(value, keys = KEYS) {
  if (typeof value !== "object" || value === null) return null;
  const found = /** @type {Record<string, unknown>} */ (value);
  const [input_tokens, output_tokens, total_tokens] = keys.map((key) => numberOf(found[key]));
  if (!isCount(input_tokens) || !isCount(output_tokens) || !isCount(total_tokens)) return null;
  return { input_tokens, output_tokens, total_tokens };
}

/** The same from an llm's `token_usage`. @param {unknown} value */
export const llmUsage = (value) => usage(value, LLM_KEYS);

/** @param {unknown} value @returns {value is number} */
const isCount = (value) => Number.isInteger(value) && Math.abs(/** @type {number} */ (value)) <= MOST;

/**
 * The counts that one model's chunks brought.
 *
 * LangChain adds them up. That is right where each chunk counts its own tokens, and wrong where a server (vLLM with
 * continuous usage) counts the whole answer so far in every chunk: then the last one is the truth.
 */
export class Meter {
  #pieces = 0;
  #cumulative = true;
  /** @type {Usage | null} */
  #last = null;

  /** @param {Usage} chunk */
  see(chunk) {
    if (chunk.total_tokens === 0) return;
    const before = this.#last;
    // Who counts only what is new does not count the prompt twice.
    if (before && !(before.input_tokens > 0 && KEYS.every((key) => chunk[key] >= before[key]))) {
      this.#cumulative = false;
    }
    this.#pieces++;
    this.#last = chunk;
  }

  /**
   * What to believe, given the count of the model's end.
   * @param {Usage} end
   * @returns {[Usage, UsageFrom]}
   */
  total(end) {
    if (this.#last === null || this.#pieces < 2) return [end, "end"];
    return this.#cumulative ? [this.#last, "cumulative"] : [end, "chunks"];
  }
}
