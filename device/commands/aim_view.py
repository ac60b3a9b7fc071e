"""The ways in which ``affectd aim`` shows what it sees: on a terminal, as lines, and once."""

import json
import shutil
import sys
import time
from typing import Any

from device.cli import terminal
from device.errors import EXIT_GATE, EXIT_OK
from device.redact import redact
from device.system.log import LastTrouble
from device.tools.aim.look import Look
from device.tools.aim.words import as_json, one_line, screen

_REDRAW_S = 0.25
_LINE_S = 1.0

_HOME, _CLEAR, _CLEAR_LINE, _CLEAR_BELOW = "\x1b[H", "\x1b[2J", "\x1b[K", "\x1b[J"
_HIDE_CURSOR, _SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


class AimView:
    """What all ways to show looks have in common."""

    done = False
    exit_code = EXIT_OK
    _interval_s = _LINE_S

    def __init__(self, name: str, fps_asked: float | None, trouble: LastTrouble) -> None:
        self._name = name
        self._fps_asked = fps_asked
        self._trouble = trouble
        self._look: Look | None = None
        self._due_s: float | None = None

    def show(self, look: Look, time_s: float) -> None:  # noqa: ARG002 - others care for the time
        """Take note of what one frame shows."""
        self._look = look

    def lose(self) -> None:
        """The source gives no frames."""
        self._look = None

    def refresh(self, now_s: float) -> None:
        """Called at least every quarter of a second."""
        if self._due_s is None:
            self._due_s = now_s + (self._interval_s if self._interval_s >= _LINE_S else 0.0)
        if now_s >= self._due_s:
            self._due_s = now_s + self._interval_s
            self._draw()

    def finish(self) -> None:
        """Called when all has been seen."""

    def leave(self) -> None:
        """Called at the end, however it comes."""

    @property
    def _no_frames(self) -> str:
        return f"no frames: {redact(self._trouble.message or 'waiting for the first')}"

    def _draw(self) -> None:
        """Show how things are now."""


class AimLines(AimView):
    """A line a second."""

    def __init__(self, name: str, fps_asked: float | None, trouble: LastTrouble, *, as_json: bool) -> None:
        super().__init__(name, fps_asked, trouble)
        self._as_json = as_json

    def _draw(self) -> None:
        if self._as_json:
            print(json.dumps(self._document()), flush=True)
        else:
            print(f"{time.strftime('%H:%M:%S')} {self._line()}", flush=True)

    def _document(self) -> dict[str, Any]:
        if self._look is None:
            return {"picture": None, "good": False, "faces": [], "trouble": self._no_frames}
        return as_json(self._look, self._fps_asked)

    def _line(self) -> str:
        return one_line(self._look, self._fps_asked) if self._look else self._no_frames


class OnceReport(AimLines):
    """One report, after a while."""

    exit_code = EXIT_GATE

    def __init__(
        self, name: str, fps_asked: float | None, trouble: LastTrouble, *, as_json: bool, watch_s: float
    ) -> None:
        super().__init__(name, fps_asked, trouble, as_json=as_json)
        self._watch_s = watch_s
        self._begun_s: float | None = None
        self._last_s = 0.0
        self._good_s = 0.0
        self._deadline_s: float | None = None

    def show(self, look: Look, time_s: float) -> None:
        """See `AimView.show`."""
        if self._begun_s is None:
            self._begun_s = self._last_s = time_s
        if look.good:
            self._good_s += time_s - self._last_s
            self.exit_code = EXIT_OK
        self._last_s = time_s
        # By the frames' own time, so that a recording's report does not depend on the machine.
        self.done = time_s - self._begun_s >= self._watch_s
        super().show(look, time_s)

    def refresh(self, now_s: float) -> None:
        """See `AimView.refresh`."""
        self._deadline_s = self._deadline_s or now_s + self._watch_s
        # A camera that gives no frames has its report as well.
        self.done |= self._look is None and now_s >= self._deadline_s

    def finish(self) -> None:
        """See `AimView.finish`."""
        self._draw()

    def _document(self) -> dict[str, Any]:
        told = {"watched_s": round(self._watched_s, 1), "good_face_s": round(self._good_s, 1)}
        return super()._document() | {"good": self.exit_code == EXIT_OK} | told

    def _line(self) -> str:
        return f"{super()._line()}; a good face for {self._good_s:.1f} of {self._watched_s:.1f} s"

    @property
    def _watched_s(self) -> float:
        return self._last_s - self._begun_s if self._begun_s is not None else 0.0


class AimScreen(AimView):
    """A terminal of ANSI's kind, drawn over and over without being cleared, so that nothing flickers."""

    _interval_s = _REDRAW_S

    def __init__(self, name: str, fps_asked: float | None, trouble: LastTrouble) -> None:
        super().__init__(name, fps_asked, trouble)
        self._size = (0, 0)
        self._last_row = 0

    def finish(self) -> None:
        """See `AimView.finish`."""
        self._draw()

    def leave(self) -> None:
        """Give the terminal back."""
        # Ctrl-C discards what the terminal has not shown yet: the cursor may be anywhere.
        if self._last_row:
            print(f"\x1b[{self._last_row};1H{_SHOW_CURSOR}", file=terminal(sys.stdout), flush=True)

    def _draw(self) -> None:
        size = shutil.get_terminal_size()
        cleared = "" if size == self._size else _CLEAR
        self._size = (size.columns, size.lines)
        # The last column is left alone: a terminal may clear it with the rest of a line that reaches so far.
        lines = [f"{line}{_CLEAR_LINE}" for line in self._lines(max(1, size.columns - 1), size.lines)]
        self._last_row = len(lines)
        drawn = f"{_HIDE_CURSOR}{cleared}{_HOME}" + "\n".join(lines) + _CLEAR_BELOW
        print(drawn, end="", file=terminal(sys.stdout), flush=True)

    def _lines(self, width: int, height: int) -> list[str]:
        headline = redact(f"{self._name}  {time.strftime('%H:%M:%S')}  Ctrl-C ends it")
        if self._look is None:
            return [line[:width] for line in (headline, "", self._no_frames)][:height]
        return screen(self._look, headline, fps_asked=self._fps_asked, width=width, height=height)
