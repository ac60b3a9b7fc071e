"""Which part of the picture to search next."""

import math
from collections.abc import Sequence

_COST_GAIN = 0.2  # of the running average of what a part costs


class ScanSchedule:
    """Goes round the parts of the picture, a few in every frame.

    Args:
        interval_s: of a round, seconds.
        still_interval_s: all of a part is searched again after so long, whether it has changed or not, seconds.
        cpu_share: of one core that searching may take; a round takes longer where it would be more.
    """

    def __init__(self, interval_s: float, still_interval_s: float, cpu_share: float) -> None:
        self._interval_s = interval_s
        self._still_interval_s = still_interval_s
        self._cpu_share = cpu_share
        self._round: Sequence[int] = ()
        self._costs_s: dict[int, float] = {}
        self._searched_s: dict[int, float] = {}
        self._next = 0
        self._credit = 1.0
        self._time_s = math.nan

    def begin(self, a_round: Sequence[int]) -> None:
        """Forget all: a round now is these parts in this order; a part may come more than once."""
        self._round = a_round
        self._costs_s = dict.fromkeys(a_round, 0.0)
        self._searched_s = dict.fromkeys(a_round, -math.inf)
        self._next = 0
        self._credit = 1.0

    @property
    def round_s(self) -> float:
        """How long a round takes at the parts' measured costs, seconds."""
        return max(self._interval_s, sum(self._costs_s[part] for part in self._round) / self._cpu_share)

    def due(self, time_s: float) -> list[int]:
        """The parts whose turn it is in the frame at monotonic ``time_s``."""
        count = len(self._round)
        if not count:
            return []
        elapsed_s = time_s - self._time_s if self._time_s <= time_s else 0.0
        self._time_s = time_s
        self._credit = min(float(count), self._credit + elapsed_s / self.round_s * count)
        chosen = []
        while self._credit >= 1.0:
            self._credit -= 1.0
            chosen.append(self._round[self._next])
            self._next = (self._next + 1) % count
        return list(dict.fromkeys(chosen))

    def is_old(self, part: int, time_s: float) -> bool:
        """Whether the part is to be searched even if nothing has changed in it."""
        return time_s - self._searched_s[part] >= self._still_interval_s

    def skipped(self, part: int) -> None:
        """Take note that there was nothing to search in a part whose turn it was."""
        self._costs_s[part] *= 1.0 - _COST_GAIN

    def done(self, part: int, time_s: float, cost_s: float, *, whole: bool = True) -> None:
        """Take note that a part was searched.

        Args:
            part: its number.
            time_s: when, monotonic seconds.
            cost_s: CPU seconds that it took.
            whole: whether all of it was; one in which something always moves grows old elsewhere.
        """
        before_s = self._costs_s[part]
        self._costs_s[part] = before_s + _COST_GAIN * (cost_s - before_s) if before_s else cost_s
        if whole:
            self._searched_s[part] = time_s
