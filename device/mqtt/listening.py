"""What others say to the device, and how often it acts on it."""

import logging
import time
from collections.abc import Callable

from device.mqtt.client import Received
from device.mqtt.payloads import ONLINE, SWITCH_ON, SWITCH_POSITIONS
from device.mqtt.topics import Topics
from device.mqtt.tuning import Tuning
from device.system.log import LogOnce

_WISH_EVERY_S = 0.5
_BIRTH_EVERY_S = 1.0
_SOON_S = 10.0
_GIVEN_UP_S = 600.0

_log = logging.getLogger(__name__)


class Listening:
    """Obeys the latest of many wishes, and lets nobody keep the device from its work by saying too much.

    Args:
        topics: the device's.
        birth: the topic on which Home Assistant says that it has started; None where nobody is to be told.
        on_pause: called with the wanted position.
        on_birth: called when Home Assistant has started.
        tuning: what else can be turned.
    """

    def __init__(
        self,
        topics: Topics,
        birth: str | None,
        on_pause: Callable[[bool], None],
        on_birth: Callable[[], None],
        tuning: Tuning,
    ) -> None:
        self._pause_set = topics.pause_set
        self._tuning_set = topics.tuning_set
        self._tuning = tuning
        self._topics = (self._pause_set, self._tuning_set, *([birth] if birth else []))
        self._on_pause = on_pause
        self._on_birth = on_birth
        self._wish: bool | None = None
        self._wish_due_s = 0.0
        self._born = False
        self._birth_due_s = 0.0
        self._nonsense = LogOnce(_log)
        self._too_long = LogOnce(_log)
        self._flooded = ""
        self._given_up: dict[str, float] = {}

    @property
    def topics(self) -> tuple[str, ...]:
        """What to subscribe to."""
        now_s = time.monotonic()
        return tuple(topic for topic in self._topics if now_s >= self._given_up.get(topic, 0.0))

    @property
    def due_s(self) -> float:
        """When ``act`` has something to do, monotonic seconds."""
        wish_s = self._wish_due_s if self._wish is not None else float("inf")
        return min(wish_s, self._birth_due_s if self._born else float("inf"), self._tuning.due_s)

    def receive(self, message: Received) -> None:
        """Take note of a message; ``act`` obeys it."""
        if message.topic == self._tuning_set:
            self._tuning.receive(message)
        elif message.topic != self._pause_set:
            self._born |= message.topic in self._topics and message.payload == ONLINE
        elif message.retained:
            # It was said to whoever listened then; obeyed again, it would undo every later turn at each connection.
            self._nonsense.log("a retained message on %s is ignored; publish it without retain", message.topic)
        elif message.payload in SWITCH_POSITIONS:
            self._wish = message.payload == SWITCH_ON
            self._nonsense.forget()
        else:
            self._nonsense.log("%s takes ON or OFF, not %.20r", message.topic, message.payload)

    def act(self, now_s: float) -> None:
        """Do what was asked for, the latest of it, unless that was done a moment ago: then it is done later."""
        if self._wish is not None and now_s >= self._wish_due_s:
            wish, self._wish = self._wish, None
            self._wish_due_s = now_s + _WISH_EVERY_S
            self._on_pause(wish)
        if self._born and now_s >= self._birth_due_s:
            self._born = False
            self._birth_due_s = now_s + _BIRTH_EVERY_S
            self._on_birth()
        self._tuning.act(now_s)

    def passed_over(self, topic: str, length: int) -> None:
        """A message on ``topic`` was forgotten, as it was too long to mean anything."""
        self._too_long.log(
            "a message on %s was passed over: it has %d bytes, and nobody can mean so much; let the broker refuse such "
            "messages (message_size_limit)",
            topic,
            length,
        )

    def flooded(self, topic: str, *, held_s: float) -> None:
        """A message on ``topic`` that was far too long ended a connection; twice in a row, soon, gives the topic up."""
        again = topic in self._topics and topic == self._flooded and held_s < _SOON_S
        self._flooded = topic if held_s < _SOON_S else ""
        if again:
            self._given_up[topic] = time.monotonic() + _GIVEN_UP_S
            _log.warning(
                "%s is not listened to for %.0f minutes: each connection ends at a message there that is far too long; "
                "remove it (mosquitto_pub -r -n -t %s) and let the broker refuse such messages (message_size_limit); "
                "on the device itself, affectd pause works all the same",
                topic,
                _GIVEN_UP_S / 60,
                topic,
            )
