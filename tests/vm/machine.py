"""A virtual machine in software: its own disk over a common one, a shell inside, a look at its display, its plug."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

REPOSITORY = Path(__file__).parents[2]
FOLDER = REPOSITORY / "build" / "vm"
BOOT_S = 600.0
PATIENCE_S = 300.0

_CARRIED_LABEL = "carried"
_QEMU = "qemu-system-x86_64"
# Five levels of page tables, and what guards against a processor's leaks, cost time where all is done in software.
_CPU = "max,la57=off"
# Nor can the kernel find out how fast the time-stamp counter goes. Systemd's patience is meant for real machines.
_KERNEL = (
    "root=/dev/vda rw console=ttyS0 quiet mitigations=off tsc=unstable no_timer_check cryptomgr.notests "
    "systemd.default_timeout_start_sec=600 systemd.default_device_timeout_sec=600"
)


def require_base() -> Path:
    """The folder that `install.sh` has filled; without it, or without QEMU, the test is skipped."""
    if not (FOLDER / "base.img").exists():
        pytest.skip("needs a virtual machine's disk, 6 GB: sudo make test-vm")
    for program, package in ((_QEMU, "qemu-system-x86"), ("qemu-img", "qemu-utils"), ("mke2fs", "e2fsprogs")):
        if not _find(program):
            pytest.skip(f"needs {program}: sudo apt-get install {package}")
    return FOLDER


@dataclass(frozen=True, slots=True)
class Answer:
    """What a script inside gave; ``status`` is 124 where it took too long."""

    status: int
    stdout: str
    stderr: str


class Machine:
    """One machine over another disk: it begins as that one is, and keeps what it writes until it is removed.

    Args:
        folder: where its own disk and its console's text are kept.
        base: the disk it lies over, one that `keep_disk` has made; left out, the one of `install.sh`.
        carried: files and folders that lie in ``/carried`` inside, by their name there, beside affectd and the agent.
        devices: further arguments for QEMU, such as ``("-vga", "std")``.
        memory_mb, cores: what the machine has.
        within: what QEMU is started by, as in ``("ip", "netns", "exec", "house")``.
    """

    def __init__(
        self,
        folder: Path,
        *,
        base: Path | None = None,
        carried: dict[str, Path] | None = None,
        devices: Sequence[str] = (),
        memory_mb: int = 1536,
        cores: int = 1,
        within: Sequence[str] = (),
    ) -> None:
        self._home = require_base()
        self._folder = folder
        # A socket's path may have 107 characters, and the folders of tests can be longer.
        self._sockets = Path(tempfile.mkdtemp(prefix="affectd-vm-"))
        self._within = within
        self._devices = (*devices, "-smp", str(cores), "-m", f"{memory_mb}M")
        self._process: subprocess.Popen[bytes] | None = None
        self.switched_on_s = 0.0
        """When it was last switched on, seconds since 1970 by the clock out here."""
        self._agent: _Line | None = None
        self._monitor: _Line | None = None
        self._make_disks(
            base or self._home / "base.img", {"agent.py": Path(__file__).with_name("agent.py")} | (carried or {})
        )

    def boot(self, kernel: str = "") -> float:
        """Switch it on and wait until scripts can be run; returns after how many seconds that was.

        Args:
            kernel: more for its kernel's command line.
        """
        begun_s = time.monotonic()
        self.switched_on_s = time.time()
        with (self._folder / "console").open("ab") as console:
            self._process = subprocess.Popen(
                self._command(kernel), stdin=subprocess.DEVNULL, stdout=console, stderr=console
            )
        self._monitor = _Line(self._connect("monitor"))
        self._monitor.receive(PATIENCE_S)
        self._order("qmp_capabilities")
        self._agent = _Line(self._connect("agent"))
        try:
            self._agent.receive(BOOT_S)
        except TimeoutError:
            pytest.fail(f"the machine was not there after {BOOT_S:.0f} s:\n{self.console[-3000:]}")
        return time.monotonic() - begun_s

    def ask(self, script: str, timeout_s: float = PATIENCE_S) -> Answer:
        """Run a shell script as root inside, whatever its exit status."""
        assert self._agent, "the machine is off"
        self._agent.send({"script": script, "timeout_s": timeout_s})
        return Answer(**self._agent.receive(timeout_s + PATIENCE_S))

    def run(self, script: str, timeout_s: float = PATIENCE_S) -> str:
        """Run a shell script as root inside; returns its stdout, and fails the test when it fails."""
        answer = self.ask(script, timeout_s)
        assert answer.status == 0, (
            f"{script}\nended with {answer.status}:\n{answer.stdout[-3000:]}{answer.stderr[-3000:]}"
        )
        return answer.stdout

    def wait_until(
        self, script: str, what: str, timeout_s: float = PATIENCE_S, explain: Callable[[], str] = lambda: ""
    ) -> None:
        """Return once a shell script inside succeeds; fail the test, naming ``what`` and what ``explain`` gives."""
        if self.ask(f"until {{ {script}\n}} do sleep 0.2; done", timeout_s).status != 0:
            pytest.fail(f"waited {timeout_s:.0f} s in vain for {what}\n{explain()}")

    def screendump(self) -> NDArray[np.uint8]:
        """What its display shows, BGR (height, width, 3)."""
        path = self._sockets / "screen.ppm"
        self._order("screendump", filename=str(path))
        picture = cv2.imread(str(path))
        assert picture is not None, f"no picture in {path}"
        return picture.astype(np.uint8, copy=False)

    def pull_plug(self) -> None:
        """A power cut: what is not on the disk yet is gone. It can boot again."""
        if self._process:
            self._process.kill()
            self._process.wait(PATIENCE_S)
        self._let_go()

    def shut_down(self) -> None:
        """Let it end in order. It can boot again."""
        assert self._process, "the machine is off"
        assert self._agent
        self._agent.send({"script": "systemctl poweroff", "timeout_s": PATIENCE_S})
        self._process.wait(PATIENCE_S)
        self._let_go()

    def keep_disk(self, path: Path) -> None:
        """Once it has shut down: make its disk one that others can lie over. It cannot boot again."""
        assert not self._process, "the machine is on"
        (self._folder / "disk.qcow2").replace(path)

    def remove(self) -> None:
        """Switch it off and forget its disk; its console's text stays."""
        self.pull_plug()
        for name in ("disk.qcow2", "carried.img"):
            (self._folder / name).unlink(missing_ok=True)
        shutil.rmtree(self._sockets, ignore_errors=True)

    @property
    def console(self) -> str:
        """All that its kernel and its services wrote on the console."""
        path = self._folder / "console"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def _make_disks(self, base: Path, carried: dict[str, Path]) -> None:
        base_format, disk = base.suffix.removeprefix(".").replace("img", "raw"), self._folder / "disk.qcow2"
        _call("qemu-img", "create", "-q", "-f", "qcow2", "-F", base_format, "-b", str(base.resolve()), str(disk))
        staging = self._folder / "carried"
        shutil.copytree(REPOSITORY / "device", staging / "affectd" / "device", ignore=_leave_out)
        for name, path in carried.items():
            if path.is_dir():
                shutil.copytree(path, staging / name, ignore=_leave_out)
            else:
                shutil.copy(path, staging / name)
        image = self._folder / "carried.img"
        _call("mke2fs", "-q", "-t", "ext4", "-L", _CARRIED_LABEL, "-d", str(staging), str(image), "512M")
        shutil.rmtree(staging)

    def _command(self, kernel: str) -> list[str]:
        disk, carried = self._folder / "disk.qcow2", self._folder / "carried.img"
        return [
            *self._within,
            *("setpriv", "--pdeathsig", "KILL"),  # nothing is left when the tests are killed
            *(_QEMU, "-accel", "tcg,thread=multi", "-cpu", _CPU, "-nodefaults", "-display", "none", "-no-reboot"),
            *("-kernel", str(self._home / "vmlinuz"), "-initrd", str(self._home / "initrd.img")),
            *("-append", f"{_KERNEL} {kernel}"),
            *("-drive", f"file={disk},if=virtio,format=qcow2"),
            *("-drive", f"file={carried},if=virtio,format=raw,readonly=on"),
            *("-serial", "stdio"),
            *("-chardev", f"socket,id=agent,path={self._sockets}/agent,server=on,wait=off"),
            *("-device", "virtio-serial", "-device", "virtserialport,chardev=agent,name=agent"),
            *("-qmp", f"unix:{self._sockets}/monitor,server=on,wait=off"),
            *self._devices,
        ]

    def _connect(self, name: str) -> socket.socket:
        assert self._process
        connection = socket.socket(socket.AF_UNIX)
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                connection.connect(str(self._sockets / name))
            except OSError:
                assert self._process.poll() is None, f"QEMU has ended:\n{self.console[-3000:]}"
                assert time.monotonic() < deadline_s, f"QEMU does not open {self._sockets / name}"
                time.sleep(0.05)
            else:
                return connection

    def _order(self, command: str, **arguments: Any) -> Any:
        assert self._monitor, "the machine is off"
        self._monitor.send({"execute": command, "arguments": arguments})
        while True:
            answer = self._monitor.receive(PATIENCE_S)
            assert "error" not in answer, answer["error"]
            if "return" in answer:  # all else are events
                return answer["return"]

    def _let_go(self) -> None:
        for line in (self._agent, self._monitor):
            if line:
                line.close()
        self._process = self._agent = self._monitor = None


class _Line:
    """JSON objects, one a line, both ways."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._received = b""

    def send(self, message: dict[str, Any]) -> None:
        self._connection.sendall(json.dumps(message).encode() + b"\n")

    def receive(self, timeout_s: float) -> dict[str, Any]:
        """The next object. Raises TimeoutError, and fails the test when the other end is gone."""
        self._connection.settimeout(timeout_s)
        while True:
            line, newline, rest = self._received.partition(b"\n")
            if newline:
                self._received = rest
                if line.strip():
                    message: dict[str, Any] = json.loads(line)
                    return message
                continue
            data = self._connection.recv(65536)
            assert data, "the machine has ended"
            self._received += data

    def close(self) -> None:
        with suppress(OSError):
            self._connection.close()


def _find(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _call(program: str, *arguments: str) -> None:
    found = _find(program)
    assert found, f"{program} is missing"
    done = subprocess.run([found, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _leave_out(_folder: str, names: list[str]) -> set[str]:
    return {"__pycache__"}.intersection(names)
