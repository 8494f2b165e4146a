// The page of a run: its views, what is selected, what the views say of the run, and the keys. Wires, as app.js does.

import { worthSeeing } from "./choice.js";
import { el, show } from "./dom.js";
import { Find } from "./find.js";
import { searchDeep } from "./find_deep.js";
import { tabOf } from "./find_tab.js";
import { chainLabel } from "./format.js";
import { eventOf, ROWS } from "./keys.js";
import { News } from "./news.js";
import { OpenedSession } from "./opened_session.js";
import { Playback } from "./playback.js";
import { remember, remembered } from "./remembered.js";
import { openPath, runPath } from "./route.js";
import { Scene } from "./scene.js";
import { RunSession } from "./session.js";
import { ChainGraphView } from "./views/chain_graph.js";
import { DetailsView, TABS } from "./views/details.js";
import { EventsView } from "./views/events.js";
import { FindView } from "./views/find.js";
import { FindingsView } from "./views/findings.js";
import { HeaderView } from "./views/header.js";
import { Highlights } from "./views/highlight.js";
import { InterruptView } from "./views/interrupt.js";
import { OverviewView } from "./views/overview.js";
import { split } from "./views/splits.js";
import { TimelineView } from "./views/timeline.js";
import { TransportView } from "./views/transport.js";

/** @typedef {import("./dom.js").PageEvent} PageEvent */
/** @typedef {Extract<import("./route.js").Route, { page: "run" }>} RunRoute */
/** @typedef {Extract<import("./route.js").Route, { page: "open" }>} OpenRoute */
/**
 * @typedef {{
 *   loop: import("./loop.js").Loop, api: import("./api.js").Api, send: import("./dom.js").Send,
 *   announce: (text: string) => void,
 *   chain: (chain: string) => void, denied: () => void, missing: (run: string) => void,
 *   unreadable: (file: string, why: string) => void, answerTo: (run: string) => string | undefined,
 *   graphOf: (chain: string) => Promise<import("./graph.js").Graph | null>,
 * }} Around  What the page of a run needs of the rest: `chain` hears which chain is shown, `missing` that there is no
 * such run, `unreadable` that there is nothing to show in a file; `answerTo` knows which run goes on with an answer to this one, `graphOf` the graph of a chain
 * (null: it is none of the server's).
 */

const KEEP_MS = 200;
/** How long a search may take of a frame. */
const FIND_MS = 4;
/** Under which it is remembered whether the user had the event log open. */
const EVENTS_OPEN = "tracer.events";
const NARROW = matchMedia("(max-width: 899.98px)");
/** Where a key writes, or has a meaning of its own. */
const TAKES_KEYS = 'input, textarea, select, [contenteditable], [role="textbox"], dialog[open]';
/** What Space presses. */
const PRESSED = "button, a, summary, label, [role='tab']";

export class RunPage {
  /** @type {RunSession | OpenedSession | null} */
  session = null;
  /** The file that is shown, by the id under which it is served. @type {string | null} */
  #file = null;
  /** The run that was started on this page last. */
  startedHere = "";
  /** @type {number | null} */
  #selected = null;
  /** The user chose the span, or the tab; else the page does. */
  #choseSpan = false;
  #choseTab = false;
  playback = new Playback();
  /** Which stretch of time the user looks at, null for all of it. @type {{ from_us: number | null, to_us: number | null }} */
  seen = { from_us: null, to_us: null };
  /** What the address asks for and has not come yet. @type {{ at: number | null, from_us: number | null, to_us: number | null } | null} */
  #wanted = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #keeping;
  #news = new News(false);
  /** Which run goes on with which answer, of those answered here. @type {Map<string, string>} */
  #answered = new Map();
  /** The details are being closed. */
  #closing = false;
  /** A step to a match was asked for before any was known. @type {1 | -1 | 0} */
  #stepDue = 0;

