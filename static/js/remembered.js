// What the browser remembers for the page. Storage may be full, or switched off: then nothing is.

/** @typedef {"localStorage" | "sessionStorage"} Where  For good, or until the tab is closed. */

/**
 * @param {string} key
 * @param {Where} [where]
 * @returns {string | null} null for nothing
 */
export function remembered(key, where = "localStorage") {
  try {
    return window[where].getItem(key);
  } catch {
    return null;
  }
}

/**
 * @param {string} key
 * @param {string | null} text null forgets it
 * @param {Where} [where]
 */
export function remember(key, text, where = "localStorage") {
  try {
    if (text === null) window[where].removeItem(key);
    else window[where].setItem(key, text);
  } catch {
    // It holds for this page.
  }
}
