// The page: what the address asks for, the list of runs, the forms. Only this file and run_page.js wire.

import { announcer } from "./announcer.js";
import { makeApi } from "./api.js";
import { connections } from "./connections.js";
import { show } from "./dom.js";
import { chainLabel, clockTime } from "./format.js";
import { Loop } from "./loop.js";
import { openPath, routeOf, runPath } from "./route.js";
import { RunPage } from "./run_page.js";
import { RunsSession } from "./runs_session.js";
import { mountCompose } from "./views/compose.js";
import { mountDrawer } from "./views/drawer.js";
import { mountOpen } from "./views/drop.js";
import { mountFocus } from "./views/focus.js";
import { mountHelp } from "./views/help.js";
import { drawDenied, drawGone, drawHome, drawMissing, drawUnreadable } from "./views/home.js";
import { drawNotice } from "./views/notice.js";
import { RunsView } from "./views/runs.js";
import { mountTheme } from "./views/theme.js";
import { expectLog } from "./worker_log.js";

/** @typedef {import("./route.js").Route} Route */
/** @typedef {import("./dom.js").PageEvent} PageEvent */
/** @typedef {import("./views/home.js").ChainInfo} ChainInfo */

/** After so long the page stands. */
const WARM_MS = 300;

/** @template {HTMLElement} T @param {string} id @param {new () => T} kind @returns {T} */
function part(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no #${id}`);
  return found;
}

const main = part("main", HTMLElement);
const home = part("home", HTMLElement);
const composeRoot = part("compose", HTMLElement);
const runRoot = part("run", HTMLElement);
const picker = part("chain", HTMLSelectElement);

const loop = new Loop();
const announce = announcer(part("announcer", HTMLElement));
let isDenied = false;
const api = makeApi(denied);

/** @type {Route} */
let route = { page: "home" };
/** @type {import("./views/compose.js").Compose | null} */
let compose = null;
/** @type {ChainInfo[] | null} */
let chains = null;
let chainsProblem = "";
/** The file this tab was given last. @type {File | null} */
let file = null;
/** The file that is shown. @type {File | null} */
let shown = null;

const runPage = new RunPage(runRoot, {
  loop,
  api,
  send,
  announce,
  chain: (chain) => {
    if (chain && picker.value !== chain && chains?.some((one) => one.name === chain)) picker.value = chain;
  },
  denied,
  missing: (run) => {
    if (route.page === "run" && route.run === run) missing(run);
  },
  unreadable,
  answerTo: (run) => runsSession.list.answerTo(run),
  graphOf: async (chain) => {
    // Asked for only of a chain that there is: of any other the server would complain.
    const { chains: served } = await api.get("/api/chains");
    if (!served.some((/** @type {ChainInfo} */ one) => one.name === chain)) return null;
    return (await api.get(`/api/chains/${encodeURIComponent(chain)}`)).graph ?? null;
  },
});
const touchDurations = loop.add(({ wall }) => runs.tick(wall));
const touchRuns = loop.add(({ wall }) => {
  const current = route.page === "run" ? route.run : null;
  if (runs.draw(current, wall)) touchDurations();
});
const touchHome = loop.add(() => {
  if (route.page !== "home" || isDenied) return;
  drawHome(home, { chains, problem: chainsProblem, hasRuns: runsSession.list.total > 0 }, send);
});

mountTheme(part("theme", HTMLElement));
mountFocus((region) => {
  if (region?.id === "runs") return runs.search;
  return runRoot.hidden ? main : runPage.place;
});
const help = mountHelp(part("help", HTMLElement));

let hadRuns = false;
const runsSession = new RunsSession(
  api,
  () => {
    touchRuns();
    runPage.touchHeader();
    const has = runsSession.list.total > 0;
    if (has !== hadRuns) touchHome();
    hadRuns = has;
  },
  connections.list,
);
const runs = new RunsView(part("runs", HTMLElement), send, runsSession, announce);
const drawer = mountDrawer(part("drawer", HTMLElement), part("runs", HTMLElement));

// ── What the views say ──

/** @param {PageEvent} event */
function send(event) {
  if (runPage.hear(event)) return;
  switch (event.type) {
    case "open":
      drawer.close();
      go(runPath(event.run, { find: event.find ?? "" }));
      break;
    case "choose":
      go(`/?chain=${encodeURIComponent(event.chain)}`);
      break;
    case "new":
      newRun();
      break;
    case "help":
      help.open();
      break;
    case "reconnect":
      runPage.session?.feed.open();
      runsSession.feed.open();
      break;
  }
}

/** @param {string} run */
function missing(run) {
  runPage.close();
  showPage(home);
  document.title = "No such run · tracer";
  drawMissing(home, run);
}

/** @param {string} name of the file @param {string} why */
function unreadable(name, why) {
  runPage.close();
  showPage(home);
  document.title = "Not shown · tracer";
  drawUnreadable(home, name, why, opener.choose);
}

