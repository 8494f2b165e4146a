// The lines of a tree of JSON: which there are, how high each is, which are in view. Kept as the value grows. No DOM.

import { pathKey } from "./json_path.js";
import { Sums } from "./sums.js";

/** @typedef {import("./growth.js").Growth} Growth */
/** @typedef {import("./growth.js").GrowthNode} GrowthNode */

/** What is put on one line: so many members and characters at most. */
const FLAT_MEMBERS = 5;
const FLAT_LENGTH = 56;
/** Characters of a string that are shown at first, and how many more each time. */
const SHOWN = 4000;
const MORE = 20_000;

/** One line of the tree: a value, with what is in it below where it is open. */
export class JsonLine {
  /** @type {JsonLine[]} */
  children = [];
  /** @type {Sums} */
  sums = new Sums();
  open = false;
  /** Rows of text it takes by itself, and with all that is open below. */
  own = 1;
  total = 1;
  /** Characters of a string that are shown. */
  shown = SHOWN;
  /** The state of its node that it shows; -1: none yet. */
  drawn = -1;
  /** Grows with each change of what is to be seen in it. */
  version = 0;
  /** When it changed last, in ms of the frames. */
  lit = Number.NEGATIVE_INFINITY;

  /** @param {GrowthNode} node @param {JsonLine | null} parent @param {number} index @param {number} depth */
  constructor(node, parent, index, depth) {
    this.node = node;
    this.parent = parent;
    this.index = index;
    this.depth = depth;
  }

  get isNested() {
    return this.node.kind === "object" || this.node.kind === "array";
  }

  /** It has something to open. */
  get opens() {
    return this.isNested && this.node.children.length > 0;
  }

  /** @returns {import("./json_path.js").Path} */
  get path() {
    const path = [];
    for (let at = /** @type {JsonLine} */ (this); at.parent; at = at.parent)
      path.push(/** @type {string | number} */ (at.node.key));
    return path.reverse();
  }
}

export class JsonLines {
  /** @type {JsonLine | null} */
  root = null;
  /** Characters that stand in a row of text. */
  columns = 60;
  /** What the user opened or shut, by its path. @type {Map<string, boolean>} */
  #chosen = new Map();
  /** How many levels are open; null: all, but for what fits on one line. @type {number | null} */
  level = null;

  /** Rows of text. */
  get total() {
    return this.root?.total ?? 0;
  }

  /**
   * The value is this now: costs as much as changed.
   * @param {Growth} growth @param {number | null} ms null: nothing of it is new to the user
   */
  take(growth, ms) {
    if (!growth.root) return;
    if (this.root?.node !== growth.root) this.root = new JsonLine(growth.root, null, 0, 0);
    this.#patch(this.root, ms);
  }

  /** Another value, of another place. */
  clear() {
    this.root = null;
    this.#chosen.clear();
    this.level = null;
  }

