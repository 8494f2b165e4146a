// The text an object was made from, and where it breaks if it is no JSON.

import { button, el, setText, show } from "../dom.js";
import { count } from "../format.js";
import { jsonPart } from "../json_source.js";
import { breakOf, sayMistake } from "../json_text.js";

const SHOWN = 50_000;
/** So often a text that grows is looked through for mistakes, in ms; longer ones when they are whole. */
const LOOK_MS = 200;
const LONG = 400_000;
const AROUND = 48;

export class JsonRaw {
  #text = "";
  #whole = false;
  #shown = SHOWN;
  #looked = Number.NEGATIVE_INFINITY;
  #lookedAt = "";
  /** @type {ReturnType<typeof breakOf>} */
  #broken = null;
  #said = "";

  /** @param {HTMLElement} root @param {() => void} touch */
  constructor(root, touch) {
    this.root = root;
    this.about = el("p", "json-raw-about");
    this.mistake = el("div", "json-mistake", "", { role: "status" });
    this.says = el("p", "json-mistake-says");
    this.place = el("pre", "json-mistake-place", "", { "aria-hidden": "true" });
    this.mistake.append(this.says, this.place);
    this.text = el("pre", "json-raw-text", "", { tabindex: "0", "aria-label": "Raw text" });
    this.before = document.createTextNode("");
    this.mark = el("mark", "json-break");
    this.after = document.createTextNode("");
    this.text.append(this.before, this.mark, this.after);
    this.more = button("btn small", "");
    this.more.addEventListener("click", () => {
      this.#shown *= 4;
      this.#write();
      touch();
    });
    root.append(this.about, this.mistake, this.text, this.more);
    show(this.mistake, false);
    show(this.more, false);
  }

  clear() {
    this.#shown = SHOWN;
  }

  /**
   * @param {string} about where it comes from @param {string} text @param {boolean} whole no more of it comes
   * @param {number} ms @returns {boolean} whether it has to be looked at again
   */
  draw(about, text, whole, ms) {
    setText(this.about, about);
    const changed = text !== this.#text || whole !== this.#whole;
    if (!changed && this.#lookedAt === text) return false;
    this.#text = text;
    this.#whole = whole;
    const due = whole || (text.length < LONG && ms - this.#looked > LOOK_MS);
    if (due) {
      this.#looked = ms;
      this.#lookedAt = text;
      const part = jsonPart(text);
      this.#broken = part && breakOf(text, whole || part.end < text.length, part.begin, part.end);
    }
    this.#write();
    return this.#lookedAt !== text;
  }

  #write() {
    const broken = this.#broken;
    const text = this.#text.slice(0, this.#shown);
    const at = broken && broken.at <= text.length ? broken.at : text.length;
    write(this.before, text.slice(0, at));
    setText(
      this.mark,
      at < text.length ? String.fromCodePoint(text.codePointAt(at) ?? 32) : broken ? "⌁" : "",
    );
    show(this.mark, broken !== null && broken.at <= text.length);
    write(this.after, at < text.length ? text.slice(at + (this.mark.textContent?.length ?? 0)) : "");
    const left = this.#text.length - text.length;
    show(this.more, left > 0);
    setText(this.more, `Show more (${count(left)} characters left)`);
    const says = broken ? `No JSON from ${sayMistake(broken)}` : "";
    show(this.mistake, says !== "");
    if (!broken || says === this.#said) return;
    this.#said = says;
    setText(this.says, says);
    const begin = this.#text.lastIndexOf("\n", broken.at - 1) + 1;
    const from = Math.max(begin, broken.at - AROUND);
    const end = this.#text.indexOf("\n", broken.at);
    const line = this.#text.slice(from, Math.min(end < 0 ? this.#text.length : end, broken.at + AROUND));
    const dots = from > begin ? "…" : "";
    const before = Array.from(dots + this.#text.slice(from, broken.at)).length;
    setText(this.place, `${dots}${line.replaceAll("\t", " ")}\n${" ".repeat(before)}^`);
  }
}

/** What goes on is added. @param {Text} node @param {string} text */
function write(node, text) {
  if (text.length > node.length && text.startsWith(node.data)) node.appendData(text.slice(node.length));
  else if (node.data !== text) node.data = text;
}