  /** @param {HTMLElement} root @param {Around} around */
  constructor(root, around) {
    this.root = root;
    this.around = around;
    const { send, loop } = around;
    const headerRoot = el("header", "run-header");
    const interruptRoot = el("section", "interrupt", "", { "aria-label": "Interrupt" });
    const findingsRoot = el("section", "findings", "", {
      id: "findings",
      "aria-label": "Findings",
      tabindex: "-1",
    });
    const timelineRoot = el("section", "timeline", "", { "aria-label": "Timeline" });
    const detailsRoot = el("aside", "details", "", { "aria-label": "Span details" });
    const eventsRoot = el("section", "events", "", { "aria-label": "Event log" });
    const overviewRoot = el("div", "overview", "", { "aria-hidden": "true" });
    const transportRoot = el("div", "transport", "", { role: "group", "aria-label": "Replay" });
    const graphRoot = el("section", "chain-graph", "", { "aria-label": "Graph", tabindex: "-1", hidden: "" });
    const time = el("div", "run-time");
    time.append(overviewRoot, transportRoot);
    this.body = el("div", "run-body");
    this.body.append(timelineRoot, graphRoot, detailsRoot);
    root.append(headerRoot, time, this.body, eventsRoot);

    // Before the views that show what was found.
    this.touchFind = loop.add(() => this.#find());
    this.touchHeader = loop.add((frame) => this.#drawHeader(frame));
    const touchRows = loop.add((frame) => this.timeline.draw(frame));
    const touchOverview = loop.add((frame) => this.overview.draw(frame));
    // They show the same scene: what moves one moves the other.
    this.touchTimeline = () => {
      touchRows();
      touchOverview();
    };
    this.touchTransport = loop.add((frame) => this.#play(frame));
    this.touchGraph = loop.add(() => !graphRoot.hidden && this.graph.draw());
    this.touchDetails = loop.add((frame) => this.#drawDetails(frame));
    this.touchEvents = loop.add(({ ms }) => this.events.draw(this.#selected, ms));

    this.header = new HeaderView(headerRoot, send);
    headerRoot.append(interruptRoot, findingsRoot);
    this.interrupt = new InterruptView(interruptRoot, send, (answer) => this.#answer(answer));
    this.findings = new FindingsView(findingsRoot, send);
    this.scene = new Scene();
    this.find = new Find(
      (texts, hears) => (this.session ? searchDeep(this.session, texts, hears) : { stop() {} }),
      () => this.touchFind(),
    );
    this.scene.find = this.find;
    const findRoot = el("div", "find", "", { role: "search", "aria-label": "Spans" });
    this.finder = new FindView(findRoot, this.find, send);
    this.header.stop.before(findRoot);
    this.timeline = new TimelineView(timelineRoot, this.scene, send, () => this.touchTimeline());
    this.overview = new OverviewView(overviewRoot, this.scene, send, () => this.touchTimeline());
    this.transport = new TransportView(transportRoot, this.playback, this.scene, send, () =>
      this.touchTransport(),
    );
    this.graph = new ChainGraphView(graphRoot, send, () => this.touchGraph(), around.graphOf);
    this.details = new DetailsView(
      detailsRoot,
      send,
      () => this.touchDetails(),
      (first, last) => (this.session ? this.session.linesOf(first, last) : Promise.resolve([])),
    );
    this.events = new EventsView(eventsRoot, send, () => this.touchEvents());
    this.events.find = this.graph.find = this.find;
    this.highlights = new Highlights(this.details.panels);

    // Who touches or enters what is shown of a span wants to go on reading it.
    for (const type of ["pointerdown", "keydown", "wheel"]) {
      const stay = (/** @type {Event} */ event) => {
        if (/** @type {Element} */ (event.target).closest(".panels")) this.#choseSpan = true;
      };
      detailsRoot.addEventListener(type, stay, { passive: true });
    }
    addEventListener("keydown", (event) => this.#key(event));
    split(root, this.timeline, detailsRoot, eventsRoot);
    const isLow = matchMedia("(max-width: 899.98px), (max-height: 640px)").matches;
    if ((remembered(EVENTS_OPEN) ?? String(!isLow)) !== "true") this.events.open(false);
    this.hear({ type: "layout" });
  }

  // ── What the views say ──

  /** @param {PageEvent} event @returns {boolean} whether it was about the run */
  hear(event) {
    switch (event.type) {
      case "select":
        this.#choseSpan = true;
        this.#select(event.span, true);
        if (event.open) this.body.classList.add("details-open");
        this.#keepPlace();
        return true;
      case "close-details":
        if (!this.body.classList.contains("details-open") || !NARROW.matches) return true;
        this.body.classList.remove("details-open");
        this.timeline.focus();
        // The same press does not deselect, too.
        this.#closing = true;
        setTimeout(() => {
          this.#closing = false;
        });
        return true;
      case "tab":
        this.#choseTab = true;
        // Who picks a tab looks at the span it is of.
        this.#choseSpan ||= this.#selected !== null;
        this.details.tab(event.tab);
        this.#keepPlace();
        return true;
      case "origin":
        this.#choseSpan = true;
        this.#select(event.span, true);
        this.#keepPlace();
        if (!NARROW.matches) this.timeline.focus();
        return true;
      case "findings":
        this.findings.open(!this.findings.isOpen);
        this.header.findings.setAttribute("aria-expanded", String(this.findings.isOpen));
        if (!this.findings.isOpen) this.header.findings.focus();
        return true;
      case "stop-keeping":
        if (this.session instanceof OpenedSession) this.session.keeping?.stop();
        return true;
      case "keep":
        if (this.session instanceof OpenedSession) void this.session.keep();
        return true;
      case "stop":
        void this.session?.stop();
        return true;
      case "jump":
        this.events.jump(event.seq);
        return true;
      case "window":
        this.seen = event;
        this.#keepPlace();
        return true;
      case "seek":
      case "seek-time":
      case "step":
      case "play":
      case "follow":
        this.#replay(event);
        return true;
      case "view":
        this.#view(event.graph ?? Boolean(this.graph.root.hidden));
        return true;
      case "zoom":
      case "pan":
      case "fit":
      case "error":
      case "row":
      case "fold":
        this.timeline.hear(event);
        return true;
      case "find":
        this.#search(event.text);
        this.#keepPlace();
        return true;
      case "find-step":
        this.#toFound(event.by);
        return true;
      case "find-focus":
        this.finder.focus();
        return true;
      case "find-leave":
        this.timeline.focus();
        return true;
      case "deselect":
        if (this.#closing) return true;
        this.#choseSpan = true;
        this.#select(null, false);
        this.#keepPlace();
        return true;
      case "layout":
        this.root.classList.toggle("events-shut", !this.events.isOpen);
        if (event.byUser) remember(EVENTS_OPEN, String(this.events.isOpen));
        return true;
    }
    return false;
  }

  /** @param {Extract<PageEvent, { type: "seek" | "seek-time" | "step" | "play" | "follow" }>} event */
  #replay(event) {
    const { playback } = this;
    if (event.type === "seek-time") playback.seekTime(event.us);
    else if (event.type === "play") this.#playOrPause();
    else if (event.type === "follow" || (event.type === "seek" && event.row === null)) playback.follow();
    else if (event.type === "seek") playback.seek(Number(event.row));
    else if (event.token) playback.stepToken(event.by);
    else playback.stepEvent(event.by);
    this.#keepPlace();
    this.drawAll();
  }

  #playOrPause() {
    const { playback } = this;
    if (!playback.isPlaying && playback.isAtEnd) this.details.follow();
    playback.toggle();
  }

  /** @param {import("./loop.js").Frame} frame */
  #play(frame) {
    this.#goToWanted();
    const { row } = this.playback;
    const plays = this.transport.draw(frame);
    if (this.playback.row !== row || plays) this.drawAll();
    if (this.playback.row !== row && !plays) this.#keepPlace();
    return plays || this.transport.isLate;
  }

  // ── What is searched for ──

  /** @param {string} text */
  #search(text) {
    if (text !== this.find.text) this.#stepDue = 0;
    this.find.set(text);
    this.highlights.show(this.find.isOn ? this.find.query.words : []);
    this.drawAll();
  }

  #find() {
    const { find, scene } = this;
    if (!this.session) return false;
    const { version } = find;
    find.show(this.session.store, scene.columns);
    const more = find.step(FIND_MS);
    if (find.version !== version || more) {
      this.touchTimeline();
      this.touchGraph();
      this.touchEvents();
    }
    if (this.#stepDue) this.#toFound(this.#stepDue);
    this.finder.draw(scene.columns.indexOf(this.#selected));
    return more;
  }

  /** @param {1 | -1} by */
  #toFound(by) {
    const { columns, window } = this.scene;
    const { find } = this;
    const index = find.isAnswered ? find.next(columns.indexOf(this.#selected), by) : -1;
    this.#stepDue = index < 0 && find.isBusy ? by : 0;
    if (index < 0) return;
    this.around.send({ type: "select", span: Number(columns.number[index]) });
    this.#showFound(index);
    const { from, to } = this.scene.placesOf(index);
    if (to < window.from || from > window.to) this.timeline.bring(index);
    const { name } = this.scene.spanOf(index);
    this.around.announce(`${this.find.place(index)} of ${this.find.count}: ${name}`);
  }

  /** Opens the tab in which a match can be seen. @param {number} index */
  #showFound(index) {
    const { details, find, scene } = this;
    const tab = tabOf(find.query, find.placeOf(index), scene.spanOf(index), details.current);
    if (tab !== details.current) details.tab(tab);
  }

  /** @param {boolean} graph instead of the timeline */
  #view(graph) {
    show(this.graph.root, graph);
    show(this.timeline.root, !graph);
    this.transport.graph(graph);
    this.drawAll();
    if (!graph) this.timeline.resize();
    this.#keepPlace();
  }

  /** @param {KeyboardEvent} press */
  #key(press) {
    if (!this.session || this.root.hidden || press.defaultPrevented) return;
    const target = press.target instanceof Element ? press.target : null;
    if (target?.closest(TAKES_KEYS)) return;
    if (press.key === " " && target?.closest(PRESSED)) return;
    // Where nothing has the keyboard, arrows move through the rows, too.
    const inRows =
      target?.closest('[role="treegrid"]') || (isNowhere(target) && press.key.startsWith("Arrow"));
    const event = eventOf(press, inRows ? ROWS : "");
    if (!event) return;
    press.preventDefault();
    this.around.send(event);
  }

  // ── The run that is shown ──

  /**
   * Shows what the address asks for.
   * @param {RunRoute | OpenRoute} route @param {boolean} same it is the run that is shown
   * @param {import("./opened_session.js").What | null} [what] the file, where it is one
   */
  arrive(route, same, what = null) {
    this.#choseSpan = route.span !== null;
    this.#choseTab = route.tab !== null;
    if (!same || !this.session) {
      this.body.classList.remove("details-open");
      if (route.page === "run") this.#open(route.run);
      else if (what) this.#openFile(what, route.file);
    }
    if (route.tab && TABS.includes(route.tab)) this.details.tab(route.tab);
    if (route.span !== null) this.#select(route.span, true);
    this.#view(route.graph);
    this.finder.say(route.find);
    this.#search(route.find);
    const { at, from_us, to_us } = route;
    if (at === null && same) this.playback.follow();
    if (from_us === null && same) this.timeline.hear({ type: "fit", all: true });
    this.#wanted = at !== null || from_us !== null ? { at, from_us, to_us } : null;
    this.drawAll();
  }

  close() {
    this.session?.close();
    this.session = null;
    this.around.loop.isPatient = false;
    this.find.close();
  }

  /** Where one goes on by keyboard. @returns {HTMLElement} */
  get place() {
    return this.graph.root.hidden ? this.timeline.scroller : this.graph.root;
  }

  /** Draws all of it in the next frame. */
  drawAll() {
    this.touchFind();
    this.touchHeader();
    this.touchTimeline();
    this.touchTransport();
    this.touchGraph();
    this.touchDetails();
    this.touchEvents();
  }

  /** @param {string} run */
  #open(run) {
    this.session?.close();
    this.#selected = null;
    // Of a run that was there before, only what happens from now on is news.
    this.#news = new News(run === this.startedHere);
    this.session = new RunSession(run, this.around.api, {
      changed: () => this.#changed(),
      replaced: () => this.#showStore(),
      feed: (status) => {
        if (status.state === "denied") this.around.denied();
        if (status.state === "missing") this.around.missing(run);
        this.touchHeader();
        this.touchTimeline();
      },
    });
    this.#showStore();
    this.session.open();
  }

  /** @param {import("./opened_session.js").What} what @param {string | null} id */
  #openFile(what, id) {
    this.session?.close();
    this.#selected = null;
    this.#file = id;
    this.#news = new News(false);
    this.session = new OpenedSession(what, this.around.api, {
      changed: () => this.#changed(),
      kept: (run) => this.around.send({ type: "open", run }),
      unreadable: (why) => this.around.unreadable(what.name, why),
    });
    this.#showStore();
    this.session.open();
  }

  #showStore() {
    if (!this.session) return;
    this.playback.show(this.session.store);
    this.timeline.show(this.session.store);
    this.graph.show(this.session.store);
    this.finder.show(this.session.store);
    this.find.show(this.session.store, this.scene.columns);
    this.events.show(this.session.store);
    this.timeline.select(this.#selected, false);
    this.drawAll();
  }

  #changed() {
    if (!this.session) return;
    const { store } = this.session;
    this.around.loop.isPatient = store.loading;
    if (store.fold.version !== this.#news.version || store.running) {
      if (!this.#choseSpan) {
        const best = worthSeeing(store, this.#selected);
        if (best !== this.#selected) this.#select(best, false);
        else if (!this.#choseTab) this.#autoTab();
      }
      this.#tell();
    }
    this.drawAll();
  }

  #tell() {
    if (!this.session) return;
    const { store } = this.session;
    const { fold } = store;
    this.#news.tell(store, this.around.announce);
    const label = chainLabel(fold.chain);
    document.title = label ? `${label} · ${store.gone ? "gone" : fold.status} · tracer` : "tracer";
    this.around.chain(fold.chain);
  }

  // ── What is selected ──

  /** @param {number | null} span @param {boolean} reveal */
  #select(span, reveal) {
    if (span !== this.#selected) {
      this.#selected = span;
      if (!this.#choseTab) this.#autoTab();
      this.touchDetails();
      this.touchEvents();
      this.touchFind();
    }
    this.timeline.select(span, reveal);
    this.graph.select(span);
  }

  #autoTab() {
    const { session, details } = this;
    const span = session?.store.moment.span(this.#selected);
    const isTree = span?.type === "parser" && session && session.store.objectSeq(span.span) >= 0;
    const tab = isTree ? "JSON" : "Output";
    if (details.current !== tab) details.tab(tab);
  }

  /** The address says where one is, so that a reload, Back and a shared link show it again. */
  #keepPlace() {
    clearTimeout(this.#keeping);
    // Browsers refuse an address that changes with each frame.
    this.#keeping = setTimeout(() => this.#writePlace(), KEEP_MS);
  }

  #writePlace() {
    const { session, playback, seen } = this;
    if (!session || this.root.hidden || this.#wanted || playback.isPlaying) return;
    const { store, run } = session;
    /** @type {import("./route.js").Place} */
    const place = {
      tab: this.#choseTab ? this.details.current : null,
      span: this.#choseSpan ? this.#selected : null,
      at: store.cursor === null ? null : (store.columns.seq[store.cursor] ?? null),
      from_us: seen.from_us,
      to_us: seen.to_us,
      graph: !this.graph.root.hidden,
      find: this.find.text.trim(),
    };
    const isFile = session instanceof OpenedSession;
    history.replaceState(null, "", isFile ? openPath(this.#file, run, place) : runPath(run, place));
  }

  /** Goes to the line and the stretch of time that the address names, once they have come. */
  #goToWanted() {
    const { session, scene, playback } = this;
    const wanted = this.#wanted;
    if (!session || !wanted) return;
    const { store } = session;
    const { at, from_us, to_us } = wanted;
    const isRead = !store.running;
    if (at !== null && (store.lastSeq >= at || isRead)) {
      const row = store.columns.rowOf(Math.min(at, store.lastSeq));
      if (row >= 0) playback.seek(row);
      wanted.at = null;
      this.drawAll();
    }
    if (from_us !== null && to_us !== null && (scene.edge_us >= to_us || isRead) && scene.edge_us > 0) {
      this.timeline.showTimes(from_us, to_us);
      wanted.from_us = null;
    }
    if (wanted.at === null && wanted.from_us === null) this.#wanted = null;
  }

  /** @param {unknown} answer @returns {Promise<string>} the run that goes on with it */
  async #answer(answer) {
    if (!this.session) throw new Error("The run is not shown any more.");
    const { run } = this.session;
    const next = await this.session.resume(answer);
    this.#answered.set(run, next);
    this.startedHere = next;
    return next;
  }

  // ── What is drawn in a frame ──

  /** @param {import("./loop.js").Frame} frame */
  #drawHeader({ ms, wall }) {
    if (!this.session) return false;
    const { feed, store, run, quietSince, stopping, stopProblem, reading, problem } = this.session;
    const file = this.session instanceof OpenedSession ? this.session : null;
    const moving = this.header.draw(store, {
      feed: feed.status,
      ms,
      wall,
      quietSince,
      stopping,
      stopProblem,
      reading,
      problem,
      file,
    });
    this.findings.draw(store);
    if (file) show(this.interrupt.root, false);
    else this.interrupt.draw(store, this.#answered.get(run) ?? this.around.answerTo(run));
    return moving || feed.status.state === "waiting";
  }

  /** @param {import("./loop.js").Frame} frame */
  #drawDetails(frame) {
    if (!this.session) return false;
    const { store } = this.session;
    const lit = this.details.draw(store, this.#selected, frame);
    return (
      lit || (store.cursor === null && store.running && store.fold.span(this.#selected)?.state === "running")
    );
  }
}

/** @param {Element | null} target of a key press */
const isNowhere = (target) =>
  target === null || target === document.documentElement || target.matches("body, main");
