"""A device that is too warm watches more slowly, until it has cooled down."""

import logging
import math
from collections.abc import Callable
from typing import Self

from pydantic import Field, model_validator

from device.interfaces import Clock
from device.section import Section
from device.system.telemetry import Throttling, read_temperature_c, read_throttling

_CHECK_S = 5.0
_SETTLE_S = 30.0  # a heat sink answers slowly: time between two steps
_EARLY = 0.8  # of the interval after which the next frame is taken; they do not come evenly
_log = logging.getLogger(__name__)


class HeatSettings(Section):
    """How the device slows down when it is hot."""

    slow_above_c: float | None = Field(
        75.0,
        ge=30.0,
        le=120.0,
        description="the processor's temperature above which affectd looks at fewer frames; null never slows down",
    )
    normal_below_c: float = Field(
        68.0, ge=20.0, le=119.0, description="the temperature below which it looks at more frames again"
    )
    slowest_fps: float = Field(2.0, gt=0.0, le=60.0, description="the least number of frames in a second")

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.slow_above_c is not None and self.normal_below_c >= self.slow_above_c:
            raise ValueError(f"normal_below_c {self.normal_below_c:g} is not below slow_above_c {self.slow_above_c:g}")
        return self


class HeatGuard:
    """Halves the rate of the frames that are looked at, and again, while it stays too warm; and doubles it when cool.

    Between the two temperatures nothing changes, and after each step it waits for its effect.

    Args:
        settings: the section ``heat``.
        fps: the rate that the source is asked for.
        clock: the monotonic time.
        temperature: gives the processor's, degrees Celsius, or None where it is unknown.
        throttling: gives what the firmware holds the processor back for, or None where it does not tell.
    """

    def __init__(
        self,
        settings: HeatSettings,
        fps: float,
        clock: Clock,
        *,
        temperature: Callable[[], float | None] = read_temperature_c,
        throttling: Callable[[], Throttling | None] = read_throttling,
    ) -> None:
        self._settings = settings
        self._fps = fps
        self._clock = clock
        self._temperature = temperature
        self._throttling = throttling
        self._halvings = 0
        self._check_due_s = -math.inf
        self._step_due_s = -math.inf
        self._admitted_s = -math.inf

    @property
    def limit_fps(self) -> float | None:
        """So many frames a second are looked at, at most; None where heat sets no limit."""
        return self._rate(self._halvings) if self._halvings else None

    def check(self) -> None:
        """To be called on every turn; looks at the temperature now and then."""
        now_s = self._clock.monotonic_s()
        if self._settings.slow_above_c is None or now_s < self._check_due_s:
            return
        self._check_due_s = now_s + _CHECK_S
        if now_s < self._step_due_s:
            return
        celsius = self._temperature()
        if self._is_hot(celsius, self._settings.slow_above_c):
            self._step(+1, celsius)
        elif self._halvings and (celsius is None or celsius < self._settings.normal_below_c):
            self._step(-1, celsius)

    def admits(self, time_s: float) -> bool:
        """Whether the frame that was taken at monotonic ``time_s`` is to be looked at."""
        limit_fps = self.limit_fps
        if limit_fps and 0.0 <= time_s - self._admitted_s < _EARLY / limit_fps:
            return False
        self._admitted_s = time_s
        return True

    def _is_hot(self, celsius: float | None, limit_c: float) -> bool:
        if celsius is not None and celsius >= limit_c:
            return True
        told = self._throttling()
        # A weak power supply throttles as well, and no temperature would ever end that.
        return told is not None and "throttled" in told.now and "under_voltage" not in told.now

    def _step(self, direction: int, celsius: float | None) -> None:
        halvings = self._halvings + direction
        if direction > 0 and self._rate(halvings) >= self._rate(self._halvings):
            return
        self._halvings = halvings
        self._step_due_s = self._clock.monotonic_s() + _SETTLE_S
        warmth = "an unknown temperature" if celsius is None else f"{celsius:.0f} °C"
        if self._halvings:
            _log.warning("the processor is at %s: at most %.3g frames a second", warmth, self._rate(self._halvings))
        else:
            _log.info("the processor is at %s: every frame is looked at again", warmth)

    def _rate(self, halvings: int) -> float:
        return min(self._fps, max(self._settings.slowest_fps, self._fps / 2.0**halvings))
