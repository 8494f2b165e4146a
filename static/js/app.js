// The page: makes the views, listens to what they say, and shows what the address asks for. Only this file wires.

import { announcer } from "./announcer.js";
import { makeApi } from "./api.js";
import { worthSeeing } from "./choice.js";
import { el, show } from "./dom.js";
import { chainLabel, duration, errorName } from "./format.js";
import { Loop } from "./loop.js";
import { routeOf, runPath } from "./route.js";
import { RunSession, RunsSession } from "./session.js";
import { mountCompose } from "./views/compose.js";
import { DetailsView, TABS } from "./views/details.js";
import { EventsView } from "./views/events.js";
import { FindingsView } from "./views/findings.js";
import { HeaderView } from "./views/header.js";
import { drawDenied, drawHome, drawMissing } from "./views/home.js";
import { InterruptView } from "./views/interrupt.js";
import { drawNotice } from "./views/notice.js";
import { mountDrawer, RunsView } from "./views/runs.js";
import { splitter } from "./views/split.js";
import { mountTheme } from "./views/theme.js";
import { TimelineView } from "./views/timeline.js";

/** @typedef {import("./route.js").Route} Route */
/** @typedef {import("./dom.js").PageEvent} PageEvent */
/** @typedef {import("./views/home.js").ChainInfo} ChainInfo */

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
const narrow = matchMedia("(max-width: 899.98px)");

const loop = new Loop();
const announce = announcer(part("announcer", HTMLElement));
let isDenied = false;
const api = makeApi(denied);

/** @type {Route} */
let route = { page: "home" };
/** @type {RunSession | null} */
let session = null;
/** @type {{ unmount(): void } | null} */
let compose = null;
/** @type {number | null} */
let selected = null;
/** The user chose the span, or the tab; else the page does. */
let choseSpan = false;
let choseTab = false;
/** @type {ChainInfo[] | null} */
let chains = null;
let chainsProblem = "";
/** What was announced of the run. */
let told = { version: -1, failures: 0, findings: 0, running: false };
/** The run that was started on this page last. */
let startedHere = "";
/** Which run goes on with which answer, of those answered here. @type {Map<string, string>} */
const answered = new Map();

// ── What is drawn in a frame ──

const touchHeader = loop.add(({ ms, wall }) => {
  if (!session) return false;
  const { feed, quietSince, stopping, stopProblem } = session;
  const moving = header.draw(session.store, {
    feed: feed.status,
    ms,
    wall,
    quietSince,
    stopping,
    stopProblem,
  });
  findings.draw(session.store);
  interrupt.draw(session.store, answered.get(session.run) ?? runsSession.list.answerTo(session.run));
  return moving || feed.status.state === "waiting";
});
const touchTimeline = loop.add((frame) => timeline.draw(frame));
const touchDetails = loop.add((frame) => {
  if (!session) return false;
  const span = session.store.fold.span(selected);
  const lit = details.draw(session.store, span, frame);
  return lit || span?.state === "running";
});
const touchEvents = loop.add(({ ms }) => events.draw(selected, ms));
const touchRuns = loop.add(({ wall }) => {
  const current = route.page === "run" ? route.run : null;
  return runs.draw(runsSession.list, current, runsSession.problem, wall);
});
const touchHome = loop.add(() => {
  if (route.page !== "home" || isDenied) return;
  drawHome(home, { chains, problem: chainsProblem, hasRuns: runsSession.list.total > 0 }, send);
});

// ── Views ──

const headerRoot = el("header", "run-header");
const body = el("div", "run-body");
const interruptRoot = el("section", "interrupt", "", { "aria-label": "Interrupt" });
const findingsRoot = el("section", "findings", "", {
  id: "findings",
  "aria-label": "Findings",
  tabindex: "-1",
});
const timelineRoot = el("section", "timeline", "", { "aria-label": "Timeline" });
const detailsRoot = el("aside", "details", "", { "aria-label": "Span details" });
const eventsRoot = el("section", "events", "", { "aria-label": "Event log" });
body.append(timelineRoot, detailsRoot);
runRoot.append(headerRoot, body, eventsRoot);

