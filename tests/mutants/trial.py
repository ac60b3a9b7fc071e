"""One trial: a forked process runs the tests on the broken module. What is imported before is there at no cost."""

import contextlib
import os
import resource
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mutants.hook import sitecustomize

_HOOK = Path(sitecustomize.__file__).parent
_MEMORY_BYTES = 6 << 30
_WAITING_S = 40.0
_COMPUTING_S = 20


class Durations:
    """Notes how long each test took, and which failed."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.failed: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Called by pytest."""
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        if report.failed:
            self.failed.append(report.nodeid)


def warm_up() -> None:
    """Import what tests need and no mutant touches."""
    for name in (
        "numpy",
        "cv2",
        "pydantic",
        "yaml",
        "paho.mqtt.client",
        "sqlite3",
        "jsonschema",
        "xdist",
        "subprocess",
    ):
        with contextlib.suppress(ImportError):
            __import__(name)


def is_noticed(mutant: str, tests: list[str], folder: Path, usual_s: float) -> str:
    """``killed``, ``timeout`` or ``survived``.

    Args:
        mutant: what `hook.sitecustomize` reads.
        tests: pytest's arguments.
        folder: an empty place for what tests write.
        usual_s: what the tests take on the unbroken code. A mutant that takes many times that hangs.
    """
    child = os.fork()
    if child == 0:
        _run(mutant, tests, folder, usual_s)
    try:
        ended = time.monotonic() + 5 * usual_s + _WAITING_S
        while time.monotonic() < ended:
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                return "survived" if status == 0 else "killed"
            time.sleep(0.02)
        return "timeout"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, 0)


def _run(mutant: str, tests: list[str], folder: Path, usual_s: float) -> None:
    """The child's life; it does not return."""
    code = 1
    try:
        os.setpgid(0, 0)
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silence, stream)
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
        most_s = _COMPUTING_S + int(3 * usual_s)
        resource.setrlimit(resource.RLIMIT_CPU, (most_s, most_s))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.environ.update(_environment(mutant, folder))
        sitecustomize.install()
        code = int(
            pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", f"--basetemp={folder}/t", *tests])
        )
    finally:
        os._exit(code)


def _environment(mutant: str, folder: Path) -> dict[str, str]:
    """A home that may be spoilt, and no program that ends the machine."""
    safe = folder / "bin"
    safe.mkdir(parents=True, exist_ok=True)
    for name in ("systemctl", "reboot", "shutdown"):
        (safe / name).write_text("#!/bin/sh\nexit 1\n")
        (safe / name).chmod(0o755)
    return {
        "AFFECTD_MUTANT": mutant,
        "PYTHONPATH": f"{_HOOK}{os.pathsep}{Path.cwd()}",
        "PATH": f"{safe}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
    }


def measure(tests: list[str], folder: Path) -> Iterator[tuple[str, float, bool]]:
    """Each test of the unbroken tree: its name, its seconds, and whether it failed; in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        noted = Durations()
        try:
            os.close(reading)
            silence = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(silence, stream)
            os.environ.update(_environment("", folder))
            pytest.main(
                ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", f"--basetemp={folder}/t", *tests], plugins=[noted]
            )
        finally:
            with os.fdopen(writing, "w") as pipe:
                for name, seconds in noted.seconds.items():
                    print(seconds, int(name in noted.failed), name, file=pipe)
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        for line in pipe:
            took, failed, name = line.rstrip("\n").split(" ", 2)
            yield name, float(took), failed == "1"
    os.waitpid(child, 0)
