// Which spans stand in which row: parents before children, siblings in the order they began, nothing that is folded
// into another or hidden. Kept up to date by what is new, never by walking over all spans in a frame. No DOM.

/** @typedef {import("./span_columns.js").SpanColumns} SpanColumns */

const FIRST = 256;
/** More rows than these to put in between at once are laid out anew. */
const MOST_BETWEEN = 1500;
/** Spans that are laid out between two looks at the clock. */
const STRIDE = 4096;

export class RowOrder {
  /** The span in each row, by its index. */
  rows = new Int32Array(FIRST);
  length = 0;
  /** Grows with each change of rows. */
  version = 0;
  /** Spans whose children are folded into them, by index. @type {Set<number>} */
  collapsed = new Set();
  /** The user's choice whether plumbing is hidden. @type {boolean | null} */
  choice = null;
  hides = false;
  /** Plumbing that is shown all the same: it was selected. @type {Set<number>} */
  #pinned = new Set();
  /** What is selected is shown as long as it is. */
  #selected = -1;
  /** How many spans are taken in. */
  #count = 0;
  #kept = 0;
  /** The nearest span above that is not hidden, or -1. */
  #above = new Int32Array(FIRST);
  #level = new Uint32Array(FIRST);
  /** How many rows it would have right under it, and which of its siblings it is. */
  #children = new Uint32Array(FIRST);
  #position = new Uint32Array(FIRST);
  /** Whether something it is in is folded. */
  #buried = new Uint8Array(FIRST);
  #roots = 0;
  /** Spans above rows that do not stand in the order they came. @type {Set<number>} */
  #mixed = new Set();
  /** @type {Layout | null} */
  #layout = null;

  /** @param {SpanColumns} columns @param {number} [most] spans that a run may have before its plumbing is hidden */
  constructor(columns, most = 40) {
    this.columns = columns;
    this.most = most;
  }

