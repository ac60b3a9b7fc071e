"""How fast the device is, how warm, and what it had to leave out."""

import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from device.interfaces import Clock
from device.records import Frame

Stage = Literal["detect", "classify", "total"]
STAGES: tuple[Stage, ...] = ("detect", "classify", "total")

SYSFS = Path("/sys")
_TEMPERATURE = "class/thermal/thermal_zone0/temp"
# The Pi 5 spells the same file soc@107c000000/soc@107c000000:firmware.
_THROTTLED_GLOB = "devices/platform/soc*/soc*:firmware/get_throttled"
_THROTTLING_BITS = ("under_voltage", "frequency_capped", "throttled", "soft_temperature_limit")
_SINCE_BOOT_SHIFT = 16
_MOST_SAMPLES = 4096


@dataclass(frozen=True, slots=True)
class Latency:
    """Half and 95 of 100 took no longer than this, milliseconds."""

    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class Throttling:
    """What holds the processor back, now and since it was started.

    ``under_voltage``, ``frequency_capped``, ``throttled`` or ``soft_temperature_limit``.
    """

    now: tuple[str, ...]
    since_boot: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TelemetrySnapshot:
    """The figures of the last while; None for what is not known here.

    Attributes:
        fps: frames a second that passed the pipeline, over the window.
        latency: by stage, over the window.
        dropped_frames: frames of the source that never reached the pipeline, since the start.
        temperature_c: of the processor, degrees Celsius.
        throttling: of the processor, on a Raspberry Pi.
        last_error: the latest warning or error that was logged since the start.
        slowed_to_fps: so many frames a second are looked at, at most, because of heat; None for all.
    """

    fps: float
    latency: dict[Stage, Latency | None]
    dropped_frames: int
    temperature_c: float | None
    throttling: Throttling | None
    last_error: str | None = None
    slowed_to_fps: float | None = None


class Telemetry:
    """Collects the figures; everything is called from the pipeline's own thread.

    Args:
        clock: the monotonic time.
        window_s: how far back rates and latencies reach, seconds.
        sysfs: where the kernel's files are mounted.
        last_error: gives the latest warning or error that was logged.
        slowed_to_fps: gives the limit that heat sets.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        window_s: float = 60.0,
        sysfs: Path = SYSFS,
        last_error: Callable[[], str | None] = lambda: None,
        slowed_to_fps: Callable[[], float | None] = lambda: None,
    ) -> None:
        self._clock = clock
        self._window_s = window_s
        self._sysfs = sysfs
        self._last_error = last_error
        self._slowed_to_fps = slowed_to_fps
        self._frames: deque[float] = deque(maxlen=_MOST_SAMPLES)
        self._latencies: dict[Stage, deque[tuple[float, float]]] = {
            stage: deque(maxlen=_MOST_SAMPLES) for stage in STAGES
        }
        self._last_index: int | None = None
        self._dropped = 0

    def add_frame(self, frame: Frame) -> None:
        """Count a frame that passed the pipeline; a gap before its index is counted as dropped frames."""
        if self._last_index is not None and frame.index > self._last_index:
            self._dropped += frame.index - self._last_index - 1
        self._last_index = frame.index
        self._frames.append(self._clock.monotonic_s())

    def add_latency(self, stage: Stage, seconds: float) -> None:
        """Note how long ``stage`` took once."""
        self._latencies[stage].append((self._clock.monotonic_s(), seconds))

    def snapshot(self) -> TelemetrySnapshot:
        """The figures as they are now."""
        now_s = self._clock.monotonic_s()
        oldest_s = now_s - self._window_s
        return TelemetrySnapshot(
            fps=_rate([t for t in self._frames if t >= oldest_s], now_s),
            latency={
                stage: _latency(seconds for t, seconds in samples if t >= oldest_s)
                for stage, samples in self._latencies.items()
            },
            dropped_frames=self._dropped,
            temperature_c=read_temperature_c(self._sysfs),
            throttling=read_throttling(self._sysfs),
            last_error=self._last_error(),
            slowed_to_fps=self._slowed_to_fps(),
        )


def read_temperature_c(sysfs: Path = SYSFS) -> float | None:
    """The processor's temperature in degrees Celsius; None where the kernel does not tell."""
    try:
        return round(int((sysfs / _TEMPERATURE).read_text()) / 1000, 1)
    except (OSError, ValueError):
        return None


def read_throttling(sysfs: Path = SYSFS) -> Throttling | None:
    """What holds the processor back, from the firmware's own file; None on anything but a Raspberry Pi.

    The bits are those of ``vcgencmd get_throttled``, which would need the group ``video``. Raspberry Pi's kernel notes
    once after each start that this file is deprecated; its successor, ``rpi_volt`` under hwmon, knows only the voltage.
    """
    for path in sorted(sysfs.glob(_THROTTLED_GLOB)):
        try:
            bits = int(path.read_text(), 16)
        except (OSError, ValueError):
            continue
        return Throttling(_names(bits), _names(bits >> _SINCE_BOOT_SHIFT))
    return None


def _names(bits: int) -> tuple[str, ...]:
    return tuple(name for position, name in enumerate(_THROTTLING_BITS) if bits >> position & 1)


def _rate(times_s: list[float], now_s: float) -> float:
    if len(times_s) < 2 or now_s <= times_s[0]:
        return 0.0
    return round((len(times_s) - 1) / (now_s - times_s[0]), 2)


def _latency(samples_s: Iterable[float]) -> Latency | None:
    ordered = sorted(samples_s)
    if not ordered:
        return None

    def rank(share: float) -> float:
        return round(1000 * ordered[math.ceil(share * len(ordered)) - 1], 2)

    return Latency(rank(0.5), rank(0.95))
