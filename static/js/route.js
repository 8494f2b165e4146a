// What an address asks for. No DOM.

/**
 * @typedef {{ page: "home" } | { page: "compose", chain: string }
 *   | { page: "run", run: string, span: number | null, tab: string | null }} Route
 */

/** @param {{ pathname: string, search: string }} address @returns {Route} */
export function routeOf({ pathname, search }) {
  const query = new URLSearchParams(search);
  const found = /^\/runs\/([^/]+)\/?$/.exec(pathname);
  if (found) {
    const span = Number(query.get("span"));
    return {
      page: "run",
      run: decode(/** @type {string} */ (found[1])),
      span: Number.isInteger(span) && span > 0 ? span : null,
      tab: query.get("tab"),
    };
  }
  const chain = query.get("chain");
  return chain ? { page: "compose", chain } : { page: "home" };
}

/** @param {string} run @param {number | null} [span] @param {string | null} [tab] */
export function runPath(run, span = null, tab = null) {
  const query = new URLSearchParams();
  if (span !== null) query.set("span", String(span));
  if (tab !== null) query.set("tab", tab);
  const asked = query.toString();
  return `/runs/${encodeURIComponent(run)}${asked ? `?${asked}` : ""}`;
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