  /** How many spans are hidden for being plumbing. */
  get hidden() {
    if (!this.hides) return 0;
    let pinned = 0;
    for (const index of this.#pinned) if (this.columns.isHideable(index)) pinned++;
    const one = this.#selected;
    if (one >= 0 && !this.#pinned.has(one) && this.columns.isHideable(one)) pinned++;
    return this.columns.plumbing - pinned;
  }

  /** @param {number} index */
  isShown(index) {
    return (
      !this.hides || !this.columns.isHideable(index) || index === this.#selected || this.#pinned.has(index)
    );
  }

  /**
   * Takes in the spans that are new.
   * @param {number} ms how long it may take, about
   * @returns {boolean} whether there is more to do
   */
  sync(ms = Number.POSITIVE_INFINITY) {
    const { columns } = this;
    const hides = this.choice ?? columns.length > this.most;
    if (hides !== this.hides || (hides && columns.kept !== this.#kept)) {
      this.hides = hides;
      this.#startLayout();
    }
    this.#kept = columns.kept;
    if (this.#layout) {
      if (!this.#layout.work(ms)) return true;
      this.#finishLayout(this.#layout);
    }
    if (this.#count < columns.length) this.#takeIn();
    return this.#layout !== null;
  }

  /** The row of a span; -1 where it has none. @param {number} index */
  rowOf(index) {
    if (index < 0) return -1;
    const at = this.#place(index, this.length);
    return at < this.length && this.rows[at] === index ? at : -1;
  }

  /** The row of a span or, where it has none, of what it is folded into. @param {number} index */
  rowAbove(index) {
    for (let at = index; at >= 0; at = this.columns.parent[at] ?? -1) {
      const row = this.rowOf(at);
      if (row >= 0) return row;
    }
    return -1;
  }

  /** @param {number} index counts from 1 */
  level(index) {
    return /** @type {number} */ (this.#level[index]);
  }

  /** @param {number} index */
  children(index) {
    return /** @type {number} */ (this.#children[index]);
  }

  /** @param {number} index */
  isOpen(index) {
    return this.children(index) > 0 && !this.collapsed.has(index);
  }

  /** The nearest span above that is not hidden, or -1. @param {number} index */
  above(index) {
    return /** @type {number} */ (this.#above[index]);
  }

  /** Among how many siblings it stands. @param {number} index */
  siblings(index) {
    const above = this.above(index);
    return above < 0 ? this.#roots : this.children(above);
  }

  /** Which of its siblings it is, from 1. @param {number} index */
  position(index) {
    const above = this.above(index);
    if (this.#mixed.delete(above)) this.#renumber(above);
    return /** @type {number} */ (this.#position[index]);
  }

  /** @param {boolean | null} choice null: as the number of spans says */
  hide(choice) {
    this.choice = choice;
    this.#pinned.clear();
    this.#startLayout();
  }

  /** @param {number} index @param {boolean} open */
  toggle(index, open) {
    if (open === !this.collapsed.has(index)) return;
    if (open) this.collapsed.delete(index);
    else this.collapsed.add(index);
    if (this.#layout) {
      this.#startLayout();
      return;
    }
    this.#bury(index);
    const row = this.rowOf(index);
    if (row < 0) return;
    this.version++;
    if (!open) {
      const after = this.#afterSubtree(index, row);
      this.rows.copyWithin(row + 1, after, this.length);
      this.length -= after - row - 1;
      return;
    }
    const inside = [];
    for (let at = this.#down(index, index, this.#count); at >= 0; at = this.#next(at, index, this.#count)) {
      if (this.isShown(at)) inside.push(at);
    }
    this.#room(this.length + inside.length);
    this.rows.copyWithin(row + 1 + inside.length, row + 1, this.length);
    this.rows.set(inside, row + 1);
    this.length += inside.length;
  }

  /** Folds all that holds something, or opens all. @param {boolean} open */
  toggleAll(open) {
    this.collapsed.clear();
    if (!open) {
      // What stands at the top stays open: one row would say nothing.
      for (let index = 0; index < this.#count; index++) {
        if (this.above(index) >= 0 && this.children(index) > 0 && this.isShown(index))
          this.collapsed.add(index);
      }
    }
    this.#startLayout();
  }

  /** Shows what is selected, also where it would be hidden. @param {number} index -1 for none */
  select(index) {
    if (index === this.#selected) return;
    const before = this.#selected;
    this.#selected = index;
    const { columns } = this;
    const isHidden = (/** @type {number} */ one) =>
      one >= 0 && columns.isHideable(one) && !this.#pinned.has(one);
    if (this.hides && (isHidden(before) || isHidden(index))) this.#startLayout();
  }

  /** Opens what a span is folded into, and shows it if it is hidden. @param {number} index */
  reveal(index) {
    if (index < 0 || index >= this.columns.length) return;
    const isHidden = !this.isShown(index);
    if (this.columns.isHideable(index)) this.#pinned.add(index);
    if (isHidden) this.#startLayout();
    for (let at = this.columns.parent[index] ?? -1; at >= 0; at = this.columns.parent[at] ?? -1) {
      if (this.collapsed.has(at)) this.toggle(at, true);
    }
  }

  #takeIn() {
    const { columns } = this;
    const between = [];
    this.#roomFor(columns.length);
    const from = this.#count;
    this.#count = columns.length;
    this.#room(this.length + columns.length - from);
    for (let index = from; index < this.#count; index++) {
      this.#arrive(index);
      if (this.#buried[index] || !this.isShown(index)) continue;
      const last = this.length ? /** @type {number} */ (this.rows[this.length - 1]) : -1;
      if (last < 0 || this.#isBefore(last, index)) this.rows[this.length++] = index;
      else between.push(index);
    }
    this.version++;
    if (between.length > MOST_BETWEEN) this.#startLayout();
    else if (between.length) this.#insert(between);
  }

  /** Where a span stands, from what is known of those above it. @param {number} index */
  #arrive(index) {
    const parent = /** @type {number} */ (this.columns.parent[index]);
    const isShown = parent < 0 || this.isShown(parent);
    const above = parent < 0 ? -1 : isShown ? parent : this.above(parent);
    this.#above[index] = above;
    this.#level[index] = above < 0 ? 1 : this.level(above) + 1;
    this.#children[index] = 0;
    this.#buried[index] =
      parent >= 0 && (this.#buried[parent] || (isShown && this.collapsed.has(parent))) ? 1 : 0;
    if (!this.isShown(index)) return;
    if (above < 0) this.#roots++;
    else this.#children[above] = this.children(above) + 1;
    this.#position[index] = above < 0 ? this.#roots : this.children(above);
    if (!isShown) this.#mixed.add(above);
  }

  /** @param {number[]} between */
  #insert(between) {
    between.sort((a, b) => (this.#isBefore(a, b) ? -1 : 1));
    const places = between.map((index) => this.#place(index, this.length));
    this.#room(this.length + between.length);
    let end = this.length;
    for (let at = between.length - 1; at >= 0; at--) {
      const place = /** @type {number} */ (places[at]);
      this.rows.copyWithin(place + at + 1, place, end);
      this.rows[place + at] = /** @type {number} */ (between[at]);
      end = place;
    }
    this.length += between.length;
  }

  /** How many rows stand before a span. @param {number} index @param {number} length */
  #place(index, length) {
    let low = 0;
    let high = length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const one = /** @type {number} */ (this.rows[middle]);
      if (one !== index && this.#isBefore(one, index)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Whether one of two spans stands before the other. @param {number} a @param {number} b */
  #isBefore(a, b) {
    const { depth, parent } = this.columns;
    const down = /** @type {number} */ (depth[a]) - /** @type {number} */ (depth[b]);
    for (let step = down; step > 0; step--) a = /** @type {number} */ (parent[a]);
    for (let step = down; step < 0; step++) b = /** @type {number} */ (parent[b]);
    if (a === b) return down < 0;
    while (parent[a] !== parent[b]) {
      a = /** @type {number} */ (parent[a]);
      b = /** @type {number} */ (parent[b]);
    }
    return a < b;
  }

  /** The first row after those inside a span. @param {number} index @param {number} row its own */
  #afterSubtree(index, row) {
    const { depth, parent } = this.columns;
    const own = /** @type {number} */ (depth[index]);
    let low = row + 1;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      let at = /** @type {number} */ (this.rows[middle]);
      while (/** @type {number} */ (depth[at]) > own) at = /** @type {number} */ (parent[at]);
      if (at === index) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The first span inside another, if that is open. @param {number} index @param {number} root @param {number} until */
  #down(index, root, until) {
    if (index !== root && this.isShown(index) && this.collapsed.has(index)) return -1;
    const child = /** @type {number} */ (this.columns.firstChild[index]);
    return child < until ? child : -1;
  }

  /**
   * The span after another, parents before children, inside `root` (-1: all), without what is folded.
   * @param {number} index @param {number} root @param {number} until of spans from this one on nothing is known yet
   */
  #next(index, root, until) {
    const { next, parent } = this.columns;
    const down = this.#down(index, root, until);
    if (down >= 0) return down;
    for (let at = index; at >= 0 && at !== root; at = /** @type {number} */ (parent[at])) {
      const sibling = /** @type {number} */ (next[at]);
      if (sibling >= 0 && sibling < until) return sibling;
    }
    return -1;
  }

  /** Numbers the rows right under a span in the order they stand. @param {number} above */
  #renumber(above) {
    const { columns } = this;
    const { next, parent, firstChild } = columns;
    let position = 0;
    let at = above < 0 ? columns.firstRoot : /** @type {number} */ (firstChild[above]);
    while (at >= 0 && at < this.#count) {
      const isShown = this.isShown(at);
      if (isShown) this.#position[at] = ++position;
      const child = isShown ? -1 : /** @type {number} */ (firstChild[at]);
      if (child >= 0 && child < this.#count) {
        at = child;
        continue;
      }
      while (at !== above && at >= 0) {
        const sibling = /** @type {number} */ (next[at]);
        if (sibling >= 0 && sibling < this.#count) {
          at = sibling;
          break;
        }
        at = /** @type {number} */ (parent[at]);
      }
      if (at === above) return;
    }
  }

  /** Says of all that is in a span whether it is folded. @param {number} index */
  #bury(index) {
    const { parent, next, firstChild } = this.columns;
    for (let at = /** @type {number} */ (firstChild[index]); at >= 0 && at < this.#count; ) {
      const above = /** @type {number} */ (parent[at]);
      const buried = this.#buried[above] || (this.isShown(above) && this.collapsed.has(above)) ? 1 : 0;
      const child = /** @type {number} */ (firstChild[at]);
      // Below what has not changed, nothing has.
      if (this.#buried[at] !== buried && child >= 0 && child < this.#count) {
        this.#buried[at] = buried;
        at = child;
        continue;
      }
      this.#buried[at] = buried;
      while (at !== index) {
        const sibling = /** @type {number} */ (next[at]);
        if (sibling >= 0 && sibling < this.#count) {
          at = sibling;
          break;
        }
        at = /** @type {number} */ (parent[at]);
      }
      if (at === index) return;
    }
  }

  #startLayout() {
    const { columns } = this;
    this.#roomFor(columns.length);
    const count = columns.length;
    let arrived = 0;
    let at = -2;
    let length = 0;
    this.#layout = {
      count,
      rows: new Int32Array(Math.max(FIRST, columns.start_us.length)),
      length: 0,
      work: (ms) => {
        const until = performance.now() + ms;
        if (arrived === 0) {
          this.#roots = 0;
          this.#mixed.clear();
        }
        while (arrived < count) {
          const stop = Math.min(count, arrived + STRIDE);
          for (; arrived < stop; arrived++) this.#arrive(arrived);
          if (performance.now() >= until) return false;
        }
        const layout = /** @type {Layout} */ (this.#layout);
        if (at === -2) at = count > 0 ? columns.firstRoot : -1;
        while (at >= 0) {
          for (let step = 0; at >= 0 && step < STRIDE; step++) {
            if (this.isShown(at)) layout.rows[length++] = at;
            at = this.#next(at, -1, count);
          }
          layout.length = length;
          if (at >= 0 && performance.now() >= until) return false;
        }
        return true;
      },
    };
  }

  /** @param {Layout} layout */
  #finishLayout(layout) {
    this.rows = layout.rows;
    this.length = layout.length;
    this.#count = layout.count;
    this.#layout = null;
    this.version++;
  }

  /** @param {number} size */
  #room(size) {
    if (size > this.rows.length) this.rows = longer(this.rows, size);
  }

  /** @param {number} size */
  #roomFor(size) {
    if (size <= this.#above.length) return;
    this.#above = longer(this.#above, size);
    this.#level = longer(this.#level, size);
    this.#children = longer(this.#children, size);
    this.#position = longer(this.#position, size);
    this.#buried = longer(this.#buried, size);
  }
}

/** @typedef {{ count: number, rows: Int32Array<ArrayBuffer>, length: number, work: (ms: number) => boolean }} Layout */

/** @template {Int32Array | Uint32Array | Uint8Array} T @param {T} old @param {number} size @returns {T} */
function longer(old, size) {
  const copy = /** @type {T} */ (new /** @type {any} */ (old.constructor)(Math.max(size, old.length * 2)));
  copy.set(/** @type {any} */ (old));
  return copy;
}
