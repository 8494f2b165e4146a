// Draws the cells of a form (input_cell.js) as labelled controls, which write back into them.

import { addItem, blank, choose, present } from "../input_cell.js";
import { hint, typeWords } from "../input_field.js";
import { preview } from "../json_text.js";

/** @typedef {import("../input_cell.js").Cell} Cell */
/** @typedef {import("../input_field.js").Field} Field */
/**
 * @typedef {{ element: HTMLElement, show: (cell: Cell, message: string) => void, clear: () => void, focus: (cell: Cell) => void }} Fields
 * `show` puts a message under a cell, `clear` takes all of them away.
 */

const MOST_CHOICES = 200;
const ROLES = ["human", "ai", "system"];
let ids = 0;

/**
 * @param {Cell} root
 * @param {{ onChange: () => void }} hooks called after every change by hand
 * @returns {Fields}
 */
export function drawFields(root, { onChange }) {
  /** @type {Map<Cell, { control: HTMLElement, error: HTMLElement, told?: string[] }>} */
  const drawn = new Map();
  const element = make("div", "fields");

  /** @param {Cell} cell @param {string} name @param {string} spoken */
  function field(cell, name, spoken) {
    const box = make("div", "form-field");
    fillBox(box, cell, name, spoken);
    return box;
  }

  /** @param {HTMLElement} box @param {Cell} cell @param {string} name what stands above @param {string} spoken what a screen reader says */
  function fillBox(box, cell, name, spoken) {
    const again = () => {
      const hadFocus = box.contains(document.activeElement);
      box.replaceChildren();
      fillBox(box, cell, name, spoken);
      if (hadFocus) focusCell(cell);
      onChange();
    };
    const control = controlOf(cell, spoken, again);
    const labelled = control.matches("input, select, textarea");
    const top = make("div", "form-top");
    const told = [];
    if (name) {
      const title = make(labelled ? "label" : "span", "form-name", name);
      const words = make("small", "", hint(cell.field));
      words.id = `field-${++ids}`;
      told.push(words.id);
      top.append(title, words);
      if (labelled) {
        control.id = `field-${++ids}`;
        title.setAttribute("for", control.id);
      } else if (!control.matches("button")) {
        title.id = `field-${++ids}`;
        control.setAttribute("role", "group");
        control.setAttribute("aria-labelledby", title.id);
      }
    } else if (!control.matches("button")) control.setAttribute("aria-label", spoken);
    top.append(...switches(cell, spoken, again));
    if (top.childNodes.length) box.append(top);
    if (cell.field.description) {
      const note = make("p", "form-note", cell.field.description);
      note.id = `field-${++ids}`;
      told.push(note.id);
      box.append(note);
    }
    describe(control, told);
    const error = make("p", "form-error");
    error.id = `field-${++ids}`;
    error.hidden = true;
    box.append(control, error);
    drawn.set(cell, { control, error, told });
  }

  /** The small buttons beside a name: leave out, form or JSON. @param {Cell} cell @param {string} spoken @param {() => void} again @returns {HTMLElement[]} */
  function switches(cell, spoken, again) {
    const { field } = cell;
    const buttons = [];
    if (cell.is === "value" && field.kind === "any") {
      buttons.push(
        link(
          cell.flag ? "as text" : "as JSON",
          `${spoken}: enter ${cell.flag ? "as text" : "as JSON"}`,
          () => {
            cell.flag = !cell.flag;
            cell.text = cell.flag ? JSON.stringify(cell.text) : asText(cell.text);
            again();
          },
        ),
      );
    }
    if (cell.is === "value" && cell.asJson && field.kind !== "json") {
      buttons.push(
        link("start over", `${spoken}: start over`, () => {
          reset(cell, present(field));
          again();
        }),
      );
    }
    if (cell.is === "value" && isLarge(cell) && (!field.required || field.nullable)) {
      buttons.push(
        link("leave out", `${spoken}: leave out`, () => {
          reset(cell, blank({ ...field, fallback: undefined }), field);
          again();
        }),
      );
    }
    return buttons;
  }

  /** @param {Cell} cell @param {string} spoken @param {() => void} again @returns {HTMLElement} */
  function controlOf(cell, spoken, again) {
    const { field } = cell;
    if (cell.is !== "value" && isLarge(cell)) {
      return button(`Add ${field.name || "value"}`, "", () => {
        reset(cell, present(field));
        again();
      });
    }
    if (cell.asJson || (field.kind === "any" && cell.flag)) return area(cell, "code");
    switch (field.kind) {
      case "string":
      case "any":
        return area(cell, "");
      case "number":
        return numeric(cell);
      case "boolean":
        return cell.is === "value" && !field.nullable ? checkbox(cell) : truth(cell);
      case "enum":
        return field.options.length > MOST_CHOICES ? search(cell, field.labels) : select(cell, field.labels);
      case "list":
      case "messages":
        return rows(cell, spoken, again);
      case "object":
        return group(cell, spoken);
      case "union":
        return union(cell, spoken, again);
      case "message":
        return message(cell, spoken);
      default:
        return area(cell, "code");
    }
  }

  /** @param {Cell} cell @param {string} kind */
  function area(cell, kind) {
    const box = make("textarea", kind ? `input ${kind}` : "input");
    box.rows = kind ? 3 : 1;
    box.spellcheck = kind === "";
    if (cell.is === "value") box.value = cell.text;
    else box.placeholder = unset(cell);
    box.addEventListener("input", () => typed(cell, box.value));
    return box;
  }

  /** Emptied, a value that may be missing is missing. @param {Cell} cell @param {string} text */
  function typed(cell, text) {
    const { required, nullable } = cell.field;
    cell.text = text;
    cell.is = text !== "" || (required && !nullable) ? "value" : required ? "null" : "absent";
    mend(cell);
    onChange();
  }

  /** @param {Cell} cell */
  function numeric(cell) {
    const box = make("input", "input number");
    box.type = "text"; // not "number": that hides what was typed wrongly, and rounds
    box.inputMode = cell.field.kind === "number" && cell.field.whole ? "numeric" : "decimal";
    box.autocomplete = "off";
    if (cell.is === "value") box.value = cell.text;
    else box.placeholder = unset(cell);
    box.addEventListener("input", () => typed(cell, box.value));
    return box;
  }

  /** @param {Cell} cell */
  function checkbox(cell) {
    const box = make("input", "check");
    box.type = "checkbox";
    box.checked = cell.flag;
    box.addEventListener("change", () => {
      cell.flag = box.checked;
      mend(cell);
      onChange();
    });
    return box;
  }

  /** @param {Cell} cell */
  function truth(cell) {
    const chosen = cell.is === "value" ? (cell.flag ? 0 : 1) : -1;
    return picker(cell, ["true", "false"], chosen, (pick) => {
      cell.flag = pick === 0;
    });
  }

  /** @param {Cell} cell @param {string[]} labels */
  function select(cell, labels) {
    return picker(cell, labels, cell.is === "value" ? cell.pick : -1, (pick) => {
      cell.pick = pick;
    });
  }

  /** @param {Cell} cell @param {string[]} labels @param {number} chosen @param {(pick: number) => void} choice */
  function picker(cell, labels, chosen, choice) {
    const box = make("select", "input");
    const { required, nullable } = cell.field;
    if (!required || cell.is === "absent") box.append(option(unset({ ...cell, is: "absent" }), "absent"));
    if (nullable) box.append(option("null", "null"));
    labels.forEach((label, index) => {
      box.append(option(label, String(index)));
    });
    box.value = chosen >= 0 ? String(chosen) : cell.is === "value" ? "" : cell.is;
    box.addEventListener("change", () => {
      cell.is = box.value === "absent" || box.value === "null" ? box.value : "value";
      if (cell.is === "value") choice(Number(box.value));
      mend(cell);
      onChange();
    });
    return box;
  }

  /** Too many to unroll: typed, with proposals. @param {Cell} cell @param {string[]} labels */
  function search(cell, labels) {
    const box = make("input", "input");
    const list = make("datalist", "");
    list.id = `field-${++ids}`;
    list.append(...labels.slice(0, MOST_CHOICES).map((label) => option(label, label)));
    box.setAttribute("list", list.id);
    box.autocomplete = "off";
    box.placeholder = `one of ${labels.length}`;
    box.value = cell.is === "value" ? (labels[cell.pick] ?? "") : "";
    box.addEventListener("input", () => {
      cell.pick = labels.indexOf(box.value);
      cell.is = box.value !== "" || cell.field.required ? "value" : "absent";
      mend(cell);
      onChange();
    });
    element.append(list);
    return box;
  }

  /** @param {Cell} cell @param {string} spoken */
  function group(cell, spoken) {
    const box = make("div", "form-group");
    for (const item of cell.items) {
      const name = item.field.name;
      box.append(field(item, name, spoken && cell !== root ? `${spoken} ${name}` : name));
    }
    const more = Object.keys(cell.more);
    if (more.length)
      box.append(make("p", "form-note", `Also sent: ${more.join(", ")} (see “Edit as JSON”).`));
    return box;
  }

  /** @param {Cell} cell @param {string} spoken @param {() => void} again */
  function rows(cell, spoken, again) {
    const box = make("div", "form-rows");
    const what = cell.field.kind === "messages" ? "message" : "item";
    cell.items.forEach((item, index) => {
      const row = make("div", "form-row");
      const said = `${spoken} ${what} ${index + 1}`;
      const remove = button("×", `Remove ${said}`, () => {
        cell.items.splice(index, 1);
        again();
        // The focus stays where the hand is.
        const left = elementOf(cell)?.querySelectorAll(":scope > .form-row > .remove");
        focusOn(left?.[Math.min(index, left.length - 1)] ?? elementOf(cell)?.lastElementChild);
      });
      remove.classList.add("remove");
      row.append(field(item, "", said), remove);
      box.append(row);
    });
    const add = button(`Add ${what}`, spoken ? `Add ${what} to ${spoken}` : "", () => {
      const item = addItem(cell);
      again();
      focusCell(item);
    });
    box.append(add);
    return box;
  }

  /** @param {Cell} cell @param {string} spoken @param {() => void} again */
  function union(cell, spoken, again) {
    const box = make("div", "form-union");
    const variants = cell.field.kind === "union" ? cell.field.variants() : [];
    const chooser = make("select", "input narrow");
    chooser.setAttribute("aria-label", `type of ${spoken}`);
    variants.forEach((variant, index) => {
      chooser.append(option(variantLabel(variant), String(index)));
    });
    chooser.value = String(cell.pick);
    chooser.addEventListener("change", () => {
      choose(cell, Number(chooser.value));
      again();
      focusOn(elementOf(cell)?.querySelector("select"));
    });
    box.append(chooser);
    const picked = cell.items[0];
    if (picked) box.append(field(picked, "", spoken));
    return box;
  }

  /** @param {Cell} cell @param {string} spoken */
  function message(cell, spoken) {
    const box = make("div", "form-message");
    box.setAttribute("role", "group");
    const role = make("select", "input narrow");
    role.setAttribute("aria-label", `role of ${spoken}`);
    const known = cell.said.key === "role" ? ["user", "assistant", "system"] : ROLES;
    for (const one of new Set([...known, cell.said.role])) role.append(option(one, one));
    role.value = cell.said.role;
    role.addEventListener("change", () => {
      cell.said.role = role.value;
      onChange();
    });
    const text = make("textarea", "input");
    text.rows = 1;
    text.value = cell.said.text;
    text.setAttribute("aria-label", `content of ${spoken}`);
    text.addEventListener("input", () => {
      cell.said.text = text.value;
      mend(cell);
      onChange();
    });
    box.append(role, text);
    const more = Object.keys(cell.said.more);
    if (more.length) box.append(make("small", "form-note", `also: ${more.join(", ")}`));
    return box;
  }

  /** @param {Cell} cell */
  function elementOf(cell) {
    return drawn.get(cell)?.control;
  }

  /** @param {Cell} cell */
  function focusCell(cell) {
    const at = elementOf(cell);
    const inside = at?.querySelector("textarea") ?? at?.querySelector("input, select, button");
    focusOn(at?.matches("input, select, textarea, button") ? at : inside);
  }

  /** @param {Cell} cell */
  function mend(cell) {
    const at = drawn.get(cell);
    if (!at || at.error.hidden) return;
    at.error.hidden = true;
    at.control.removeAttribute("aria-invalid");
    at.control.removeAttribute("aria-errormessage");
    describe(at.control, at.told ?? []);
  }

  /** @param {HTMLElement} control @param {string[]} told ids of what is said of it */
  function describe(control, told) {
    if (told.length) control.setAttribute("aria-describedby", told.join(" "));
    else control.removeAttribute("aria-describedby");
  }

  element.append(
    root.field.kind === "object" && root.is === "value" && !root.asJson
      ? rootGroup()
      : field(root, root.field.name, root.field.name),
  );

  function rootGroup() {
    const box = group(root, "");
    const error = make("p", "form-error");
    error.hidden = true;
    box.append(error);
    drawn.set(root, { control: box, error });
    return box;
  }

  return {
    element,
    show(cell, text) {
      const at = drawn.get(cell) ?? drawn.get(root);
      if (!at) return;
      at.error.textContent = text;
      at.error.hidden = false;
      at.control.setAttribute("aria-invalid", "true");
      if (!at.error.id) return;
      at.control.setAttribute("aria-errormessage", at.error.id);
      // Not every screen reader tells an error message; all of them tell a description.
      describe(at.control, [at.error.id, ...(at.told ?? [])]);
    },
    clear() {
      for (const cell of drawn.keys()) mend(cell);
    },
    focus: focusCell,
  };
}

