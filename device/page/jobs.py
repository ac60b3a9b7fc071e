"""What the daemon has done for the page by others, so that its loop never waits: commands of ours, and slow reading."""

import os
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from tempfile import TemporaryFile
from typing import Any, Protocol

from device.interfaces import Clock
from device.system.child import python_command

_MOST_BYTES = 256 * 1024


class Job(Protocol):
    """Something that is under way."""

    def result(self) -> Any | None:
        """What it has come to; None while it is under way."""
        ...

    def cancel(self) -> None:
        """Nobody waits for it any more."""
        ...


class CommandJob:
    """``affectd ARGUMENTS``, as a process; its result is (exit code, stdout, stderr), or a sentence without one.

    Args:
        arguments: the command line after ``affectd``.
        given: what it reads from stdin.
        clock: the monotonic time.
        timeout_s: when it is ended.
    """

    def __init__(self, arguments: Sequence[str], given: bytes, clock: Clock, timeout_s: float) -> None:
        self._clock = clock
        self._until_s = clock.monotonic_s() + timeout_s
        self._timeout_s = timeout_s
        self._process: subprocess.Popen[bytes] | None = None
        self._fault = ""
        # Files without a name, which never make anybody wait; a pipe holds 64 kB.
        self._out, self._err = TemporaryFile(), TemporaryFile()  # noqa: SIM115 closed in `_let_go`
        try:
            with TemporaryFile() as stdin:
                stdin.write(given)
                stdin.seek(0)
                self._process = subprocess.Popen(
                    python_command("device", *arguments),
                    stdin=stdin,
                    stdout=self._out,
                    stderr=self._err,
                    env={name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"},
                    process_group=0,
                )
        except OSError as error:
            self._fault = f"it cannot be started: {error.strerror}"

    def result(self) -> tuple[int, str, str] | str | None:
        """See `Job.result`."""
        if self._process is None:
            return self._fault
        code = self._process.poll()
        if code is None:
            if self._clock.monotonic_s() < self._until_s:
                return None
            self._kill()
            return f"it has not come to an end within {self._timeout_s:.0f} s"
        result = (code, _text_in(self._out), _text_in(self._err))
        self._let_go()
        return result

    def cancel(self) -> None:
        """See `Job.cancel`."""
        self._kill()

    def _kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(1.0)
        self._let_go()

    def _let_go(self) -> None:
        self._process = None
        self._out.close()
        self._err.close()


class ReadingJob:
    """``read()`` in a thread of its own, for disks may be slow; its result is a tuple of what that gives, or None."""

    def __init__(self, read: Callable[[], Any]) -> None:
        self._results: list[Any] = []

        def run() -> None:
            try:
                self._results.append((read(),))
            except Exception:  # noqa: BLE001 whoever reads says in the log what is wrong
                self._results.append((None,))

        threading.Thread(target=run, name="page-reading", daemon=True).start()

    def result(self) -> tuple[Any] | None:
        """See `Job.result`."""
        return self._results[0] if self._results else None

    def cancel(self) -> None:
        """See `Job.cancel`; the thread ends by itself."""


def _text_in(file: Any) -> str:
    file.seek(0)
    return str(file.read(_MOST_BYTES).decode(errors="replace"))