// Who touches or enters what is shown of a span wants to go on reading it.
for (const type of ["pointerdown", "keydown", "wheel"]) {
  const stay = (/** @type {Event} */ event) => {
    if (/** @type {Element} */ (event.target).closest(".panels")) choseSpan = true;
  };
  detailsRoot.addEventListener(type, stay, { passive: true });
}
const header = new HeaderView(headerRoot, send);
headerRoot.append(interruptRoot, findingsRoot);
const interrupt = new InterruptView(interruptRoot, send, async (answer) => {
  if (!session) throw new Error("The run is not shown any more.");
  const { run } = session;
  const next = await session.resume(answer);
  answered.set(run, next);
  startedHere = next;
  return next;
});
const findings = new FindingsView(findingsRoot, send);
const timeline = new TimelineView(timelineRoot, send, () => touchTimeline());
const details = new DetailsView(
  detailsRoot,
  send,
  () => touchDetails(),
  (first, last) => (session ? session.linesOf(first, last) : Promise.resolve([])),
);
const events = new EventsView(eventsRoot, send, () => touchEvents());
const runs = new RunsView(part("runs", HTMLElement), send);
const drawer = mountDrawer(part("drawer", HTMLElement), part("runs", HTMLElement));
mountTheme(part("theme", HTMLElement));

const resized = () => timeline.resize();
const room = { least: 220, changed: resized };
detailsRoot.before(
  splitter(runRoot, {
    ...room,
    name: "details",
    label: "Width of the details",
    property: "--details",
    initial: 460,
    vertical: true,
    towards: -1,
    least: 280,
    most: () => innerWidth - 620,
  }),
);
timelineRoot.append(
  splitter(runRoot, {
    ...room,
    name: "names",
    label: "Width of the names",
    property: "--names",
    initial: () => timeline.namesWidth,
    vertical: true,
    towards: 1,
    least: 140,
    most: () => innerWidth * 0.4,
  }),
);
eventsRoot.before(
  splitter(runRoot, {
    ...room,
    name: "events",
    label: "Height of the event log",
    property: "--events",
    initial: 200,
    vertical: false,
    towards: -1,
    least: 80,
    most: () => innerHeight - 320,
  }),
);

let hadRuns = false;
const runsSession = new RunsSession(api, () => {
  touchRuns();
  touchHeader();
  const has = runsSession.list.total > 0;
  if (has !== hadRuns) touchHome();
  hadRuns = has;
});

// ── What the views say ──

/** @param {PageEvent} event */
function send(event) {
  switch (event.type) {
    case "open":
      drawer.close();
      go(runPath(event.run));
      break;
    case "choose":
      go(`/?chain=${encodeURIComponent(event.chain)}`);
      break;
    case "new":
      newRun();
      break;
    case "select":
      choseSpan = true;
      select(event.span, true);
      if (event.open) body.classList.add("details-open");
      keepPlace();
      break;
    case "close-details":
      if (!body.classList.contains("details-open") || !narrow.matches) break;
      body.classList.remove("details-open");
      timeline.focus();
      break;
    case "tab":
      choseTab = true;
      // Who picks a tab looks at the span it is of.
      choseSpan ||= selected !== null;
      details.tab(event.tab);
      keepPlace();
      break;
    case "origin":
      choseSpan = true;
      select(event.span, true);
      keepPlace();
      if (!narrow.matches) timeline.focus();
      break;
    case "findings":
      findings.open(!findings.isOpen);
      header.findings.setAttribute("aria-expanded", String(findings.isOpen));
      if (!findings.isOpen) header.findings.focus();
      break;
    case "stop":
      void session?.stop();
      break;
    case "reconnect":
      session?.feed.open();
      runsSession.feed.open();
      break;
    case "jump":
      events.jump(event.seq);
      break;
    case "search":
      runsSession.search(event.query);
      break;
    case "older":
      runsSession.older();
      break;
    case "layout":
      runRoot.classList.toggle("events-shut", !events.isOpen);
      break;
  }
}

/** @param {number | null} span @param {boolean} reveal */
function select(span, reveal) {
  if (span !== selected) {
    selected = span;
    if (!choseTab) autoTab();
    touchDetails();
    touchEvents();
  }
  timeline.select(span, reveal);
}

function autoTab() {
  const span = session?.store.fold.span(selected);
  const isTree = span?.type === "parser" && session && session.store.objectSeq(span.span) >= 0;
  const tab = isTree ? "JSON" : "Output";
  if (details.current !== tab) details.tab(tab);
}

/** The address says what was chosen, so that a reload shows it again. */
function keepPlace() {
  if (route.page !== "run") return;
  const path = runPath(route.run, choseSpan ? selected : null, choseTab ? details.current : null);
  history.replaceState(null, "", path);
}

// ── The run that is shown ──

function changed() {
  if (!session) return;
  const { store } = session;
  if (store.fold.version !== told.version || store.running) {
    if (!choseSpan) {
      const best = worthSeeing(store, selected);
      if (best !== selected) select(best, false);
      else if (!choseTab) autoTab();
    }
    tell();
  }
  drawAll();
}

