"""The configuration's section ``summary``."""

from pydantic import Field

from device.section import Section


class SummarySettings(Section):
    """Whether and for how long visits and emotions are counted by hour."""

    enabled: bool = Field(
        default=True,
        description="whether visits and emotions are counted by hour and day; numbers only, about no one person",
    )
    keep_days: int = Field(90, ge=1, le=3660, description="how long the counts are kept, days")
