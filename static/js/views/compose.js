// One chain, ready to run: what it is, its input as a form or as JSON, its config, and how it is built.

import { blank, cellAt, equal, fill, read } from "../input_cell.js";
import { formOf } from "../input_field.js";
import { preview, readJson, sayMistake } from "../json_text.js";
import { remember, remembered } from "../remembered.js";
import { drawFields, exampleLabel, make } from "./fields.js";
import { graphCard } from "./graph.js";
import { chainList } from "./home.js";

/** @typedef {import("../input_cell.js").Cell} Cell */
/**
 * @typedef {{
 *   name: string, label: string, description: string, input_schema: unknown, configurable: unknown,
 *   examples: unknown[], graph: import("./graph.js").Graph | null, last_input: unknown[], modes?: string[],
 *   problems?: Record<string, string>,
 * }} Described  GET /api/chains/{name}; `last_input` holds one value or none.
 */
/**
 * @typedef {{
 *   get: (path: string) => Promise<any>, post: (path: string, body: unknown) => Promise<any>,
 * }} Api  Both throw an Error, with `detail` and perhaps `field` where the server said them.
 */

/** @typedef {{ unmount: () => void, focus: () => boolean }} Compose  focus: into the input; false while there is none */

// Typed, not run, and worth keeping over a reload of this tab.
const DRAFT = "tracer.draft.";
/** What of the form is filled in first. */
const INPUT = ".compose-input :is(textarea, input, select)";
/** Outside of the form, what is written in, opened or waits for an answer. */
const OTHERS = "a[href], input, textarea, select, dialog, .runs";

/**
 * @param {HTMLElement} root
 * @param {{
 *   chain: string, api: Api, onStarted: (run: string) => void, announce: (text: string) => void,
 *   send: import("../dom.js").Send,
 * }} options `chain`: its name or label
 * @returns {Compose}
 */
export function mountCompose(root, { chain, api, onStarted, announce, send }) {
  let mounted = true;
  let leave = () => {};
  root.replaceChildren(make("p", "compose-wait", `Opening ${chain} …`));

  Promise.all([api.get(`/api/chains/${encodeURIComponent(chain)}`), api.get("/api/chains")]).then(
    ([described, all]) => {
      if (!mounted) return;
      const view = compose(described, String(all.dir ?? "runs"), { api, onStarted, announce });
      leave = view.leave;
      root.replaceChildren(view.element);
      view.start();
    },
    async (error) => {
      const others = error?.status === 404 ? await api.get("/api/chains").catch(() => null) : null;
      if (mounted) root.replaceChildren(refusal(chain, error, others?.chains ?? null, send));
    },
  );

  return {
    unmount() {
      mounted = false;
      leave();
      root.replaceChildren();
    },
    focus() {
      const first = root.querySelector(INPUT);
      if (first instanceof HTMLElement) first.focus();
      return first !== null;
    },
  };
}

/**
 * Why there is no form; where there is no such chain, those that there are.
 * @param {string} chain @param {unknown} error @param {import("./home.js").ChainInfo[] | null} others
 * @param {import("../dom.js").Send} send
 */
function refusal(chain, error, others, send) {
  const box = make("div", "home-box");
  const title = make("h1", "", others ? "No such chain" : `${chain} cannot be opened`);
  const offered = others?.length ? " Choose one of these:" : "";
  const said = others ? `This server has no chain named “${chain}”.${offered}` : reason(error);
  const why = make("p", "home-lead", said);
  why.setAttribute("role", "alert");
  box.append(title, why);
  if (others?.length) box.append(chainList(others, send));
  return box;
}

/**
 * @param {Described} chain
 * @param {string} folder where runs are recorded
 * @param {{ api: Api, onStarted: (run: string) => void, announce: (text: string) => void }} options
 */
