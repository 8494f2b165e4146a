// All of a run at a glance: every lane, what failed, how fast tokens came, and which stretch of it is seen below.

import { el, show } from "../dom.js";
import { domainFor } from "../layout.js";
import { stepsOf } from "../rates.js";
import { MARKS } from "../scene.js";
import { drawLane } from "./lanes.js";
import { CHAINS, makePaint } from "./paint.js";

/** @typedef {import("../scene.js").Scene} Scene */
/** @typedef {import("../loop.js").Frame} Frame */
/** @typedef {import("./paint.js").Paint} Paint */

const SIDE = 16;
/** Above the lanes: marks. Below them: tokens a second. */
const TOP = 9;
const RATES = 16;
const MOST_PITCH = 12;
/** Of how high work is drawn, the share that chains take. */
const THIN = 0.45;
/** Of all there is to see, the share that first tokens may take. */
const MOST_FIRSTS = 0.04;
/** Where marks take more than this, they are thin. */
const MANY = 0.1;
/** How many times as long as it took to paint it, nothing is painted. */
const REST = 8;
const LEAST_DRAG = 4;
const GRIP = 7;
const WHEEL = 0.0022;
const REDUCED = matchMedia("(prefers-reduced-motion: reduce)");

export class OverviewView {
  #key = "";
  #width = 0;
  #height = 0;
  /** The place where it ends: all that there is, for now. */
  #extent = 0;
  #lastMs = 0;
  /** What the lanes that are seen were painted for. @type {{ extent: number, scale: import("../time_scale.js").TimeScale | null }} */
  #painted = { extent: 0, scale: null };
  /** Not painted again before then. */
  #paintAt = 0;
  #isLate = false;
  /** @type {(() => void) | null} */
  #letGo = null;

