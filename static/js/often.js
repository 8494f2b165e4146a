// Something that happens often, told rarely. No DOM.

/**
 * Tells at once, then at most every `wait` ms, and of the last time for sure.
 * @param {() => void} tell @param {number} wait ms
 * @param {{ now(): number, later(call: () => void, ms: number): unknown }} [clock]
 */
export function seldom(
  tell,
  wait,
  clock = { now: () => performance.now(), later: (call, ms) => setTimeout(call, ms) },
) {
  let told = Number.NEGATIVE_INFINITY;
  let waits = false;
  const now = () => {
    waits = false;
    told = clock.now();
    tell();
  };
  return () => {
    if (waits) return;
    const left = told + wait - clock.now();
    if (left <= 0) return now();
    waits = true;
    clock.later(now, left);
  };
}
