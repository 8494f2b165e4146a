// What is folded into a row, painted as thin stripes on its line.

import { STRIPES, stripeOf } from "../branches.js";
import { drawLane } from "./lanes.js";

/** @typedef {import("./row.js").RowFrame} RowFrame */

/** Running spans that are looked through for those inside. */
const MOST_RUNNING = 300;

/** @param {HTMLCanvasElement} canvas @param {number} index @param {RowFrame} frame */
export function drawInside(canvas, index, frame) {
  const { scene, width, height, from, scale, paint } = frame;
  const { map, isWhole } = scene.branches.of(index);
  if (!isWhole) scene.isBusy = true;
  const ratio = Math.min(2, devicePixelRatio || 1);
  const wide = Math.ceil((width + 16) * ratio);
  const high = Math.ceil(height * ratio);
  // What stands there stays until something is different: a canvas that is painted costs, one that is shown does not.
  const key = `${index}|${map.version}|${from}|${scale}|${wide}|${high}|${paint.version}|${scene.isLive ? scene.now_us : 0}`;
  if (canvas.dataset.key === key) return;
  canvas.dataset.key = key;
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
    canvas.style.width = `${wide / ratio}px`;
    canvas.style.height = `${high / ratio}px`;
  }
  const context = canvas.getContext("2d");
  if (!context) return;
  context.clearRect(0, 0, wide, high);
  const own = scene.placesOf(index);
  const first = Math.max(from, own.from);
  const last = Math.min(from + wide / ratio / scale, own.to);
  if (last <= first) return;
  const lanes = Math.max(1, Math.min(STRIPES, map.lanes.length));
  const top = frame.narrow ? 0.56 : 0.5;
  const room = high * (1 - top) - 3 * ratio;
  const pitch = Math.min(5 * ratio, room / lanes);
  const begin = high * top + ratio;
  const thick = Math.max(1, pitch - ratio);
  for (const piece of scene.scale.pieces(first, last)) {
    const x = (piece.from - from) * scale * ratio;
    const box = { x, y: 0, width: Math.max(1, (piece.to - piece.from) * scale * ratio), height: thick };
    for (let lane = 0; lane < map.lanes.length; lane++) {
      box.y = begin + lane * pitch;
      drawLane(context, map, lane, piece.from_us, piece.to_us, paint, box);
    }
  }
  if (scene.isLive) drawRunning(context, index, frame, { begin, pitch, thick, ratio });
}

/**
 * @param {CanvasRenderingContext2D} context @param {number} root @param {RowFrame} frame
 * @param {{ begin: number, pitch: number, thick: number, ratio: number }} lanes
 */
function drawRunning(context, root, { scene, from, scale, paint }, { begin, pitch, thick, ratio }) {
  const { running, parent, look } = scene.columns;
  for (const index of running.slice(-MOST_RUNNING)) {
    let above = parent[index] ?? -1;
    while (above > root) above = parent[above] ?? -1;
    if (above !== root) continue;
    const { from: start, to } = scene.placesOf(index);
    const stripe = Math.min(STRIPES - 1, stripeOf(scene.columns, root, index));
    context.fillStyle = paint.css[Number(look[index])] ?? paint.line;
    const x = (Math.max(start, from) - from) * scale * ratio;
    context.fillRect(x, begin + stripe * pitch, Math.max(1, (to - from) * scale * ratio - x), thick);
  }
}
