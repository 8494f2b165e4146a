// What an address asks for. No DOM.

/**
 * @typedef {{ page: "home" } | { page: "compose", chain: string }
 *   | { page: "run", run: string, span: number | null, tab: string | null }
 *   | { page: "open", file: string | null, name: string, span: number | null, tab: string | null }} Route
 * open: a file, by the id under which `tracer open` serves it; null: one that this tab was given.
 */

/** @param {{ pathname: string, search: string }} address @returns {Route} */
export function routeOf({ pathname, search }) {
  const query = new URLSearchParams(search);
  const span = Number(query.get("span"));
  const at = { span: Number.isInteger(span) && span > 0 ? span : null, tab: query.get("tab") };
  if (pathname === "/open") {
    return { page: "open", file: query.get("file"), name: query.get("name") ?? "", ...at };
  }
  const found = /^\/runs\/([^/]+)\/?$/.exec(pathname);
  if (found) return { page: "run", run: decode(/** @type {string} */ (found[1])), ...at };
  const chain = query.get("chain");
  return chain ? { page: "compose", chain } : { page: "home" };
}

/** @param {string} run @param {number | null} [span] @param {string | null} [tab] */
export function runPath(run, span = null, tab = null) {
  return pathOf(`/runs/${encodeURIComponent(run)}`, new URLSearchParams(), span, tab);
}

/** Of an opened file. @param {string | null} file @param {string} name @param {number | null} [span] @param {string | null} [tab] */
export function openPath(file, name, span = null, tab = null) {
  const query = new URLSearchParams(file === null ? {} : { file, name });
  return pathOf("/open", query, span, tab);
}

/** @param {string} path @param {URLSearchParams} query @param {number | null} span @param {string | null} tab */
function pathOf(path, query, span, tab) {
  if (span !== null) query.set("span", String(span));
  if (tab !== null) query.set("tab", tab);
  const asked = query.toString();
  return `${path}${asked ? `?${asked}` : ""}`;
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
