// A button that copies a text, and says whether it did.

import { button, setText } from "../dom.js";

const SAID_MS = 1500;

/** @param {string} label @param {() => string} text */
export function copyButton(label, text) {
  const made = button("btn small", label);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const say = (/** @type {string} */ words) => {
    setText(made, words);
    clearTimeout(timer);
    timer = setTimeout(() => setText(made, label), SAID_MS);
  };
  made.addEventListener("click", () => {
    const done = navigator.clipboard?.writeText(text()) ?? Promise.reject();
    done.then(
      () => say("Copied"),
      () => say("Not copied"),
    );
  });
  return made;
}
