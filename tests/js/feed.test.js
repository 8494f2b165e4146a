import assert from "node:assert/strict";
import { test } from "node:test";

import { Feed } from "../../static/js/feed.js";

/** @typedef {import("../../static/js/feed.js").FeedState} FeedState */

const encoder = new TextEncoder();

/** @param {() => boolean} done */
async function until(done) {
  for (let tries = 0; !done(); tries++) {
    assert.ok(tries < 2000, "waited too long");
    await new Promise((resume) => setTimeout(resume, 1));
  }
}

/**
 * A server that holds `count` lines and breaks each connection at a random byte.
 * @param {number} count @param {() => number} random
 */
function brokenServer(count, random) {
  const served = { connections: 0, asked: /** @type {string[]} */ ([]) };
  /** @type {any} */
  const ask = async (/** @type {string} */ _url, /** @type {RequestInit} */ init) => {
    const headers = /** @type {Record<string, string>} */ (init.headers);
    const lastId = headers["Last-Event-ID"] ?? "";
    served.connections++;
    served.asked.push(lastId);
    let text = "retry: 1\n\n";
    for (let seq = lastId === "" ? 0 : Number(lastId) + 1; seq < count; seq++) {
      text += `id: ${seq}\r\ndata: {"seq":${seq},"text":"é😀${"x".repeat(seq % 50)}"}\r\n\r\n`;
    }
    const bytes = encoder.encode(text);
    const cut = Math.floor(random() * Math.min(bytes.length, 3000));
    const whole = bytes.length < 1500;
    return new Response(
      new ReadableStream({
        start(controller) {
          const end = whole ? bytes.length : cut;
          for (let at = 0; at < end; at += 97) controller.enqueue(bytes.slice(at, Math.min(end, at + 97)));
          if (whole)
            controller.enqueue(encoder.encode(`event: end\ndata: {"seq":${count - 1},"status":"ok"}\n\n`));
          if (random() < 0.5 || whole) controller.close();
          else controller.error(new TypeError("network error"));
        },
      }),
    );
  };
  return { ask, served };
}

test("nothing is lost, doubled or out of order over broken connections", async () => {
  let seed = 99;
  const random = () => {
    seed = (seed * 16807) % 2147483647;
    return seed / 2147483647;
  };
  const { ask, served } = brokenServer(3000, random);
  /** @type {number[]} */
  const got = [];
  let ended = false;
  const feed = new Feed({
    url: "/events",
    ask,
    random: () => 0,
    take(messages) {
      for (const message of messages) {
        if (message.event === "end") {
          ended = true;
          feed.close();
        } else got.push(JSON.parse(message.data).seq);
      }
    },
  });
  feed.open();
  await until(() => ended);
  assert.deepEqual(
    got,
    Array.from({ length: 3000 }, (_, seq) => seq),
  );
  assert.ok(served.connections >= 30, `${served.connections} connections`);
  assert.equal(served.asked[0], "");
});

test("it says when it will come back, and a refusal is final", async () => {
  const answers = [503, 429, 404];
  /** @type {FeedState[]} */
  const states = [];
  /** @type {number[]} */
  const waits = [];
  const feed = new Feed({
    url: "/events",
    ask: /** @type {any} */ (async () => new Response("", { status: answers.shift() ?? 500 })),
    now: () => 1000,
    random: () => 0.5,
    take() {},
    changed(status) {
      states.push(status.state);
      if (status.retryAt !== null) {
        waits.push(status.retryAt - 1000);
        queueMicrotask(() => feed.open());
      }
    },
  });
  feed.open();
  await until(() => feed.status.state === "missing");
  assert.deepEqual(states, ["connecting", "waiting", "connecting", "waiting", "connecting", "missing"]);
  assert.deepEqual(waits, [400, 800]);
  feed.open();
  assert.equal(feed.status.state, "missing");
});

for (const [status, state] of /** @type {[number, FeedState][]} */ ([
  [401, "denied"],
  [403, "denied"],
  [400, "refused"],
])) {
  test(`${status} is ${state}`, async () => {
    const feed = new Feed({
      url: "/",
      ask: /** @type {any} */ (async () => new Response("", { status })),
      take() {},
    });
    feed.open();
    await until(() => feed.status.state === state);
  });
}

test("paused it holds no connection, and goes on from where it was", async () => {
  /** @type {(string | undefined)[]} */
  const asked = [];
  /** @type {AbortSignal[]} */
  const signals = [];
  /** @type {any} */
  const ask = async (/** @type {string} */ _url, /** @type {RequestInit} */ init) => {
    const headers = /** @type {Record<string, string>} */ (init.headers);
    asked.push(headers["Last-Event-ID"]);
    signals.push(/** @type {AbortSignal} */ (init.signal));
    const at = asked.length;
    return new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(encoder.encode(`id: ${at}\ndata: x\n\n`)),
      }),
    );
  };
  let got = 0;
  const feed = new Feed({
    url: "/",
    ask,
    take(messages) {
      got += messages.length;
    },
  });
  feed.open();
  await until(() => got === 1);
  feed.pause();
  assert.equal(signals[0]?.aborted, true);
  assert.equal(feed.status.state, "paused");
  feed.open();
  await until(() => got === 2);
  assert.deepEqual(asked, [undefined, "1"]);
  feed.restart("");
  await until(() => got === 3);
  assert.equal(asked[2], undefined);
  feed.close();
  feed.open();
  assert.equal(feed.status.state, "closed");
});
