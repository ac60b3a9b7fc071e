"""Which settings can be turned while the device runs, and what each takes."""

import json
from dataclasses import dataclass
from typing import Any

LONGEST_WISH_BYTES = 256
"""More than all that can be turned at once."""


@dataclass(frozen=True, slots=True)
class Tunable:
    """A setting that can be turned.

    Attributes:
        key: as the configuration calls it.
        name: as people do.
        low: the least that is taken.
        high: the most.
        step: how finely it is turned.
        icon: of Material Design, as Home Assistant names it.
        unit: of value, bounds and step; None for a share of one.
    """

    key: str
    name: str
    low: float
    high: float
    step: float
    icon: str
    unit: str | None = None


TUNABLES = (
    Tunable("enter_threshold", "Threshold", 0.01, 1.0, 0.01, "mdi:gauge"),
    Tunable("min_dwell_s", "Hold time", 0.0, 60.0, 0.1, "mdi:timer-outline", "s"),
    Tunable("occupancy_off_delay_s", "Off-delay", 0.0, 3600.0, 0.5, "mdi:timer-sand", "s"),
)
_BY_KEY = {tunable.key: tunable for tunable in TUNABLES}


def parse_wish(payload: bytes) -> dict[str, float | None]:
    """By key, the values that somebody wants; None for the configuration's.

    Raises:
        ValueError: it is nothing of that kind; the text goes on from "takes".
    """
    if len(payload) > LONGEST_WISH_BYTES:
        raise ValueError(f"{LONGEST_WISH_BYTES} bytes at most")
    try:
        wish = json.loads(payload)
    except (ValueError, RecursionError):
        wish = None
    if not isinstance(wish, dict) or not wish:
        raise ValueError('a JSON object such as {"min_dwell_s": 1.5}')
    return {key: None if value is None else number(key, value) for key, value in wish.items()}


def number(key: str, value: Any) -> float:
    """``value`` as one that the tunable ``key`` takes. Raises ValueError as ``parse_wish`` does."""
    tunable = _BY_KEY.get(key)
    if tunable is None:
        raise ValueError(f"the keys {', '.join(_BY_KEY)}")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not tunable.low <= value <= tunable.high:  # which NaN is not
        raise ValueError(f"for {key} a number from {tunable.low:g} to {tunable.high:g}")
    return float(value)
