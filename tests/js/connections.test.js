// The tabs of one browser share its few connections, and each of them sees one stream that goes on.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Connections } from "../../static/js/connections.js";

/** Web Locks as the standard has them, for one origin. */
class Locks {
  /** @type {Set<string>} */
  held = new Set();
  /** @type {Map<string, (() => void)[]>} */
  waiting = new Map();

  /** @param {string} name @param {any} options @param {(lock: any) => any} use */
  async request(name, options, use) {
    await null;
    if (this.held.has(name)) {
      if (options.ifAvailable) return use(null);
      await /** @type {Promise<void>} */ (
        new Promise((resolve, reject) => {
          options.signal?.addEventListener("abort", () => reject(options.signal.reason));
          this.waiting.set(name, [...(this.waiting.get(name) ?? []), resolve]);
        })
      );
    }
    options.signal?.throwIfAborted();
    this.held.add(name);
    try {
      return await use({ name });
    } finally {
      this.held.delete(name);
      this.waiting.get(name)?.shift()?.();
    }
  }
}

class Channels {
  /** @type {Set<any>} */
  open = new Set();

  make() {
    const channel = {
      /** @type {((event: any) => void) | null} */
      onmessage: null,
      postMessage: (/** @type {any} */ data) => {
        for (const other of this.open)
          if (other !== channel) queueMicrotask(() => other.onmessage?.({ data }));
      },
      close: () => void this.open.delete(channel),
    };
    this.open.add(channel);
    return channel;
  }
}

/** A server that counts what is open; `say` goes to all long streams, polls get what came after their id. */
class Served {
  /** @type {string[]} */
  lines = [];
  /** @type {Set<ReadableStreamDefaultController<Uint8Array>>} */
  long = new Set();
  most = 0;
  polls = 0;

