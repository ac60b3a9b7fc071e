"""The overlay's process as the daemon holds it: started afresh, spoken to without waiting, and ended for sure."""

import os
import signal
import subprocess
from contextlib import suppress

from device.overlay.channel import Report, Update, daemon_end, socket_pair
from device.overlay.settings import OverlaySettings
from device.overlay.slot import PictureSlot
from device.system.child import python_command

# The broker's password and systemd's conversation with the daemon are none of the overlay's business.
_KEPT_BACK = {"AFFECTD_MQTT_PASSWORD", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}
# Desktops know a window by its class, and pygame would take the script's name.
_FOR_PYGAME = {
    "PYGAME_HIDE_SUPPORT_PROMPT": "1",
    "SDL_VIDEO_X11_WMCLASS": "affectd",
    "SDL_VIDEO_WAYLAND_WMCLASS": "affectd",
}
_LAST_WORDS_BYTES = 2000
_DYING_S = 1.0


class OverlayProcess:
    """``python -m device.overlay``, running.

    A new interpreter and no fork of the daemon: it has none of the daemon's threads, pictures and models.

    Args:
        settings: the configuration's section ``overlay``.
        slot: where pictures are laid; the process sees it, and cannot write there.

    Raises:
        OSError: the process cannot be started.
    """

    def __init__(self, settings: OverlaySettings, slot: PictureSlot) -> None:
        ours, theirs = socket_pair()
        words, their_words = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._channel = daemon_end(ours)
        self._words = words
        self._last_words = b""
        try:
            self._process = subprocess.Popen(
                python_command(
                    "device.overlay",
                    *("--channel", str(theirs.fileno()), "--slot", str(slot.descriptor)),
                    *("--settings", settings.model_dump_json()),
                ),
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=their_words,
                stderr=their_words,
                pass_fds=(theirs.fileno(), slot.descriptor),
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

    def say(self, update: Update) -> bool:
        """Tell it something; False where it does not listen."""
        return self._channel.say(update)

    def hear(self) -> list[Report]:
        """What it has said since the last call."""
        self._keep_last_words()
        return self._channel.hear()

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
        """Let go of it: wait ``patience_s`` for it to give the display back, then kill it."""
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


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _KEPT_BACK}
    return {**_FOR_PYGAME, **kept}


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
