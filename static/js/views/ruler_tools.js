// What stands over the names: which spans are hidden, which time is cut, what the figures of the rows are.

import { button, el, setAttribute, setText, show } from "../dom.js";
import { count, counted, duration } from "../format.js";

export class RulerTools {
  /** Durations are without the time of what is inside. */
  self = false;
  #told = "";

  /** @param {import("../scene.js").Scene} scene @param {() => void} touch @param {() => void} reveal */
  constructor(scene, touch, reveal) {
    this.scene = scene;
    this.plumbing = button("chip", "", { "aria-pressed": "false" });
    this.cuts = button("chip", "", { "aria-pressed": "false" });
    this.measure = button("chip quiet", "duration", {
      "aria-pressed": "false",
      "aria-label": "duration: self time, without what is inside",
    });
    this.root = el("div", "ruler-names");
    this.root.append(
      el("span", "ruler-title", "Span"),
      this.plumbing,
      this.cuts,
      el("span", "spacer"),
      this.measure,
    );
    this.plumbing.addEventListener("click", () => {
      scene.order.hide(!scene.order.hides);
      reveal();
      touch();
    });
    this.cuts.addEventListener("click", () => {
      scene.cut(!scene.cuts);
      touch();
    });
    this.measure.addEventListener("click", () => {
      this.self = !this.self;
      setAttribute(this.measure, "aria-pressed", String(this.self));
      setText(this.measure, this.self ? "self time" : "duration");
      const whole = this.self
        ? "self time: or the whole duration"
        : "duration: self time, without what is inside";
      setAttribute(this.measure, "aria-label", whole);
      touch();
    });
  }

  draw() {
    const { scene } = this;
    const { order, columns } = scene;
    const { count: idle, us } = scene.idle;
    // What is worth cutting depends on how long all takes: it is no figure before that is known.
    const sum = scene.store?.running ? "" : duration(us);
    const key = `${order.hides}|${order.hidden}|${columns.plumbing}|${idle}|${sum}|${scene.cuts}`;
    if (key === this.#told) return;
    this.#told = key;
    show(this.plumbing, columns.plumbing > 0 || order.hides);
    setText(
      this.plumbing,
      order.hides ? `${count(order.hidden)} hidden` : `hide ${count(columns.plumbing)} plumbing`,
    );
    setAttribute(this.plumbing, "aria-pressed", String(order.hides));
    this.plumbing.title = `${order.hides ? "Show" : "Hide"} prompts, parsers and passthroughs`;
    this.cuts.title = scene.cuts
      ? "Show the time without events as long as it was"
      : "Make the time in which no event came short; a step may have been at work or waited";
    const hidden = order.hides ? `, ${counted(order.hidden, "span")} hidden` : "";
    setAttribute(
      this.plumbing,
      "aria-label",
      `${this.plumbing.textContent}: prompts, parsers and passthroughs${hidden}`,
    );
    show(this.cuts, idle > 0 || scene.cuts);
    setText(this.cuts, scene.cuts ? `${sum || "quiet"} cut` : `cut ${sum} quiet`.replace("  ", " "));
    setAttribute(this.cuts, "aria-pressed", String(scene.cuts));
    setAttribute(
      this.cuts,
      "aria-label",
      `${this.cuts.textContent}: time without events${sum && `, ${counted(idle, "gap")}, ${sum}`}`,
    );
  }
}
