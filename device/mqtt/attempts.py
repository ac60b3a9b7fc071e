"""When the broker is tried again, and what is said of it meanwhile."""

import logging
import time

from device.mqtt.settings import BrokerAddress, MqttSettings
from device.system.backoff import Backoff
from device.system.log import LogOnce

_STEADY_AFTER_S = 10.0

_log = logging.getLogger(__name__)


class Attempts:
    """Spaces the attempts at a broker: soon where it is away, slowly where it refuses, which somebody has to mend."""

    def __init__(self, settings: MqttSettings) -> None:
        longest_s = settings.reconnect_refused_s
        self._away = Backoff(settings.reconnect_first_s, settings.reconnect_max_s)
        self._refused = Backoff(max(settings.reconnect_max_s, longest_s / 5), longest_s)
        self._once = LogOnce(_log)
        self.trouble: str | None = None
        """Why the broker is away, as far as it is known; None once it has let us in."""
        self.next_at_s = 0.0
        """When the next is due, monotonic seconds."""

    def succeeded(self, address: BrokerAddress) -> None:
        """The broker at ``address`` has let us in."""
        _log.info("connected to the broker at %s", address)
        self._once.forget()
        self.trouble = None
        self._refused.reset()

    def ended(self, reason: str, address: BrokerAddress, *, held_s: float, refused: bool, stopping: bool) -> None:
        """An attempt at ``address`` has failed, or a connection that had held for ``held_s`` has ended."""
        if held_s >= _STEADY_AFTER_S:
            self._away.reset()
        wait_s = (self._refused if refused else self._away).next_s()
        self.next_at_s = time.monotonic() + wait_s
        self.trouble = f"{reason} ({address})"
        if not stopping:
            self.complain("%s (%s); events are kept, next attempt in %.1f s", reason, address, wait_s)

    def complain(self, sentence: str, reason: str, *more: object) -> None:
        """Log a warning, once until the broker lets us in again."""
        self._once.log(sentence, reason, *more)
