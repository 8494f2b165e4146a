// What is wrong with the chain, in words: each finding with its span, its evidence and what to do.

import { button, el, glyph, setText, show } from "../dom.js";
import { compactJson, count, counted, lookOf, offset } from "../format.js";

/** @typedef {import("../store.js").RunStore} RunStore */
/** @typedef {import("../spans.js").Finding} Finding */

export class FindingsView {
  /** @type {RunStore | null} */
  #store = null;
  #drawn = 0;

  /** @param {HTMLElement} root @param {import("../dom.js").Send} send */
  constructor(root, send) {
    this.root = root;
    this.send = send;
    const close = button("btn icon quiet", [glyph("close")], { "aria-label": "Close findings" });
    close.addEventListener("click", () => send({ type: "findings" }));
    this.title = el("h2", "findings-title");
    const head = el("div", "findings-head");
    head.append(this.title, close);
    this.list = el("ol", "findings-list");
    root.replaceChildren(head, this.list);
    root.hidden = true;
    root.addEventListener("keydown", (event) => {
      if (event.key === "Escape") send({ type: "findings" });
    });
  }

  get isOpen() {
    return !this.root.hidden;
  }

  /** @param {boolean} open */
  open(open) {
    show(this.root, open);
    if (open) this.root.focus();
  }

  /** @param {RunStore} store */
  draw(store) {
    if (store !== this.#store) {
      this.#store = store;
      this.#drawn = 0;
      this.list.replaceChildren();
    }
    const { findings } = store.moment;
    if (findings.length < this.#drawn) {
      this.#drawn = 0;
      this.list.replaceChildren();
    }
    if (!findings.length) show(this.root, false);
    setText(this.title, counted(findings.length, "finding"));
    for (; this.#drawn < findings.length; this.#drawn++) {
      this.list.append(this.#item(store, /** @type {Finding} */ (findings[this.#drawn])));
    }
  }

  /** @param {RunStore} store @param {Finding} finding */
  #item(store, finding) {
    const item = el("li", "finding");
    item.append(findingCard(finding));
    const acts = el("div", "finding-acts");
    const span = store.moment.span(finding.span);
    if (span) {
      const go = button("btn small finding-span", [
        glyph(lookOf(span.type)),
        `${span.name || span.type} · span ${span.span}`,
      ]);
      go.dataset.look = lookOf(span.type);
      go.addEventListener("click", () => this.send({ type: "select", span: span.span, open: true }));
      acts.append(go);
    }
    const line = button("btn small quiet", `line ${count(finding.seq)}, ${offset(finding.t_us)}`);
    line.addEventListener("click", () => this.send({ type: "jump", seq: finding.seq }));
    acts.append(line);
    item.append(acts);
    return item;
  }
}

/** What a finding says. @param {Finding} finding */
export function findingCard({ kind, text, advice, evidence }) {
  const card = el("div", "finding-card");
  const head = el("p", "finding-text");
  head.append(glyph("finding"), el("span", "", text));
  card.append(head);
  if (advice) card.append(el("p", "finding-advice", advice));
  const facts = el("p", "finding-evidence");
  facts.append(el("code", "finding-kind", kind));
  for (const [name, value] of Object.entries(evidence)) {
    if (value === null || value === undefined) continue;
    const said = typeof value === "string" ? value : compactJson(value, 400);
    const fact = el("span", "finding-fact");
    fact.append(
      el("span", "finding-name", `${name.replaceAll("_", " ")}: `),
      el("span", "finding-value", said),
    );
    facts.append(fact);
  }
  card.append(facts);
  return card;
}
