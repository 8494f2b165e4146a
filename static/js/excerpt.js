// What the event log shows of a line, and what a span streamed in it. No DOM.

import { CALLS, PREVIEW, TEXT, TREE } from "./columns.js";
import { blocksOf, textIn } from "./content.js";
import { compactJson, errorName, oneLine, pathName } from "./format.js";
import { callsOf, contentText, isMessage, isObject, isTree, textOf, unwrap } from "./values.js";

/** @typedef {import("./spans.js").Line} Line */
/** @typedef {{ form: number, text: string }} Excerpt */
/**
 * @typedef {{ text: string, calls: import("./values.js").CallPiece[], reasoning?: string, refusal?: string }} Piece
 * What a row of the form CALLS holds.
 */

const MOST = 160;

/**
 * @param {Line} line
 * @param {string} phase start, stream, end or error; "" for what is no span's event
 * @returns {Excerpt} a stream line's text is whole; all else is cut
 */
export function excerptOf(line, phase) {
  const data = isObject(line.data) ? line.data : {};
  if (phase === "stream") return streamed(data.chunk);
  return { form: PREVIEW, text: oneLine(previewOf(line, data, phase), MOST) };
}

/** @param {unknown} chunk @returns {Excerpt} */
function streamed(chunk) {
  const text = textOf(chunk);
  if (isMessage(chunk)) {
    const calls = Array.isArray(chunk.tool_call_chunks) ? callsOf(chunk) : [];
    const [reasoning, refusal] = besideText(chunk);
    if (calls.length || reasoning || refusal) {
      /** @type {Piece} */
      const piece = { text: text ?? "", calls };
      if (reasoning) piece.reasoning = reasoning;
      if (refusal) piece.refusal = refusal;
      return { form: CALLS, text: JSON.stringify(piece) };
    }
  }
  if (text !== null) return { form: TEXT, text };
  if (isTree(chunk)) return { form: TREE, text: tail(chunk) };
  return { form: PREVIEW, text: chunk === undefined ? "" : compactJson(chunk, MOST) };
}

/** @param {Record<string, any>} chunk @returns {[reasoning: string, refusal: string]} */
function besideText(chunk) {
  // Nearly every piece is text and nothing else.
  if (typeof chunk.content === "string" && !chunk.additional_kwargs) return ["", ""];
  const blocks = blocksOf(chunk);
  return [textIn(blocks, "reasoning"), textIn(blocks, "refusal")];
}

/**
 * The last value in an object, after where it is and a line break: in one that grows, what is new.
 * @param {unknown} value
 */
function tail(value) {
  /** @type {(string | number)[]} */
  const path = [];
  let at = value;
  for (let inner = unwrap(at); path.length < 100; inner = unwrap(at)) {
    if (Array.isArray(inner) && inner.length) {
      path.push(inner.length - 1);
      at = inner.at(-1);
    } else if (isObject(inner) && textOf(inner) === null && Object.keys(inner).length) {
      const key = /** @type {string} */ (Object.keys(inner).at(-1));
      path.push(key);
      at = inner[key];
    } else {
      break;
    }
  }
  return `${oneLine(pathName(path), MOST)}\n${oneLine(compactJson(at, MOST), MOST)}`;
}

/** @param {Line} line @param {Record<string, any>} data @param {string} phase */
function previewOf(line, data, phase) {
  if (phase === "start") return givenPreview(data.input);
  if (phase === "end") return valuePreview(data.output);
  if (phase === "error") return errorText(data.error);
  switch (line.event) {
    case "run_start":
      return givenPreview(line.input);
    case "run_end":
      return line.error ? `${line.status}: ${errorText(line.error)}` : String(line.status ?? "");
    case "abandoned":
      return typeof line.stack === "string"
        ? line.stack.trimEnd().split("\n").slice(-2).join(" ").trim()
        : "";
    case "bad_line":
      return `line ${line.line} of the file cannot be read as an event (${line.bytes} bytes)`;
    default:
      return [typeof line.name === "string" ? line.name : "", valuePreview(line.data ?? line.text)]
        .join(" ")
        .trim();
  }
}

/** Of the command that resumes a graph, the answer alone. @param {unknown} input */
function givenPreview(input) {
  const inner = unwrap(input);
  const isAnswer = isObject(input) && input.type === "langgraph.types.Command" && isObject(inner);
  return isAnswer && (inner.resume ?? null) !== null
    ? `answer: ${valuePreview(inner.resume)}`
    : valuePreview(input);
}

/** @param {unknown} error */
function errorText(error) {
  if (!isObject(error)) return typeof error === "string" ? error : "";
  const type = typeof error.type === "string" ? errorName(error.type) : "";
  return typeof error.message === "string" && error.message ? `${type}: ${error.message}` : type;
}

/**
 * A value in a line: text as it is, of messages the last one, anything else as JSON.
 * @param {unknown} value
 * @returns {string}
 */
export function valuePreview(value) {
  if (value === undefined) return "";
  const text = textOf(value);
  if (text) return text.length > MOST * 4 ? text.slice(0, MOST * 4) : text;
  const calls = callsOf(value);
  if (calls.length) return calls.map((call) => `${call.name}(${call.args})`).join(", ");
  if (isObject(value) && Array.isArray(value.messages)) {
    const last = value.messages.flat(1).at(-1);
    if (isMessage(last)) return `${last.type}: ${contentText(last.content).slice(0, MOST * 4)}`;
  }
  if (text !== null) return "";
  return compactJson(value, MOST);
}
