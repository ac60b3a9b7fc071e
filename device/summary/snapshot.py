"""What is told of the memory to those who do not read it themselves."""

from dataclasses import dataclass
from datetime import datetime

from device.records import ClockState
from device.summary.counts import DaySummary, HourSummary


@dataclass(frozen=True, slots=True)
class SummarySnapshot:
    """The sums of the day and of the hour before this one.

    Attributes:
        time: when that was so.
        clock: whether the clock had been set.
        day_began: when the local day began.
        today: the local day so far.
        last_hour: the last full hour; its counts are empty where no daemon ran.
    """

    time: datetime
    clock: ClockState
    day_began: datetime
    today: DaySummary
    last_hour: HourSummary