function compose(chain, folder, { api, onStarted, announce }) {
  const form = formOf(chain.input_schema);
  // Its own default is null: that says "none given", not "no object".
  const settings = formOf(
    { .../** @type {object} */ (chain.configurable), default: undefined },
    "configurable",
  );
  const given = chain.last_input.length > 0 ? chain.last_input : chain.examples;
  const drafted = draftOf(chain.name);

  /** @type {Cell} */
  let cell = drafted ? fill(form, drafted.value) : given.length > 0 ? fill(form, given[0]) : blank(form);
  let asJson = false;
  let touched = drafted !== null;
  let busy = false;

  // —— the skeleton
  const element = make("form", "compose");
  element.noValidate = true;
  element.setAttribute("aria-label", `Run ${chain.label}`);
  const main = make("div", "compose-main");
  const title = make("h1", "", chain.label);
  const about = make("p", "compose-about", chain.description);
  const full = make("code", "compose-name", chain.name);
  const inputs = make("div", "compose-input");

  const modes = make("div", "segments");
  modes.setAttribute("role", "group");
  modes.setAttribute("aria-label", "How to enter the input");
  const formMode = segment("Form");
  const jsonMode = segment("Edit as JSON");
  modes.append(formMode, jsonMode);

  const editor = make("textarea", "input code compose-json");
  editor.setAttribute("aria-label", "Input JSON");
  editor.spellcheck = false;
  editor.rows = 10;
  const editorError = make("p", "form-error");
  editorError.id = "compose-json-error";
  editorError.hidden = true;

  const chips = exampleChips();
  const config = configOf();

  const failure = make("p", "compose-failure");
  failure.setAttribute("role", "alert");
  const actions = make("div", "compose-actions");
  const run = make("button", "run-button", "Run");
  run.type = "submit";
  run.setAttribute("aria-keyshortcuts", "Control+Enter Meta+Enter");
  const keys = make("kbd", "", /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘ ⏎" : "Ctrl ⏎");
  keys.setAttribute("aria-hidden", "true");
  run.append(keys);
  let mode = "stream";
  const how = modeSwitch(chain.modes ?? [], (chosen) => {
    mode = chosen;
  });
  actions.append(run);
  if (how) actions.append(how);
  actions.append(make("span", "compose-folder", `recorded to ${folder.replace(/\/*$/, "/")}`));

  main.append(title);
  if (chain.description) main.append(about);
  main.append(full, ...problemsOf(chain.problems ?? {}), modes, inputs, config.element, failure, actions);
  element.append(main);
  const card = graphCard(chain.graph);
  if (card) element.append(card);

  // —— the input, in one of its two shapes
  let fields = drawFields(cell, { onChange: touch });
  drawInput();

  function touch() {
    touched = true;
    failure.textContent = "";
  }

  function drawInput() {
    formMode.setAttribute("aria-pressed", String(!asJson));
    jsonMode.setAttribute("aria-pressed", String(asJson));
    if (asJson) {
      inputs.replaceChildren(editor, editorError);
      if (chips) inputs.append(chips);
      return;
    }
    fields = drawFields(cell, { onChange: touch });
    inputs.replaceChildren(fields.element);
    // Below the first field, where the eye is; or above, if that is no plain one.
    const group = fields.element.querySelector(":scope > .form-group");
    const first = group?.children.length ? group.children[0] : fields.element.children[0];
    const plain = first?.matches(".form-field") && !first.querySelector(".form-group, .form-rows");
    if (chips && first && plain) first.after(chips);
    else if (chips) inputs.prepend(chips);
  }

  /** @param {unknown} value */
  function show(value) {
    if (asJson) {
      editor.value = JSON.stringify(value, null, 2);
      mendEditor();
    } else {
      cell = fill(form, value);
      drawInput();
    }
    touch();
  }

  formMode.addEventListener("click", () => {
    if (!asJson) return;
    const found = readJson(editor.value);
    if (!found.ok) {
      refuseEditor(sayMistake(found.mistake));
      return;
    }
    cell = fill(form, found.value);
    asJson = false;
    drawInput();
  });

  jsonMode.addEventListener("click", () => {
    if (asJson) return;
    editor.value = JSON.stringify(read(cell, true).value, null, 2);
    mendEditor();
    asJson = true;
    drawInput();
    editor.focus();
  });

  editor.addEventListener("input", () => {
    mendEditor();
    touch();
  });

  /** @param {string} message */
  function refuseEditor(message) {
    editorError.textContent = message;
    editorError.hidden = false;
    editor.setAttribute("aria-invalid", "true");
    editor.setAttribute("aria-errormessage", editorError.id);
    editor.setAttribute("aria-describedby", editorError.id);
    editor.focus();
    announce(`Input JSON: ${message}`);
  }

  function mendEditor() {
    editorError.hidden = true;
    editor.removeAttribute("aria-invalid");
    editor.removeAttribute("aria-errormessage");
    editor.removeAttribute("aria-describedby");
  }

  function exampleChips() {
    const offered = chain.examples.map((value) => ({ label: exampleLabel(value), value }));
    if (chain.last_input.length > 0) offered.push({ label: "last input", value: chain.last_input[0] });
    if (offered.length === 0) return null;
    const row = make("div", "examples");
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", "Examples");
    for (const { label, value } of offered) {
      const chip = make("button", "chip", label);
      chip.type = "button";
      chip.title = preview(value, 400);
      chip.addEventListener("click", () => {
        show(value);
        announce(`Filled in: ${label}`);
      });
      row.append(chip);
    }
    return row;
  }

  // —— config
  function configOf() {
    const start = blank(settings);
    const count = settings.kind === "object" ? settings.fields.length : 0;
    const box = make("details", "compose-config");
    const summary = make("summary", "");
    const words = ["tags", "metadata"];
    if (count > 0) words.push(count === 1 ? "1 configurable field" : `${count} configurable fields`);
    summary.append(make("span", "", "Config"), make("small", "", words.join(", ")));
    const plain = blank(formOf(CONFIG));
    const drawnPlain = drawFields(plain, { onChange: touch });
    box.append(summary, drawnPlain.element);
    const drawnOwn = count > 0 ? drawFields(start, { onChange: touch }) : null;
    if (drawnOwn) box.append(drawnOwn.element);
    const untouched = read(blank(settings), true).value;

    return {
      element: box,
      /** What differs from the defaults; problems are shown where they are. */
      read() {
        drawnPlain.clear();
        drawnOwn?.clear();
        const said = read(plain);
        const own = drawnOwn ? read(start) : { value: {}, problems: [] };
        for (const { path, message } of said.problems) drawnPlain.show(cellAt(plain, path), message);
        for (const { path, message } of own.problems) drawnOwn?.show(cellAt(start, path), message);
        const [problem] = [...said.problems, ...own.problems];
        if (problem) this.reveal(problem.path);
        return { value: written(said.value, own.value, untouched), problem: problem ?? null };
      },
      /** @param {(string | number)[]} path */
      reveal(path) {
        box.open = true;
        const [first] = path;
        if (first === "tags" || first === "metadata") drawnPlain.focus(cellAt(plain, path));
        else drawnOwn?.focus(cellAt(start, path));
      },
      /** @param {(string | number)[]} path @param {string} message */
      refuse(path, message) {
        const [first, ...rest] = path;
        if (first === "configurable" && drawnOwn) drawnOwn.show(cellAt(start, rest), message);
        else drawnPlain.show(cellAt(plain, path), message);
        this.reveal(first === "configurable" ? rest : path);
      },
    };
  }

  // —— run
  /** @returns {{ value: unknown } | null} null: something is wrong, and now says so */
  function input() {
    if (asJson) {
      const found = readJson(editor.value);
      if (found.ok) return found;
      refuseEditor(sayMistake(found.mistake));
      return null;
    }
    fields.clear();
    const { value, problems } = read(cell);
    const [first] = problems;
    if (!first) return { value };
    for (const { path, message } of problems) fields.show(cellAt(cell, path), message);
    fields.focus(cellAt(cell, first.path));
    announce(`${first.path.join(" ") || "input"}: ${first.message}`);
    return null;
  }

  async function submit() {
    if (busy) return;
    failure.textContent = "";
    const given = input();
    if (!given) return;
    const settled = config.read();
    if (settled.problem) {
      announce(`${settled.problem.path.join(" ")}: ${settled.problem.message}`);
      return;
    }
    setBusy(true);
    try {
      const body = { chain: chain.name, input: given.value, config: settled.value, mode };
      const started = await api.post("/api/runs", body);
      touched = false;
      remember(DRAFT + chain.name, null, "sessionStorage");
      onStarted(String(started.run));
    } catch (error) {
      refuse(error);
    } finally {
      setBusy(false);
    }
  }

  /** The server's objection, at the field it names. @param {unknown} error */
  function refuse(error) {
    const message = reason(error);
    const path = pathOf(error);
    const [first, ...rest] = path;
    announce(message);
    if (first === "input" && asJson) refuseEditor(message);
    else if (first === "input") {
      const at = cellAt(cell, rest);
      fields.show(at, message);
      fields.focus(at);
    } else if (first === "config" && rest.length > 0) config.refuse(rest, message);
    else failure.textContent = message;
  }

  /** @param {boolean} now */
  function setBusy(now) {
    busy = now;
    run.setAttribute("aria-disabled", String(now)); // not disabled: the focus stays
    element.setAttribute("aria-busy", String(now));
  }

  element.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey) return;
    if (event.target instanceof HTMLInputElement) {
      event.preventDefault(); // a run costs money: Enter in a field alone starts none
    }
  });

  /** Wherever the focus is, but where Ctrl+Enter is something else's. @param {KeyboardEvent} event */
  function press(event) {
    if (event.key !== "Enter" || event.isComposing || event.defaultPrevented) return;
    if (!event.ctrlKey && !event.metaKey) return;
    const at = event.target instanceof Element ? event.target : null;
    if (at && !element.contains(at) && at.closest(OTHERS)) return;
    event.preventDefault();
    void submit();
  }
  window.addEventListener("keydown", press);

  function keep() {
    if (!touched) return;
    const text = asJson ? editor.value : JSON.stringify(read(cell, true).value);
    if (readJson(text).ok) remember(DRAFT + chain.name, text, "sessionStorage");
  }
  window.addEventListener("pagehide", keep);

  return {
    element,
    start() {
      // Who walks the list of chains by keys stays there; on a touch screen, focus would raise the keyboard.
      if (document.activeElement instanceof HTMLSelectElement || !matchMedia("(hover: hover)").matches)
        return;
      const first = element.querySelector(INPUT);
      if (first instanceof HTMLElement) first.focus();
    },
    leave() {
      keep();
      window.removeEventListener("pagehide", keep);
      window.removeEventListener("keydown", press);
    },
  };
}

