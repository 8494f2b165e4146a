// What a span gives: its text as it comes, tool calls as they are written, what it failed with.

import { CALLS, TEXT } from "../columns.js";
import { blocksOf } from "../content.js";
import { button, el, setText, show } from "../dom.js";
import { counted } from "../format.js";
import { originOf, stateAbout } from "../states.js";
import { isMessage } from "../values.js";
import { drawBlocks, refusalBox, thoughtBox } from "./content.js";
import { EndKeeper } from "./end.js";
import { drawFailure, tracebackBox } from "./failure.js";
import { findingCard } from "./findings.js";
import { JsonTree } from "./json.js";
import { jsonTime } from "./json_tab.js";
import { TextView } from "./text.js";
import { ToldView } from "./told.js";
import { callBox, drawValue } from "./value.js";

/** @typedef {import("../store.js").RunStore} RunStore */
/** @typedef {import("../spans.js").Span} Span */
/** @typedef {{ text: Text, head: HTMLElement, shown: string }} Call */

/** Lines that are read in one frame. */
const AT_ONCE = 20_000;

export class OutputView {
  /** @type {RunStore | null} */
  #store = null;
  /** @type {Span | null} */
  #span = null;
  #row = -1;
  /** How many rows of the run were shown when it was drawn last. */
  #rows = 0;
  /** Whether all pieces are wanted, however many they are. */
  #whole = false;
  #any = false;
  /** Calls by their index; a new id begins another one. @type {Map<number, Call & { id: string }>} */
  #calls = new Map();
  #bodyAsked = false;
  #errorDrawn = false;
  /** Why there is nothing, once that is known. */
  #why = "";

  /** @type {ReturnType<typeof thoughtBox> | null} */
  #thought = null;
  /** @type {ReturnType<typeof refusalBox> | null} */
  #refusal = null;
  #findings = -1;
  #moreAsked = false;

  /**
   * @param {HTMLElement} root
   * @param {import("../dom.js").Send} send
   * @param {import("./told.js").LinesOf} linesOf reads lines of the run again
   * @param {import("../graph_nodes.js").GraphNodes} nodes
   */
  constructor(root, send, linesOf, nodes) {
    this.lineAt = async (/** @type {number} */ seq) => (await linesOf(seq, seq))[0] ?? null;
    this.root = root;
    this.send = send;
    this.nodes = nodes;
    this.touch = () => {};
    this.found = el("div", "found");
    this.stack = el("div", "failure abandoned");
    this.before = el("div", "before-text");
    this.after = el("div", "after-text");
    this.toldBox = el("div", "told-box");
    this.told = new ToldView(this.toldBox, linesOf, nodes);
    this.end = new EndKeeper(root);
    this.error = el("div", "failure");
    this.textBox = el("div", "text text-out");
    this.text = new TextView(this.textBox);
    this.callBox = el("div", "calls");
    this.tree = el("div", "json");
    const timeOf = (/** @type {number} */ row) => jsonTime(this.#store, row);
    this.json = new JsonTree(this.tree, { timeOf });
    this.json.onSeek = (row) => send({ type: "seek", row });
    this.body = el("div", "body");
    this.nothing = el("p", "nothing");
    this.caret = el("span", "caret", "", { "aria-hidden": "true" });
    root.replaceChildren(
      this.found,
      this.stack,
      this.error,
      this.before,
      this.textBox,
      this.after,
      this.callBox,
      this.tree,
      this.toldBox,
      this.body,
      this.nothing,
    );
  }

  /** @param {Span} span */
  #begin(span) {
    this.#span = span;
    this.#row = -1;
    this.#rows = 0;
    this.#any = false;
    this.#calls.clear();
    this.#bodyAsked = false;
    this.#errorDrawn = false;
    this.#why = "";
    this.end.reset();
    this.text.clear();
    this.caret.remove();
    this.#thought = this.#refusal = null;
    this.#findings = -1;
    this.#moreAsked = false;
    this.told.clear();
    for (const box of [
      this.found,
      this.stack,
      this.error,
      this.before,
      this.after,
      this.callBox,
      this.body,
    ]) {
      box.replaceChildren();
    }
    show(this.error, false);
    show(this.stack, false);
    show(this.tree, false);
    this.json.reset();
    setText(this.nothing, "");
  }

