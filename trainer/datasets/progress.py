"""How far a long piece of work is, told on stderr."""

import sys
import time
from dataclasses import dataclass, field
from typing import TextIO

from device.cli import terminal

_REDRAW_S = 0.2


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
