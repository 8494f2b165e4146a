// What an interrupted run asks, and the form that answers it.

import { button, el, glyph, setAttribute, setText, show } from "../dom.js";
import { shortRun } from "../format.js";
import { answerIn, askedOf, resumeOf, written } from "../interrupts.js";
import { runPath } from "../route.js";
import { isFocusFree } from "./focus.js";
import { drawTree } from "./value.js";

/** @typedef {import("../store.js").RunStore} RunStore */
/** @typedef {import("../interrupts.js").Asked} Asked */
/** @typedef {import("../interrupts.js").Kind} Kind */
/** @typedef {{ element: HTMLElement, input: HTMLTextAreaElement, read(): { value: unknown } | null }} Question */

export class InterruptView {
  /** @type {import("../spans.js").Line | null} */
  #footer = null;
  #answered = "";
  #busy = false;
  /** @type {Asked[]} */
  #asked = [];
  /** @type {Question[]} */
  #questions = [];

  /**
   * @param {HTMLElement} root
   * @param {import("../dom.js").Send} send
   * @param {(answer: unknown) => Promise<string>} resume starts the run that goes on; gives its id
   */
  constructor(root, send, resume) {
    this.root = root;
    this.send = send;
    this.resume = resume;
    root.hidden = true;
  }

  /** @param {RunStore} store @param {string | undefined} answeredBy the run that answered it, where that is known */
  draw(store, answeredBy) {
    const waits = store.moment.status === "interrupted" && !store.gone;
    show(this.root, waits);
    if (!waits) return;
    if (store.footer === this.#footer && (answeredBy ?? "") === this.#answered) return;
    this.#footer = store.footer;
    this.#answered = answeredBy ?? "";
    this.#busy = false;
    if (answeredBy) this.#drawAnswered(answeredBy);
    else this.#drawForm(store);
  }

  /** @param {string} run */
  #drawAnswered(run) {
    const link = el("a", "", `run ${shortRun(run)}`, { href: runPath(run) });
    link.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      this.send({ type: "open", run });
    });
    const line = el("p", "interrupt-answered", "It was answered; it goes on in ");
    line.append(link, ".");
    this.root.replaceChildren(line);
  }

  /** @param {RunStore} store */
  #drawForm(store) {
    this.#asked = askedOf(store.footer);
    const form = el("form", "interrupt-form", "", { "aria-label": "Answer" });
    form.noValidate = true;
    const head = el("h2", "interrupt-head");
    head.append(
      glyph("interrupted"),
      this.#asked.length > 1 ? `It waits for ${this.#asked.length} answers` : "It waits for an answer",
    );
    const asked = this.#asked.length ? this.#asked : [{ id: "", question: "", rest: undefined, choices: [] }];
    this.#questions = asked.map((one, index) => questionBox(one, index, asked.length));
    const problem = el("p", "interrupt-problem", "", { role: "alert" });
    const act = el("button", "btn primary", "Resume", {
      type: "submit",
      "aria-keyshortcuts": "Control+Enter Meta+Enter",
    });
    const keys = el("kbd", "", /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘ ⏎" : "Ctrl ⏎", {
      "aria-hidden": "true",
    });
    act.append(keys);
    const actions = el("div", "interrupt-actions");
    actions.append(act, problem);
    form.append(head, ...this.#questions.map(({ element }) => element), actions);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit(act, problem);
    });
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      void this.#submit(act, problem);
    });
    this.root.replaceChildren(form);
    // Who has just started the run has put the focus nowhere; on a touch screen it would raise the keyboard.
    if (isFocusFree() && matchMedia("(hover: hover)").matches) {
      this.#questions[0]?.input.focus();
    }
  }

  /** @param {HTMLButtonElement} act @param {HTMLElement} problem */
  async #submit(act, problem) {
    if (this.#busy) return;
    setText(problem, "");
    const answers = this.#questions.map((question) => question.read());
    const wrong = answers.indexOf(null);
    if (wrong >= 0) {
      this.#questions[wrong]?.input.focus();
      return;
    }
    this.#busy = true;
    act.setAttribute("aria-disabled", "true"); // not disabled: the focus stays
    try {
      const values = answers.map((answer) => answer?.value);
      const next = await this.resume(resumeOf(this.#asked, values));
      this.send({ type: "open", run: next });
    } catch (error) {
      setText(problem, error instanceof Error ? error.message : String(error));
    } finally {
      this.#busy = false;
      act.removeAttribute("aria-disabled");
    }
  }
}

/** @param {Asked} asked @param {number} index @param {number} count @returns {Question} */
function questionBox({ question, rest, choices }, index, count) {
  const element = el("div", "interrupt-question", "", { role: "group" });
  const id = `interrupt-${index}`;
  /** @type {Kind | null} */
  let chosen = null;
  if (question) element.append(el("p", "interrupt-text", question, { id: `${id}-text` }));
  if (rest !== undefined) {
    const box = el("div", "interrupt-rest");
    drawTree(box, rest);
    element.append(box);
  }
  const label = el("label", "interrupt-label", count > 1 ? `Answer ${index + 1}` : "Answer", { for: id });
  const input = el("textarea", "field interrupt-input", "", { id, rows: "1", autocomplete: "off" });
  const text = button("", "Text");
  const json = button("", "JSON");
  const kinds = el("div", "seg", "", { role: "group", "aria-label": "Send the answer as" });
  kinds.append(text, json);
  const hint = el("p", "interrupt-hint", "", { id: `${id}-hint` });
  setAttribute(
    input,
    "aria-describedby",
    [question ? `${id}-text` : "", `${id}-hint`].filter(Boolean).join(" "),
  );
  const draw = () => {
    const { kind } = answerIn(input.value, chosen);
    setAttribute(text, "aria-pressed", String(kind === "text"));
    setAttribute(json, "aria-pressed", String(kind === "json"));
    input.classList.toggle("mono", kind === "json");
    setText(hint, "");
    input.removeAttribute("aria-invalid");
    input.style.height = "auto";
    input.style.height = `${Math.min(240, input.scrollHeight + 2)}px`;
  };
  /** @param {Kind} kind */
  const choose = (kind) => {
    chosen = kind;
    draw();
    input.focus();
  };
  text.addEventListener("click", () => choose("text"));
  json.addEventListener("click", () => choose("json"));
  input.addEventListener("input", draw);
  if (choices.length) {
    const chips = el("div", "interrupt-choices", "", { role: "group", "aria-label": "Answers at hand" });
    for (const choice of choices) {
      const chip = button("chip", choice.label);
      chip.addEventListener("click", () => {
        const at = written(choice.value);
        input.value = at.text;
        choose(at.kind);
      });
      chips.append(chip);
    }
    element.append(chips);
  }
  const line = el("div", "interrupt-line");
  line.append(label, input, kinds);
  element.append(line, hint);
  draw();
  return {
    element,
    input,
    read() {
      const { ok, kind, value } = answerIn(input.value, chosen);
      if (ok) return { value };
      setText(
        hint,
        kind === "json" ? "This is not JSON." : 'Type an answer first. An empty text is "" as JSON.',
      );
      input.setAttribute("aria-invalid", "true");
      return null;
    },
  };
}
