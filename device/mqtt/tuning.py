"""The few settings that people turn while the device runs, from Home Assistant say, and where they are kept."""

import json
import logging
import math
from collections.abc import Callable, Mapping
from pathlib import Path

from device.contract.files import read_limited, write_atomically
from device.errors import AffectdError
from device.mqtt.client import Received
from device.mqtt.payloads import MESSAGE_SCHEMA, encode
from device.mqtt.tunables import number, parse_wish
from device.system.log import LogOnce

TUNING_NAME = "tuning.json"
"""The file in the state directory."""

_LONGEST_FILE_BYTES = 4096
_WISH_EVERY_S = 0.5
_WRITE_EVERY_S = 30.0

_log = logging.getLogger(__name__)


class Tuning:
    """What is in force: the configuration's, and over it what somebody has turned; used by one thread at a time.

    A turned value is kept in a file, with the configuration's that it took the place of. When that has changed at the
    next start, somebody has spoken since, and the configuration is obeyed again.

    Args:
        base: the configuration's value of every tunable.
        path: the file.
        on_change: called with all values once some have changed; must not block.
    """

    def __init__(self, base: Mapping[str, float], path: Path, on_change: Callable[[Mapping[str, float]], None]) -> None:
        self._base = dict(base)
        self._path = path
        self._on_change = on_change
        self._turned = self._read()
        self._wishes: dict[str, float | None] = {}
        self._wish_due_s = -math.inf
        self._write_due_s = -math.inf
        self._unwritten = False
        self._nonsense = LogOnce(_log)
        self._message = self._encode()

    @property
    def values(self) -> dict[str, float]:
        """The value in force of every tunable."""
        return self._base | self._turned

    @property
    def message(self) -> bytes:
        """The values as they go over the wire."""
        return self._message

    @property
    def due_s(self) -> float:
        """When ``act`` has something to do, monotonic seconds."""
        wish_s = self._wish_due_s if self._wishes else math.inf
        return min(wish_s, self._write_due_s if self._unwritten else math.inf)

    def receive(self, message: Received) -> None:
        """Take note of a wish; ``act`` obeys it."""
        if message.retained:
            self._nonsense.log("a retained message on %s is ignored; publish it without retain", message.topic)
            return
        try:
            self._wishes |= parse_wish(message.payload)
            self._nonsense.forget()
        except ValueError as error:
            self._nonsense.log("%s takes %s", message.topic, str(error))

    def act(self, now_s: float) -> None:
        """Do what was asked for, unless that was done a moment ago; write it down, unless that was."""
        if self._wishes and now_s >= self._wish_due_s:
            self._wish_due_s = now_s + _WISH_EVERY_S
            self._obey()
        if self._unwritten and now_s >= self._write_due_s:
            self._write_due_s = now_s + _WRITE_EVERY_S
            self._write()

    def _obey(self) -> None:
        before = self.values
        for key, value in self._wishes.items():
            if value is None or value == self._base[key]:
                self._turned.pop(key, None)
            else:
                self._turned[key] = value
        self._wishes = {}
        if before != self.values:
            self._unwritten = True
            changed = (f"{key} is {value:g}" for key, value in self.values.items() if value != before[key])
            self._message = self._encode()
            _log.info("turned from outside: %s", ", ".join(changed))
            self._on_change(self.values)

    def _encode(self) -> bytes:
        return encode({"schema": MESSAGE_SCHEMA} | self.values)

    def _write(self) -> None:
        self._unwritten = False
        kept = {key: {"value": value, "over": self._base[key]} for key, value in self._turned.items()}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._path, json.dumps({"schema": MESSAGE_SCHEMA, "turned": kept}).encode(), 0o600)
        except (OSError, AffectdError) as error:
            _log.warning("what was turned from outside will not survive a restart: %s", error)

    def _read(self) -> dict[str, float]:
        try:
            kept = json.loads(read_limited(self._path, _LONGEST_FILE_BYTES))["turned"]
            found = {key: (number(key, one["value"]), float(one["over"])) for key, one in kept.items()}
        except FileNotFoundError:
            return {}
        except (OSError, AffectdError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            _log.warning("what was turned from outside is forgotten, as %s cannot be read: %s", self._path, error)
            return {}
        for key, (_, over) in found.items():
            if over != self._base[key]:
                _log.info("%s is the configuration's again, which has changed since it was turned", key)
        return {key: value for key, (value, over) in found.items() if over == self._base[key]}
