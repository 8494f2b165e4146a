// Making and changing elements. Text goes in as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} [className]
 * @param {string} [text]
 * @param {Record<string, string>} [attributes]
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, className = "", text = "", attributes = {}) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/**
 * @param {string} className
 * @param {string | (Node | string)[]} content text, or what stands in it
 * @param {Record<string, string>} [attributes]
 */
export function button(className, content, attributes = {}) {
  const element = el("button", className, "", { type: "button", ...attributes });
  if (typeof content === "string") element.textContent = content;
  else element.append(...content);
  return element;
}

/**
 * A glyph of templates/glyphs.html.
 * @param {string} name
 * @returns {SVGSVGElement}
 */
export function glyph(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "glyph");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#glyph-${name}`);
  svg.append(use);
  return svg;
}

/** Changes which glyph it is. @param {SVGSVGElement} svg @param {string} name */
export function setGlyph(svg, name) {
  const use = /** @type {SVGUseElement} */ (svg.firstElementChild);
  const href = `#glyph-${name}`;
  if (use.getAttribute("href") !== href) use.setAttribute("href", href);
}

/** Writes only what is different: an unchanged text must cost no layout. @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {Element} element @param {string} name @param {string | null} value null takes it away */
export function setAttribute(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** @param {HTMLElement} element @param {boolean} shown */
export function show(element, shown) {
  if (element.hidden === shown) element.hidden = !shown;
}

/**
 * Puts the elements of a pool, which are used in turn, into the order in which they are seen: what is read aloud or
 * copied follows the document, not the pixels.
 * @param {Element} parent @param {{ element: Element }[]} pool in the order of their turns, as they stand in `parent`
 * from `from` on and then from the start @param {number} from @param {number} to which comes first now
 * @returns {number} `to`
 */
export function turnPool(parent, pool, from, to) {
  for (let at = from; at !== to; at = (at + 1) % pool.length) {
    parent.append(/** @type {{ element: Element }} */ (pool[at]).element);
  }
  return to;
}

/**
 * What views tell the page; only app.js and run_page.js listen.
 * @typedef {{ type: "open", run: string, find?: string }
 *   | { type: "choose", chain: string }
 *   | { type: "new" }
 *   | { type: "select", span: number, open?: boolean }
 *   | { type: "close-details" }
 *   | { type: "tab", tab: string }
 *   | { type: "origin", span: number }
 *   | { type: "findings" }
 *   | { type: "stop" }
 *   | { type: "keep" }
 *   | { type: "stop-keeping" }
 *   | { type: "reconnect" }
 *   | { type: "jump", seq: number }
 *   | { type: "layout", byUser?: boolean }
 *   | { type: "window", from_us: number | null, to_us: number | null }
 *   | { type: "seek", row: number | null }
 *   | { type: "seek-time", us: number }
 *   | { type: "play" }
 *   | { type: "step", by: 1 | -1, token?: boolean }
 *   | { type: "follow" }
 *   | { type: "view", graph: boolean | null }
 *   | { type: "zoom", by: number }
 *   | { type: "pan", by: number }
 *   | { type: "fit", all?: boolean }
 *   | { type: "error", step: number }
 *   | { type: "find", text: string }
 *   | { type: "find-step", by: 1 | -1 }
 *   | { type: "find-focus" }
 *   | { type: "find-leave" }
 *   | { type: "deselect" }
 *   | { type: "help" }
 *   | { type: "row", go: RowStep }
 *   | { type: "fold", all?: boolean }} PageEvent
 * select: `open` where its details are asked for, not only marked; jump: show this line in the event log; keep: make a run of the file that is shown; layout:
 * the user changed the room of a panel; origin: select it and go there by keyboard; findings: open or close their list;
 * window: the user sees this stretch of time, null for all of it; seek: show the run as it was after this row, null for
 * now; seek-time: as it was at this time, in microseconds; play: play or pause; step: by a line, or by what a model said;
 * follow: back to now; view: the graph or the timeline, null the other one; zoom: so many times nearer; pan: by shares of what is seen; fit: what is selected, or all, into the window;
 * error: to the next one, or the one before;
 * find: search the run for this; find-step: to the next span that fits, or the one before; find-focus, find-leave: the
 * keyboard goes into the search box, or out of it; deselect: no span; help: show the help sheet; row: the selection moves; fold: what is selected, or all, opens or shuts.
 */
/** @typedef {"next" | "previous" | "first" | "last" | "page-down" | "page-up" | "in" | "out" | "open"} RowStep */
/** @typedef {(event: PageEvent) => void} Send */
