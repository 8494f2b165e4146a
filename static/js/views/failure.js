// What something failed with: its kind, its message, and its traceback, opened where the user's own code raised it.

import { button, el, setText } from "../dom.js";
import { partsOf, raisedAt } from "../traceback.js";

/** @param {HTMLElement} box @param {{ type: string, message: string }} error */
export function drawFailure(box, error) {
  box.replaceChildren(el("h3", "failure-type", error.type || "Error"));
  if (error.message) box.append(el("p", "failure-message", error.message));
}

/** @param {string} traceback @param {boolean} open */
export function tracebackBox(traceback, open) {
  const details = el("details", "traceback");
  details.open = open;
  const parts = partsOf(traceback);
  const raised = raisedAt(parts);
  const summary = el("summary", "", "Traceback");
  if (raised) summary.append(el("span", "traceback-place", raised.place));
  const pre = el("pre", "", "", { tabindex: "0", "aria-label": "Traceback" });
  /** @type {HTMLElement | null} */
  let aim = null;
  for (const part of parts) {
    const one = el("span", part.own ? "" : "foreign", part.text);
    if (part === raised) {
      one.className = "raised";
      aim = one;
    }
    pre.append(one);
  }
  // It can be scrolled only once it is laid out, and its panel may not be the one that is shown; it keeps its aim as
  // the panel changes, until somebody scrolls.
  const seen = new ResizeObserver(() => {
    if (pre.clientHeight && aim) pre.scrollTop = aim.offsetTop - 8;
  });
  seen.observe(pre);
  for (const type of ["wheel", "pointerdown", "keydown"]) {
    pre.addEventListener(type, () => seen.disconnect(), { once: true, passive: true });
  }
  const copy = button("btn small traceback-copy", "Copy");
  copy.addEventListener("click", () => {
    navigator.clipboard?.writeText(traceback).then(
      () => setText(copy, "Copied"),
      () => setText(copy, "Not allowed to copy"),
    );
  });
  details.append(summary, pre, copy);
  return details;
}
