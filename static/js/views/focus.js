// The focus is never lost. Where what has it goes away (a form that was sent, a button that is of no use any more, a
// view that gives way to another), it goes to what it stood in, or to where one goes on.

/** What was given the focus here, until a key or the pointer is used. @type {Element | null} */
let placed = null;

/** Whether the focus may be moved: nobody put it where it is. */
export const isFocusFree = () =>
  document.activeElement === document.body || document.activeElement === placed;

/** @param {(region: Element | null) => HTMLElement} next where one goes on, by the part of the page it was lost in */
export function mountFocus(next) {
  for (const used of ["keydown", "pointerdown"]) {
    addEventListener(
      used,
      () => {
        placed = null;
      },
      true,
    );
  }
  document.addEventListener("focusout", ({ target, relatedTarget }) => {
    if (relatedTarget || !(target instanceof Element)) return;
    // What goes away is still in its place now, and is not in the next frame.
    const region = target.closest("nav, main");
    /** @type {HTMLElement[]} */
    const around = [];
    for (let at = target.parentElement; at; at = at.parentElement) if (at.tabIndex >= 0) around.push(at);
    requestAnimationFrame(() => {
      // Another part took it, the window lost it, or somebody let go of it.
      if (document.activeElement !== document.body || !document.hasFocus() || canHave(target)) return;
      (around.find(canHave) ?? next(region)).focus({ preventScroll: true });
      placed = document.activeElement;
    });
  });
}

/** @param {Element} element */
const canHave = (element) =>
  element.isConnected &&
  element.checkVisibility({ visibilityProperty: true }) &&
  !element.matches(":disabled");
