// What a run is and how it goes, and what is wrong with it or with the connection.

import { isTimed } from "../clock.js";
import { button, el, setAttribute, setText, show } from "../dom.js";
import {
  byteSize,
  chainLabel,
  clockTime,
  count,
  counted,
  dayTime,
  duration,
  errorName,
  perSecond,
  shortRun,
} from "../format.js";
import { spanHealth } from "../health.js";
import { runPath } from "../route.js";
import { isModel } from "../spans.js";
import { failedFirst } from "../states.js";

/** @typedef {import("../store.js").RunStore} RunStore */
/** @typedef {import("../feed.js").FeedStatus} FeedStatus */
/**
 * @typedef {{
 *   feed: FeedStatus, ms: number, wall: number, quietSince: number, stopping: boolean, stopProblem: string,
 *   reading: { read: number, size: number } | null, problem: string,
 *   file: { file: string, keeping: { share: number } | null } | null,
 * }} About  `reading`: how much of a long log has been; `problem`: why it cannot be read or kept; `file`: it is shown
 * without being kept. `ms` is the clock of the feed's `retryAt` and of `quietSince`, when the last line came.
 */

const STALLED_AFTER = 10_000;
const FIGURES_EVERY = 100;

export class HeaderView {
  /** @param {HTMLElement} root @param {import("../dom.js").Send} send */
  constructor(root, send) {
    this.title = el("h1", "run-title");
    this.state = el("i", "state");
    this.began = el("time", "run-began");
    this.status = el("span", "run-status", "", { role: "status", "aria-label": "Run status" });
    this.word = el("span");
    this.status.append(this.state, this.word);
    this.pill = el("span", "pill live-pill");
    this.elapsed = stat("elapsed");
    this.first = stat("first token", "From the start of the run to the first token of its first model");
    this.rate = stat("now", "Pieces that the models streamed in the last second");
    this.tokens = stat("tokens in → out");
    this.waited = stat("waited", "", " for models");
    this.findings = button("stat stat-button", [el("b"), el("span", "", "findings")], {
      "aria-expanded": "false",
      "aria-controls": "findings",
    });
    this.findings.addEventListener("click", () => send({ type: "findings" }));
    this.mode = el("span", "pill", "invoke", { title: "The chain was called by ainvoke, not streamed" });
    this.unredacted = el("span", "pill", "secrets recorded", {
      title: "Recorded with --no-redact: secrets stand in this log as the chain saw them",
    });
    this.continues = el("a", "run-continues");
    this.continues.addEventListener("click", (event) => {
      const { run } = this.continues.dataset;
      if (!run || event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      send({ type: "open", run });
    });
    this.stop = button("btn primary stop", "Stop");
    const stats = el("div", "run-stats", "", { role: "group", "aria-label": "Figures", tabindex: "0" });
    stats.append(
      this.elapsed.box,
      this.first.box,
      this.rate.box,
      this.tokens.box,
      this.waited.box,
      this.findings,
    );
    const head = el("div", "run-head");
    const marks = [this.mode, this.unredacted, this.continues];
    head.append(
      this.title,
      this.began,
      this.status,
      this.pill,
      ...marks,
      stats,
      el("span", "spacer"),
      this.stop,
    );
    this.strips = el("div", "strips");
    root.replaceChildren(head, this.strips);
    this.stop.addEventListener("click", () => send({ type: "stop" }));
    this.send = send;
    /** @type {Map<string, { strip: HTMLElement, text: HTMLElement }>} */
    this.shown = new Map();
    this.figuresAt = 0;
    /** The run could be stopped since it is shown. */
    this.keepsStop = false;
    /** What the figures of its health are of. */
    this.healthOf = "";
    /** @type {number | null} */
    this.waited_us = null;
    /** What looks at the figures: the pointer, the focus. @type {Set<string>} */
    this.looks = new Set();
    stats.addEventListener("pointerenter", () => this.#look("pointer"));
    stats.addEventListener("pointerleave", () => this.looks.delete("pointer"));
    stats.addEventListener("focusin", () => this.#look("focus"));
    stats.addEventListener("focusout", () => this.looks.delete("focus"));
    /** @type {RunStore | null} */
    this.store = null;
    /** @type {RunStore["header"]} */
    this.header = null;
  }

  /** @param {RunStore} store @param {About} about @returns {boolean} whether it changes by itself */
  draw(store, about) {
    if (store !== this.store) {
      if (store.run !== this.store?.run) this.keepsStop = false;
      this.store = store;
      this.figuresAt = 0;
      this.healthOf = "";
      this.waited_us = null;
      this.strips.replaceChildren();
      this.shown.clear();
    }
    const { moment, running } = store;
    const label = chainLabel(moment.chain || String(store.header?.chain ?? ""));
    setText(this.title, label || "Run");
    if (store.header !== this.header) {
      this.header = store.header;
      const began = String(store.header?.started_at ?? "");
      setText(this.began, dayTime(began));
      show(this.began, this.began.textContent !== "");
      setAttribute(this.began, "datetime", began || null);
      this.began.title = began ? `Started ${clockTime(began)}` : "";
      this.title.title = [moment.chain, store.run].filter(Boolean).join("\n");
    }
    const state = store.gone && moment.isNow ? "gone" : moment.status;
    this.state.dataset.state = state;
    setText(this.word, state);
    const live = running && about.feed.state === "live";
    show(this.pill, (running && !about.reading && !about.file) || !moment.isNow);
    setText(this.pill, !moment.isNow ? "REPLAY" : live ? "LIVE" : "OFFLINE");
    this.pill.classList.toggle("on", live && moment.isNow);
    show(this.mode, store.header?.mode === "invoke");
    show(this.unredacted, store.header?.redact === false);
    this.#continues(store.header?.continues);
    const found = moment.findings.length;
    show(this.findings, found > 0);
    setText(/** @type {Element} */ (this.findings.firstElementChild), count(found));
    setText(/** @type {Element} */ (this.findings.lastElementChild), found === 1 ? "finding" : "findings");
    // Where it was, nothing else comes: the press may be on its way when the run ends.
    const stoppable = running && !about.reading && !about.file;
    this.keepsStop ||= stoppable && store.clock.isFresh;
    show(this.stop, stoppable || this.keepsStop);
    this.stop.classList.toggle("gone", !stoppable);
    this.stop.disabled = about.stopping || !stoppable;
    setText(this.stop, about.stopping ? "Stopping…" : "Stop");
    if (!running || !moment.isNow || about.ms - this.figuresAt >= FIGURES_EVERY) {
      this.figuresAt = about.ms;
      this.#figures(store, about.wall);
    }
    this.#strips(store, about);
    return running;
  }

  /** @param {RunStore} store */
  #health({ moment, header, loading }) {
    const key = `${moment.lines}|${loading}`;
    if (key === this.healthOf) return;
    this.healthOf = key;
    this.waited_us = moment.waitedUs();
    this.waited.set(
      moment.t_us && isTimed(header) ? `${Math.round((this.waited_us / moment.t_us) * 100)} %` : "",
    );
    this.#explain();
  }

  /** What stands behind the share of time waited; how much of the rest is untraced only for who looks: that takes all steps. */
  #explain() {
    if (!this.store || this.waited_us === null) return;
    const { moment, loading } = this.store;
    const root = this.looks.size && !loading ? moment.root() : undefined;
    const untraced = root ? spanHealth(moment, root).untraced_us : null;
    this.waited.box.title = [
      `${duration(this.waited_us)} in which a model was asked and had not begun to answer`,
      untraced === null ? "" : `${duration(untraced)} in which no step of the chain ran (untraced)`,
    ]
      .filter(Boolean)
      .join("\n");
  }

  /** @param {string} what */
  #look(what) {
    this.looks.add(what);
    this.#explain();
  }

