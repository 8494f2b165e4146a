// JSON pointers, and changes of a value that leave the value itself as it was. Twin of tracer/log/delta.py. No DOM.

import { copyOf, ExactNumber, removeMember, setMember } from "./exact.js";

/** A pointer with more of them leads nowhere. */
const TOKENS = 64;
/** Entries and characters that the changes of one value may copy or move. */
const MOST = 64 * 2 ** 20;
const INDEX = /^(?:0|[1-9][0-9]{0,8})$/;

/** A pointer that leads nowhere, or an operation that does not fit the value it is for. */
export class DeltaError extends Error {}

/** @param {unknown} value @returns {value is Record<string, any>} */
const isObject = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);

/** The keys of a pointer. Throws DeltaError. @param {unknown} pointer @returns {string[]} */
export function tokens(pointer) {
  if (typeof pointer !== "string" || (pointer !== "" && pointer[0] !== "/")) throw new DeltaError();
  if (pointer === "") return [];
  const found = pointer.slice(1).split("/");
  if (found.length > TOKENS) throw new DeltaError();
  if (!pointer.includes("~")) return found;
  return found.map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The value that these keys lead to. Throws DeltaError. @param {unknown} value @param {string[]} path @returns {any} */
export function valueAt(value, path) {
  let at = /** @type {any} */ (value);
  for (const token of path) {
    if (Array.isArray(at)) at = at[indexOf(token, at.length - 1)];
    else if (isObject(at) && Object.hasOwn(at, token)) at = at[token];
    else throw new DeltaError();
  }
  return at;
}

/** A value being changed: what is changed is copied first, all else is shared with the value it began as. */
export class Draft {
  /** Entries and characters that were copied or moved. */
  copied = 0;
  /** @type {Set<unknown> | null} */
  #own = null;

  /** @param {any} value */
  constructor(value) {
    this.value = value;
  }

  /**
   * Sets a member (at the end where it is new), an element that is there, or all of it. Throws DeltaError.
   * @param {string[]} path
   * @param {any} value
   */
  put(path, value) {
    const key = path.at(-1);
    if (key === undefined) {
      this.value = value;
      return;
    }
    const inside = this.#parent(path);
    if (Array.isArray(inside)) inside[indexOf(key, inside.length - 1)] = value;
    else setMember(inside, key, value);
  }

  /** One operation of a delta. Throws DeltaError; the draft is of no use then. @param {unknown} operation */
  apply(operation) {
    if (!isObject(operation)) throw new DeltaError();
    const { op, value } = operation;
    if (!Object.hasOwn(operation, "value") && op !== "remove") throw new DeltaError();
    const path = tokens(operation.path);
    const key = path.at(-1);
    if (op === "append") {
      const old = valueAt(this.value, path);
      if (typeof old !== "string" || typeof value !== "string") throw new DeltaError();
      this.#spend(old.length);
      this.put(path, old + value);
    } else if (op === "replace") {
      valueAt(this.value, path);
      this.put(path, value);
    } else if (op === "add") this.#add(path, value);
    else if (op === "remove" && key !== undefined) {
      const inside = this.#parent(path);
      if (Array.isArray(inside)) {
        this.#spend(inside.length >> 3);
        inside.splice(indexOf(key, inside.length - 1), 1);
      } else if (Object.hasOwn(inside, key)) removeMember(inside, key);
      else throw new DeltaError();
    } else throw new DeltaError();
  }

  /** @param {string[]} path @param {any} value */
  #add(path, value) {
    const key = path.at(-1);
    if (key === undefined) {
      this.value = value;
      return;
    }
    const inside = this.#parent(path);
    if (!Array.isArray(inside)) {
      setMember(inside, key, value);
      return;
    }
    const at = key === "-" ? inside.length : indexOf(key, inside.length);
    this.#spend((inside.length - at) >> 3);
    if (at === inside.length) inside.push(value);
    else inside.splice(at, 0, value);
  }

  /** The object or list that the last key is for, copied with all above it. @param {string[]} path @returns {any} */
  #parent(path) {
    let inside = this.#mine(this.value);
    this.value = inside;
    for (const token of path.slice(0, -1)) {
      if (Array.isArray(inside)) {
        const at = indexOf(token, inside.length - 1);
        inside[at] = this.#mine(inside[at]);
        inside = inside[at];
      } else {
        if (!Object.hasOwn(inside, token)) throw new DeltaError();
        const below = this.#mine(inside[token]);
        setMember(inside, token, below);
        inside = below;
      }
    }
    return inside;
  }

  /** @param {any} value */
  #mine(value) {
    if (this.#own?.has(value)) return value;
    const list = Array.isArray(value);
    if (!list && !isObject(value)) throw new DeltaError();
    this.#spend(list ? value.length : Object.keys(value).length);
    const copy = list ? value.slice() : copyOf(value);
    this.#own ??= new Set();
    this.#own.add(copy);
    return copy;
  }

  /** @param {number} size */
  #spend(size) {
    this.copied += size;
    if (this.copied > MOST) throw new DeltaError();
  }
}

/** @param {string} token @param {number} most */
function indexOf(token, most) {
  if (!INDEX.test(token) || Number(token) > most) throw new DeltaError();
  return Number(token);
}
