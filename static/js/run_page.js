// The page of a run: its views, what is selected, what the views say of the run, and the keys. Wires, as app.js does.

import { worthSeeing } from "./choice.js";
import { el } from "./dom.js";
import { chainLabel, duration, errorName } from "./format.js";
import { eventOf } from "./keys.js";
import { runPath } from "./route.js";
import { RunSession } from "./session.js";
import { DetailsView, TABS } from "./views/details.js";
import { EventsView } from "./views/events.js";
import { FindingsView } from "./views/findings.js";
import { HeaderView } from "./views/header.js";
import { InterruptView } from "./views/interrupt.js";
import { splitter } from "./views/split.js";
import { TimelineView } from "./views/timeline.js";

/** @typedef {import("./dom.js").PageEvent} PageEvent */
/** @typedef {Extract<import("./route.js").Route, { page: "run" }>} RunRoute */
/**
 * @typedef {{
 *   loop: import("./loop.js").Loop, api: import("./api.js").Api, send: import("./dom.js").Send,
 *   announce: (text: string) => void,
 *   chain: (chain: string) => void, denied: () => void, missing: (run: string) => void,
 *   answerTo: (run: string) => string | undefined,
 * }} Around  What the page of a run needs of the rest: `chain` hears which chain is shown, `missing` that there is no
 * such run; `answerTo` knows which run goes on with an answer to this one.
 */

const NARROW = matchMedia("(max-width: 899.98px)");
/** Where a key writes, or has a meaning of its own. */
const TAKES_KEYS = 'input, textarea, select, [contenteditable], [role="textbox"], dialog[open]';

export class RunPage {
  /** @type {RunSession | null} */
  session = null;
  /** The run that was started on this page last. */
  startedHere = "";
  /** @type {number | null} */
  #selected = null;
  /** The user chose the span, or the tab; else the page does. */
  #choseSpan = false;
  #choseTab = false;
  /** What was announced of the run. */
  #told = { version: -1, failures: 0, findings: 0, running: false };
  /** Which run goes on with which answer, of those answered here. @type {Map<string, string>} */
  #answered = new Map();

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
    this.body = el("div", "run-body");
    this.body.append(timelineRoot, detailsRoot);
    root.append(headerRoot, this.body, eventsRoot);

