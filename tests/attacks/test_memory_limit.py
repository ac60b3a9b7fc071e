"""Where the memory that the unit allows runs out, the kernel ends what reads pictures, and the daemon stays.

The limit is a real one of the kernel's, by a control group as systemd makes it for `MemoryMax`.
"""

import os
import subprocess
import sys
import time
import uuid
from contextlib import suppress
from pathlib import Path

import pytest

from tests.brokers import wait_until
from tests.cameras import MjpegCamera
from tests.integration.processes import ROOT, write_config

UNIFIED, OLD = Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/memory")
READER = b"isolated_process"
MOST_MB = 400
"""The unit's ``MemoryMax``."""
LESS_MB = 8
"""So much less than daemon and reader have together; a reader has some 30 MB once it has imported what it needs."""


OLD_FILES = ("memory.limit_in_bytes", "memory.usage_in_bytes", "memory.force_empty", "memory.oom_control")
UNIFIED_FILES = ("memory.max", "memory.current", "memory.reclaim", "memory.events")
"""In each version: the limit, what is in use, what takes back what is only cached, and who was ended."""


class ControlGroup:
    """A control group with a limit of memory, of either version."""

    def __init__(self) -> None:
        is_old = (OLD / "memory.limit_in_bytes").exists()
        self.path = (OLD if is_old else UNIFIED) / f"affectd-{uuid.uuid4().hex[:8]}"
        self._most, self._used, self._reclaim, self._kills = OLD_FILES if is_old else UNIFIED_FILES
        try:
            if not is_old:
                (UNIFIED / "cgroup.subtree_control").write_text("+memory")
            self.path.mkdir()
            self.limit(MOST_MB)
        except OSError as error:
            with suppress(OSError):
                self.path.rmdir()
            pytest.skip(f"needs root, and a control group of memory: {error}")

    def limit(self, most_mb: float) -> None:
        (self.path / self._most).write_text(str(round(most_mb * 2**20)))

    def used_mb(self) -> float:
        """What is in use, without what was only read from the disk."""
        with suppress(OSError):
            (self.path / self._reclaim).write_text("1G")
        return int((self.path / self._used).read_text()) / 2**20

    @property
    def kills(self) -> int:
        """How often the kernel has ended something in it for want of memory."""
        lines = (self.path / self._kills).read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))

    def remove(self) -> None:
        wait_until(lambda: not (self.path / "cgroup.procs").read_text(), "its processes to end")
        self.path.rmdir()


@pytest.fixture
def group():
    group = ControlGroup()
    yield group
    group.remove()


@pytest.fixture
def daemon(group, tmp_path):
    """A daemon in the group that watches a camera on the network, which a process of its own reads."""
    camera = MjpegCamera()
    camera.start()
    source = {"uri": camera.url, "reopen_delay_s": 0.2, "reopen_delay_max_s": 0.5}
    config = write_config(tmp_path, 1, source=source, mqtt={"enabled": False})
    # The shell joins, so that all the daemon ever takes is counted.
    joined = ["sh", "-c", 'echo $$ >"$0" && exec "$@"', str(group.path / "cgroup.procs")]
    command = [*joined, sys.executable, "-m", "device", "run", "--config", str(config)]
    with (tmp_path / "stderr").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, stderr=log)
    yield process
    process.kill()
    process.wait(30)
    camera.stop()


def reader_of(daemon) -> int | None:
    for children in Path(f"/proc/{daemon.pid}/task").glob("*/children"):
        for pid in children.read_text().split():
            with suppress(OSError):
                if READER in Path(f"/proc/{pid}/cmdline").read_bytes():
                    return int(pid)
    return None


def test_the_process_that_reads_is_ended_as_often_as_need_be_and_the_daemon_goes_on(group, daemon, tmp_path):
    log = tmp_path / "stderr"
    wait_until(lambda: "watching" in log.read_text(), "the daemon to watch")
    wait_until(lambda: reader_of(daemon), "its reader")
    time.sleep(2)  # until both have all that they need

    together_mb = group.used_mb()
    os.kill(reader_of(daemon) or 0, 9)

    def tighten() -> bool:
        with suppress(OSError):  # version 1 sets no limit below what is in use
            group.limit(together_mb - LESS_MB)
            return True
        return False

    wait_until(tighten, "the limit to be set")
    wait_until(lambda: group.kills >= 3, "the kernel to end readers", 60.0, clue=log.read_text)
    assert daemon.poll() is None, log.read_text()
    assert "has ended (signal 9)" in log.read_text()
    group.limit(MOST_MB)
    before = len(log.read_text())
    wait_until(lambda: "watching" in log.read_text()[before:], "the daemon to watch again", clue=log.read_text)
    told = log.read_text()
    assert daemon.poll() is None
    assert told.count("has ended (signal 9)") <= 3, "it is told once, not each time"
    print(f"\nended {group.kills} times:\n{told}")
