// One animation-frame loop for the whole page, and a dirty flag a panel.

/** @typedef {{ ms: number, wall: number }} Frame  `ms` is the frame's own time, `wall` the wall clock in ms. */
/** @typedef {(frame: Frame) => boolean | void} Draw  True: again in the next frame. */

/** After so long the panels that are left wait for the next frame, once, where they may. */
const LONG_MS = 8;

export class Loop {
  /** @type {{ draw: Draw, dirty: boolean, waited: boolean }[]} */
  #panels = [];
  #asked = false;
  /** Panels may come a frame later than others: a long log is coming in, whose first screen costs more than a frame. */
  isPatient = false;

  /**
   * @param {Draw} draw
   * @returns {() => void} what to call when the panel has something new to draw
   */
  add(draw) {
    const panel = { draw, dirty: false, waited: false };
    this.#panels.push(panel);
    return () => {
      panel.dirty = true;
      this.#ask();
    };
  }

  #ask() {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame((ms) => this.#frame(ms));
  }

  /** @param {number} ms */
  #frame(ms) {
    this.#asked = false;
    const frame = { ms, wall: Date.now() };
    const began = performance.now();
    for (const panel of this.#panels) {
      if (!panel.dirty) continue;
      panel.waited = this.isPatient && !panel.waited && performance.now() - began > LONG_MS;
      if (panel.waited) continue;
      panel.dirty = false;
      try {
        panel.dirty = panel.draw(frame) === true;
      } catch (error) {
        // One panel that fails must not stop the others.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
    if (this.#panels.some((panel) => panel.dirty)) this.#ask();
  }
}