  /** @param {JsonLine} line @param {number | null} ms */
  #patch(line, ms) {
    const { node } = line;
    const seen = line.drawn;
    if (node.touched <= seen) return;
    line.drawn = node.touched;
    line.version++;
    const open = this.#isOpen(line);
    if (ms !== null && (node.changed > seen ? !open || seen < 0 : !open)) line.lit = ms;
    this.#set(line, open, ms);
  }

  /** Makes what is below, and counts it. @param {JsonLine} line @param {boolean} open @param {number | null} ms */
  #set(line, open, ms) {
    const { node, children, sums } = line;
    if (open !== line.open) line.version++;
    line.open = open;
    if (!open) {
      children.length = 0;
      sums.cut(0);
      line.own = Math.max(1, Math.ceil(this.widthOf(line) / this.columns));
      line.total = line.own;
      return;
    }
    line.own = 1;
    const { length } = node.children;
    let kept = Math.min(children.length, length);
    for (let at = 0; at < kept; at++) if (children[at]?.node !== node.children[at]) kept = at;
    children.length = kept;
    sums.cut(kept);
    for (let at = 0; at < length; at++) {
      const below = /** @type {GrowthNode} */ (node.children[at]);
      let child = children[at];
      if (!child) {
        child = new JsonLine(below, line, at, line.depth + 1);
        this.#patch(child, ms);
        children.push(child);
        sums.push(child.total);
      } else if (below.touched > child.drawn) {
        const before = child.total;
        this.#patch(child, ms);
        if (child.total !== before) sums.add(at, child.total - before);
      }
    }
    line.total = 1 + sums.before(length);
  }

  /** Columns that its text takes, about. @param {JsonLine} line */
  widthOf({ node, shown, depth, open }) {
    const name = (typeof node.key === "string" ? node.key.length + 2 : 4) + depth * 2 + node.type.length;
    if (open || !node.children.length) return name + 2 + Math.min(node.leaf.length, shown);
    if (!isFlat(node)) return name + 16;
    let inner = 4;
    for (const child of node.children) inner += child.leaf.length + String(child.key).length + 6;
    return name + inner;
  }

  /** @param {JsonLine} line */
  #isOpen(line) {
    if (!line.opens) return false;
    const chosen = this.#chosen.size ? this.#chosen.get(pathKey(line.path)) : undefined;
    if (chosen !== undefined) return chosen;
    if (this.level !== null && line.depth >= this.level) return false;
    return line.depth === 0 || this.level === Number.POSITIVE_INFINITY || !isFlat(line.node);
  }

  /** @param {JsonLine} line @param {boolean} open */
  toggle(line, open = !line.open) {
    if (!line.opens || line.open === open) return;
    this.#chosen.set(pathKey(line.path), open);
    this.#again(line, () => this.#set(line, open, null));
  }

  /** So many levels are open from now on; null: as at first. @param {number | null} level */
  collapse(level) {
    this.level = level;
    this.#chosen.clear();
    if (!this.root) return;
    const all = [this.root];
    for (let line = all.pop(); line; line = all.pop()) {
      line.drawn = -1;
      all.push(...line.children);
    }
    this.#patch(this.root, null);
  }

  /** More of a string. @param {JsonLine} line */
  showMore(line) {
    this.#again(line, () => {
      line.shown += line.shown < MORE ? MORE - line.shown : line.shown;
      line.version++;
      this.#set(line, false, null);
    });
  }

  /** It is that high, as was seen. @param {JsonLine} line @param {number} own */
  measure(line, own) {
    if (own === line.own) return;
    this.#again(line, () => {
      line.total += own - line.own;
      line.own = own;
    });
  }

  /** @param {JsonLine} line @param {() => void} change */
  #again(line, change) {
    const before = line.total;
    change();
    const more = line.total - before;
    if (!more) return;
    for (let at = line; at.parent; at = at.parent) {
      at.parent.sums.add(at.index, more);
      at.parent.total += more;
    }
  }

  /** The line that this row of text belongs to, and its first row. @param {number} row @returns {{ line: JsonLine, row: number } | null} */
  at(row) {
    let line = this.root;
    if (!line || row >= line.total) return line && { line: this.last(), row: line.total - this.last().own };
    let first = 0;
    while (line.open && row >= first + line.own) {
      const left = row - first - line.own;
      const index = line.sums.find(left);
      first += line.own + line.sums.before(index);
      line = /** @type {JsonLine} */ (line.children[index]);
    }
    return { line, row: first };
  }

  /** Its first row of text. @param {JsonLine} line */
  rowOf(line) {
    let row = 0;
    for (let at = line; at.parent; at = at.parent) row += at.parent.own + at.parent.sums.before(at.index);
    return row;
  }

  /** @param {JsonLine} line @returns {JsonLine | null} */
  next(line) {
    if (line.open) return line.children[0] ?? null;
    for (let at = line; at.parent; at = at.parent) {
      const beside = at.parent.children[at.index + 1];
      if (beside) return beside;
    }
    return null;
  }

  /** @param {JsonLine} line @returns {JsonLine | null} */
  previous(line) {
    const beside = line.parent?.children[line.index - 1];
    return beside ? lastIn(beside) : line.parent;
  }

  last() {
    return lastIn(/** @type {JsonLine} */ (this.root));
  }

  /** The line at a path, or of what it is shut in. @param {import("./json_path.js").Path} path @returns {JsonLine | null} */
  find(path) {
    let line = this.root;
    for (const key of path) {
      const below =
        typeof key === "number"
          ? line?.children[key]
          : line?.children.find((child) => child.node.key === key);
      if (!below) return line;
      line = below;
    }
    return line;
  }

  /** Whether it is in the tree still. @param {JsonLine} line */
  has(line) {
    let at = line;
    for (; at.parent; at = at.parent) if (at.parent.children[at.index] !== at) return false;
    return at === this.root;
  }
}

/** @param {JsonLine} line */
function lastIn(line) {
  let at = line;
  for (let below = at.children.at(-1); below; below = at.children.at(-1)) at = below;
  return at;
}

/** Whether it stands on one line: there is little in it. @param {GrowthNode} node */
export function isFlat(node) {
  if (node.children.length > FLAT_MEMBERS) return false;
  let length = 0;
  for (const child of node.children) {
    if (child.children.length || child.kind === "object" || child.kind === "array") return false;
    length += child.leaf.length + String(child.key ?? "").length + 6;
  }
  return length <= FLAT_LENGTH;
}