  /** @type {any} */
  ask = async (/** @type {string} */ url, /** @type {any} */ init) => {
    const after = Number(new Headers(init?.headers).get("Last-Event-ID") ?? -1);
    const old = this.lines.slice(after + 1).map((line, n) => this.#message(line, after + 1 + n));
    if (url.includes("wait=0")) {
      this.polls++;
      return new Response(`retry: 1000\n\n${old.join("")}`);
    }
    return new Response(
      new ReadableStream({
        start: (controller) => {
          this.long.add(controller);
          this.most = Math.max(this.most, this.long.size);
          controller.enqueue(new TextEncoder().encode(old.join("")));
          init?.signal?.addEventListener("abort", () => {
            this.long.delete(controller);
            controller.error(init.signal.reason);
          });
        },
      }),
    );
  };

  /** @param {string} line @param {number} id */
  #message = (line, id) => `id: ${id}\ndata: ${line}\n\n`;

  /** @param {string} line */
  say(line) {
    this.lines.push(line);
    const bytes = new TextEncoder().encode(this.#message(line, this.lines.length - 1));
    for (const controller of this.long) controller.enqueue(bytes);
  }
}

/** @param {Served} served @param {Locks} locks @param {Channels} channels */
const tab = (served, locks, channels) =>
  new Connections({
    ask: served.ask,
    locks: /** @type {any} */ (locks),
    channel: () => /** @type {any} */ (channels.make()),
    pause: 2,
  });

/** Reads a stream; `text` is what came, `over` that it ended. @param {Response} response */
function reading(response) {
  const state = { text: "", over: false };
  const run = async () => {
    const decoder = new TextDecoder();
    for await (const chunk of /** @type {any} */ (response.body)) state.text += decoder.decode(chunk);
  };
  void run().then(
    () => (state.over = true),
    () => (state.over = true),
  );
  return state;
}

/** @param {() => boolean} true_ */
async function until(true_) {
  for (let n = 0; n < 400; n++) {
    if (true_()) return;
    await new Promise((resume) => setTimeout(resume, 2));
  }
  assert.fail("it never came true");
}

/** @param {string} text */
const ids = (text) => [...text.matchAll(/^id: (\d+)$/gm)].map((found) => Number(found[1]));

test("ten tabs of one run: three streams, and every one of them gets every line once", async () => {
  const served = new Served();
  const locks = new Locks();
  const tabs = Array.from({ length: 10 }, () => ({
    tab: tab(served, locks, new Channels()),
    stop: new AbortController(),
  }));
  served.say("first");
  /** @type {ReturnType<typeof reading>[]} */
  const seen = [];
  for (const { tab, stop } of tabs) seen.push(reading(await tab.run("/e", { signal: stop.signal })));
  for (let n = 0; n < 20; n++) {
    served.say(`line ${n}`);
    await new Promise((resume) => setTimeout(resume, 1));
  }
  const all = served.lines.map((_, n) => n);
  await until(() => seen.every((one) => ids(one.text).length === all.length));
  for (const one of seen) assert.deepEqual(ids(one.text), all);
  assert.equal(served.most, 3);
  // One that leaves makes room: another takes its stream over, with nothing missed or doubled.
  const polls = served.polls;
  for (const { stop } of tabs.slice(0, 3)) stop.abort();
  await until(() => served.long.size === 3);
  served.say("after");
  await until(() => seen.slice(3).every((one) => ids(one.text).length === all.length + 1));
  for (const one of seen.slice(3)) assert.deepEqual(ids(one.text), [...all, all.length]);
  assert.ok(served.polls > polls);
  for (const { stop } of tabs) stop.abort();
  await until(() => locks.held.size === 0);
});

test("one tab reads the list for all; when it goes, the others begin anew", async () => {
  const served = new Served();
  const locks = new Locks();
  const channels = new Channels();
  const tabs = Array.from({ length: 5 }, () => ({
    tab: tab(served, locks, channels),
    stop: new AbortController(),
  }));
  /** @type {ReturnType<typeof reading>[]} */
  const seen = [];
  for (const { tab, stop } of tabs) seen.push(reading(await tab.list("/l", { signal: stop.signal })));
  served.say("a run");
  await until(() => seen.every((one) => one.text.includes("a run")));
  assert.equal(served.most, 1);
  tabs[0]?.stop.abort();
  await until(() => seen.every((one) => one.over));
  const again = reading(await /** @type {any} */ (tabs[1]).tab.list("/l", { signal: tabs[1]?.stop.signal }));
  await until(() => again.text.includes("a run"));
  for (const { stop } of tabs) stop.abort();
  await until(() => locks.held.size === 0 && channels.open.size === 0);
});

test("what refuses a stream, refuses it also in turns", async () => {
  const locks = new Locks();
  const gone = /** @type {any} */ (async () => new Response("", { status: 404 }));
  for (let n = 0; n < 4; n++) {
    const connections = new Connections({ ask: gone, locks: /** @type {any} */ (locks), channel: undefined });
    assert.equal((await connections.run("/e")).status, 404);
    assert.equal((await connections.list("/l")).status, 404);
  }
  await until(() => locks.held.size === 0);
});

test("a server that goes away ends the turns, and the stream is asked for again", async () => {
  const locks = new Locks();
  const hold = Array.from({ length: 3 }, (_, n) => `tracer-run-${n}`);
  for (const name of hold) locks.held.add(name);
  let asked = 0;
  const ask = /** @type {any} */ (
    async () => {
      if (++asked > 2) throw new TypeError("refused");
      return new Response("id: 0\ndata: x\n\n");
    }
  );
  const connections = new Connections({
    ask,
    locks: /** @type {any} */ (locks),
    channel: undefined,
    pause: 1,
  });
  const seen = reading(await connections.run("/e"));
  await until(() => seen.over);
  assert.equal(asked, 3);
});

test("without locks every tab has its own streams", async () => {
  const served = new Served();
  const plain = () => new Connections({ ask: served.ask, locks: undefined, channel: undefined });
  /** @type {ReturnType<typeof reading>[]} */
  const seen = [];
  for (let n = 0; n < 4; n++) seen.push(reading(await plain().run("/e")), reading(await plain().list("/l")));
  served.say("x");
  await until(() => seen.every((one) => one.text.includes("data: x")));
  assert.equal(served.most, 8);
});
