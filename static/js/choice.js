// Which span to look at while the user has not chosen one. No DOM.

import { isModel } from "./spans.js";
import { failedFirst } from "./states.js";

/** @typedef {import("./spans.js").Span} Span */
/** @typedef {import("./store.js").RunStore} RunStore */

/**
 * The span most worth looking at now: what is growing; when it is over, what failed.
 * @param {RunStore} store
 * @param {number | null} current what was chosen so before
 * @returns {number | null}
 */
export function worthSeeing(store, current) {
  const { moment } = store;
  const { status } = moment;
  if (status === "error") {
    const failed = failedFirst(moment);
    if (failed) return failed.span;
  } else if (status === "lost" || status === "abandoned") {
    const given = moment.findLast((span) => span.state === status);
    if (given) return given.span;
  }
  const now = moment.span(current);
  if (now && status === "cancelled") return current;
  const growing = moment.open();
  // What is looked at stays in view until it ends, but for a tree that begins to grow.
  const tree = growing.find((span) => span.type === "parser" && store.objectSeq(span.span) >= 0);
  if (tree && now?.type !== "parser") return tree.span;
  if (now && now.state === "running" && now.type !== "chain") return current;
  // While a run is being stopped, its spans end one by one: what was looked at does not give way to another that has
  // yet to end, only to what begins after it.
  const since = now?.state === "cancelled" && now.type !== "chain" ? (now.end_us ?? 0) : 0;
  const later = growing.filter((span) => span.start_us >= since);
  const next =
    later.find((span) => isModel(span.type)) ??
    later.find((span) => span.type === "tool" || span.type === "retriever");
  if (next) return next.span;
  if (now && now.type !== "chain") return current;
  const done = moment.findLast(
    (span) => isModel(span.type) || (span.type === "parser" && store.objectSeq(span.span) >= 0),
  );
  return done?.span ?? current ?? moment.root()?.span ?? null;
}
