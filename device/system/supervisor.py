"""Keeps a companion running: starts it, hears it, notices its end, and tries again ever more slowly."""

import logging
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from device.interfaces import Clock
from device.system.backoff import Backoff
from device.system.log import LogOnce

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
"""From an end to the next attempt, seconds; it doubles in between."""
STEADY_AFTER_S = 60.0
"""One that was shown for so long has been well, and the next attempt comes soon again."""
OPENING_TIMEOUT_S = 60.0
"""A small computer loads Python and Mesa in that time."""
SILENT_TIMEOUT_S = 10.0
"""One that is silent for so long is hung."""
_FAREWELL_S = 2.0


class Report(Protocol):
    """What a companion says."""

    @property
    def kind(self) -> str:
        """``shown``: its work is to be seen; ``failed``: it cannot be; ``closed``: a person wants no more of it."""
        ...

    @property
    def text(self) -> str:
        """Where it is to be seen, or what is wrong, for the log."""
        ...


Sent = TypeVar("Sent")
Sent_contra = TypeVar("Sent_contra", contravariant=True)
Reported = TypeVar("Reported", bound=Report)
Reported_co = TypeVar("Reported_co", bound=Report, covariant=True)


class Process(Protocol[Sent_contra, Reported_co]):
    """What is asked of a `companion.Companion`."""

    def send(self, message: Sent_contra, /) -> bool:
        """Tell it something; False where it does not listen."""
        ...

    def receive(self) -> Sequence[Reported_co]:
        """What it has said since the last call."""
        ...

    @property
    def ended(self) -> str | None:
        """How it ended; None while it runs."""
        ...

    def end(self, patience_s: float) -> None:
        """Wait ``patience_s`` for its end, then kill it."""
        ...


class Supervisor(Generic[Sent, Reported]):
    """At most one process at a time; no call waits, but ``close`` for a moment.

    Args:
        launch: starts a process. May raise OSError.
        clock: the monotonic time.
        name: what the log calls it, ``overlay`` say.
        logger: whose log.
    """

    def __init__(
        self, launch: Callable[[], Process[Sent, Reported]], clock: Clock, *, name: str, logger: logging.Logger
    ) -> None:
        self._launch = launch
        self._clock = clock
        self._name = name
        self._log = logger
        self._process: Process[Sent, Reported] | None = None
        self._shown_since_s: float | None = None
        self._heard_s = 0.0
        self._next_at_s = clock.monotonic_s()
        self._waits = Backoff(FIRST_WAIT_S, LONGEST_WAIT_S, chance=None)
        self._fault = ""
        self._trouble = LogOnce(logger)
        self._closed = False

    @property
    def shown(self) -> bool:
        """Whether its work is to be seen."""
        return self._shown_since_s is not None

    def turn(self) -> Sequence[Reported]:
        """See to the process, and pass on what it says."""
        now_s = self._clock.monotonic_s()
        if self._process is None:
            if not self._closed and now_s >= self._next_at_s:
                self._start(now_s)
            return []
        how = self._process.ended
        reports = self._process.receive()  # after asking, so that the last report of one that has ended is not lost
        for report in reports:
            self._note(report, now_s)
        timeout_s = SILENT_TIMEOUT_S if self.shown else OPENING_TIMEOUT_S
        if how is not None:
            self._drop(self._fault or f"its process has ended ({how})", now_s)
        elif now_s - self._heard_s > timeout_s:
            self._drop(f"its process was hung for {timeout_s:.0f} s and was ended", now_s)
        return reports

    def send(self, message: Sent) -> bool:
        """Tell the process something; False where there is none, or it does not listen."""
        return self._process is not None and self.shown and self._process.send(message)

    def close(self) -> None:
        """End the process, which may take a moment to let go of what it holds; there will be no other."""
        self._closed = True
        if self._process is not None:
            self._process.end(_FAREWELL_S)
            self._process = None
            self._shown_since_s = None

    def _start(self, now_s: float) -> None:
        self._fault = ""
        self._heard_s = now_s
        try:
            self._process = self._launch()
        except OSError as error:
            self._drop(f"its process cannot be started: {error.strerror}", now_s)

    def _note(self, report: Reported, now_s: float) -> None:
        self._heard_s = now_s
        if report.kind == "shown":
            self._log.info("the %s is %s: %s", self._name, "back" if self._trouble else "shown", report.text)
            self._shown_since_s = now_s
            self._trouble.forget()
        elif report.kind == "failed":
            self._fault = report.text
        elif report.kind == "closed":
            self._closed = True
            self._log.info(
                "the %s was closed at the display; sensing goes on, and the next start shows it again", self._name
            )

    def _drop(self, reason: str, now_s: float) -> None:
        if self._process is not None:
            self._process.end(0.0)
            self._process = None
        if self._shown_since_s is not None and now_s - self._shown_since_s >= STEADY_AFTER_S:
            self._waits.reset()
        self._shown_since_s = None
        if self._closed:
            return
        self._trouble.log(f"no {self._name}: %s; sensing goes on, and it is tried again", reason)
        self._next_at_s = now_s + self._waits.next_s()
