"""The daemon as a process, the configuration it is given, and the command line as a process and without one."""

import logging
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
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


def call_affectd(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """As ``run_affectd``, in this process: for what does not depend on how a process starts and ends."""
    from device.commands import main

    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with _undone(), _written_to(1, "stdout", out), _written_to(2, "stderr", err):
            try:
                code = main(arguments)
            except SystemExit as ended:  # as argparse ends, and whoever is asked to stop
                code = int(ended.code or 0)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
    return subprocess.CompletedProcess(arguments, code, *texts)


@contextmanager
def _written_to(descriptor: int, name: str, file: IO[bytes]) -> Iterator[None]:
    """What is written to the stream goes into ``file``, also what a library in C writes."""
    sys.__dict__[name].flush()
    before = os.dup(descriptor)
    os.dup2(file.fileno(), descriptor)
    try:
        with (
            os.fdopen(descriptor, "w", encoding="utf-8", closefd=False) as stream,
            pytest.MonkeyPatch.context() as patch,
        ):
            patch.setattr(sys, name, stream)
            yield
    finally:
        os.dup2(before, descriptor)
        os.close(before)


@contextmanager
def _undone() -> Iterator[None]:
    """What a command changes of its process is afterwards as it was."""
    from device import redact

    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    signals = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    mask = os.umask(0o022)
    os.umask(mask)
    root.handlers[:] = []  # as a process begins
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_known", "_known_pattern"):
            patch.setattr(redact, name, getattr(redact, name))
        try:
            yield
        finally:
            os.umask(mask)
            for number, handler in signals.items():
                signal.signal(number, handler)
            root.handlers[:] = handlers
            root.setLevel(level)