    this.touchHeader = loop.add((frame) => this.#drawHeader(frame));
    this.touchTimeline = loop.add((frame) => this.timeline.draw(frame));
    this.touchDetails = loop.add((frame) => this.#drawDetails(frame));
    this.touchEvents = loop.add(({ ms }) => this.events.draw(this.#selected, ms));

    this.header = new HeaderView(headerRoot, send);
    headerRoot.append(interruptRoot, findingsRoot);
    this.interrupt = new InterruptView(interruptRoot, send, (answer) => this.#answer(answer));
    this.findings = new FindingsView(findingsRoot, send);
    this.timeline = new TimelineView(timelineRoot, send, () => this.touchTimeline());
    this.details = new DetailsView(
      detailsRoot,
      send,
      () => this.touchDetails(),
      (first, last) => (this.session ? this.session.linesOf(first, last) : Promise.resolve([])),
    );
    this.events = new EventsView(eventsRoot, send, () => this.touchEvents());

    // Who touches or enters what is shown of a span wants to go on reading it.
    for (const type of ["pointerdown", "keydown", "wheel"]) {
      const stay = (/** @type {Event} */ event) => {
        if (/** @type {Element} */ (event.target).closest(".panels")) this.#choseSpan = true;
      };
      detailsRoot.addEventListener(type, stay, { passive: true });
    }
    addEventListener("keydown", (event) => this.#key(event));
    this.#split(timelineRoot, detailsRoot, eventsRoot);
    if (matchMedia("(max-width: 899.98px), (max-height: 640px)").matches) this.events.open(false);
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
      case "stop":
        void this.session?.stop();
        return true;
      case "jump":
        this.events.jump(event.seq);
        return true;
      case "layout":
        this.root.classList.toggle("events-shut", !this.events.isOpen);
        return true;
    }
    return false;
  }

  /** @param {KeyboardEvent} press */
  #key(press) {
    if (!this.session || this.root.hidden || press.defaultPrevented) return;
    const target = press.target instanceof Element ? press.target : null;
    if (target?.closest(TAKES_KEYS)) return;
    const event = eventOf(press, target?.closest(".timeline") ? "timeline" : "");
    if (!event) return;
    press.preventDefault();
    this.around.send(event);
  }

  // ── The run that is shown ──

  /** Shows what the address asks for. @param {RunRoute} route @param {boolean} same it is the run that is shown */
  arrive(route, same) {
    this.#choseSpan = route.span !== null;
    this.#choseTab = route.tab !== null;
    if (!same || !this.session) {
      this.body.classList.remove("details-open");
      this.#open(route.run);
    }
    if (route.tab && TABS.includes(route.tab)) this.details.tab(route.tab);
    if (route.span !== null) this.#select(route.span, true);
  }

  close() {
    this.session?.close();
    this.session = null;
  }

  /** Draws all of it in the next frame. */
  drawAll() {
    for (const touch of [this.touchHeader, this.touchTimeline, this.touchDetails, this.touchEvents]) touch();
  }

  /** @param {string} run */
  #open(run) {
    this.session?.close();
    this.#selected = null;
    // Of a run that was there before, only what happens from now on is news.
    const isNews = run === this.startedHere;
    this.#told = { version: isNews ? 0 : -1, failures: 0, findings: 0, running: isNews };
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

  #showStore() {
    if (!this.session) return;
    this.timeline.show(this.session.store);
    this.events.show(this.session.store);
    this.timeline.select(this.#selected, false);
    this.drawAll();
  }

  #changed() {
    if (!this.session) return;
    const { store } = this.session;
    if (store.fold.version !== this.#told.version || store.running) {
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
    const { announce, chain } = this.around;
    const { store } = this.session;
    const { fold, running } = store;
    const told = this.#told;
    const failures = fold.failures();
    const label = chainLabel(fold.chain);
    if (told.version >= 0) {
      for (const found of fold.findings.slice(told.findings)) announce(`Finding: ${found.text}`);
      for (const span of failures.slice(told.failures)) {
        announce(`${span.name} failed: ${errorName(span.error?.type ?? "")}.`);
      }
      if (told.running && !running) announce(`${label}: ${fold.status} after ${duration(fold.t_us)}.`);
    }
    this.#told = {
      version: fold.version,
      failures: failures.length,
      findings: fold.findings.length,
      running,
    };
    document.title = label ? `${label} · ${store.gone ? "gone" : fold.status} · tracer` : "tracer";
    chain(fold.chain);
  }

  // ── What is selected ──

  /** @param {number | null} span @param {boolean} reveal */
  #select(span, reveal) {
    if (span !== this.#selected) {
      this.#selected = span;
      if (!this.#choseTab) this.#autoTab();
      this.touchDetails();
      this.touchEvents();
    }
    this.timeline.select(span, reveal);
  }

  #autoTab() {
    const { session, details } = this;
    const span = session?.store.moment.span(this.#selected);
    const isTree = span?.type === "parser" && session && session.store.objectSeq(span.span) >= 0;
    const tab = isTree ? "JSON" : "Output";
    if (details.current !== tab) details.tab(tab);
  }

  /** The address says what was chosen, so that a reload shows it again. */
  #keepPlace() {
    if (!this.session) return;
    const { run } = this.session;
    const tab = this.#choseTab ? this.details.current : null;
    history.replaceState(null, "", runPath(run, this.#choseSpan ? this.#selected : null, tab));
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
    const { feed, store, run, quietSince, stopping, stopProblem } = this.session;
    const moving = this.header.draw(store, {
      feed: feed.status,
      ms,
      wall,
      quietSince,
      stopping,
      stopProblem,
    });
    this.findings.draw(store);
    this.interrupt.draw(store, this.#answered.get(run) ?? this.around.answerTo(run));
    return moving || feed.status.state === "waiting";
  }

  /** @param {import("./loop.js").Frame} frame */
  #drawDetails(frame) {
    if (!this.session) return false;
    const { store } = this.session;
    const lit = this.details.draw(store, this.#selected, frame);
    return lit || (store.cursor === null && store.fold.span(this.#selected)?.state === "running");
  }

  /** @param {HTMLElement} timeline @param {HTMLElement} details @param {HTMLElement} events */
  #split(timeline, details, events) {
    const room = { least: 220, changed: () => this.timeline.resize() };
    details.before(
      splitter(this.root, {
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
    timeline.append(
      splitter(this.root, {
        ...room,
        name: "names",
        label: "Width of the names",
        property: "--names",
        initial: () => this.timeline.namesWidth,
        vertical: true,
        towards: 1,
        least: 140,
        most: () => innerWidth * 0.4,
      }),
    );
    events.before(
      splitter(this.root, {
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
  }
}
