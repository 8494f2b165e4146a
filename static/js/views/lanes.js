// Paints lanes of spans: each lane is one row of pixels, stretched to its height.

import { NOTHING, sample } from "../mipmap.js";
import { CHAINS } from "./paint.js";

/** @typedef {import("../mipmap.js").Mipmap} Mipmap */
/** @typedef {import("./paint.js").Paint} Paint */

/**
 * Two rows of pixels that are painted and then drawn larger, one for all lanes of the page: of work, and of the chains
 * that hold it together.
 */
class Strip {
  canvas = document.createElement("canvas");
  #context = this.canvas.getContext("2d");
  /** @type {ImageData | null} */
  #image = null;
  #out = { look: new Uint8Array(0), alpha: new Uint8Array(0), failed: new Uint8Array(0) };

  /**
   * @param {Mipmap} map @param {number} lane @param {number} from_us @param {number} to_us @param {number} count
   * @param {Paint} paint @returns {boolean} whether there are chains
   */
  fill(map, lane, from_us, to_us, count, paint) {
    if (this.canvas.width < count || !this.#image) {
      this.canvas.width = Math.max(count, 2048);
      this.canvas.height = 2;
      this.#image = new ImageData(this.canvas.width, 2);
      const size = this.canvas.width;
      this.#out = { look: new Uint8Array(size), alpha: new Uint8Array(size), failed: new Uint8Array(size) };
    }
    const { look, alpha, failed } = this.#out;
    sample(map, lane, from_us, to_us, count, this.#out);
    const { data } = this.#image;
    const { looks } = paint;
    const row = this.canvas.width * 4;
    let chains = false;
    for (let at = 0; at < count; at++) {
      const code = /** @type {number} */ (look[at]);
      data[at * 4 + 3] = data[row + at * 4 + 3] = 0;
      if (code === NOTHING) continue;
      const isChain = code < CHAINS && !failed[at];
      chains ||= isChain;
      const byte = at * 4 + (isChain ? row : 0);
      // A failure is never hidden by what is longer.
      const from = (failed[at] ? map.error : code) * 3;
      data[byte] = /** @type {number} */ (looks[from]);
      data[byte + 1] = /** @type {number} */ (looks[from + 1]);
      data[byte + 2] = /** @type {number} */ (looks[from + 2]);
      data[byte + 3] = failed[at] ? 255 : /** @type {number} */ (alpha[at]);
    }
    this.#context?.putImageData(this.#image, 0, 0, 0, 0, count, 2);
    return chains;
  }
}

/** @type {Strip | null} */
let strip = null;

/**
 * Draws a lane of a map into a box: `count` pixels of it, from one time to another.
 * @param {CanvasRenderingContext2D} context @param {Mipmap} map @param {number} lane
 * @param {number} from_us @param {number} to_us @param {Paint} paint
 * @param {{ x: number, y: number, width: number, height: number }} box in pixels of the canvas
 * @param {number} [thin] how high chains are, in its middle
 */
export function drawLane(context, map, lane, from_us, to_us, paint, { x, y, width, height }, thin = height) {
  const count = Math.max(1, Math.min(4096, Math.ceil(width)));
  strip ??= new Strip();
  const chains = strip.fill(map, lane, from_us, to_us, count, paint);
  context.imageSmoothingEnabled = false;
  if (chains) context.drawImage(strip.canvas, 0, 1, count, 1, x, y + (height - thin) / 2, width, thin);
  context.drawImage(strip.canvas, 0, 0, count, 1, x, y, width, height);
}
