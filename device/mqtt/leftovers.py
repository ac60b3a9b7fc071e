"""What the device has left with the broker: noted, so that a device that is renamed takes the old away."""

import json
import logging
import math
import re
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from device.contract.files import read_limited, write_atomically
from device.errors import AffectdError
from device.mqtt.payloads import OFFLINE, ONLINE
from device.mqtt.topics import Topics
from device.system.log import LogOnce

LEFTOVERS_NAME = "retained.json"
"""The file in the state directory."""

_LONGEST_FILE_BYTES = 65_536
_MOST_NAMES = 8
_MOST_TOPICS = 100
_TOPIC = re.compile(r"[a-zA-Z0-9_/-]{1,400}")
_RETAINED_WITHIN_S = 5.0

_log = logging.getLogger(__name__)


class Leftovers:
    """By the device's names, past and present, the topics on which the broker keeps something of it.

    Under the present name, what is not said any more is taken away at once. Under another it is taken away unless
    somebody is online there, who may be a device that has got the name since. What another broker keeps stays.

    Args:
        path: the file that remembers them; it is written only when there are others.
        addresses: where the broker is; another one has none of them.
        topics: the device's, by its present name.
    """

    def __init__(self, path: Path, addresses: Sequence[str], topics: Topics) -> None:
        self._path = path
        self._addresses = list(addresses)
        self._own = _name(topics)
        self._names = self._read()
        self._online: set[str] = set()
        self._due_s = math.inf
        self._clearing: set[str] = set()
        self._once = LogOnce(_log)

    @property
    def watched(self) -> tuple[str, ...]:
        """Where it is said whether somebody is online by a name that was ours."""
        return tuple(_availability(name) for name in self._names if name != self._own)

    @property
    def due_s(self) -> float:
        """When ``due`` has something to give, monotonic seconds."""
        return self._due_s

    def begin(self) -> None:
        """A connection is new: what was not acknowledged as taken away is to be taken away again."""
        self._online.clear()
        self._clearing.clear()
        self._due_s = time.monotonic() + _RETAINED_WITHIN_S if self.watched else math.inf

    def keep(self, topics: Iterable[str]) -> list[str]:
        """Note what the broker is about to keep by the present name; returns what it keeps of before."""
        current, noted = set(topics), set(self._names.get(self._own, ()))
        if current - noted:
            self._names[self._own] = sorted(current | noted)
            self._write()
        stale = sorted(noted - current)
        self._clearing.update(stale)
        return stale

    def receive(self, topic: str, payload: bytes) -> None:
        """Somebody, or the broker, says whether a name that was ours is in use."""
        if topic not in self.watched:
            return
        if payload == ONLINE:
            self._online.add(topic)
        elif payload == OFFLINE:
            self._online.discard(topic)
            self._due_s = 0.0

    def due(self, now_s: float) -> list[str]:
        """What is to be taken away now of the names that nobody uses."""
        if now_s < self._due_s:
            return []
        self._due_s = math.inf
        free = [name for name in self._names if name != self._own and _availability(name) not in self._online]
        topics = [topic for name in free for topic in self._names[name] if topic not in self._clearing]
        # The description first, so that Home Assistant has taken the entities out when what they show becomes empty.
        topics.sort(key=lambda topic: topic.startswith(tuple(f"{name}/" for name in free)))
        if topics:
            _log.info("what the broker keeps of this device as %s is taken away", ", ".join(free))
        self._clearing.update(topics)
        return topics

    def acknowledged(self, topic: str) -> None:
        """The broker has answered for a message on ``topic``."""
        if topic not in self._clearing:
            return
        self._clearing.discard(topic)
        left = {name: [one for one in topics if one != topic] for name, topics in self._names.items()}
        self._names = {name: topics for name, topics in left.items() if topics}
        if not self._clearing:
            self._write()

    def flooded(self, topic: str) -> None:
        """What came on ``topic`` was too long to be read; that name is left alone."""
        self._names = {name: kept for name, kept in self._names.items() if _availability(name) != topic}

    def _write(self) -> None:
        text = json.dumps({"addresses": self._addresses, "names": self._names})
        try:
            write_atomically(self._path, text.encode(), 0o600)
        except (OSError, AffectdError) as error:
            self._once.log("what this device leaves with the broker cannot be noted: %s", str(error))

    def _read(self) -> dict[str, list[str]]:
        try:
            found = json.loads(read_limited(self._path, _LONGEST_FILE_BYTES))
            addresses, names = [*map(str, found["addresses"])], _checked(found["names"])
        except FileNotFoundError:
            return {}
        except (OSError, AffectdError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            _log.warning("what this device has left with the broker is forgotten: %s: %s", self._path, error)
            return {}
        if not set(addresses) & set(self._addresses):
            told = ", ".join(addresses)
            _log.info("what the broker %s keeps of this device stays there, as this is another", told)
            return {}
        return names


def _name(topics: Topics) -> str:
    return topics.availability.rpartition("/")[0]


def _availability(name: str) -> str:
    return f"{name}/availability"


def _checked(names: dict[str, list[str]]) -> dict[str, list[str]]:
    every = [*names, *(topic for topics in names.values() for topic in topics)]
    if len(names) > _MOST_NAMES or len(every) > _MOST_NAMES * _MOST_TOPICS:
        raise ValueError("more names or topics than a device ever has")
    if wrong := [topic for topic in every if not _TOPIC.fullmatch(topic)]:
        raise ValueError(f"{wrong[0][:50]!r} is no topic of a device")
    return {name: list(topics) for name, topics in names.items()}
