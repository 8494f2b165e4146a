// The page's colours as numbers, for canvases: read from the same custom properties as the style sheets use, and again
// when the theme changes.

import { LOOKS } from "../span_columns.js";

/** Looks below this one are of what holds work together: chains and prompts. */
export const CHAINS = LOOKS.indexOf("prompt") + 1;

/**
 * @typedef {{ looks: Uint8ClampedArray, css: string[], error: string, accent: string, warn: string, ink: string,
 *   line: string, version: number }} Paint
 * `looks`: red, green and blue of each look, one after another; `css`: the same as the browser writes them.
 */

/** The same for all who paint: to read it, the browser has to work out the styles of the page. @type {Paint | null} */
let paint = null;
let version = 0;
/** @type {(() => void)[]} */
const heard = [];

function forget() {
  paint = null;
  version++;
  for (const changed of heard) changed();
}

/** @param {() => void} changed  another theme @returns {() => Paint} */
export function makePaint(changed) {
  if (heard.push(changed) === 1) {
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", forget);
    new MutationObserver(forget).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  }
  return () => {
    paint ??= read(version);
    return paint;
  };
}

/** @param {number} version @returns {Paint} */
function read(version) {
  const probe = document.createElement("i");
  document.body.append(probe);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  /** @param {string} name */
  const colour = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const css = LOOKS.map(colour);
  const looks = new Uint8ClampedArray(LOOKS.length * 3);
  for (const [at, value] of css.entries()) {
    if (!context) break;
    context.fillStyle = value;
    context.fillRect(0, 0, 1, 1);
    looks.set(context.getImageData(0, 0, 1, 1).data.subarray(0, 3), at * 3);
  }
  const found = {
    looks,
    css,
    error: colour("error"),
    accent: colour("accent"),
    warn: colour("warn"),
    ink: colour("ink"),
    line: colour("edge"),
    version,
  };
  probe.remove();
  return found;
}
