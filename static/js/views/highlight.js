// Marks the words that are searched for in the details, without touching what is drawn there.

const NAME = "find";
const WAIT_MS = 80;
/** Beyond that, marking would cost more than it tells. */
const MOST_TEXT = 300_000;
const MOST_MARKS = 2000;

export class Highlights {
  /** @type {string[]} */
  #words = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #known = "highlights" in CSS;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    const later = () => this.#later();
    this.observer = new MutationObserver(later);
  }

  /** @param {string[]} words in lower case */
  show(words) {
    if (!this.#known || words.join("\n") === this.#words.join("\n")) return;
    this.#words = words;
    this.observer.disconnect();
    if (words.length) {
      this.observer.observe(this.root, {
        childList: true,
        characterData: true,
        subtree: true,
        attributes: true,
        attributeFilter: ["hidden"],
      });
    }
    this.#mark();
  }

  #later() {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#mark();
    }, WAIT_MS);
  }

  #mark() {
    if (!this.#words.length) {
      CSS.highlights.delete(NAME);
      return;
    }
    /** @type {Range[]} */
    const ranges = [];
    const walker = document.createTreeWalker(
      this.root,
      NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT,
      (node) =>
        node instanceof HTMLElement && node.hidden ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
    );
    let left = MOST_TEXT;
    for (let node = walker.nextNode(); node && left > 0; node = walker.nextNode()) {
      if (!(node instanceof Text)) continue;
      const text = node.data.toLowerCase();
      left -= text.length;
      // Where lower case has another length, places are not the same.
      if (text.length !== node.data.length) continue;
      for (const word of this.#words) {
        for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
          const range = new Range();
          range.setStart(node, at);
          range.setEnd(node, at + word.length);
          ranges.push(range);
          if (ranges.length >= MOST_MARKS) {
            left = 0;
            break;
          }
        }
      }
    }
    CSS.highlights.set(NAME, new Highlight(...ranges));
  }
}
