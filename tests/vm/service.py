"""The service that the package has installed in a machine, as systemd, its own words and the broker show it."""

import json
import shlex
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from tests.vm.machine import Machine

CLEAN = (
    "cd / && env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb DEBIAN_FRONTEND=noninteractive"
)
"""Before a command that is not to have the agent's environment."""
CONFIG = "/etc/affectd/config.yaml"
DROP_INS = "/etc/systemd/system/affectd.service.d"
START_S = 900.0
"""How long a start may take where all is done in software."""
# Each look costs the slow machine some of its time.
_PAUSE_S = 3.0
_SLOW = b"[Service]\nTimeoutStartSec=600\n"
KERNEL = f"systemd.set_credential_binary=systemd.unit-dropin.affectd.service:{b64encode(_SLOW).decode()}"
"""For the kernel's command line: so that systemd has the patience as well."""

_PROPERTIES = (
    *("ActiveState", "SubState", "Result", "NRestarts", "MainPID", "StatusText", "ExecMainStatus"),
    *("MemoryCurrent", "MemoryPeak", "MemoryHigh", "MemoryMax"),
    "ActiveEnterTimestampMonotonic",
)


@dataclass(frozen=True, slots=True)
class Heard:
    """A message that the broker has passed on; ``time_s`` is the machine's, seconds since 1970."""

    time_s: float
    topic: str
    payload: dict[str, Any]


class Service:
    """``affectd.service`` in ``machine``, where the listener of `installed` keeps what the broker is told."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def show(self) -> dict[str, str]:
        """What systemd knows of it."""
        text = self.machine.run(f"systemctl show affectd -p {','.join(_PROPERTIES)}")
        return {name: value for name, _, value in (line.partition("=") for line in text.splitlines())}

    @property
    def pid(self) -> int:
        """Of the daemon; 0 where none runs."""
        return int(self.show()["MainPID"])

    def journal(self, lines: int = 40) -> str:
        """The end of what it and systemd have said of it since the boot."""
        return self.machine.run(f"journalctl -b -u affectd --no-pager -o short-monotonic -n {lines}")

    def configure(self, **sections: dict[str, Any]) -> None:
        """Give it a configuration; keywords are sections with what differs. The next start takes it."""
        values: dict[str, dict[str, Any]] = {"device": {"id": "hall"}, "mqtt": {"host": "127.0.0.1"}}
        for name, section in sections.items():
            values[name] = values.get(name, {}) | section
        self.machine.run(f"printf %s {shlex.quote(yaml.safe_dump(values))} >{CONFIG}")

    def drop_in(self, name: str, text: str) -> None:
        """Put ``text`` beside the unit; empty takes it away. The next start takes it."""
        path = f"{DROP_INS}/{name}.conf"
        change = f"printf %s {shlex.quote(text)} >{path}" if text else f"rm -f {path}"
        self.machine.run(f"mkdir -p {DROP_INS} && {change} && systemctl daemon-reload")

    def restart(self) -> None:
        """Returns once it is ready."""
        answer = self.machine.ask("systemctl restart affectd", START_S)
        assert answer.status == 0, f"{answer.stderr}\n{self.journal()}"

    def wait_until(self, is_so: Callable[[], bool], what: str, timeout_s: float = START_S) -> None:
        """Fails the test, naming ``what``, where it takes longer."""
        deadline_s = time.monotonic() + timeout_s
        while not is_so():
            if time.monotonic() > deadline_s:
                pytest.fail(f"waited {timeout_s:.0f} s in vain for {what}\n{self.show()}\n{self.journal()}")
            time.sleep(_PAUSE_S)

    def wait_until_says(self, words: str, timeout_s: float = START_S) -> None:
        """Until the line in ``systemctl status`` has these words."""
        self.wait_until(lambda: words in self.show()["StatusText"], f"the status to be {words!r}", timeout_s)

    def heard(self, topic: str, since_s: float = 0.0) -> list[Heard]:
        """What came on ``affectd/hall/<topic>`` after ``since_s``, by the machine's clock."""
        # What follows the last line's end is still being written.
        whole = "head -n $(wc -l </run/heard) /run/heard"
        lines = self.machine.run(f"{whole} | grep ' affectd/hall/{topic} ' || true").splitlines()
        return [message for message in map(_parse, lines) if message.time_s > since_s]

    def wait_for_event(self, since_s: float = 0.0, timeout_s: float = START_S) -> Heard:
        """The first event after ``since_s``, by the machine's clock."""
        self.wait_until(lambda: bool(self.heard("events", since_s)), "an event", timeout_s)
        return self.heard("events", since_s)[0]

    def wait_for_source(self, source: str, since_s: float, timeout_s: float = START_S) -> Heard:
        """The first state after ``since_s`` that says so of the source."""

        def found() -> Iterator[Heard]:
            return (state for state in self.heard("state", since_s) if state.payload["source"] == source)

        self.wait_until(lambda: any(found()), f"the source to be {source}", timeout_s)
        return next(found())

    def start_broker(self) -> None:
        """Returns once the listener hears it."""
        self.machine.run("systemctl start mosquitto listener")
        probe = "mosquitto_pub -h 127.0.0.1 -t affectd/hall/probe -m probe; grep -q probe /run/heard"
        self.machine.wait_until(probe, "the listener to hear", START_S)

    def now_s(self) -> float:
        """The machine's clock, seconds since 1970."""
        return float(self.machine.run("date +%s.%N"))

    def clock_ahead_s(self) -> float:
        """How much that clock is ahead of the one out here, as exactly as a few questions can tell."""
        answers = []
        for _ in range(5):
            asked_s = time.time()
            there_s = self.now_s()
            took_s = time.time() - asked_s
            answers.append((took_s, there_s - asked_s - took_s / 2))
        return min(answers)[1]

    def since_switched_on_s(self, time_s: float) -> float:
        """How long after the machine was switched on a moment of its clock was."""
        return time_s - self.clock_ahead_s() - self.machine.switched_on_s

    def ready_at_s(self) -> float:
        """When it was last ready, by that clock."""
        now_s, uptime_s = self.machine.run("date +%s.%N; cut -d ' ' -f 1 /proc/uptime").split()
        return float(now_s) - float(uptime_s) + int(self.show()["ActiveEnterTimestampMonotonic"]) / 1e6


def _parse(line: str) -> Heard:
    time_s, topic, payload = line.split(" ", 2)
    return Heard(float(time_s), topic, json.loads(payload))
