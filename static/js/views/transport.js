// Playing a run back: play and pause, steps, speed, and where in the run one is.

import { button, el, glyph, setAttribute, setGlyph, setText, show } from "../dom.js";
import { clockOf, count, duration, MINUTE } from "../format.js";
import { SPEEDS } from "../playback.js";
import { MARKS } from "../scene.js";
import { makePaint } from "./paint.js";

/** @typedef {import("../playback.js").Playback} Playback */
/** @typedef {import("../scene.js").Scene} Scene */
/** @typedef {import("../loop.js").Frame} Frame */

const MARK = 2;
/** Of all there is to see, the share that first tokens may take, and marks that are wide. */
const MOST_FIRSTS = 0.04;
const MANY = 0.1;
/** Marks of a run that grows are drawn this seldom, in ms. */
const MARKS_MS = 250;
/** A page of the slider is this share of the run. */
const PAGE = 0.1;

export class TransportView {
  #lastMs = 0;
  #key = "";
  #drawn = "";
  /** The slider is being dragged. */
  #held = false;

  /**
   * @param {HTMLElement} root @param {Playback} playback @param {Scene} scene @param {import("../dom.js").Send} send
   * @param {() => void} touch
   */
  constructor(root, playback, scene, send, touch) {
    this.root = root;
    this.playback = playback;
    this.scene = scene;
    this.touch = touch;
    this.paint = makePaint(touch);
    this.playGlyph = glyph("play");
    this.play = button("btn icon quiet", [this.playGlyph], { "aria-label": "Play" });
    this.play.addEventListener("click", () => send({ type: "play" }));
    const step = (
      /** @type {string} */ label,
      /** @type {string} */ icon,
      /** @type {1 | -1} */ by,
      token = false,
    ) => {
      const made = button("btn icon quiet", [glyph(icon)], { "aria-label": label });
      made.addEventListener("click", () => send({ type: "step", by, token }));
      return made;
    };
    this.tokenBack = step("Token before", "token-back", -1, true);
    this.back = step("Event before", "step-back", -1);
    this.on = step("Next event", "step", 1);
    this.tokenOn = step("Next token", "token-on", 1, true);
    this.speed = el("select", "select small", "", { "aria-label": "Speed" });
    for (const speed of SPEEDS) this.speed.append(new Option(`${speed}×`, String(speed), speed === 1));
    this.speed.addEventListener("change", () => {
      playback.speed = Number(this.speed.value);
      touch();
    });
    this.skip = button("chip skip-waiting", "skip waiting", {
      "aria-pressed": "false",
      title: "Play on at once where nothing happens",
    });
    this.skip.addEventListener("click", () => {
      playback.skipsWaiting = !playback.skipsWaiting;
      touch();
    });
    this.track = el("div", "scrub");
    this.canvas = el("canvas", "scrub-marks", "", { "aria-hidden": "true" });
    this.slider = el("input", "scrub-slider", "", {
      type: "range",
      min: "0",
      step: "1",
      "aria-label": "Moment",
    });
    this.track.append(this.canvas, this.slider);
    new ResizeObserver(() => {
      this.#size = { width: this.track.clientWidth, height: this.track.clientHeight };
      touch();
    }).observe(this.track);
    this.slider.addEventListener("input", () => send({ type: "seek-time", us: Number(this.slider.value) }));
    this.slider.addEventListener("keydown", (event) => this.#press(event, send));
    this.slider.addEventListener("pointerdown", () => {
      this.#held = true;
    });
    for (const type of ["pointerup", "pointercancel", "blur"]) {
      this.slider.addEventListener(type, () => {
        this.#held = false;
      });
    }
    this.time = el("output", "scrub-time", "", { "aria-hidden": "true" });
    this.live = button("btn small quiet", "Live", {});
    this.live.addEventListener("click", () => send({ type: "follow" }));
    this.view = button("chip view-graph", "graph", {
      "aria-pressed": "false",
      title: "The chain's graph (G)",
    });
    this.view.addEventListener("click", () => send({ type: "view", graph: null }));
    root.replaceChildren(
      this.play,
      this.tokenBack,
      this.back,
      this.on,
      this.tokenOn,
      this.track,
      this.time,
      this.speed,
      this.skip,
      this.live,
      this.view,
    );
    new ResizeObserver(() => {
      this.#drawn = "";
      touch();
    }).observe(this.track);
  }

  /** Whether the graph is shown. @param {boolean} shown */
  graph(shown) {
    setAttribute(this.view, "aria-pressed", String(shown));
  }

  /** @param {KeyboardEvent} event @param {import("../dom.js").Send} send */
  #press(event, send) {
    const { playback } = this;
    const page = playback.length_us * PAGE;
    // A range input steps by one of its units, which here is a microsecond.
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowRight" || event.key === "ArrowUp")
      send({ type: "step", by: 1, token: event.shiftKey });
    else if (event.key === "ArrowLeft" || event.key === "ArrowDown")
      send({ type: "step", by: -1, token: event.shiftKey });
    else if (event.key === "PageUp") send({ type: "seek-time", us: playback.at_us + page });
    else if (event.key === "PageDown") send({ type: "seek-time", us: playback.at_us - page });
    else if (event.key === "Home") send({ type: "seek-time", us: 0 });
    else if (event.key === "End") send({ type: "follow" });
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {Frame} frame @returns {boolean} whether it moves by itself */
  draw({ ms }) {
    const { playback } = this;
    const since = Math.min(250, Math.max(0, ms - this.#lastMs));
    const wasPlaying = playback.isPlaying && this.#lastMs > 0;
    this.#lastMs = ms;
    const store = this.scene.store;
    show(this.root, Boolean(store?.columns.length));
    if (!store) return false;
    if (wasPlaying && !this.#held) playback.tick(since);
    const { isPlaying, isFollowing, at_us, length_us, row } = playback;
    const key = `${isPlaying}|${isFollowing}|${at_us}|${length_us}|${row}|${playback.speed}|${playback.skipsWaiting}|${store.running}`;
    if (key !== this.#key) {
      this.#key = key;
      setGlyph(this.playGlyph, isPlaying ? "pause" : "play");
      setAttribute(this.play, "aria-label", isPlaying ? "Pause" : "Play");
      setAttribute(this.skip, "aria-pressed", String(playback.skipsWaiting));
      if (this.speed.value !== String(playback.speed)) this.speed.value = String(playback.speed);
      setAttribute(this.slider, "max", String(Math.max(1, length_us)));
      const value = isFollowing ? length_us : at_us;
      if (Number(this.slider.value) !== value) this.slider.value = String(value);
      const total = count(store.columns.length);
      setAttribute(
        this.slider,
        "aria-valuetext",
        `${duration(value)} of ${duration(length_us)}, line ${row} of ${total}`,
      );
      setText(this.time, `${clockOf(value)} / ${clockOf(length_us)}${length_us < MINUTE ? " s" : ""}`);
      setText(this.live, store.running ? "Live" : "End");
      this.live.disabled = isFollowing;
      this.root.classList.toggle("replaying", !isFollowing);
      this.track.style.setProperty("--done", `${length_us ? (value / length_us) * 100 : 0}%`);
    }
    // While a run grows, its marks move a little with each line.
    const isSoon = (store.running || store.loading) && ms - this.#markedMs < MARKS_MS;
    if (!isSoon) {
      this.#markedMs = ms;
      this.#drawMarks(length_us);
    }
    // What is read tells when there is more, and when there is no more.
    this.isLate = isSoon && !store.loading;
    return isPlaying;
  }

  /** Marks are still to be drawn. */
  isLate = false;

  /** Of the marks: asking for it while a frame is drawn costs a layout. */
  #size = { width: 0, height: 0 };
  /** When marks were drawn. */
  #markedMs = Number.NEGATIVE_INFINITY;

  /** @param {number} length_us */
  #drawMarks(length_us) {
    const { scene, canvas } = this;
    const { marks } = scene;
    const paint = this.paint();
    const ratio = Math.min(3, devicePixelRatio || 1);
    const { width, height } = this.#size;
    const key = `${marks.version}|${length_us}|${width}|${height}|${ratio}|${paint.version}`;
    if (key === this.#drawn || !width) return;
    this.#drawn = key;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = canvas.getContext("2d");
    if (!context || !length_us) return;
    const kinds = [
      { lane: MARKS.firsts, colour: paint.css[2], tall: 6 },
      { lane: MARKS.findings, colour: paint.warn, tall: 8 },
      { lane: MARKS.errors, colour: paint.error, tall: 9 },
    ];
    for (const { lane, colour, tall } of kinds) {
      context.fillStyle = colour ?? paint.line;
      const seen = marks.seenIn(lane, 0, length_us, width);
      if (lane === MARKS.firsts && seen.length > width * MOST_FIRSTS) continue;
      const wide = seen.length > width * MANY ? MARK / 2 : MARK;
      for (const at of seen) context.fillRect((at - wide / 2) * ratio, 0, wide * ratio, tall * ratio);
    }
  }
}
