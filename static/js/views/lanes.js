// Paints lanes of spans: each lane is one row of pixels, stretched to its height.

import { NOTHING, sample } from "../mipmap.js";

/** @typedef {import("../mipmap.js").Mipmap} Mipmap */
/** @typedef {import("./paint.js").Paint} Paint */

/** A strip of pixels that is painted and then drawn larger; one for all lanes of the page. */
class Strip {
  canvas = document.createElement("canvas");
  #context = this.canvas.getContext("2d");
  /** @type {ImageData | null} */
  #image = null;
  #out = { look: new Uint8Array(0), alpha: new Uint8Array(0), failed: new Uint8Array(0) };

  /**
   * @param {Mipmap} map @param {number} lane @param {number} from_us @param {number} to_us @param {number} count
   * @param {Paint} paint
   */
  fill(map, lane, from_us, to_us, count, paint) {
    if (this.canvas.width < count || !this.#image) {
      this.canvas.width = Math.max(count, 2048);
      this.canvas.height = 1;
      this.#image = new ImageData(this.canvas.width, 1);
      const size = this.canvas.width;
      this.#out = { look: new Uint8Array(size), alpha: new Uint8Array(size), failed: new Uint8Array(size) };
    }
    const { look, alpha, failed } = this.#out;
    sample(map, lane, from_us, to_us, count, this.#out);
    const { data } = this.#image;
    const { looks } = paint;
    for (let at = 0, byte = 0; at < count; at++, byte += 4) {
      const code = /** @type {number} */ (look[at]);
      if (code === NOTHING) {
        data[byte + 3] = 0;
        continue;
      }
      // A failure is never hidden by what is longer.
      const from = (failed[at] ? map.error : code) * 3;
      data[byte] = /** @type {number} */ (looks[from]);
      data[byte + 1] = /** @type {number} */ (looks[from + 1]);
      data[byte + 2] = /** @type {number} */ (looks[from + 2]);
      data[byte + 3] = failed[at] ? 255 : /** @type {number} */ (alpha[at]);
    }
    this.#context?.putImageData(this.#image, 0, 0, 0, 0, count, 1);
  }
}

/** @type {Strip | null} */
let strip = null;

/**
 * Draws a lane of a map into a box: `count` pixels of it, from one time to another.
 * @param {CanvasRenderingContext2D} context @param {Mipmap} map @param {number} lane
 * @param {number} from_us @param {number} to_us @param {Paint} paint
 * @param {{ x: number, y: number, width: number, height: number }} box in pixels of the canvas
 */
export function drawLane(context, map, lane, from_us, to_us, paint, { x, y, width, height }) {
  const count = Math.max(1, Math.min(4096, Math.ceil(width)));
  strip ??= new Strip();
  strip.fill(map, lane, from_us, to_us, count, paint);
  context.imageSmoothingEnabled = false;
  context.drawImage(strip.canvas, 0, 0, count, 1, x, y, width, height);
}
