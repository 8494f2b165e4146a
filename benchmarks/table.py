"""Rows as they are measured: aligned for a terminal, or Markdown for docs/performance.md."""

from __future__ import annotations


class Table:
    """Prints its headings at once, each row as it comes. The first `names` columns are text, the rest numbers."""

    def __init__(self, *headings: str, markdown: bool, names: int = 0, widths: tuple[int, ...] = ()) -> None:
        self._markdown, self._names = markdown, names
        self._widths = widths or tuple(len(heading) + 3 for heading in headings)
        self.row(*headings)
        if markdown:
            self.row(*(["---"] * names + ["---:"] * (len(headings) - names)))

    def row(self, *cells: str) -> None:
        if self._markdown:
            print("| " + " | ".join(cells) + " |", flush=True)
            return
        aligned = [
            cell.ljust(width) if n < self._names else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(cells, self._widths, strict=True))
        ]
        print("".join(aligned), flush=True)
