// Opening a file: chosen by a button, or dropped anywhere on the page.

import { button, el, glyph, show } from "../dom.js";

const KINDS = ".jsonl,.json,.ndjson,.log,.txt";

/**
 * @param {Element} before the button stands after this
 * @param {(file: File) => void} open
 * @param {() => void} expect somebody is about to choose one
 * @returns {{ choose: () => void }} asks for a file
 */
export function mountOpen(before, open, expect) {
  const chosen = el("input", "", "", { type: "file", accept: KINDS, "aria-label": "File to open" });
  chosen.hidden = true;
  const choose = button("btn folds open-file", [glyph("folder"), el("span", "", "Open a file")], {
    title: "Look at a log in this tab. It is read in the browser and not uploaded.",
  });
  for (const type of ["pointerenter", "focus", "click"]) choose.addEventListener(type, expect);
  choose.addEventListener("click", () => chosen.click());
  chosen.addEventListener("change", () => {
    const file = chosen.files?.[0];
    // The same file can be chosen again.
    chosen.value = "";
    if (file) open(file);
  });
  before.after(choose, chosen);

  const veil = el("div", "drop-veil", "", { "aria-hidden": "true" });
  veil.append(el("p", "", "Drop the file to look at it. It is not uploaded."));
  veil.hidden = true;
  document.body.append(veil);
  // Entering a child is leaving its parent: counted, only the last leaving ends it.
  let inside = 0;
  addEventListener("dragenter", (event) => {
    if (!hasFile(event)) return;
    expect();
    inside++;
    show(veil, !event.defaultPrevented);
  });
  addEventListener("dragleave", (event) => {
    if (!hasFile(event)) return;
    inside = Math.max(0, inside - 1);
    if (!inside) show(veil, false);
  });
  addEventListener("dragover", (event) => {
    if (!hasFile(event)) return;
    // What another part of the page takes is not shown as taken here.
    show(veil, !event.defaultPrevented);
    event.preventDefault();
  });
  addEventListener("drop", (event) => {
    inside = 0;
    show(veil, false);
    if (event.defaultPrevented || !hasFile(event)) return;
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file) open(file);
  });
  return {
    choose() {
      expect();
      chosen.click();
    },
  };
}

/** @param {DragEvent} event */
const hasFile = ({ dataTransfer }) => dataTransfer?.types.includes("Files") ?? false;
