// The facts of a span: what it is, when, how much, how it streamed, and what was asked of a model.

import { isTimed } from "../clock.js";
import { el } from "../dom.js";
import { count, counted, duration, offset, perSecond, typeName } from "../format.js";
import { grown } from "../growth.js";
import { spanHealth } from "../health.js";
import { isModel } from "../spans.js";
import { originOf, stateAbout } from "../states.js";
import { drawAsked } from "./asked.js";
import { JsonTree } from "./json.js";

/** @typedef {import("../store.js").RunStore} RunStore */
/** @typedef {import("../span.js").SpanNow} Span */
/** @typedef {import("../health.js").SpanHealth} SpanHealth */
/** @typedef {[name: string, value: string, warning?: boolean]} Fact */

/** Where a model's token counts come from. @type {Record<string, string>} */
const FROM = {
  end: "from the end",
  chunks: "summed from chunks",
  cumulative: "from cumulative chunks",
};
/** A running span's facts change with each line; that is more than anybody reads. */
const EVERY_MS = 250;

export class AttributesView {
  #key = "";
  #drawnAt = 0;
  #asked = "";

  /** @param {HTMLElement} root @param {(seq: number) => Promise<Record<string, any> | null>} lineAt */
  constructor(root, lineAt) {
    this.root = root;
    this.lineAt = lineAt;
    this.facts = el("div", "facts-of-span");
    this.asked = el("div", "asked");
    this.rest = el("div", "facts-rest");
    root.replaceChildren(this.facts, this.asked, this.rest);
  }

  /** @param {RunStore} store @param {Span} span @param {number} ms */
  draw(store, span, ms) {
    const key = `${store.run}|${span.span}|${span.state}|${span.recovered}|${store.running}|${store.cursor ?? ""}`;
    const again =
      store.cursor === null && span.state === "running" && store.running && ms - this.#drawnAt >= EVERY_MS;
    if (key === this.#key && !again) return;
    const same = this.#key.startsWith(`${store.run}|${span.span}|`);
    this.#key = key;
    this.#drawnAt = ms;
    const list = el("dl", "facts");
    for (const [name, value, warning] of facts(store, span)) {
      list.append(el("dt", "", name), el("dd", warning ? "facts-warning" : "", value));
    }
    this.facts.replaceChildren(list);
    this.#drawAsked(store, span);
    if (!same) this.#drawRest(span);
  }

  /** @param {RunStore} store @param {Span} span */
  #drawAsked(store, span) {
    const want = isModel(span.type) ? `${store.run}|${span.span}` : "";
    if (want === this.#asked) return;
    this.#asked = want;
    this.asked.replaceChildren();
    if (!want) return;
    this.lineAt(span.start_seq).then(
      (line) => {
        if (want === this.#asked) drawAsked(this.asked, line?.invocation_params);
      },
      (error) => {
        if (want === this.#asked) {
          this.asked.replaceChildren(
            el("p", "nothing", `What was asked could not be read. ${error.message}`),
          );
        }
      },
    );
  }

  /** @param {Span} span */
  #drawRest(span) {
    const tags = span.tags.filter((tag) => typeof tag === "string");
    this.rest.replaceChildren(el("h3", "facts-head", "Tags"));
    if (tags.length) {
      const box = el("p", "facts-tags");
      for (const tag of tags) box.append(el("span", "chip", String(tag)));
      this.rest.append(box);
    } else {
      this.rest.append(el("p", "nothing", "None."));
    }
    this.rest.append(el("h3", "facts-head", "Metadata"));
    if (Object.keys(span.metadata).length) {
      const box = el("div", "json");
      new JsonTree(box, { label: "Metadata" }).draw(grown(span.metadata), false, 0);
      this.rest.append(box);
    } else {
      this.rest.append(el("p", "nothing", "None."));
    }
  }
}

/** @param {RunStore} store @param {Span} span @returns {Fact[]} */
function facts({ moment, header }, span) {
  const timed = isTimed(header);
  const parent = moment.span(span.parent);
  const origin = originOf(moment, span);
  const recovered = span.recovered ? ", recovered: something below failed and was made good" : "";
  /** @type {[string, string | null | false | undefined, boolean?][]} */
  const all = [
    ["type", typeName(span.type)],
    ["state", `${span.state}${recovered}. ${stateAbout(span.state)}`],
    ["failed first in", origin && `${origin.name} (span ${origin.span})`],
    ["model", span.model],
    ["times", !timed && "unknown: nobody noted when these events were sent"],
    ["started", timed && offset(span.start_us)],
    ["ended", timed && span.end_us !== null && offset(span.end_us)],
    ["duration", timed && span.end_us !== null && duration(span.end_us - span.start_us)],
    ...(timed ? healthFacts(span, spanHealth(moment, span)) : []),
    ["chunks", count(span.chunks)],
    ...modelFacts(span),
    ["run id", span.run_id],
    ["span", String(span.span)],
    [
      "parent",
      parent
        ? `${parent.name} (span ${parent.span})`
        : span.parent === null
          ? "none"
          : `span ${span.parent}, which is not in this log`,
    ],
    [
      "lines",
      `${count(span.start_seq)} to ${span.end_seq === null ? "…" : count(span.end_seq)}, ${counted(span.chunks, "chunk")} between`,
    ],
  ];
  return /** @type {Fact[]} */ (all.filter((fact) => Boolean(fact[1])));
}

/** How it streamed. @param {Span} span @param {SpanHealth} health @returns {[string, string | null][]} */
function healthFacts(span, { wait_us, gaps, tokens_per_s, untraced_us }) {
  const lasted = span.end_us === null ? 0 : span.end_us - span.start_us;
  const share = untraced_us !== null && lasted > 0 ? ` (${Math.round((untraced_us / lasted) * 100)} %)` : "";
  return [
    [
      isModel(span.type) ? "first token after" : "first chunk after",
      wait_us === null ? null : duration(wait_us),
    ],
    [
      "gaps between chunks",
      gaps &&
        `p50 ${duration(gaps.p50_us)} · p95 ${duration(gaps.p95_us)} · longest ${duration(gaps.longest_us)}`,
    ],
    ["speed", tokens_per_s === null ? null : `${perSecond(tokens_per_s)} tokens/s`],
    ["untraced", untraced_us === null ? null : `${duration(untraced_us)}${share} in which no child ran`],
  ];
}

/** Tokens, where they come from, and why it ended. @param {Span} span @returns {[string, string | null, boolean?][]} */
function modelFacts(span) {
  if (!isModel(span.type)) return [];
  const { usage, finish_reason: reason } = span;
  const ended = span.state === "ok";
  return [
    ["tokens in", usage ? count(usage.input_tokens) : ended ? "unknown" : null],
    ["tokens out", usage ? count(usage.output_tokens) : ended ? "unknown" : null],
    ["tokens in all", usage && count(usage.total_tokens)],
    [
      "tokens counted",
      span.usage_from ? (FROM[span.usage_from] ?? span.usage_from) : ended ? "unknown: it told none" : null,
    ],
    reason
      ? ["finish reason", isCut(reason) ? `${reason}: the answer was cut off` : reason, isCut(reason)]
      : [
          "finish reason",
          ended && span.chunks ? "none was told: whether the answer is whole is not known" : null,
          true,
        ],
  ];
}

/** Whether an answer that ended so is only part of one. @param {string} reason */
const isCut = (reason) => /^(length|max_tokens|model_length)$/i.test(reason);
