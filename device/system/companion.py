"""A process beside the daemon, as the daemon holds it: spoken to without waiting, and ended for sure."""

import ctypes
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from device.errors import EXIT_UNAVAILABLE
from device.system.channel import Channel, socket_pair
from device.system.child import python_command

Sent = TypeVar("Sent")
Received = TypeVar("Received")

# The broker's password and systemd's conversation with the daemon are none of a companion's business.
_KEPT_BACK = {"AFFECTD_MQTT_PASSWORD", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}
_LAST_WORDS_BYTES = 2000
_DYING_S = 1.0
_PR_SET_PDEATHSIG = 1  # prctl(2)
_NICENESS = 10


class Companion(Generic[Sent, Received]):
    """``python -m MODULE``, running, with ``--channel`` and the number of its end of a socket.

    A new interpreter and no fork of the daemon: it has none of the daemon's threads, pictures and models.

    Args:
        module: of ours, which calls ``attach_to_daemon`` first.
        channel: makes the daemon's end out of a socket.
        arguments: for the module.
        descriptors: further ones that it inherits, and that ``arguments`` name.
        environment: what goes beside the daemon's own, where that does not say otherwise.

    Raises:
        OSError: the process cannot be started.
    """

    def __init__(
        self,
        module: str,
        channel: Callable[[socket.socket], Channel[Sent, Received]],
        arguments: Sequence[str] = (),
        *,
        descriptors: Sequence[int] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        ours, theirs = socket_pair()
        words, their_words = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._channel = channel(ours)
        self._words = words
        self._last_words = b""
        try:
            self._process = subprocess.Popen(
                python_command(module, "--channel", str(theirs.fileno()), *arguments),
                env={**(environment or {}), **_environment()},
                stdin=subprocess.DEVNULL,
                stdout=their_words,
                stderr=their_words,
                pass_fds=(theirs.fileno(), *descriptors),
                process_group=0,  # so that the terminal's Ctrl-C reaches the daemon alone
            )
        except OSError:
            self._let_go()
            raise
        finally:
            theirs.close()
            os.close(their_words)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def send(self, message: Sent) -> bool:
        """Tell it something; False where it does not listen."""
        return self._channel.send(message)

    def receive(self) -> list[Received]:
        """What it has said since the last call."""
        self._keep_last_words()
        return self._channel.receive()

    @property
    def ended(self) -> str | None:
        """How it ended, with its last words where it has left any; None while it runs."""
        code = self._process.poll()
        if code is None:
            return None
        self._keep_last_words()
        how = f"killed by {_name(-code)}" if code < 0 else f"exit code {code}"
        lines = self._last_words.decode(errors="replace").split("\n")
        last_line = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f"{how}: {last_line}" if last_line else how

    def end(self, patience_s: float) -> None:
        """Let go of it: wait ``patience_s`` for it to end by itself, then kill it."""
        self._channel.close()
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            # One that is stuck in a driver outlives even this; it is not waited for.
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_DYING_S)
        self._let_go()

    def _let_go(self) -> None:
        self._channel.close()
        if self._words >= 0:
            os.close(self._words)
            self._words = -1

    def _keep_last_words(self) -> None:
        # It must never wait for us to read, so what does not fit is lost; and it may talk without end.
        try:
            while self._words >= 0 and (words := os.read(self._words, _LAST_WORDS_BYTES)):
                self._last_words = (self._last_words + words)[-_LAST_WORDS_BYTES:]
                if len(words) < _LAST_WORDS_BYTES:
                    return
        except BlockingIOError:
            return


def attach_to_daemon() -> None:
    """Stand back behind it, and end with it: at the socket's end, or by the kernel however hung this process is."""
    with suppress(OSError):  # a service's sandbox may forbid it
        os.nice(_NICENESS)
    die_with_daemon()
    # Ctrl-C and a service's stop reach all of its processes, and are for the daemon.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def die_with_daemon() -> None:
    """Have the kernel end this process with the daemon; again after a change of the user, which undoes it."""
    daemon = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != daemon:
        os._exit(EXIT_UNAVAILABLE)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _KEPT_BACK}


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
