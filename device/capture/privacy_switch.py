"""The privacy switch: one state for MQTT, Home Assistant, the display and the command line."""

import hashlib
import logging
import threading
from pathlib import Path

from device.contract.files import write_atomically
from device.errors import AffectdError

PAUSE_NAME = "pause"
"""The file in the state directory that carries the switch over a restart of the machine."""

_CONTENT = {True: b"ON\n", False: b"OFF\n"}
_log = logging.getLogger(__name__)


class PauseSwitch:
    """Whether the camera is to be closed; any thread may turn it.

    A turn holds at once. It is noted in memory, which outlives the process, and from there a thread writes it to the
    disk, which outlives the machine's power and may be slow. A note that cannot be understood counts as ON: what was
    meant to be private stays so.

    Args:
        state_dir: a folder that survives a restart of the machine; made when missing.
        runtime_dir: a folder in memory that survives the process; made when missing.
    """

    def __init__(self, state_dir: Path, runtime_dir: Path) -> None:
        self._disk_path = state_dir / PAUSE_NAME
        self._memory_path = runtime_dir / _memory_name(state_dir)
        self._turned = threading.Condition()
        self._noting = threading.Lock()
        self._paused = is_switched_on(state_dir, runtime_dir)
        self._unwritten = False
        self._writer: threading.Thread | None = None

    @property
    def paused(self) -> bool:
        """Where the switch stands."""
        return self._paused

    def turn(self, *, paused: bool) -> None:
        """Turn the switch and see to it that it stays there; where nothing can be written it holds until the end."""
        with self._turned:
            if paused == self._paused:
                return
            self._paused = paused
            self._turned.notify_all()
            _log.info("the privacy switch is turned %s", "on" if paused else "off")
        self._note_in_memory()
        with self._turned:
            self._unwritten = True
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_to_disk, name="privacy-switch", daemon=True)
                self._writer.start()

    def wait_off(self, timeout_s: float) -> bool:
        """Whether the switch is off, or is turned off within ``timeout_s`` seconds."""
        with self._turned:
            return self._turned.wait_for(lambda: not self._paused, timeout_s)

    def close(self, timeout_s: float = 2.0) -> None:
        """Wait for the disk to have what was turned, ``timeout_s`` seconds at most."""
        with self._turned:
            writer = self._writer
        if writer is not None:
            writer.join(timeout_s)

    def _note_in_memory(self) -> None:
        with self._noting:  # of two who turn it at once, both note where it stands in the end
            try:
                self._memory_path.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(self._memory_path, _CONTENT[self._paused])
            except (OSError, AffectdError) as error:
                _log.warning("a killed daemon would forget how the privacy switch stands: %s", error)
                # An older note would win over the disk's at the next start.
                _remove(self._memory_path)

    def _write_to_disk(self) -> None:
        """Write until what is written is what was turned last: of many turns the disk sees few."""
        while True:
            with self._turned:
                if not self._unwritten:
                    self._writer = None
                    return
                self._unwritten = False
                content = _CONTENT[self._paused]
            try:
                self._disk_path.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(self._disk_path, content)
            except (OSError, AffectdError) as error:
                _log.warning("the privacy switch will not survive a restart: %s", error)


def is_switched_on(state_dir: Path, runtime_dir: Path) -> bool:
    """How the switch of the daemon with these folders stands, by its latest note; off where there is none."""
    noted = _read(runtime_dir / _memory_name(state_dir))
    if noted is None:
        noted = _read(state_dir / PAUSE_NAME)
    return bool(noted)


def _memory_name(state_dir: Path) -> str:
    """What the note in memory is called, so that daemons with state folders of their own may share that place."""
    return f"{PAUSE_NAME}-{hashlib.sha256(bytes(state_dir.resolve())).hexdigest()[:12]}"


def _read(path: Path) -> bool | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        _log.warning("the privacy switch %s cannot be read and counts as ON: %s", path, error.strerror)
        return True
    if content not in _CONTENT.values():
        _log.warning("the privacy switch %s is damaged and counts as ON; turn it to mend it", path)
        return True
    return content == _CONTENT[True]


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        _log.debug("%s cannot be removed: %s", path, error)
