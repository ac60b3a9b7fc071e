"""Notices a call that does not come back: a driver's, in a thread that nobody can end."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from device.errors import HangError
from device.interfaces import Clock


@dataclass(frozen=True, slots=True)
class _Call:
    what: str
    begun_s: float
    usual_s: float


class CallWatch:
    """Remembers the call that one thread is in, for another thread to judge.

    Args:
        name: whose calls they are, for a person.
        clock: the monotonic time.
        grace_s: how much longer than usual a call may take before its owner counts as hung, seconds.
    """

    def __init__(self, name: str, clock: Clock, grace_s: float) -> None:
        self._name = name
        self._clock = clock
        self._grace_s = grace_s
        self._call: _Call | None = None
        self._lock = threading.Lock()

    @contextmanager
    def during(self, what: str, usual_s: float = 0.0) -> Iterator[None]:
        """The block is a call named ``what`` that takes no longer than ``usual_s`` seconds while all is well."""
        with self._lock:
            self._call = _Call(what, self._clock.monotonic_s(), usual_s)
        try:
            yield
        finally:
            with self._lock:
                self._call = None

    def check(self) -> None:
        """Raise HangError where the call under way should long have come back."""
        with self._lock:
            call = self._call
        if call is None:
            return
        took_s = self._clock.monotonic_s() - call.begun_s
        if took_s > call.usual_s + self._grace_s:
            raise HangError(
                f"{self._name} hangs in its driver: {call.what} has not come back for {took_s:.0f} s",
                "affectd ends here, for only a new process can open it; if that does not help either, "
                "unplug the camera or start the machine again",
            )
