"""The daemon as a process, and the configuration it is given."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.brokers import LOOPBACK

ROOT = Path(__file__).parents[2]


class Daemon:
    """``affectd run`` as a process of its own."""

    def __init__(self, config: Path, stderr: Path, **variables: str) -> None:
        self._stderr = stderr
        command = [sys.executable, "-m", "device", "run", "--config", str(config)]
        with stderr.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stderr=log, env=os.environ | variables)

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)

    def wait(self, timeout_s: float = 120.0) -> int:
        return self.process.wait(timeout_s)

    def end(self) -> None:
        """Harmless when it has ended by itself."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)

    @property
    def told(self) -> str:
        """All it said on stderr."""
        return self._stderr.read_text(encoding="utf-8")


def write_config(folder: Path, port: int, **sections: dict[str, Any]) -> Path:
    """A configuration for a broker's port; keyword arguments are sections with what differs from the defaults."""
    values: dict[str, dict[str, Any]] = {
        "device": {"id": "hall", "state_dir": str(folder / "state"), "runtime_dir": str(folder / "run")},
        "source": {"uri": "demo", "pace": "as-fast-as-possible"},
        "mqtt": {"host": LOOPBACK, "port": port, "state_interval_s": 0.2, "reconnect_first_s": 0.1},
    }
    for name, section in sections.items():
        values[name] = values.get(name, {}) | section
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


def run_affectd(*arguments: str, timeout_s: float = 120.0) -> "subprocess.CompletedProcess[str]":
    """One run of the command line, whatever its exit code."""
    command = [sys.executable, "-m", "device", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=timeout_s)