  /** @param {HTMLElement} root @param {Scene} scene @param {import("../dom.js").Send} send @param {() => void} touch */
  constructor(root, scene, send, touch) {
    this.root = root;
    this.scene = scene;
    this.send = send;
    this.touch = touch;
    this.paint = makePaint(touch);
    this.canvas = el("canvas", "overview-lanes");
    this.before = el("div", "overview-shade");
    this.after = el("div", "overview-shade");
    this.brush = el("div", "overview-brush");
    this.playhead = el("div", "overview-playhead");
    this.later = el("div", "overview-later");
    this.brush.append(el("i", "grip"), el("i", "grip"));
    root.append(this.canvas, this.later, this.before, this.after, this.brush, this.playhead);
    root.addEventListener("pointerdown", (event) => this.#down(event));
    root.addEventListener("dblclick", () => {
      scene.window.all();
      touch();
    });
    root.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    new ResizeObserver(() => this.#resize()).observe(root);
  }

  #resize() {
    this.#width = Math.max(1, this.root.clientWidth - 2 * SIDE);
    this.#height = this.root.clientHeight;
    this.#key = "";
    this.touch();
  }

  /** @param {Frame} frame @returns {boolean} */
  draw(frame) {
    const { scene } = this;
    if (!scene.store) return false;
    scene.step(frame, REDUCED.matches);
    const moving = this.#reach(frame.ms);
    // While much comes in, what is painted may be a little late, so that the rest is not.
    this.#isLate = true;
    if (performance.now() >= this.#paintAt || scene.scale !== this.#painted.scale) this.#drawLanes();
    this.#stretch();
    this.#drawBrush();
    return moving || scene.isLive || scene.isBusy || this.#isLate;
  }

  /** Towards all that there is. @param {number} ms @returns {boolean} whether it is still on its way */
  #reach(ms) {
    const { scene } = this;
    const wanted = domainFor(scene.scale.place(scene.edge_us), scene.store?.running ?? false);
    const since = Math.min(100, Math.max(0, ms - this.#lastMs));
    this.#lastMs = ms;
    const isNear = Math.abs(this.#extent - wanted) < wanted * 0.002;
    const jumps = REDUCED.matches || scene.store?.loading;
    if (jumps || isNear || this.#extent <= 0 || scene.columns.length === 0) this.#extent = wanted;
    else this.#extent = wanted * (this.#extent / wanted) ** Math.exp(-since / 90);
    return this.#extent !== wanted;
  }

  /** What was painted when there was more or less to see stands where it belongs now. */
  #stretch() {
    const { extent } = this.#painted;
    const by = extent === this.#extent || !extent ? "" : `scaleX(${(extent / this.#extent).toFixed(6)})`;
    if (this.canvas.style.transform !== by) this.canvas.style.transform = by;
  }

  #drawLanes() {
    const { scene, canvas } = this;
    const paint = this.paint();
    const { map, marks, pieces, columns } = scene;
    const ratio = Math.min(3, devicePixelRatio || 1);
    const live = scene.store?.running ? scene.edge_us : 0;
    const key = `${map.version}|${marks.version}|${pieces.version}|${columns.length}|${columns.endedCount}|${this.#extent}|${this.#width}|${this.#height}|${paint.version}|${ratio}|${scene.scale.cuts.length}|${live}|${scene.find?.version}`;
    this.#isLate = false;
    if (key === this.#key || this.#height === 0) return;
    const began = performance.now();
    this.#key = key;
    this.#painted = { extent: this.#extent, scale: scene.scale };
    const wide = Math.round(this.#width * ratio);
    const high = Math.round(this.#height * ratio);
    if (canvas.width !== wide || canvas.height !== high) {
      canvas.width = wide;
      canvas.height = high;
    }
    const context = canvas.getContext("2d");
    if (!context) return;
    context.clearRect(0, 0, wide, high);
    const scale = wide / this.#extent;
    const hasRates = pieces.length > 2;
    const bottom = hasRates ? Math.min(RATES, this.#height * 0.22) : 0;
    const room = high - (TOP + bottom + 4) * ratio;
    const lanes = Math.max(1, columns.lanes);
    const pitch = Math.min(MOST_PITCH * ratio, room / lanes);
    const thick = Math.max(1, pitch > 3 * ratio ? pitch - Math.max(1, 1.5 * ratio) : pitch);
    const thin = Math.max(1, Math.round(thick * THIN));
    for (const piece of scene.scale.pieces(0, this.#extent)) {
      const x = piece.from * scale;
      const width = Math.max(1, (piece.to - piece.from) * scale);
      for (let lane = 0; lane < map.lanes.length; lane++) {
        const y = TOP * ratio + lane * pitch;
        const box = { x, y, width, height: thick };
        drawLane(context, map, lane, piece.from_us, piece.to_us, paint, box, thin);
      }
      this.#drawMarks(context, piece, x, width, ratio, paint);
    }
    if (scene.find?.isOn) this.#drawFound(context, scene.find, scale, wide, high, paint);
    this.#drawRunning(context, scale, { pitch, thick, thin, ratio }, paint);
    if (hasRates) this.#drawRates(context, scale, high, bottom * ratio, paint);
    const now = performance.now();
    this.#paintAt = now + (now - began) * REST;
  }

  /** @param {CanvasRenderingContext2D} context @param {number} scale @param {{ pitch: number, thick: number, thin: number, ratio: number }} lanes @param {Paint} paint */
  #drawRunning(context, scale, { pitch, thick, thin, ratio }, paint) {
    const { running, lane, look } = this.scene.columns;
    for (const index of running) {
      const { from, to } = this.scene.placesOf(index);
      context.fillStyle = paint.css[Number(look[index])] ?? paint.line;
      const high = Number(look[index]) < CHAINS ? thin : thick;
      const y = TOP * ratio + Number(lane[index]) * pitch + (thick - high) / 2;
      context.fillRect(from * scale, y, Math.max(1, (to - from) * scale), high);
    }
  }

  /**
   * @param {CanvasRenderingContext2D} context @param {{ from_us: number, to_us: number }} piece
   * @param {number} x @param {number} width @param {number} ratio @param {Paint} paint
   */
  #drawMarks(context, { from_us, to_us }, x, width, ratio, paint) {
    const { marks } = this.scene;
    const box = { x, y: 0, width, height: 0 };
    const kinds = [
      { lane: MARKS.firsts, colour: paint.css[2], height: 4 },
      { lane: MARKS.findings, colour: paint.warn, height: 6 },
      { lane: MARKS.errors, colour: paint.error, height: 8 },
    ];
    for (const { lane, colour, height } of kinds) {
      context.fillStyle = colour ?? paint.line;
      const count = Math.ceil(box.width / ratio);
      const seen = marks.seenIn(lane, from_us, to_us, count);
      // First tokens everywhere tell nothing.
      if (lane === MARKS.firsts && seen.length > count * MOST_FIRSTS) continue;
      const wide = seen.length > count * MANY ? ratio : 2 * ratio;
      for (const at of seen) {
        context.fillRect(x + at * ratio - wide / 2, (TOP - 1 - height) * ratio, wide, height * ratio);
      }
    }
  }

  /**
   * Where spans begin that fit what is searched for; all else is dimmed.
   * @param {CanvasRenderingContext2D} context @param {import("../find.js").Find} find @param {number} scale
   * @param {number} wide @param {number} high @param {Paint} paint
   */
  #drawFound(context, find, scale, wide, high, paint) {
    const times = this.scene.scale;
    context.globalCompositeOperation = "destination-in";
    context.globalAlpha = 0.4;
    context.fillRect(0, 0, wide, high);
    context.globalCompositeOperation = "source-over";
    context.globalAlpha = 1;
    context.fillStyle = paint.accent;
    const step = Math.max(1, Math.round(wide / this.#width));
    for (let x = 0; x < wide; x += step) {
      if (find.between(times.time(x / scale), times.time((x + step) / scale)) > 0)
        context.fillRect(x - step / 2, 0, 2 * step, high);
    }
  }

  /** @param {CanvasRenderingContext2D} context @param {number} scale @param {number} high @param {number} room @param {Paint} paint */
  #drawRates(context, scale, high, room, paint) {
    const { pieces, scale: times, edge_us } = this.scene;
    const { step_us, values } = stepsOf(pieces, pieces.length, Math.min(240, this.#width / 3));
    const most = Math.max(1e-9, ...values);
    /** @param {number} at */
    const x = (at) => times.place(Math.min(edge_us, pieces.from_us + at * step_us)) * scale;
    context.beginPath();
    context.moveTo(x(0), high);
    for (const [at, value] of values.entries()) {
      const y = high - (value / most) * room;
      context.lineTo(x(at), y);
      context.lineTo(x(at + 1), y);
    }
    context.lineTo(x(values.length), high);
    context.closePath();
    context.globalAlpha = 0.45;
    context.fillStyle = paint.css[2] ?? paint.line;
    context.fill();
    context.globalAlpha = 1;
  }

  #drawBrush() {
    const { scene } = this;
    const { window, store } = scene;
    const scale = this.#width / this.#extent;
    const from = Math.max(0, Math.min(this.#width, window.from * scale));
    const to = window.isWhole ? this.#width : Math.max(from + 2, Math.min(this.#width, window.to * scale));
    this.root.classList.toggle("whole", window.isWhole);
    this.brush.style.transform = `translateX(${(SIDE + from).toFixed(1)}px)`;
    this.brush.style.width = `${(to - from).toFixed(1)}px`;
    this.before.style.transform = `scaleX(${((from / this.#width) * 1).toFixed(5)})`;
    this.after.style.transform = `scaleX(${(1 - to / this.#width).toFixed(5)})`;
    const isPast = store?.cursor !== null;
    const at = Math.min(this.#width, scene.scale.place(scene.now_us) * scale);
    show(this.playhead, isPast || scene.isLive);
    show(this.later, isPast);
    this.playhead.style.transform = `translateX(${(SIDE + at).toFixed(1)}px)`;
    // Cut off, not squeezed: its hatch stands still.
    this.later.style.clipPath = `inset(0 0 0 ${at.toFixed(1)}px)`;
  }

  // ── What the user does ──

  /** @param {number} clientX @returns {number} the place there */
  #placeAt(clientX) {
    const x = clientX - this.root.getBoundingClientRect().left - SIDE;
    return (Math.max(0, Math.min(this.#width, x)) / this.#width) * this.#extent;
  }

  /** @param {PointerEvent} down */
  #down(down) {
    if (down.button !== 0 || !this.scene.store) return;
    this.#letGo?.();
    const begin = this.#placeAt(down.clientX);
    const move = this.#gesture(down, begin);
    this.root.setPointerCapture(down.pointerId);
    const moved = (/** @type {PointerEvent} */ event) => {
      if (Math.abs(event.clientX - down.clientX) < LEAST_DRAG && !started) return;
      started = true;
      move(this.#placeAt(event.clientX));
      this.touch();
    };
    let started = false;
    const up = () => {
      this.root.removeEventListener("pointermove", moved);
      this.root.removeEventListener("pointerup", up);
      this.root.removeEventListener("pointercancel", up);
      this.#letGo = null;
    };
    this.#letGo = up;
    this.root.addEventListener("pointermove", moved);
    this.root.addEventListener("pointerup", up);
    this.root.addEventListener("pointercancel", up);
  }

  /**
   * What a drag that begins here does: it moves the playhead, an edge of the brush, the brush, or makes a new one.
   * @param {PointerEvent} down @param {number} begin
   * @returns {(place: number) => void}
   */
  #gesture(down, begin) {
    const { scene } = this;
    const { window, store } = scene;
    const near = ((down.pointerType === "touch" ? 3 : 1) * GRIP * this.#extent) / this.#width;
    const { from, to } = window.target;
    const isPast = store?.cursor !== null;
    if (isPast && Math.abs(begin - scene.scale.place(scene.now_us)) < near)
      return (place) => this.#seek(place);
    /** @param {number} a @param {number} b */
    const see = (a, b) => {
      window.show(Math.min(a, b), Math.max(a, b), scene.now);
      window.jump();
    };
    if (window.isWhole) return (place) => see(begin, place);
    if (Math.abs(begin - from) < near && (begin < from + near / 2 || begin < (from + to) / 2))
      return (place) => see(place, to);
    if (Math.abs(begin - to) < near) return (place) => see(from, place);
    if (begin > from && begin < to) return (place) => see(from + place - begin, to + place - begin);
    return (place) => see(begin, place);
  }

  /** @param {number} place */
  #seek(place) {
    const { store, scale } = this.scene;
    if (!store) return;
    const row = store.columns.rowAt(scale.time(place));
    this.send({ type: "seek", row: Math.max(0, Math.min(store.columns.length, row) - 1) });
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    const { window, now } = this.scene;
    if (event.ctrlKey || event.metaKey) {
      window.zoom(this.#placeAt(event.clientX), Math.exp(-event.deltaY * WHEEL), now);
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      window.pan((event.deltaX || event.deltaY) / this.#width, now);
      window.jump();
    } else {
      return;
    }
    event.preventDefault();
    this.touch();
  }
}
