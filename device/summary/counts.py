"""Counters that can be added up, and what a reader makes of them."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta, timezone

from device.errors import RecordError
from device.records import ClockState

_SHORTEST_S = 0.25
_BINS_IN_A_DOUBLING = 4
DWELL_BINS = 80
"""How many bins of lengths there are: the last begins at 2.5 days."""


def dwell_bin(length_s: float) -> int:
    """The number of the bin for a visit of ``length_s`` seconds, 0 to ``DWELL_BINS - 1``.

    Medians cannot be added up, but counts of visits by length can. The first bin ends at 0.3 s, and each is 1.19 times
    (a fourth of a doubling) as wide as the one before: of many visits the median is right to a tenth or so.
    """
    if length_s <= _SHORTEST_S:
        return 0
    return min(DWELL_BINS - 1, int(_BINS_IN_A_DOUBLING * math.log2(length_s / _SHORTEST_S)))


def _bin_begins_s(position: float) -> float:
    return _SHORTEST_S * math.pow(2.0, position / _BINS_IN_A_DOUBLING)


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted in some stretch of time; two of them add up. All are 0 or more, and lengths are in seconds.

    Attributes:
        visits: confirmed faces that left in that time.
        looked: those of them that were frontal for at least half of their visit.
        dwell_s: how long they had been there, together.
        dwell_bins: how many of them by ``dwell_bin`` of their length.
        dominant: how many of them by the emotion that they showed longest; none for those without a reading.
        emotion_s: for how long faces showed each emotion, ``uncertain`` too; two faces count twice.
        presence_s: for how long faces were there, with a reading or not yet.
        frontal_s: for how much of that they were frontal.
        watched_s: for how long the camera gave pictures.
        paused_s: for how long the privacy switch was on.
        lost_s: for how long the camera was missing or gave no pictures.
    """

    visits: int = 0
    looked: int = 0
    dwell_s: float = 0.0
    dwell_bins: Mapping[int, int] = field(default_factory=dict)
    dominant: Mapping[str, int] = field(default_factory=dict)
    emotion_s: Mapping[str, float] = field(default_factory=dict)
    presence_s: float = 0.0
    frontal_s: float = 0.0
    watched_s: float = 0.0
    paused_s: float = 0.0
    lost_s: float = 0.0

    def __post_init__(self) -> None:
        scalars = [getattr(self, one.name) for one in fields(self) if not isinstance(getattr(self, one.name), Mapping)]
        amounts = [*scalars, *self.dwell_bins.values(), *self.dominant.values(), *self.emotion_s.values()]
        if not all(math.isfinite(amount) and amount >= 0 for amount in amounts):
            raise RecordError(f"counts are finite and not below 0, unlike one of {self}")
        if not all(0 <= number < DWELL_BINS for number in self.dwell_bins):
            raise RecordError(f"bins of lengths have numbers below {DWELL_BINS}, not {sorted(self.dwell_bins)}")
        if sum(self.dwell_bins.values()) != self.visits:
            raise RecordError(f"{self.visits} visits, and the lengths of {sum(self.dwell_bins.values())}")
        if self.looked > self.visits or sum(self.dominant.values()) > self.visits:
            raise RecordError(f"more of {self.visits} visits looked or had an emotion than there were")

    def plus(self, other: "Counts") -> "Counts":
        """Both together."""
        return total((self, other))

    @property
    def mean_dwell_s(self) -> float | None:
        """How long a visit was on average; None without visits."""
        return self.dwell_s / self.visits if self.visits else None

    @property
    def median_dwell_s(self) -> float | None:
        """What half of the visits did not exceed, by their bins; None without visits."""
        passed = 0
        for number, count in sorted(self.dwell_bins.items()):
            if count and passed + count >= self.visits / 2:
                return _bin_begins_s(number + (self.visits / 2 - passed) / count)
            passed += count
        return None

    @property
    def emotion_shares(self) -> dict[str, float]:
        """For which share of all read time faces showed each emotion, 0 to 1; empty while none was read."""
        read_s = sum(self.emotion_s.values())
        return {label: amount_s / read_s for label, amount_s in sorted(self.emotion_s.items())} if read_s else {}

    @property
    def frontal_share(self) -> float | None:
        """For which share of their time faces looked at the camera, 0 to 1; None while there were none."""
        return self.frontal_s / self.presence_s if self.presence_s else None

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was counted, not even time."""
        return self == Counts()


def total(counts: Iterable[Counts]) -> Counts:
    """All of them together."""
    sums: dict[str, float] = {}
    by_key: dict[str, dict[int | str, float]] = {}
    for one in counts:
        for each in fields(Counts):
            value = getattr(one, each.name)
            if not isinstance(value, Mapping):
                sums[each.name] = sums.get(each.name, 0) + value
                continue
            together = by_key.setdefault(each.name, {})
            for key, amount in value.items():
                together[key] = together.get(key, 0) + amount
    return Counts(**sums, **by_key)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, order=True)
class Hour:
    """One hour of some place's time of day.

    Attributes:
        start_s: when it began, seconds since 1970.
        offset_s: how far the local time was ahead of UTC then, seconds.
    """

    start_s: int
    offset_s: int

    @property
    def start(self) -> datetime:
        """When it began, aware of the offset that held."""
        return datetime.fromtimestamp(self.start_s, timezone(timedelta(seconds=self.offset_s)))

    @property
    def day(self) -> date:
        """The local day that it belongs to."""
        return (datetime.fromtimestamp(self.start_s, UTC) + timedelta(seconds=self.offset_s)).date()


@dataclass(frozen=True, slots=True)
class HourSummary:
    """What was counted in one hour of the local time.

    An hour that the clock shows twice, when summer time ends, is two of these: their ``start`` has another offset.

    Attributes:
        hour: which.
        counts: what was counted.
        clock: ``unsynced`` where some of it was counted while nobody had set the clock: it may belong elsewhere.
    """

    hour: Hour
    counts: Counts
    clock: ClockState = "synced"

    @property
    def start(self) -> datetime:
        """When it began, aware of the offset that held."""
        return self.hour.start

    @property
    def day(self) -> date:
        """The local day that it belongs to."""
        return self.hour.day


@dataclass(frozen=True, slots=True)
class DaySummary:
    """What was counted in one local day.

    Attributes:
        day: which.
        counts: of all its hours.
        clock: ``unsynced`` where that of one of them is.
    """

    day: date
    counts: Counts
    clock: ClockState = "synced"

    @classmethod
    def of(cls, day: date, hours: Iterable[HourSummary]) -> "DaySummary":
        """The sum of ``hours``, which are those of ``day``."""
        all_hours = list(hours)
        unsure = any(one.clock == "unsynced" for one in all_hours)
        return cls(day, total(one.counts for one in all_hours), "unsynced" if unsure else "synced")
