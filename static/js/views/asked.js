// What was asked of a model: parameters, tools with their schemas, response format.

import { askedFor } from "../asked.js";
import { el } from "../dom.js";
import { counted } from "../format.js";
import { drawTree } from "./value.js";

/** @param {HTMLElement} root @param {unknown} params `invocation_params` of a start line */
export function drawAsked(root, params) {
  root.replaceChildren();
  const asked = askedFor(params);
  if (!asked) return;
  root.append(el("h3", "facts-head", "Asked of the model"));
  if (asked.plain.length) {
    const list = el("dl", "facts");
    for (const [name, word] of asked.plain) {
      list.append(el("dt", "", name.replaceAll("_", " ")), el("dd", "", word));
    }
    root.append(list);
  }
  if (asked.tools.length) {
    root.append(el("h4", "asked-head", counted(asked.tools.length, "tool")));
    for (const { name, description, schema } of asked.tools) {
      root.append(foldedBox(name, description, schema));
    }
  }
  if (asked.format !== undefined)
    root.append(foldedBox("response format", formatName(asked.format), asked.format));
  if (Object.keys(asked.rest).length) {
    const box = el("div", "asked-rest");
    drawTree(box, asked.rest);
    root.append(box);
  }
  if (root.childElementCount === 1) root.append(el("p", "nothing", "Nothing in particular."));
}

/** @param {string} name @param {string} about @param {unknown} value */
function foldedBox(name, about, value) {
  const box = el("details", "asked-tool");
  const head = el("summary", "");
  head.append(el("b", "asked-name", name));
  if (about) head.append(el("span", "asked-about", about));
  box.append(head);
  // A schema can be long, and most are never looked at.
  box.addEventListener("toggle", () => {
    if (!box.open || box.childElementCount > 1) return;
    const body = el("div", "asked-schema");
    if (value === undefined) body.append(el("p", "nothing", "It takes nothing."));
    else drawTree(body, value);
    box.append(body);
  });
  return box;
}

/** @param {any} format */
const formatName = (format) =>
  [format?.type, format?.json_schema?.name].filter((part) => typeof part === "string").join(", ");