function drawAll() {
  for (const touch of [touchHeader, touchTimeline, touchDetails, touchEvents]) touch();
}

function tell() {
  if (!session) return;
  const { store } = session;
  const { fold, running } = store;
  const first = told.version < 0;
  const failures = store.failures();
  const label = chainLabel(fold.chain);
  if (!first) {
    for (const found of fold.findings.slice(told.findings)) announce(`Finding: ${found.text}`);
    for (const span of failures.slice(told.failures)) {
      announce(`${span.name} failed: ${errorName(span.error?.type ?? "")}.`);
    }
    if (told.running && !running) announce(`${label}: ${fold.status} after ${duration(fold.t_us)}.`);
  }
  told = { version: fold.version, failures: failures.length, findings: fold.findings.length, running };
  document.title = label ? `${label} · ${store.gone ? "gone" : fold.status} · tracer` : "tracer";
  if (fold.chain && picker.value !== fold.chain && chains?.some((chain) => chain.name === fold.chain)) {
    picker.value = fold.chain;
  }
}

/** @param {string} run */
function openRun(run) {
  session?.close();
  selected = null;
  // Of a run that was there before, only what happens from now on is news.
  const isNews = run === startedHere;
  told = { version: isNews ? 0 : -1, failures: 0, findings: 0, running: isNews };
  session = new RunSession(run, api, {
    changed,
    replaced: showStore,
    feed: (status) => {
      if (status.state === "denied") denied();
      if (status.state === "missing" && route.page === "run" && route.run === run) missing(run);
      touchHeader();
      touchTimeline();
    },
  });
  showStore();
  session.open();
}

function showStore() {
  if (!session) return;
  timeline.show(session.store);
  events.show(session.store);
  timeline.select(selected, false);
  drawAll();
}

/** @param {string} run */
function missing(run) {
  session?.close();
  session = null;
  showPage(home);
  document.title = "No such run · tracer";
  drawMissing(home, run);
}

function denied() {
  if (isDenied) return;
  isDenied = true;
  session?.close();
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
    const same = before.page === "run" && before.run === route.run && session !== null;
    choseSpan = route.span !== null;
    choseTab = route.tab !== null;
    if (!same) {
      body.classList.remove("details-open");
      openRun(route.run);
    }
    if (route.tab && TABS.includes(route.tab)) details.tab(route.tab);
    if (route.span !== null) select(route.span, true);
    showPage(runRoot);
  } else {
    session?.close();
    session = null;
    if (route.page === "compose") openCompose(route.chain);
    else {
      compose?.unmount();
      compose = null;
      document.title = "tracer";
      showPage(home);
      pick("");
      touchHome();
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
    startedHere = run;
    go(runPath(run));
  };
  compose = mountCompose(composeRoot, { chain, api, announce, onStarted, send });
}

/** @param {HTMLElement} page */
function showPage(page) {
  for (const one of [home, composeRoot, runRoot]) show(one, one === page);
  main.dataset.page = page.id;
  if (page === runRoot) timeline.resize();
}

/** @param {string} chain "" for none */
function pick(chain) {
  const known = chains?.find((one) => one.name === chain || one.label === chain);
  picker.value = known?.name ?? "";
}

function newRun() {
  const own = session?.store.fold.chain;
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
    if (session) pick(session.store.fold.chain);
  } catch (error) {
    chainsProblem = error instanceof Error ? error.message : String(error);
    setTimeout(readChains, 3000);
  }
  touchHome();
}

picker.addEventListener("change", () => send({ type: "choose", chain: picker.value }));
part("new-run", HTMLElement).addEventListener("click", () => send({ type: "new" }));
addEventListener("popstate", arrive);
document.addEventListener("visibilitychange", () => {
  const feeds = [runsSession.feed, ...(session ? [session.feed] : [])];
  for (const feed of feeds) {
    // A tab nobody sees leaves its connections to those that are seen: browsers have few for one server.
    if (document.hidden) feed.pause();
    else feed.open();
  }
  if (!document.hidden) drawAll();
});
addEventListener("online", () => send({ type: "reconnect" }));
document.querySelector(".logo")?.addEventListener("click", (event) => {
  const click = /** @type {MouseEvent} */ (event);
  if (click.metaKey || click.ctrlKey || click.shiftKey) return;
  event.preventDefault();
  go("/");
});

if (matchMedia("(max-width: 899.98px), (max-height: 640px)").matches) events.open(false);
send({ type: "layout" });
runsSession.open();
void readChains();
arrive();
