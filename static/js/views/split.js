// The edge between two panels, moved by pointer or by arrow keys, and remembered.

import { el } from "../dom.js";
import { remember, remembered } from "../remembered.js";

/**
 * @param {HTMLElement} host carries the custom property
 * @param {{ name: string, label: string, property: string, least: number, most: () => number, initial: number | (() => number),
 *   vertical: boolean, towards: 1 | -1, changed: () => void }} options
 * `initial`: a function where the page finds a size by itself, which holds until the user takes another;
 * `vertical`: the edge stands upright and moves sideways; `towards` 1: moving right or down makes it larger
 * @returns {HTMLElement}
 */
export function splitter(host, { name, label, property, least, most, initial, vertical, towards, changed }) {
  const edge = el("div", `split split-${vertical ? "upright" : "flat"}`, "", {
    role: "separator",
    tabindex: "0",
    "aria-label": label,
    "aria-orientation": vertical ? "vertical" : "horizontal",
    "aria-valuemin": String(least),
  });
  const key = `tracer.size.${name}`;
  const first = () => (typeof initial === "function" ? initial() : initial);
  /** What the user took; null for none. @type {number | null} */
  let taken = Number(remembered(key)) || null;
  let size = taken ?? first();
  /** @param {number} wanted @param {boolean} keep */
  const set = (wanted, keep) => {
    size = taken = Math.round(Math.max(least, Math.min(Math.max(least, most()), wanted)));
    host.style.setProperty(property, `${size}px`);
    edge.setAttribute("aria-valuenow", String(size));
    if (keep) remember(key, String(size));
    changed();
  };
  const reset = () => {
    if (typeof initial === "number") {
      set(initial, true);
      return;
    }
    taken = null;
    host.style.removeProperty(property);
    remember(key, null);
    changed();
  };
  edge.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    edge.setPointerCapture(event.pointerId);
    const from = vertical ? event.clientX : event.clientY;
    const before = taken ?? first();
    size = before;
    /** @param {PointerEvent} move */
    const move = (move) => set(before + ((vertical ? move.clientX : move.clientY) - from) * towards, false);
    edge.addEventListener("pointermove", move);
    edge.addEventListener(
      "lostpointercapture",
      () => {
        edge.removeEventListener("pointermove", move);
        if (taken !== null) set(taken, true);
      },
      { once: true },
    );
  });
  edge.addEventListener("dblclick", reset);
  edge.addEventListener("focus", () => edge.setAttribute("aria-valuenow", String(taken ?? first())));
  edge.addEventListener("keydown", (event) => {
    const steps = vertical ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
    const step = steps.indexOf(event.key);
    if (step < 0) return;
    event.preventDefault();
    set((taken ?? first()) + (step ? 16 : -16) * towards, true);
  });
  if (taken === null && typeof initial === "function") edge.setAttribute("aria-valuenow", String(size));
  else set(size, false);
  return edge;
}