  /** @param {unknown} run */
  #continues(run) {
    const known = typeof run === "string" && run !== "";
    show(this.continues, known);
    if (!known || this.continues.dataset.run === run) return;
    this.continues.dataset.run = run;
    this.continues.href = runPath(run);
    this.continues.title = run;
    setText(this.continues, `continues ${shortRun(run)}`);
  }

  /** @param {RunStore} store @param {number} wall */
  #figures(store, wall) {
    const { moment } = store;
    const { hasModel } = moment;
    const running = moment.status === "running" && !store.gone;
    const now_us = store.at(wall);
    const timed = isTimed(store.header);
    this.elapsed.set(timed ? duration(now_us, running) : "times unknown");
    const first = timed ? store.firstToken() : null;
    // A model that has ended says no more, and may have said nothing.
    const speaks = running && hasModel && (store.firstToken() !== null || moment.open().some(isAsked));
    this.first.set(first !== null ? duration(first) : speaks ? "waiting…" : "");
    const tokens = store.tokens();
    if (running) {
      this.rate.set(speaks ? `${perSecond(store.rate(now_us))} tok/s` : "", "now");
    } else {
      const mean = tokens.output !== null && tokens.seconds > 0.02 ? tokens.output / tokens.seconds : null;
      this.rate.set(mean === null || !timed ? "" : `${perSecond(mean)} tok/s`, "mean");
    }
    if (hasModel) this.#health(store);
    else this.waited.set("");
    const given = tokens.output === null ? "…" : `${tokens.exact ? "" : "~"}${few(tokens.output)}`;
    const taken = tokens.input === null ? "…" : few(tokens.input);
    const all = [tokens.input, tokens.output].map((one) => (one === null ? "…" : count(one))).join(" → ");
    setAttribute(this.tokens.box, "title", `${all}. As the models reported them; ~ is counted in pieces`);
    if (running) this.tokens.set(hasModel ? `${taken} → ${given}` : "", "tokens in → out");
    else if (tokens.output === null) this.tokens.set(tokens.input === null ? "" : taken, "tokens in");
    else if (tokens.input === null) this.tokens.set(given, "tokens out");
    else this.tokens.set(`${taken} → ${given}`, "tokens in → out");
  }

  /** @param {RunStore} store @param {About} about */
  #strips(store, about) {
    const { moment, running } = store;
    const { feed, reading, file } = about;
    const quiet = Math.floor((about.ms - about.quietSince) / 1000);
    const seconds = feed.retryAt === null ? 0 : Math.max(0, Math.ceil((feed.retryAt - about.ms) / 1000));
    const reached =
      store.lastSeq < 0 ? "Nothing has come yet" : `What came up to line ${count(store.lastSeq)} is here`;
    this.#strip(
      "reconnecting",
      feed.state === "waiting"
        ? `Reconnecting. ${reached}; next try ${seconds ? `in ${seconds} s` : "now"}.`
        : feed.state === "connecting" && feed.tries
          ? `Reconnecting. ${reached}; trying now.`
          : "",
      "Try now",
      { type: "reconnect" },
    );
    this.#strip("refused", feed.state === "refused" ? "The server does not give out this run's events." : "");
    const stalled = running && feed.state === "live" && store.lastSeq >= 0 && quiet * 1000 >= STALLED_AFTER;
    this.#strip("stalled", stalled ? `No event for ${quiet} s. The chain is still running.` : "");
    this.#strip("alarm", store.alarm ? `Trouble with the log: ${store.alarm}` : "");
    const pid = Number.isInteger(store.header?.pid) ? ` (process ${store.header?.pid})` : "";
    this.#strip(
      "lost",
      moment.status === "lost" && !file
        ? `Lost: the process that wrote this run${pid} is gone. ${reached}.`
        : "",
    );
    this.#strip(
      "gone",
      store.gone ? "This run was deleted. What came before is still here until you leave." : "",
    );
    const { error } = moment;
    const failed = moment.status === "error" && error !== null;
    const origin = failed ? failedFirst(moment) : undefined;
    this.#strip(
      "failed",
      failed ? [errorName(error.type), error.message].filter(Boolean).join(": ") : "",
      "Show where",
      origin && { type: "origin", span: origin.span },
    );
    this.#strip("stop", about.stopProblem);
    this.#strip("problem", about.problem);
    const share = reading?.size ? Math.floor((reading.read / reading.size) * 100) : 0;
    this.#strip("reading", reading ? `Reading: ${share} % of ${byteSize(reading.size)}.` : "");
    this.#strip(
      "file",
      file && !file.keeping && !(about.problem && store.lastSeq < 0)
        ? `Opened from ${file.file}, not kept: it was read in this browser and not uploaded.`
        : "",
      "Keep",
      { type: "keep" },
    );
    const kept = file?.keeping?.share ?? 0;
    this.#strip(
      "keeping",
      file?.keeping
        ? `Keeping ${file.file}: ${kept < 1 ? `${Math.floor(kept * 100)} % sent` : "making a run of it"}…`
        : "",
      "Stop",
      { type: "stop-keeping" },
    );
    const bad = store.badSeqs;
    const places = bad.slice(0, 8).map((seq) => count(seq + 1));
    this.#strip(
      "bad",
      bad.length
        ? `${counted(bad.length, "line")} of the file could not be read: ${places.join(", ")}${bad.length > 8 ? ", …" : ""}.`
        : "",
      "Show the first",
      { type: "jump", seq: bad[0] ?? 0 },
    );
  }

  /** @param {string} name @param {string} text "" for none @param {string} [label] @param {import("../dom.js").PageEvent} [event] */
  #strip(name, text, label, event) {
    let one = this.shown.get(name);
    if (!text) {
      one?.strip.remove();
      this.shown.delete(name);
      return;
    }
    if (!one) {
      const strip = el("div", `strip strip-${name}`);
      one = { strip, text: el("span", "strip-text") };
      strip.append(one.text);
      if (label && event) {
        const act = button("btn small", label);
        act.addEventListener("click", () => this.send(event));
        strip.append(act);
      }
      this.strips.append(strip);
      this.shown.set(name, one);
    }
    setText(one.text, text);
    setAttribute(one.text, "title", text.length > 120 ? text : null);
  }
}

/** @param {import("../span.js").SpanNow} span */
const isAsked = (span) => isModel(span.type);

/** A count in few digits: `20,160`, `1.92 M`. @param {number} n */
function few(n) {
  if (n < 1e5) return count(n);
  const [unit, sign] = n < 999_500 ? [1e3, "k"] : [1e6, "M"];
  return `${n / unit < 999.5 ? (n / unit).toPrecision(3) : count(Math.round(n / unit))} ${sign}`;
}

/** A figure and what it is. @param {string} label @param {string} [title] @param {string} [more] words where there is room */
function stat(label, title = "", more = "") {
  const box = el("div", "stat");
  const figure = el("b");
  const name = el("span", "", label);
  if (title) box.title = title;
  if (more) name.append(el("span", "stat-more", more));
  box.append(figure, name);
  box.hidden = true;
  return {
    box,
    /** @param {string} text "" hides it @param {string} [newLabel] */
    set(text, newLabel) {
      show(box, text !== "");
      setText(figure, text);
      if (newLabel) setText(name, newLabel);
    },
  };
}
