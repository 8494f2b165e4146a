// Polite announcements for screen readers, at most one a second; only the newest ones are worth hearing.

const EVERY = 1000;
const KEPT = 3;

/** @param {HTMLElement} region with aria-live */
export function announcer(region) {
  /** @type {string[]} */
  let waiting = [];
  let last = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const speak = () => {
    timer = undefined;
    region.textContent = waiting.join(" ");
    waiting = [];
    last = performance.now();
  };
  /** @param {string} text */
  return (text) => {
    waiting = [...waiting, text].slice(-KEPT);
    if (timer === undefined) timer = setTimeout(speak, Math.max(0, last + EVERY - performance.now()));
  };
}
