"""The machine's clocks."""

import ctypes
import time
from collections.abc import Callable
from datetime import UTC, datetime

from device.records import ClockState

_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised
_TIMEX_BYTES = 512  # struct timex is 208 bytes on 64-bit Linux; its first field, modes = 0, only reads


class SystemClock:
    """Monotonic time, the time of day in UTC, and whether the kernel holds it to be set."""

    def __init__(self) -> None:
        # Made once: it is asked in every frame, and opening the library anew takes a tenth of a millisecond.
        self._adjtimex: Callable[[ctypes.Array[ctypes.c_char]], int] = ctypes.CDLL(None).adjtimex

    def monotonic_s(self) -> float:
        """Seconds since an arbitrary moment; never goes back."""
        return time.monotonic()

    def now(self) -> datetime:
        """The time of day, UTC."""
        return datetime.now(UTC)

    def state(self) -> ClockState:
        """``synced`` once an NTP client has disciplined the kernel's clock; a Pi has none of its own before that."""
        answer = int(self._adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES)))  # its own: many threads may ask
        return "synced" if answer not in (-1, _TIME_ERROR) else "unsynced"
