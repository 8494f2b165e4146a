// Numbers, times and names as people read them. No DOM.

import { ExactNumber, keysOf } from "./exact.js";
import { markerText, unwrap } from "./values.js";

/** What a span type is called, and which colour and glyph it has. @type {Record<string, [name: string, look: string]>} */
const TYPES = {
  chain: ["chain", "chain"],
  prompt: ["prompt", "prompt"],
  chat_model: ["chat model", "model"],
  llm: ["model", "model"],
  tool: ["tool", "tool"],
  retriever: ["retriever", "retriever"],
  parser: ["parser", "parser"],
};

/** @param {string} type @returns {string} e.g. "chat model" */
export const typeName = (type) => TYPES[type]?.[0] ?? type.replaceAll("_", " ");

/** The name of the type's colour (`--<look>`) and glyph (`#glyph-<look>`). @param {string} type */
export const lookOf = (type) => TYPES[type]?.[1] ?? "chain";

/** Whether it is a failure, here or below. @param {string} state */
export const hasFailed = (state) => state === "error" || state === "propagated";

/** `openai.RateLimitError` → `RateLimitError`. @param {string} type */
export const errorName = (type) => type.slice(type.lastIndexOf(".") + 1);

/**
 * Microseconds with three digits that mean something: `0.4 ms`, `204 ms`, `3.42 s`, `1 m 05 s`.
 * @param {number} us
 * @param {boolean} [running] with one decimal of a second, which can be read while it counts
 */
