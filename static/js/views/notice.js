// What is to be known of this server, in one line; who has read it can send it away until the tab is closed.

import { setText, show } from "../dom.js";

const KEY = "tracer.notice";

/** @param {HTMLElement} root @param {string} text "" for none */
export function drawNotice(root, text) {
  const words = root.querySelector(".notice-text");
  const close = root.querySelector("button");
  if (!words || !close) return;
  setText(words, text);
  root.title = text;
  let read = "";
  try {
    read = sessionStorage.getItem(KEY) ?? "";
  } catch {
    // Storage may be switched off: then it comes back with each page.
  }
  show(root, text !== "" && read !== text);
  close.onclick = () => {
    show(root, false);
    try {
      sessionStorage.setItem(KEY, text);
    } catch {
      // As above.
    }
  };
}
