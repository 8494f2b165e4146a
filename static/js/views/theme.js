// Light or dark: the system's, until the button says otherwise.

import { remember } from "../remembered.js";

const KEY = "tracer.theme";

/** @param {HTMLElement} toggle */
export function mountTheme(toggle) {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const draw = () => toggle.setAttribute("aria-pressed", String(isDark()));
  toggle.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    const same = (theme === "dark") === system.matches;
    if (same) delete root.dataset.theme;
    else root.dataset.theme = theme;
    // As the system has it is no choice: it goes on following the system.
    remember(KEY, same ? null : theme);
    draw();
  });
  system.addEventListener("change", draw);
  draw();
}