/** What an empty control stands for. @param {Cell} cell */
function unset(cell) {
  const { fallback } = cell.field;
  if (cell.is === "null") return "null";
  return (fallback ?? null) === null ? "not set" : `default: ${preview(fallback, 32)}`;
}

const LARGE = ["object", "list", "union", "messages", "message"];

/** What is drawn as more than one control, so that "empty" cannot say "left out". @param {Cell} cell */
function isLarge(cell) {
  return !cell.asJson && LARGE.includes(cell.field.kind);
}

/** @param {Cell} cell @param {Cell} fresh @param {Field} [field] */
function reset(cell, fresh, field = cell.field) {
  Object.assign(cell, fresh, { field });
}

/** @param {string} json */
function asText(json) {
  try {
    const value = JSON.parse(json);
    return typeof value === "string" ? value : json;
  } catch {
    return json;
  }
}

/** @param {Field} field */
function variantLabel(field) {
  const type = typeWords(field);
  if (field.kind === "enum") return exampleLabel(field.options[0]);
  return field.name && field.name !== type && field.kind !== "messages" ? field.name : type;
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} classes
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, classes, text) {
  const element = document.createElement(tag);
  if (classes) element.className = classes;
  if (text !== undefined) element.textContent = text;
  return element;
}

/** @param {string} label @param {string} value */
function option(label, value) {
  const element = make("option", "", label);
  element.value = value;
  return element;
}

/** @param {string} text @param {string} spoken "" where the text says it all @param {() => void} act */
function button(text, spoken, act) {
  const element = make("button", "small-button", text);
  element.type = "button";
  if (spoken) element.setAttribute("aria-label", spoken);
  element.addEventListener("click", act);
  return element;
}

/** @param {string} text @param {string} spoken @param {() => void} act */
function link(text, spoken, act) {
  const element = button(text, spoken, act);
  element.className = "link-button";
  return element;
}

/** @param {Element | null | undefined} element */
function focusOn(element) {
  if (element instanceof HTMLElement) element.focus();
}

/** What an example's button says. @param {unknown} value @returns {string} */
export function exampleLabel(value) {
  return preview(value, 44);
}
