"""The daemon as a unit inside a machine, with Mosquitto beside it, and what both said."""

import json
import shlex
import time
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from tests.vm.machine import Machine

# The agent's own environment is not that of the units that it starts.
_ENVIRONMENT = ("-E", "PYTHONPYCACHEPREFIX=/var/cache/python", "-E", "HOME=/root", "-E", "LANG=C.UTF-8")


@dataclass(frozen=True, slots=True)
class State:
    """What the topic ``state`` said of the source, and when by the machine's clock, seconds since 1970."""

    time_s: float
    source: str
    faces: int


class Affectd:
    """``affectd run`` inside ``machine``; keywords are sections of its configuration with what differs."""

    def __init__(self, machine: Machine, **sections: dict[str, Any]) -> None:
        self._machine = machine
        self._folder = f"/run/affectd-{uuid.uuid4().hex[:8]}"
        self._unit = self._folder.rpartition("/")[2]
        values: dict[str, dict[str, Any]] = {
            "device": {"id": "hall", "state_dir": f"{self._folder}/state", "runtime_dir": f"{self._folder}/memory"},
            "mqtt": {"host": "127.0.0.1", "state_interval_s": 0.2, "reconnect_first_s": 0.2},
        }
        for name, section in sections.items():
            values[name] = values.get(name, {}) | section
        text = shlex.quote(yaml.safe_dump(values))
        machine.run(f"mkdir {self._folder} && printf %s {text} >{self._folder}/config.yaml")
        machine.run("systemctl start mosquitto.service")
        # Not what the broker has kept (-R) of another daemon; %U is the time, %p the payload.
        self._start(
            "listener", "mosquitto_sub -h 127.0.0.1 -R -t affectd/hall/state -F '%U %p'", "StandardOutput", "heard"
        )
        command = f"/venv/bin/python -m device run --config {self._folder}/config.yaml"
        self._start("daemon", command, "StandardError", "said")

    @property
    def said(self) -> str:
        """All it has written on stderr."""
        return self._machine.run(f"cat {self._folder}/said")

    def states(self) -> list[State]:
        """All that it has published of itself so far."""
        lines = self._machine.run(f"cat {self._folder}/heard").splitlines()
        messages = [
            (float(time_s), json.loads(payload)) for time_s, _, payload in (line.partition(" ") for line in lines)
        ]
        return [State(time_s, message["source"], message["face_count"]) for time_s, message in messages]

    def wait_until_said(self, pattern: str, timeout_s: float) -> None:
        """Until a line of stderr matches the regular expression."""
        self._wait_for_line("said", pattern, timeout_s)

    def wait_until_heard(self, pattern: str, timeout_s: float) -> None:
        """Until a message on the topic ``state`` matches the regular expression."""
        self._wait_for_line("heard", pattern, timeout_s)

    def wait_for_source(self, source: str, timeout_s: float, since_s: float = 0.0) -> State:
        """The first state later than ``since_s``, by the machine's clock, that says so of the source."""
        deadline_s = time.monotonic() + timeout_s
        while True:
            for state in self.states():
                if state.source == source and state.time_s > since_s:
                    return state
            if time.monotonic() > deadline_s:
                pytest.fail(f"waited {timeout_s:.0f} s in vain for the source to be {source}\n{self.said}")
            time.sleep(0.5)

    def end(self) -> None:
        """End it, and the listener."""
        self._machine.run(f"systemctl stop {self._unit}-daemon.service {self._unit}-listener.service")

    def _wait_for_line(self, file: str, pattern: str, timeout_s: float) -> None:
        script = f"grep -qE {shlex.quote(pattern)} {self._folder}/{file}"
        self._machine.wait_until(script, f"{pattern!r} to be {file}", timeout_s, lambda: self.said)

    def _start(self, part: str, command: str, stream: str, file: str) -> None:
        options = [f"--unit={self._unit}-{part}", "--collect", "-p", "WorkingDirectory=/carried/affectd"]
        options += ["-p", f"{stream}=append:{self._folder}/{file}", *_ENVIRONMENT]
        self._machine.run(f"systemd-run --quiet {shlex.join(options)} {command}")