/** @type {Record<string, string>} */
const UNKNOWN = {
  input_schema: "The chain cannot say what it takes, so there is no form for its input",
  configurable: "The chain cannot say what of it can be configured",
  examples: "The chain's examples cannot be had",
  graph: "The chain cannot say how it is built",
};

/** What is not known of the chain, and why. @param {Record<string, string>} problems */
function problemsOf(problems) {
  return Object.entries(problems).map(([part, why]) => {
    const box = make("div", "compose-problem");
    box.append(make("p", "", `${UNKNOWN[part] ?? part}:`), make("p", "compose-why", why));
    return box;
  });
}

const CONFIG = {
  type: "object",
  properties: {
    tags: { type: "string", description: "Separated by commas; they stand on every span of the run." },
    metadata: { type: "object", description: "A JSON object; it stands on every span of the run." },
  },
};

/** @param {unknown} plain @param {unknown} own @param {unknown} untouched @returns {Record<string, unknown>} */
function written(plain, own, untouched) {
  /** @type {Record<string, unknown>} */
  const config = {};
  const { tags, metadata } = record(plain);
  const named = String(tags ?? "")
    .split(",")
    .map((tag) => tag.trim())
    .filter(Boolean);
  if (named.length > 0) config.tags = named;
  if (metadata !== undefined) config.metadata = metadata;
  const before = record(untouched);
  const changed = Object.entries(record(own)).filter(([key, value]) => !equal(value, before[key]));
  if (changed.length > 0) config.configurable = Object.fromEntries(changed);
  return config;
}