  /** @param {RunStore} store @param {Span} span @param {number} ms @returns {boolean} whether something is still lit */
  draw(store, span, ms) {
    if (span.span !== this.#span?.span) this.#whole = false;
    if (span !== this.#span || store.rows < this.#rows || store !== this.#store) this.#begin(span);
    this.#store = store;
    this.#rows = store.rows;
    const before = this.#row;
    this.#read(store, span);
    const running = span.state === "running";
    let lit = false;
    const isGraph = this.nodes.of(store.fold).nodes(span.span) !== undefined;
    this.told.draw(store, span);
    this.#drawFindings(store, span);
    const growth = this.#any || isGraph ? undefined : store.growth(span);
    if (isGraph) show(this.tree, false);
    if (growth && (running || store.objectSeq(span.span) >= 0)) {
      show(this.tree, true);
      lit = this.json.draw(growth, running, ms);
    }
    if (span.error && !this.#errorDrawn) this.#drawError(store, span);
    if (span.stack && !this.stack.childElementCount) this.#drawStack(span.stack);
    if (!running && this.#any && store.endSaysMore(span.span)) this.#readMore(span);
    if (!running && !this.#any && !growth) this.#readBody(span, isGraph);
    this.#drawCaret(running);
    const told = this.told.any || span.stack !== null;
    const empty = !this.#any && !growth && !span.error && !told && !this.body.childElementCount;
    setText(this.nothing, empty ? (running ? waitingFor(span) : this.#why || neverEnded(span)) : "");
    if (running && this.#row !== before) this.end.stay();
    return lit;
  }

  /** @param {RunStore} store @param {Span} span */
  #read({ columns, rows }, span) {
    let text = "";
    let thought = "";
    let refusal = "";
    let row = this.#from(columns, span, rows - 1);
    for (; row >= 0 && row < rows; row = columns.next(row)) {
      this.#row = row;
      const form = columns.form[row];
      if (form === TEXT) {
        text += columns.text(row);
      } else if (form === CALLS) {
        /** @type {import("../excerpt.js").Piece} */
        const piece = JSON.parse(columns.text(row));
        text += piece.text;
        thought += piece.reasoning ?? "";
        refusal += piece.refusal ?? "";
        for (const call of piece.calls) this.#call(call);
      }
    }
    if (text) this.text.append(text);
    if (thought) {
      if (!this.#thought) {
        this.#thought = thoughtBox();
        this.before.append(this.#thought.box);
      }
      this.#thought.add(thought);
    }
    if (refusal) {
      if (!this.#refusal) {
        this.#refusal = refusalBox();
        this.after.append(this.#refusal.box);
      }
      this.#refusal.add(refusal);
    }
    if (text || thought || refusal) this.#any = true;
  }

  /**
   * The row to go on from. Where far more came than can be read at once, most of it is left to a click.
   * @param {import("../columns.js").Columns} columns @param {Span} span @param {number} last
   */
  #from(columns, span, last) {
    const next = this.#row < 0 ? columns.first(span.span) : columns.next(this.#row);
    if (this.#whole || next < 0 || next > last) return next;
    const known = this.#row < 0 ? 0 : (columns.upTo(span.span, this.#row)?.rank ?? 0);
    const rank = columns.upTo(span.span, last)?.rank ?? 0;
    if (rank - known <= AT_ONCE) return next;
    this.#begin(span);
    const row = columns.near(span.span, rank - AT_ONCE);
    const left = (columns.upTo(span.span, row)?.rank ?? 1) - 1;
    const more = button("btn small output-more", `Show the ${counted(left, "line")} before`);
    more.addEventListener("click", () => {
      this.#whole = true;
      this.#begin(span);
      this.touch();
    });
    this.before.append(more);
    return row;
  }

  /** @param {import("../values.js").CallPiece} piece */
  #call(piece) {
    this.#any = true;
    let call = this.#calls.get(piece.index);
    if (!call || (piece.id && call.id && piece.id !== call.id)) {
      const { box, head, text } = callBox(piece.name, "");
      call = { text, head, shown: piece.name, id: piece.id };
      this.#calls.set(piece.index, call);
      this.callBox.append(box);
    } else if (piece.name && piece.name !== call.shown) {
      call.shown += piece.name;
      setText(call.head, call.shown);
    }
    call.text.appendData(piece.args);
  }

  /** @param {boolean} running */
  #drawCaret(running) {
    if (!running || !this.#any) {
      this.caret.remove();
      return;
    }
    const call = [...this.#calls.values()].at(-1);
    const end = call ? call.text.parentElement : this.textBox.lastElementChild?.lastElementChild;
    if (end && this.caret.parentElement !== end) end.append(this.caret);
  }

  /** @param {RunStore} store @param {Span} span */
  #drawError(store, span) {
    this.#errorDrawn = true;
    const error = /** @type {import("../spans.js").RunError} */ (span.error);
    const quiet = span.state !== "error" && span.state !== "propagated";
    show(this.error, true);
    this.error.classList.toggle("quiet", quiet);
    drawFailure(this.error, error);
    const origin = originOf(store.moment, span);
    if (origin) {
      const cause = el("p", "failure-cause", "It failed first in ");
      const go = button("btn small failure-origin", `${origin.name} · span ${origin.span}`);
      go.addEventListener("click", () => this.send({ type: "origin", span: origin.span }));
      cause.append(go);
      this.error.append(cause);
    }
    if (error.traceback) this.error.append(tracebackBox(error.traceback, span.state === "error"));
  }

  /** Where its code hung when it was given up. @param {string} stack */
  #drawStack(stack) {
    show(this.stack, true);
    this.stack.replaceChildren(
      el("h3", "failure-type", "Abandoned"),
      el("p", "failure-message", `${stateAbout("abandoned")} When it was given up, it was here:`),
      el("pre", "stack", stack),
    );
  }

  /** @param {RunStore} store @param {Span} span */
  #drawFindings(store, span) {
    const count = store.findings(span.span);
    if (count === this.#findings) return;
    this.#findings = count;
    const own = count ? store.moment.findings.filter((finding) => finding.span === span.span) : [];
    this.found.replaceChildren(...own.map(findingCard));
  }

  /** Images and what else no piece of the stream held. @param {Span} span */
  #readMore(span) {
    if (this.#moreAsked || span.end_seq === null || span.end_seq < 0) return;
    this.#moreAsked = true;
    this.lineAt(span.end_seq).then(
      (line) => {
        const output = line?.data?.output;
        if (span !== this.#span || !isMessage(output)) return;
        const more = blocksOf(output).filter(
          ({ kind }) =>
            kind !== "text" &&
            !(kind === "reasoning" && this.#thought) &&
            !(kind === "refusal" && this.#refusal),
        );
        drawBlocks(this.after, more, new Map());
      },
      (error) => this.#say(`Its output could not be read. ${error.message}`),
    );
  }

  /** Its last line holds what it gave. @param {Span} span @param {boolean} isGraph */
  #readBody(span, isGraph) {
    if (this.#bodyAsked || span.end_seq === null || span.end_seq < 0 || span.error) return;
    this.#bodyAsked = true;
    this.lineAt(span.end_seq).then(
      (line) => {
        if (span !== this.#span) return;
        const output = line?.data?.output;
        if (output === undefined || output === null) this.#say("It gave nothing.");
        else drawValue(this.body, output);
        if (isGraph && this.body.childElementCount) {
          this.body.prepend(el("h3", "body-head", "State at the end"));
        }
      },
      (error) => {
        if (span !== this.#span) return;
        this.#say(`Its output could not be read. ${error.message}`);
      },
    );
  }

  /** @param {string} why */
  #say(why) {
    this.#why = why;
    setText(this.nothing, why);
  }
}

/** Why nothing is known of what it gave, where no line says how it ended. @param {Span} span */
function neverEnded(span) {
  if (span.end_seq !== null && span.end_seq >= 0) return "";
  return `Nothing of what it gave had come. ${stateAbout(span.state)}`;
}

/** @param {Span} span */
function waitingFor(span) {
  return span.type === "chat_model" || span.type === "llm" ? "Waiting for the first token…" : "Nothing yet.";
}
