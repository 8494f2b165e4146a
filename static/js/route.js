// What an address asks for. No DOM.

/**
 * Where in a run one is: the selected span, the tab of its details, the line (its seq) that is shown last, the stretch
 * of time that is seen, whether the graph is shown, what is searched for. null, false or "" where the page decides.
 * @typedef {{
 *   span: number | null, tab: string | null, at: number | null, from_us: number | null, to_us: number | null,
 *   graph: boolean, find: string,
 * }} Place
 */
/**
 * @typedef {{ page: "home" } | { page: "compose", chain: string }
 *   | { page: "run", run: string } & Place
 *   | { page: "open", file: string | null, name: string } & Place} Route
 * open: a file, by the id under which `tracer open` serves it; null: one that this tab was given.
 */

/** @param {{ pathname: string, search: string }} address @returns {Route} */
export function routeOf({ pathname, search }) {
  const query = new URLSearchParams(search);
  const place = placeOf(query);
  if (pathname === "/open") {
    return { page: "open", file: query.get("file"), name: query.get("name") ?? "", ...place };
  }
  const found = /^\/runs\/([^/]+)\/?$/.exec(pathname);
  if (found) return { page: "run", run: decode(/** @type {string} */ (found[1])), ...place };
  const chain = query.get("chain");
  return chain ? { page: "compose", chain } : { page: "home" };
}

/** @param {string} run @param {Partial<Place>} [place] */
export function runPath(run, place = {}) {
  return pathOf(`/runs/${encodeURIComponent(run)}`, new URLSearchParams(), place);
}

/** Of an opened file. @param {string | null} file @param {string} name @param {Partial<Place>} [place] */
export function openPath(file, name, place = {}) {
  const query = new URLSearchParams(file === null ? {} : { file, name });
  return pathOf("/open", query, place);
}

/** @param {URLSearchParams} query @returns {Place} */
function placeOf(query) {
  const whole = (/** @type {string} */ name) => {
    const text = query.get(name);
    return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
  };
  const from_us = whole("from");
  const to_us = whole("to");
  const isSeen = from_us !== null && to_us !== null && from_us < to_us;
  return {
    span: whole("span") || null,
    tab: query.get("tab"),
    at: whole("at"),
    from_us: isSeen ? from_us : null,
    to_us: isSeen ? to_us : null,
    graph: query.get("view") === "graph",
    find: query.get("find") ?? "",
  };
}

/** @param {string} path @param {URLSearchParams} query @param {Partial<Place>} place */
function pathOf(path, query, { span, tab, at, from_us, to_us, graph, find }) {
  /** @param {string} name @param {string | number | null | undefined} value */
  const say = (name, value) => {
    if (value !== null && value !== undefined && value !== "") query.set(name, String(value));
  };
  say("span", span);
  say("tab", tab);
  say("at", at);
  say("from", from_us);
  say("to", to_us);
  say("view", graph ? "graph" : null);
  say("find", find);
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
