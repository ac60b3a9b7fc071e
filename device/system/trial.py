"""Runs a module of ours over what a stranger has made, in a process that can do no harm; see also `confinement`."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from device.system.child import python_command

MAX_OUTPUT_BYTES = 65_536
"""Of what it says, on stdout and on stderr each; the process limits itself to it."""

# A runtime or an accelerator's library may be found by it; of all else what a stranger made needs to know nothing.
_KEPT_ENVIRONMENT = ("LD_LIBRARY_PATH",)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a trial has ended; ``returncode`` is the signal's number below zero where one has ended it."""

    returncode: int
    stdout: bytes
    stderr: bytes

    @property
    def last_line(self) -> str:
        """What stdout ends with; empty where nothing was said."""
        return _last_line(self.stdout)

    @property
    def last_words(self) -> str:
        """What stderr ends with; empty where nothing was said."""
        return _last_line(self.stderr)


def run_trial(module: str, arguments: Sequence[str], given: bytes, timeout_s: float) -> Outcome | None:
    """Run ``module`` with ``given`` on stdin and without the environment; None where it takes longer than allowed."""
    # What it says is kept in memory that it cannot make larger than its limit, and not in a pipe without end.
    with _memory("stdout") as stdout, _memory("stderr") as stderr:
        try:
            ended = subprocess.run(
                python_command(module, *arguments),
                input=given,
                stdout=stdout,
                stderr=stderr,
                timeout=timeout_s,
                check=False,
                env={name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ},
            )
        except subprocess.TimeoutExpired:
            return None
        stdout.seek(0)
        stderr.seek(0)
        return Outcome(ended.returncode, stdout.read(MAX_OUTPUT_BYTES), stderr.read(MAX_OUTPUT_BYTES))


def _memory(name: str) -> BinaryIO:
    return os.fdopen(os.memfd_create(name), "w+b")


def _last_line(text: bytes) -> str:
    lines = text.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else ""
