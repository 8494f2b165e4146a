// Keeps a scrolled element at its end while it grows, until the user scrolls up.

export class EndKeeper {
  #atEnd = true;
  #top = 0;

  // Told after the layout of the frame: scrolling then costs no layout of its own.
  #laidOut = new ResizeObserver(() => {
    this.#laidOut.unobserve(this.element);
    if (this.#atEnd) this.element.scrollTop = 1e8;
  });

  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    // Asking for the height of what is still growing costs a layout: it is only asked for when something scrolled.
    element.addEventListener("scroll", () => {
      const { scrollTop, clientHeight, scrollHeight } = element;
      if (scrollTop + clientHeight >= scrollHeight - 8) this.#atEnd = true;
      else if (scrollTop < this.#top - 2) this.#atEnd = false;
      this.#top = scrollTop;
    });
  }

  /** It shows something else. */
  reset() {
    this.#atEnd = true;
    this.#top = 0;
  }

  /** It has grown. */
  stay() {
    if (this.#atEnd) this.#laidOut.observe(this.element);
  }
}
