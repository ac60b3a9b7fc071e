"""Where on the broker everything is."""

import re
from dataclasses import dataclass

from device.errors import ConfigError

NAME_PATTERN = r"^[a-zA-Z0-9_-]+$"
"""What a device may be called: one level of a topic, without wildcards, spaces or slashes."""

BASE_PATTERN = r"^[a-zA-Z0-9_-]+(/[a-zA-Z0-9_-]+)*$"
"""What the base topic may be: one such level, or several."""

DEFAULT_BASE = "affectd"


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one device. Raises ConfigError for names that no topic can carry."""

    base: str
    device: str

    def __post_init__(self) -> None:
        remedy = "use letters, digits, '_' and '-', and at least one"
        if not re.fullmatch(NAME_PATTERN, self.device):
            raise ConfigError(f"device.id is {self.device!r}, which no topic can carry", remedy)
        if not re.fullmatch(BASE_PATTERN, self.base):
            remedy = f"{remedy}; '/' between the levels, where there are several"
            raise ConfigError(f"mqtt.base_topic is {self.base!r}, which no topic can carry", remedy)

    @property
    def availability(self) -> str:
        """``online`` or ``offline``, retained; the last will."""
        return self._of("availability")

    @property
    def info(self) -> str:
        """What the device is, retained."""
        return self._of("info")

    @property
    def state(self) -> str:
        """What it sees, retained."""
        return self._of("state")

    @property
    def events(self) -> str:
        """What has changed, one message a change."""
        return self._of("events")

    @property
    def stats(self) -> str:
        """How it is doing, now and then."""
        return self._of("stats")

    @property
    def summary(self) -> str:
        """What the day and the last hour were like, retained."""
        return self._of("summary")

    @property
    def pause(self) -> str:
        """Where the privacy switch stands, retained."""
        return self._of("pause")

    @property
    def pause_set(self) -> str:
        """Where the privacy switch is turned from outside."""
        return self._of("pause/set")

    @property
    def tuning(self) -> str:
        """The values in force of what can be turned while the device runs, retained."""
        return self._of("tuning")

    @property
    def tuning_set(self) -> str:
        """Where they are turned from outside."""
        return self._of("tuning/set")

    @property
    def doctor(self) -> str:
        """Where ``affectd doctor`` talks to itself."""
        return self._of("doctor")

    def _of(self, leaf: str) -> str:
        return f"{self.base}/{self.device}/{leaf}"
