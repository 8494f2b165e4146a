import assert from "node:assert/strict";
import { test } from "node:test";
import { Playback, SPEEDS } from "../../static/js/playback.js";
import { RunStore } from "../../static/js/store.js";

/** A run with a line at each of these times, in ms: a model streams in each but the first. @param {number[]} times @param {boolean} [ended] */
function storeOf(times, ended = true) {
  const store = new RunStore("r");
  const lines = times.map((ms, seq) => ({
    seq,
    t_us: ms * 1000,
    ...(seq === 0
      ? { event: "run_start", run: "r", chain: "c", started_at: "2026-11-20T00:00:00Z" }
      : seq === 1
        ? {
            event: "on_chat_model_start",
            span: 1,
            parent: null,
            name: "M",
            run_id: "x",
            tags: [],
            metadata: {},
            data: {},
          }
        : seq === times.length - 1 && ended
          ? { event: "run_end", status: "ok", spans: 1 }
          : {
              event: "on_chat_model_stream",
              span: 1,
              data: { chunk: { type: "AIMessageChunk", content: seq % 2 ? "" : `w${seq}` } },
            }),
  }));
  for (const line of lines) store.take(line, 0, false);
  return store;
}

/** @param {RunStore} store */
function played(store) {
  const playback = new Playback();
  playback.show(store);
  return playback;
}

test("it follows the newest line until it is told to go somewhere", () => {
  const playback = played(storeOf([0, 10, 20, 30]));
  assert.ok(playback.isFollowing);
  assert.deepEqual([playback.row, playback.at_us, playback.length_us], [3, 30_000, 30_000]);
  playback.seek(1);
  assert.deepEqual([playback.isFollowing, playback.row, playback.at_us], [false, 1, 10_000]);
  playback.seek(99);
  assert.equal(playback.row, 3);
  playback.seek(-5);
  assert.equal(playback.row, 0);
  playback.follow();
  assert.ok(playback.isFollowing);
});

test("a moment between two lines is after the first", () => {
  const store = storeOf([0, 10, 10, 30]);
  const playback = played(store);
  playback.seekTime(10_000);
  assert.equal(playback.row, 2);
  playback.seekTime(29_999);
  assert.deepEqual([playback.row, playback.at_us, store.cursor], [2, 29_999, 2]);
  playback.seekTime(1e9);
  assert.deepEqual([playback.row, playback.at_us], [3, 30_000]);
});

test("playing takes as long as the run did, divided by the speed", () => {
  for (const speed of SPEEDS) {
    const playback = played(storeOf([0, 100, 200, 1000, 1001, 4000]));
    playback.speed = speed;
    playback.toggle();
    assert.equal(playback.row, 0);
    let ms = 0;
    while (playback.tick(0.5)) ms += 0.5;
    assert.ok(Math.abs(ms * speed - 4000) <= speed, `${speed}× took ${ms} ms`);
    assert.deepEqual([playback.isPlaying, playback.isFollowing, playback.row], [false, false, 5]);
  }
});

test("every line is passed in order, none twice", () => {
  const times = Array.from({ length: 200 }, (_, n) => Math.floor(n ** 1.3));
  const store = storeOf(times);
  const playback = played(store);
  playback.toggle();
  let before = 0;
  while (playback.tick(0.7)) {
    assert.ok(playback.row >= before);
    assert.ok((store.columns.t_us[playback.row] ?? 0) <= playback.at_us);
    assert.ok((store.columns.t_us[playback.row + 1] ?? Infinity) > playback.at_us);
    before = playback.row;
  }
});

test("waits that are skipped leave little of themselves", () => {
  const playback = played(storeOf([0, 10, 60_000, 60_010, 180_000]));
  playback.skipsWaiting = true;
  playback.toggle();
  let ms = 0;
  while (playback.tick(5)) ms += 5;
  assert.ok(ms > 500 && ms < 800, `took ${ms} ms`);
});

test("a run that goes on is followed once it is caught up with", () => {
  const playback = played(storeOf([0, 10, 20, 30], false));
  playback.toggle();
  while (playback.tick(5));
  assert.ok(playback.isFollowing);
  assert.equal(playback.isPlaying, false);
});

test("play at the end begins anew, and pauses where it is", () => {
  const playback = played(storeOf([0, 10, 20, 30]));
  playback.toggle();
  playback.tick(15);
  playback.toggle();
  assert.deepEqual([playback.isPlaying, playback.row, playback.at_us], [false, 1, 15_000]);
  playback.toggle();
  playback.tick(5);
  assert.deepEqual([playback.row, playback.at_us], [2, 20_000]);
});

test("steps by line, and by what a model said", () => {
  const store = storeOf([0, 10, 20, 30, 40, 50]);
  const playback = played(store);
  playback.seek(1);
  playback.stepEvent(1);
  assert.equal(playback.row, 2);
  playback.stepToken(1);
  assert.equal(playback.row, 4);
  playback.stepToken(1);
  assert.equal(playback.row, 5);
  playback.stepToken(-1);
  assert.equal(playback.row, 4);
  playback.stepToken(-1);
  playback.stepToken(-1);
  assert.equal(playback.row, 0);
  playback.stepEvent(-1);
  assert.equal(playback.row, 0);
});

test("speeds go up and down, no further than they reach", () => {
  const playback = new Playback();
  for (let n = 0; n < 20; n++) playback.faster(1);
  assert.equal(playback.speed, 64);
  for (let n = 0; n < 20; n++) playback.faster(-1);
  assert.equal(playback.speed, 0.25);
});

test("without a run nothing moves", () => {
  const playback = new Playback();
  playback.toggle();
  playback.seek(3);
  playback.stepToken(1);
  assert.deepEqual([playback.tick(10), playback.row, playback.at_us, playback.length_us], [false, -1, 0, 0]);
});
