// The list of runs where there is no room for it beside the run: it slides in over it.

import { button, el, glyph } from "../dom.js";

/** The button that shows the list where there is no room for it beside the run. @param {HTMLElement} opener @param {HTMLElement} drawer */
export function mountDrawer(opener, drawer) {
  const close = button("btn icon quiet runs-close", [glyph("close")], { "aria-label": "Close runs" });
  drawer.prepend(close);
  const veil = el("div", "veil", "", { "aria-hidden": "true" });
  drawer.after(veil);
  /** @param {boolean} open */
  const set = (open) => {
    document.body.classList.toggle("drawer-open", open);
    opener.setAttribute("aria-expanded", String(open));
    opener.setAttribute("aria-label", open ? "Hide runs" : "Show runs");
  };
  opener.addEventListener("click", () => {
    const open = opener.getAttribute("aria-expanded") !== "true";
    set(open);
    if (open) close.focus();
  });
  const leave = () => {
    set(false);
    opener.focus();
  };
  close.addEventListener("click", leave);
  veil.addEventListener("click", leave);
  drawer.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.body.classList.contains("drawer-open")) leave();
  });
  return { close: () => set(false) };
}
