"""What becomes of a device whose camera hangs: the process ends, and in the end the machine is started again."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from pydantic import BaseModel, Field, ValidationError

from device.contract.files import write_atomically
from device.errors import AffectdError

HANGS_NAME = "hangs.json"
"""The file in the state directory that counts over restarts of the process and of the machine."""

_PROVEN_S = 600.0
_MOST_DOUBLINGS = 10
_REBOOT_TIMEOUT_S = 30.0
_log = logging.getLogger(__name__)


class _Count(BaseModel):
    """How often in a row the process has ended for a camera that hung, and the machine was started again for it."""

    hangs: int = Field(0, ge=0)
    reboots: int = Field(0, ge=0)


def reboot() -> None:
    """Ask systemd to start the machine again. Raises OSError or SubprocessError where it does not."""
    subprocess.run(
        ["systemctl", "reboot"], check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=_REBOOT_TIMEOUT_S
    )


class HangCounter:
    """Counts ends in a row, and starts the machine again where that is asked for.

    A start of the machine that did not help doubles the number of ends until the next, so that somebody can get in.

    Args:
        state_dir: a folder that survives a restart of the machine.
        reboot_after: how many ends in a row are too many; None for any number.
        reboot: starts the machine again.
    """

    def __init__(self, state_dir: Path, reboot_after: int | None, reboot: Callable[[], object] = reboot) -> None:
        self._path = state_dir / HANGS_NAME
        self._reboot_after = reboot_after
        self._reboot = reboot
        self._first_frame_s: float | None = None
        self._proven = False

    def add(self) -> None:
        """The camera hangs, and the process is about to end."""
        count = self._read()
        count.hangs += 1
        _log.warning("the camera has hung %d times in a row", count.hangs)
        due = self._reboot_after is not None and count.hangs >= self._reboot_after << min(
            count.reboots, _MOST_DOUBLINGS
        )
        if due:
            count = _Count(hangs=0, reboots=count.reboots + 1)
        # Written first: a count that is lost would start the machine again and again.
        if self._write(count) and due:
            self._start_again()

    def note_frame(self, time_s: float) -> None:
        """A frame has come at ``time_s``, monotonic seconds; after ten minutes of frames the count ends."""
        if self._first_frame_s is None:
            self._first_frame_s = time_s
        if not self._proven and time_s - self._first_frame_s >= _PROVEN_S:
            self._proven = True
            self._clear()

    def _clear(self) -> None:
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("%s cannot be removed: %s", self._path, error.strerror)

    def _start_again(self) -> None:
        _log.error("starting the machine again, as source.reboot_after_hangs says")
        try:
            self._reboot()
        except (OSError, subprocess.SubprocessError) as error:
            told = getattr(error, "stderr", None) or str(error).encode()
            _log.error(
                "the machine cannot be started again: %s; allow the service's user org.freedesktop.login1.reboot",
                " ".join(told.decode(errors="replace").split()),
            )

    def _read(self) -> _Count:
        try:
            return _Count.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return _Count()
        except (OSError, ValidationError) as error:
            _log.warning("%s cannot be used, the count begins anew: %s", self._path, str(error).splitlines()[0])
            return _Count()

    def _write(self, count: _Count) -> bool:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._path, json.dumps(count.model_dump()).encode())
        except (OSError, AffectdError) as error:
            _log.warning("how often the camera has hung cannot be kept: %s", error)
            return False
        return True


def leave(code: int) -> NoReturn:
    """End the process at once with ``code``, whatever hangs in a driver; nothing registered for the exit is run."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