/** @param {unknown} value @returns {Record<string, unknown>} */
function record(value) {
  return typeof value === "object" && value !== null ? /** @type {Record<string, unknown>} */ (value) : {};
}

/** @type {Record<string, string>} */
const MODES = {
  stream: "By astream_events: pieces are seen as they come",
  invoke: "By ainvoke: the chain behaves as it does when it is called, and nothing streams",
};

/**
 * Which way the chain is run; null where there is no choice.
 * @param {string[]} modes @param {(mode: string) => void} choose
 */
function modeSwitch(modes, choose) {
  if (modes.length < 2) return null;
  const box = make("div", "segments");
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "Mode");
  const parts = modes.map((mode, index) => {
    const part = segment(mode);
    part.title = MODES[mode] ?? "";
    part.setAttribute("aria-pressed", String(index === 0));
    part.addEventListener("click", () => {
      for (const one of parts) one.setAttribute("aria-pressed", String(one === part));
      choose(mode);
    });
    return part;
  });
  box.append(...parts);
  return box;
}

/** @param {string} label */
function segment(label) {
  const element = make("button", "segment", label);
  element.type = "button";
  return element;
}

/** @param {unknown} error @returns {string} */
function reason(error) {
  const { detail, message } = /** @type {{ detail?: unknown, message?: unknown }} */ (record(error));
  return String(detail || message || error);
}

/** `input.messages[0]`, `input/messages/0` → ["input", "messages", "0"]. @param {unknown} error @returns {string[]} */
function pathOf(error) {
  const { field } = record(error);
  return typeof field === "string" ? field.split(/[.[\]/]+/).filter(Boolean) : [];
}

/** @param {string} name @returns {{ value: unknown } | null} */
function draftOf(name) {
  const text = remembered(DRAFT + name, "sessionStorage");
  const found = text === null ? null : readJson(text);
  return found?.ok ? found : null;
}
