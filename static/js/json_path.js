// Where in a JSON value something is, as text: for JSONPath, for Python, as a key of maps. No DOM.

/** @typedef {(string | number)[]} Path */

const NAME = /^[\p{L}_$][\p{L}\p{N}_$]*$/u;

/** `$.countries[0]["full name"]` @param {Path} path */
export const jsonPath = (path) =>
  `$${path.map((key) => (typeof key === "string" && NAME.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`)).join("")}`;

/** `["countries"][0]["full name"]` @param {Path} path */
export const pythonPath = (path) =>
  path.map((key) => `[${typeof key === "number" ? key : pythonString(key)}]`).join("");

/** JSON's strings are Python's, but for characters that are written in two halves. @param {string} key */
const pythonString = (key) => JSON.stringify(key);

/** One text for one path. @param {Path} path */
export const pathKey = (path) => JSON.stringify(path);
