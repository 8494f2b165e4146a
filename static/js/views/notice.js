// What is to be known of this server, in one line; who has read it can send it away until the tab is closed.

import { setText, show } from "../dom.js";
import { remember, remembered } from "../remembered.js";

const KEY = "tracer.notice";

/** @param {HTMLElement} root @param {string} text "" for none */
export function drawNotice(root, text) {
  const words = root.querySelector(".notice-text");
  const close = root.querySelector("button");
  if (!words || !close) return;
  setText(words, text);
  root.title = text;
  show(root, text !== "" && remembered(KEY, "sessionStorage") !== text);
  close.onclick = () => {
    show(root, false);
    remember(KEY, text, "sessionStorage");
  };
}
