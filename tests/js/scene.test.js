import assert from "node:assert/strict";
import { test } from "node:test";

import { Scene } from "../../static/js/scene.js";
import { RunStore } from "../../static/js/store.js";

/** Lines of a chain that takes so many milliseconds a line. @param {RunStore} store @param {number} count */
function more(store, count) {
  for (let n = 0; n < count; n++) {
    const seq = store.lastSeq + 1;
    const line = seq
      ? { event: "on_chain_stream", span: 1, data: { chunk: "x" } }
      : { event: "on_chain_start", span: 1, parent: null, name: "Seq", data: {} };
    store.take({ seq, t_us: seq * 100_000, ...line }, 1000, false);
  }
}

/** How many frames it moves by itself after more has come. @param {boolean} loading */
function moved(loading) {
  const store = new RunStore("r");
  store.loading = loading;
  const scene = new Scene();
  scene.show(store);
  let ms = 0;
  let frames = 0;
  for (const count of [10, 300]) {
    more(store, count);
    frames = 0;
    do {
      ms += 16;
      scene.step({ ms, wall: ms }, false);
    } while (scene.isBusy && ++frames < 500);
  }
  return { frames, to: scene.window.to };
}

test("what is read from a file is shown at once; nothing moves until there is more", () => {
  const read = moved(true);
  assert.equal(read.frames, 0);
  const live = moved(false);
  assert.ok(live.frames > 5);
  assert.ok(read.to > 25e6);
});
