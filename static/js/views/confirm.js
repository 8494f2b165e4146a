// A question that stops everything until it is answered.

import { button, el } from "../dom.js";

/**
 * @param {{ title: string, text: string[], yes: string, danger?: boolean }} question
 * @returns {Promise<boolean>} whether the answer is yes
 */
export function confirm({ title, text, yes, danger = false }) {
  const dialog = el("dialog", "confirm", "", {
    "aria-labelledby": "confirm-title",
    "aria-describedby": "confirm-text",
  });
  const no = button("btn", "Cancel");
  const agree = button(danger ? "btn danger" : "btn primary", yes);
  const buttons = el("div", "confirm-buttons");
  buttons.append(no, agree);
  const about = el("div", "confirm-text", "", { id: "confirm-text" });
  for (const line of text) about.append(el("p", "", line));
  dialog.append(el("h2", "", title, { id: "confirm-title" }), about, buttons);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    no.addEventListener("click", () => dialog.close());
    agree.addEventListener("click", () => dialog.close("yes"));
    dialog.addEventListener("click", (event) => {
      // The dialog fills its box: what is outside of it is the backdrop.
      if (event.target === dialog) dialog.close();
    });
    document.body.append(dialog);
    dialog.showModal();
    no.focus();
  });
}
