"""A person without a mouse: keys, and after each of them a look at where the focus is."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page

# Where the focus is, in words, and what is wrong with it: it is nowhere, outside of what is seen, or not marked.
# The selected row marks the tree it is in, as the browser itself marks the lists of a <select>; a field with buttons
# in it is marked around both.
LOOK = """() => {
  const active = document.activeElement;
  if (!active || active === document.body) return { name: "", wrong: "the focus is nowhere" };
  const named = active.getAttribute("aria-label") || active.labels?.[0]?.textContent || active.innerText || active.id;
  const name = `${active.getAttribute("role") ?? active.localName} ${named}`.trim().replace(/\\s+/g, " ").slice(0, 80);
  const wrong = [];
  if (!active.matches(":focus-visible")) wrong.push("it has the focus unseen");
  const row = document.getElementById(active.getAttribute("aria-activedescendant") ?? "");
  const marked = [active, row, active.closest(".find-field")].filter(Boolean).some((one) => {
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(one);
    return outlineStyle !== "none" && parseFloat(outlineWidth) >= 1 && !/, 0\\)$|transparent/.test(outlineColor);
  });
  if (!marked) wrong.push("no outline");
  const one = row ?? active;
  const { left, top, right, bottom, width, height } = one.getBoundingClientRect();
  const isSeen = width >= 1 && height >= 1 && right > 0 && bottom > 0 && left < innerWidth && top < innerHeight;
  if (!isSeen) wrong.push("it is outside of the window");
  else {
    const at = [0.1, 0.5, 0.9].map((share) => document.elementFromPoint(
      Math.min(Math.max(left + width * share, 1), innerWidth - 2),
      Math.min(Math.max(top + Math.min(height / 2, 12), 1), innerHeight - 2)));
    const over = at.filter((above) => above && !one.contains(above) && !above.contains(one));
    if (over.length === at.length) wrong.push(`covered by ${over[0].className}`);
  }
  return { name, wrong: wrong.join(", ") };
}"""
# Two frames: what a key does to the page is drawn in the first, and where a lost focus goes in the second.
DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))"


class Keyboard:
    """Presses keys on a page. After each of them the focus has to be somewhere, in view, and marked."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.where = ""

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.page.evaluate(DRAWN)
            self._look(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self._look(text)

    def to(self, name: str, key: str = "Tab", most: int = 60) -> None:
        """Presses a key until what has the focus is called this, a regular expression of its role and name."""
        passed = [self.where]
        for _ in range(most):
            self.page.keyboard.press(key)
            self._look(key)
            passed.append(self.where)
            if re.fullmatch(name, self.where):
                return
        raise AssertionError(f"{key} does not come to {name}, but to {passed}")

    def is_on(self, place: Locator) -> bool:
        return bool(place.evaluate("one => one === document.activeElement || one.contains(document.activeElement)"))

    def _look(self, key: str) -> None:
        found = self.page.evaluate(LOOK)
        assert not found["wrong"], f"after {key}, on {found['name']!r}: {found['wrong']}"
        self.where = found["name"]
