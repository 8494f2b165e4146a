// Time as pixels: how much of it there is to see, where its ticks stand, which rows are in view. No DOM.

const STEPS = [1, 1.5, 2, 3, 4, 5, 7, 10];
const LEAST_DOMAIN = 1e6;

/**
 * How much time the waterfall shows, in microseconds. While the run goes on it stays the same for a while, so that
 * bars grow instead of everything shrinking.
 * @param {number} now_us @param {boolean} running
 */
export function domainFor(now_us, running) {
  if (!running) return Math.max(1, now_us) * 1.03;
  const least = Math.max(LEAST_DOMAIN, now_us * 1.1);
  const unit = 10 ** Math.floor(Math.log10(least));
  for (const step of STEPS) if (step * unit >= least) return step * unit;
  return 10 * unit;
}

const SECOND = 1e6;
const LONG_STEPS = [15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400].map(
  (step) => step * SECOND,
);

/**
 * The distance of ticks that stand at least `gap` pixels apart.
 * @param {number} domain_us @param {number} width pixels @param {number} [gap]
 */
export function tickStep(domain_us, width, gap = 84) {
  const least = (domain_us / Math.max(1, width)) * gap;
  if (least > 10 * SECOND) {
    const long = LONG_STEPS.find((step) => step >= least);
    if (long) return long;
  }
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, least))));
  for (const step of [1, 2, 5, 10]) if (step * unit >= least) return step * unit;
  return 10 * unit;
}

/**
 * The times of ticks between two times.
 * @param {number} from_us @param {number} to_us @param {number} step_us @returns {number[]}
 */
export function ticks(from_us, to_us, step_us) {
  const found = [];
  const first = Math.max(0, Math.ceil(from_us / step_us - 1e-9));
  for (let at = first; at * step_us <= to_us && found.length < 200; at++) found.push(at * step_us);
  return found;
}

/** Taller than this no browser makes a scrolled box; what is taller is scrolled by shares. */
const MOST_HEIGHT = 8e6;

/**
 * Where rows stand in a box that is scrolled: `height` of the box; `top`: what is in view, in pixels of all rows;
 * `shift`: what to add to a row's own place.
 * @param {number} count @param {number} row @param {number} scrolled @param {number} room
 */
export function scrolling(count, row, scrolled, room) {
  const all = count * row;
  const height = Math.min(all, MOST_HEIGHT);
  if (height === all) return { height, top: scrolled, shift: 0 };
  const top = (scrolled / Math.max(1, height - room)) * (all - room);
  return { height, top, shift: scrolled - top };
}

/** How far to scroll so that `top` pixels of all rows are above. @param {number} count @param {number} row @param {number} top @param {number} room */
export function scrollFor(count, row, top, room) {
  const all = count * row;
  const height = Math.min(all, MOST_HEIGHT);
  return height === all ? top : (top / Math.max(1, all - room)) * (height - room);
}

/**
 * Which rows of equal height are to be drawn: a half-open range, with a few beyond the edges.
 * @param {number} count @param {number} height @param {number} top scrolled so far @param {number} room
 * @returns {[number, number]}
 */
export function rowsInView(count, height, top, room) {
  const first = Math.max(0, Math.floor(top / height) - 2);
  return [Math.min(first, count), Math.min(count, Math.ceil((top + room) / height) + 2)];
}
