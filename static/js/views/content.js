// The blocks of a message, drawn: text, reasoning, refusals, images, anything else as a tree.

import { el, glyph, setText } from "../dom.js";
import { byteSize, counted } from "../format.js";
import { grown } from "../growth.js";
import { JsonTree } from "./json.js";
import { TextView } from "./text.js";

/** @typedef {import("../content.js").Block} Block */

/**
 * @param {HTMLElement} root
 * @param {Block[]} blocks
 * @param {Map<string, number>} seen images that were drawn before, by their address; each is drawn once
 */
export function drawBlocks(root, blocks, seen) {
  for (const block of blocks) {
    if (block.kind === "text") root.append(textBox(block.text));
    else if (block.kind === "reasoning") root.append(thoughtBox(block.text).box);
    else if (block.kind === "refusal") root.append(refusalBox(block.text).box);
    else if (block.kind === "image") root.append(imageBox(block, seen));
    else root.append(treeBox(block.value));
  }
}

/** @param {string} text */
function textBox(text) {
  const box = el("div", "text");
  new TextView(box).append(text);
  return box;
}

/** @param {unknown} value */
function treeBox(value) {
  const box = el("div", "json");
  new JsonTree(box).draw(grown(value), false, 0);
  return box;
}

/**
 * What a model thought; `add` as it comes.
 * @param {string} [text]
 */
export function thoughtBox(text = "") {
  const box = el("details", "thought");
  box.open = true;
  const size = el("span", "thought-size");
  const head = el("summary", "thought-head", "Reasoning");
  head.append(size);
  const body = el("div", "text");
  const view = new TextView(body);
  box.append(head, body);
  /** @param {string} more */
  const add = (more) => {
    view.append(more);
    setText(size, counted(view.length, "character"));
  };
  if (text) add(text);
  return { box, add };
}

/** What a model said instead of an answer. @param {string} [text] */
export function refusalBox(text = "") {
  const box = el("section", "refusal");
  const head = el("h3", "refusal-head");
  head.append(glyph("warning"), "Refusal");
  const body = el("div", "text");
  const view = new TextView(body);
  box.append(head, body);
  if (text) view.append(text);
  return { box, add: (/** @type {string} */ more) => view.append(more) };
}

/** @param {Extract<Block, { kind: "image" }>} block @param {Map<string, number>} seen */
function imageBox({ url, bytes, about }, seen) {
  const box = el("figure", "picture");
  const caption = el("figcaption", "picture-about");
  if (url === null) {
    box.append(caption);
    setText(caption, `Image: ${about}`);
    return box;
  }
  const before = seen.get(url);
  if (before !== undefined) {
    setText(caption, `The same image as image ${before} above, ${byteSize(bytes)}`);
    box.append(caption);
    return box;
  }
  const number = seen.size + 1;
  seen.set(url, number);
  const words = `Image ${number}: ${about.replace("image/", "").toUpperCase()}, ${byteSize(bytes)}`;
  const image = el("img", "picture-image", "", { alt: words, decoding: "async" });
  setText(caption, words);
  image.addEventListener("load", () =>
    setText(caption, `${words}, ${image.naturalWidth} × ${image.naturalHeight} pixels`),
  );
  image.addEventListener("error", () => {
    setText(caption, `${words}, which cannot be drawn: it is no such image`);
    image.remove();
  });
  image.src = url;
  box.append(image, caption);
  return box;
}
