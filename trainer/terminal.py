"""What the verbs write on a terminal: tables, which Rich draws, and how far a long piece of work is."""

import io
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from device.cli import terminal

WIDTH = 100
_REDRAW_S = 0.2


def text_table(head: Sequence[str], rows: Iterable[Sequence[str]], left: Iterable[int] = (0,)) -> list[str]:
    """Lines of a table with ``head`` above ``rows``, at most ``WIDTH`` wide; what is longer is cut with an ellipsis.

    The columns ``left`` are set to the left, the others to the right.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=True, header_style="")
    for index, title in enumerate(head):
        justify = "left" if index in tuple(left) else "right"
        table.add_column(Text(title), justify=justify, no_wrap=True, overflow="ellipsis")  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    text = io.StringIO()
    Console(file=text, width=WIDTH, color_system=None, legacy_windows=False).print(table)
    return [line.rstrip() for line in text.getvalue().splitlines()]


@dataclass(slots=True)
class ProgressLine:
    """On a terminal one line that is rewritten; elsewhere a line for each tenth, and none for what is soon done.

    Attributes:
        what: what is being done, as the line begins.
        few: of how much nothing is said outside a terminal.
        stream: stderr unless another is given.
    """

    what: str
    few: int = 1000
    stream: TextIO = field(default_factory=lambda: terminal(sys.stderr))
    _tenths: int = 0
    _drawn_s: float = float("-inf")
    _line: str = ""

    def __call__(self, done: int, total: int) -> None:
        """Tell that ``done`` of ``total`` are done."""
        if self.stream.isatty():
            self._rewrite(done, total)
        elif total >= self.few and done * 10 // total > self._tenths:
            self._tenths = done * 10 // total
            print(f"{self.what}: {self._tenths * 10}%", file=self.stream, flush=True)

    def _rewrite(self, done: int, total: int) -> None:
        now = time.monotonic()
        if done < total and now - self._drawn_s < _REDRAW_S:
            return
        self._drawn_s = now
        line = f"{self.what}: {done / max(total, 1):.0%}"
        if line != self._line:
            self._line = line
            print(f"\r{line}", end="\n" if done >= total else "", file=self.stream, flush=True)