function denied() {
  if (isDenied) return;
  isDenied = true;
  runPage.close();
  runsSession.feed.close();
  compose?.unmount();
  compose = null;
  showPage(home);
  document.title = "Not allowed · tracer";
  drawDenied(home);
}

// ── Addresses ──

/** @param {string} path */
function go(path) {
  if (path !== location.pathname + location.search) history.pushState(null, "", path);
  arrive();
}

function arrive() {
  if (isDenied) return;
  const before = route;
  route = routeOf(location);
  if (route.page === "run") {
    compose?.unmount();
    compose = null;
    runPage.arrive(route, before.page === "run" && before.run === route.run);
    showPage(runRoot);
  } else if (route.page === "open" && (route.file !== null || file)) {
    compose?.unmount();
    compose = null;
    const same =
      before.page === "open" && before.file === route.file && (route.file !== null || shown === file);
    shown = file;
    const url = `/api/opened/${encodeURIComponent(route.file ?? "")}`;
    runPage.arrive(
      route,
      same,
      route.file === null && file ? { name: file.name, file } : { name: route.name, url },
    );
    pick("");
    showPage(runRoot);
  } else {
    runPage.close();
    if (route.page === "compose") openCompose(route.chain);
    else {
      compose?.unmount();
      compose = null;
      document.title = "tracer";
      showPage(home);
      pick("");
      if (route.page === "open") drawGone(home);
      else touchHome();
    }
  }
  touchRuns();
}

/** @param {string} chain */
function openCompose(chain) {
  compose?.unmount();
  showPage(composeRoot);
  pick(chain);
  document.title = `${chainLabel(chain)} · tracer`;
  const onStarted = (/** @type {string} */ run) => {
    runPage.startedHere = run;
    go(runPath(run));
  };
  compose = mountCompose(composeRoot, { chain, api, announce, onStarted, send });
}

/** @param {HTMLElement} page */
function showPage(page) {
  for (const one of [home, composeRoot, runRoot]) show(one, one === page);
  main.dataset.page = page.id;
  if (page === runRoot) runPage.timeline.resize();
}

function toMain() {
  if (!runRoot.hidden) runPage.place.focus();
  else if (!compose?.focus()) main.focus();
}

/** @param {string} chain "" for none */
function pick(chain) {
  const known = chains?.find((one) => one.name === chain || one.label === chain);
  picker.value = known?.name ?? "";
}

function newRun() {
  const own = runPage.session?.store.fold.chain;
  const chain = chains?.find((one) => one.name === own)?.name || picker.value || chains?.[0]?.name;
  if (chain) go(`/?chain=${encodeURIComponent(chain)}`);
  else go("/");
}

async function readChains() {
  try {
    const found = await api.get("/api/chains");
    /** @type {ChainInfo[]} */
    const list = found.chains;
    chains = list;
    chainsProblem = "";
    const none = new Option(list.length ? "Choose a chain" : "No chains", "", true, true);
    none.disabled = none.hidden = true;
    picker.replaceChildren(none, ...list.map((chain) => new Option(chain.label, chain.name)));
    drawNotice(part("notice", HTMLElement), found.notice ?? "");
    if (route.page === "compose") pick(route.chain);
    if (runPage.session) pick(runPage.session.store.fold.chain);
  } catch (error) {
    chainsProblem = error instanceof Error ? error.message : String(error);
    setTimeout(readChains, 3000);
  }
  touchHome();
}

picker.addEventListener("change", () => send({ type: "choose", chain: picker.value }));
// From the top of the page into what it shows, past the list of runs.
picker.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  toMain();
});
part("skip", HTMLElement).addEventListener("click", (event) => {
  event.preventDefault();
  toMain();
});
const open = (/** @type {File} */ chosen) => {
  file = chosen;
  go(openPath(null, ""));
};
const opener = mountOpen(part("new-run", HTMLElement), open, expectLog);
part("new-run", HTMLElement).addEventListener("click", () => send({ type: "new" }));
addEventListener("popstate", arrive);
document.addEventListener("visibilitychange", () => {
  const feeds = [runsSession.feed, ...(runPage.session ? [runPage.session.feed] : [])];
  for (const feed of feeds) {
    // A tab nobody sees leaves its connections to those that are seen: browsers have few for one server.
    if (document.hidden) feed.pause();
    else feed.open();
  }
  if (!document.hidden) runPage.drawAll();
});
addEventListener("online", () => send({ type: "reconnect" }));
document.querySelector(".logo")?.addEventListener("click", (event) => {
  const click = /** @type {MouseEvent} */ (event);
  if (click.metaKey || click.ctrlKey || click.shiftKey) return;
  event.preventDefault();
  go("/");
});

// What browsers take long for when it is asked for first, so that it is not when a run is opened.
setTimeout(() => {
  clockTime(new Date().toISOString());
  runPage.overview.paint();
}, WARM_MS);
runsSession.open();
void readChains();
arrive();