export function duration(us, running = false) {
  const ms = Math.max(0, us) / 1000;
  if (!running) {
    if (ms < 0.05) return "0 ms";
    if (ms < 9.95) return `${trim(ms.toFixed(1))} ms`;
    if (ms < 999.5) return `${Math.round(ms)} ms`;
    if (ms < 9995) return `${(ms / 1000).toFixed(2)} s`;
  }
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${pad(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${pad(Math.floor(seconds / 60) % 60)} m`;
}

/** To the millisecond, from here on there are minutes. */
export const MINUTE = 59_999_500;

/** A place in a run: `3.214`, `1:03.214`, `1:00:03.214`. @param {number} us */
export function clockOf(us) {
  const ms = Math.round(Math.max(0, us) / 1000);
  const pad = (/** @type {number} */ n, /** @type {number} */ width) => String(n).padStart(width, "0");
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = Math.floor(ms / 1000) % 60;
  const end = `.${pad(ms % 1000, 3)}`;
  if (hours) return `${hours}:${pad(minutes, 2)}:${pad(seconds, 2)}${end}`;
  return minutes ? `${minutes}:${pad(seconds, 2)}${end}` : `${seconds}${end}`;
}

/** Time since the run began, to the millisecond: `+3.391 s`, `+1:03.391`. @param {number} us */
export const offset = (us) => (us < MINUTE ? `+${(us / 1e6).toFixed(3)} s` : `+${clockOf(us)}`);

/** The label of a tick at `us`, where ticks are `step` apart: as exact as they are. @param {number} us @param {number} step */
export function tickLabel(us, step) {
  if (us === 0) return "0";
  if (us < 1e6 && step < 1e6) return `${trim((us / 1000).toFixed(digits(step / 1000)))} ms`;
  const fine = digits(step / 1e6);
  if (us < 60e6) return `${fine ? trim((us / 1e6).toFixed(fine)) : Math.round(us / 1e6)} s`;
  const whole = Math.floor(us / 1e6 + 1e-7);
  const rest = fine ? (us / 1e6 - whole).toFixed(fine).slice(1) : "";
  if (whole < 3600) return `${Math.floor(whole / 60)}:${pad(whole % 60)}${rest}`;
  return `${Math.floor(whole / 3600)}:${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}${rest}`;
}

/** How many decimals tell one step from the next. @param {number} step */
const digits = (step) => Math.max(0, Math.min(6, Math.ceil(-Math.log10(step) - 1e-9)));

/** `1,048` @param {number} number */
export const count = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");

/** `1 event`, `2 events` @param {number} number @param {string} noun */
export const counted = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

/** A rate a second: `87`, `8.7`. @param {number} rate */
export const perSecond = (rate) => (rate >= 9.95 ? count(Math.round(rate)) : trim(rate.toFixed(1)));

/** `4.1 kB` @param {number} bytes */
export function byteSize(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB"];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < 2) {
    value /= 1000;
    unit++;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** White space that is more than a space between words. */
const UNEVEN = /[^\S ]| {2}|^ | $/;

/** Whether it has such. @param {string} text */
function isUneven(text) {
  let before = 32;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 32 ? before === 32 : code < 32 || code > 126) return UNEVEN.test(text);
    before = code;
  }
  return before === 32 && text !== "";
}

/** What a server says, as a sentence of its own: names of fields and values stay as they are. @param {string} text */
export const sentence = (text) =>
  /^[a-z]+ /.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;

/** At most `most` UTF-16 units on one line, cut with an ellipsis. @param {string} text @param {number} most */
export function oneLine(text, most) {
  const line = text.length > most * 4 ? text.slice(0, most * 4) : text;
  const flat = isUneven(line) ? line.replace(/\s+/g, " ").trim() : line;
  return flat.length > most
    ? `${flat.slice(0, flat.charCodeAt(most - 2) >> 10 === 0x36 ? most - 2 : most - 1)}…`
    : flat;
}

/**
 * The start of a value as compact JSON, without writing the rest of it.
 * @param {unknown} value
 * @param {number} most about how many characters
 */
export function compactJson(value, most) {
  if (typeof value === "string") {
    const text = JSON.stringify(value.length > most ? value.slice(0, most) : value);
    return text.length > most ? oneLine(text, most) : text;
  }
  /** @type {string[]} */
  const parts = [];
  let room = most;
  /** @param {string} text */
  const put = (text) => {
    parts.push(text);
    room -= text.length;
  };
  /** @param {unknown} item @param {number} depth */
  const write = (item, depth) => {
    if (room <= 0) return;
    const marked = markerText(item);
    if (marked !== null) {
      put(marked);
      return;
    }
    item = unwrap(item);
    if (typeof item === "string") {
      put(JSON.stringify(item.length > room ? item.slice(0, room) : item));
    } else if (item === null || typeof item !== "object" || item instanceof ExactNumber) {
      put(String(item));
    } else if (depth > 20) {
      put("…");
    } else if (Array.isArray(item)) {
      put("[");
      for (let index = 0; index < item.length && room > 0; index++) {
        if (index) put(", ");
        write(item[index], depth + 1);
      }
      put("]");
    } else {
      put("{");
      let first = true;
      for (const key of keysOf(/** @type {Record<string, unknown>} */ (item))) {
        if (room <= 0) break;
        put(`${first ? "" : ", "}${JSON.stringify(key)}: `);
        first = false;
        write(/** @type {Record<string, unknown>} */ (item)[key], depth + 1);
      }
      put("}");
    }
  };
  write(value, 0);
  return room < 0 ? oneLine(parts.join(""), most) : parts.join("");
}

/** The path to a value as one would write it: `countries[2].population`. @param {(string | number)[]} path */
export function pathName(path) {
  let name = "";
  for (const step of path) {
    if (typeof step === "number") name += `[${step}]`;
    else if (/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(step)) name += name ? `.${step}` : step;
    else name += `[${JSON.stringify(step)}]`;
  }
  return name;
}

/** `12:04`, with the day where it is not today. @param {string} iso @param {Date} [today] */
export function clockTime(iso, today = new Date()) {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return "";
  const time = date.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
  if (date.toDateString() === today.toDateString()) return time;
  return `${date.toLocaleDateString(undefined, { month: "short", day: "numeric" })} ${time}`;
}

/**
 * When something was, in few letters: `14:05`, `yesterday 9:12`, `Nov 3 9:12`, `Nov 3 2025`; "" for no time.
 * @param {string} iso @param {Date} [today]
 */
export function dayTime(iso, today = new Date()) {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return "";
  const time = `${date.getHours()}:${pad(date.getMinutes())}`;
  const before = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (date.toDateString() === today.toDateString()) return time;
  if (date.toDateString() === before.toDateString()) return `yesterday ${time}`;
  const day = date.toLocaleDateString(undefined, { month: "short", day: "numeric" });
  return date.getFullYear() === today.getFullYear() ? `${day} ${time}` : `${day} ${date.getFullYear()}`;
}

/** The end of a run's id, which tells runs apart that began together. @param {string} run */
export const shortRun = (run) => (run.length > 12 ? `…${run.slice(-6)}` : run);

/** `tracer.demo:rag` → `rag`. @param {string} name */
export const chainLabel = (name) => name.slice(name.lastIndexOf(":") + 1) || name;

/** @param {string} number */
const trim = (number) => (number.includes(".") ? number.replace(/\.?0+$/, "") : number) || "0";

/** @param {number} number */
const pad = (number) => String(number).padStart(2, "0");
