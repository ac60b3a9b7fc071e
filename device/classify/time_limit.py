"""How long a model may be at one face, and who notices that it is longer.

A network can be made so that it passes its golden answers and never ends at a face, or takes seconds over each.
"""

import threading
import time
from collections.abc import Callable

MOST_FACE_S = 1.0
"""For one face; those that ship take some hundredths on a Raspberry Pi 4."""
HUNG_S = 10.0
"""At one face; the watchdog waits three times as long."""
_SLOW_IN_A_ROW = 5
_LOOK_EVERY_S = 1.0


class TimeLimit:
    """Measures each face, a ``with`` block, in its thread's own CPU time: a busy machine is not the model's fault."""

    def __init__(self) -> None:
        self._running: tuple[int, float] | None = None
        self._slow_in_a_row = 0

    def __enter__(self) -> None:
        self._running = (time.pthread_getcpuclockid(threading.get_ident()), time.thread_time())

    def __exit__(self, *_: object) -> None:
        running, self._running = self._running, None
        if running:
            is_slow = time.thread_time() - running[1] > MOST_FACE_S
            self._slow_in_a_row = self._slow_in_a_row + 1 if is_slow else 0

    @property
    def exceeded(self) -> str | None:
        """What is wrong, in words; None while nothing is."""
        running = self._running
        if running is not None:
            used_s = time.clock_gettime(running[0]) - running[1]
            if used_s > HUNG_S and self._running is running:
                return f"it has been at one face for {used_s:.0f} s"
        if self._slow_in_a_row >= _SLOW_IN_A_ROW:
            return f"it took more than {MOST_FACE_S:.0f} s over each of {self._slow_in_a_row} faces in a row"
        return None

    def watch(self, on_exceeded: Callable[[str], None]) -> None:
        """Call ``on_exceeded`` once with what is wrong, in a thread of its own that ends with the process."""

        def look() -> None:
            while (wrong := self.exceeded) is None:
                time.sleep(_LOOK_EVERY_S)
            on_exceeded(wrong)

        threading.Thread(target=look, name="model-time-limit", daemon=True).start()
