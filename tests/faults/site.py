"""A broker, a wire, a listener and a device to play with."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.brokers import LOOPBACK, Listener, Mosquitto, wait_until
from tests.faults.ledger import Account, account, kept_ids, read_log
from tests.faults.proxy import RecordingProxy

ROOT = Path(__file__).parents[2]
SLOW_S = 120.0
# A broker that is asked to keep events for a subscriber keeps them all; else it drops some, and says nothing.
_OPTIONS = ("max_queued_messages 0", "log_type all")
# Its state is written down after every change: as well as it can, and slowly. What a kill takes then is its own loss.
_CAREFUL = ("autosave_interval 1", "autosave_on_changes true")


class Device:
    """A generator's process, and the folders it leaves to the next."""

    def __init__(self, site: "Site", name: str, **mqtt: Any) -> None:
        self.name = name
        self.state = site.folder / name / "state"
        self.memory = site.memory / name
        self.log = site.folder / name / "emitted"
        self.stderr = site.folder / name / "stderr"
        self.mqtt = {
            "host": LOOPBACK,
            "port": site.proxy.port,
            "keepalive_s": 5,
            "reconnect_first_s": 0.1,
            "reconnect_max_s": 0.5,
            "spool": {"drain_per_s": 400.0},
        } | mqtt
        self.process: subprocess.Popen[str] | None = None
        self.log.parent.mkdir()

    def start(self, **orders: Any) -> None:
        places = {"state_dir": str(self.state), "runtime_dir": str(self.memory), "log": str(self.log)}
        text = json.dumps({"device": self.name, "mqtt": self.mqtt} | places | orders)
        with self.stderr.open("ab") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.generator", text],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )

    def emitted(self) -> list[str]:
        return read_log(self.log)

    def wait_for_emitted(self, count: int) -> None:
        wait_until(lambda: self._alive() and len(self.emitted()) >= count, f"{count} events", SLOW_S)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def stop(self) -> dict[str, int]:
        """Ask it to drain its spool and end; what it says of itself."""
        self.process.send_signal(signal.SIGTERM)
        told, _ = self.process.communicate(timeout=2 * SLOW_S)
        assert self.process.returncode == 0, self.told
        return json.loads(told)

    def kept(self) -> set[str]:
        return kept_ids(self.state, self.memory)

    def peak_memory_mb(self) -> float:
        """The most that the process has had in memory so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024

    @property
    def told(self) -> str:
        return self.stderr.read_text()

    def end(self) -> None:
        if self.process and self.process.poll() is None:
            self.kill()

    def _alive(self) -> bool:
        assert self.process.poll() is None, self.told
        return True


class Site:
    """Everything between the camera and the consumer."""

    def __init__(self, folder: Path, program: str) -> None:
        self.folder = folder
        shared = Path("/dev/shm")  # noqa: S108 each run has a folder of its own in it
        self.memory = Path(tempfile.mkdtemp(prefix="affectd-faults-", dir=shared if shared.is_dir() else folder))
        (folder / "mosquitto").mkdir()
        self.broker = Mosquitto(program, folder / "mosquitto")
        self.proxy = RecordingProxy(self.broker.port)
        self._devices: list[Device] = []
        self._listener: Listener | None = None

    def start_broker(self, *, careful: bool = False) -> None:
        self.broker.start(*_OPTIONS, *(_CAREFUL if careful else ()))

    def start_broker_for_listener(self) -> Listener:
        """Start it, and let devices in once the listener hears it: what it misses then is the broker's fault."""
        self.proxy.stall()
        self.start_broker()
        if self._listener:
            self._listener.wait_until_subscribed()
        listener = self._listener or self.listen()
        self.proxy.flow()
        return listener

    def device(self, name: str = "hall", **mqtt: Any) -> Device:
        self._devices.append(Device(self, name, **mqtt))
        return self._devices[-1]

    def listen(self) -> Listener:
        self._listener = Listener(self.broker.port)
        return self._listener

    def recovery_s(self, fault_ends: Callable[[], object]) -> float:
        """How long after ``fault_ends`` was called an event is acknowledged again."""
        began_s = time.monotonic()
        fault_ends()
        over_s = time.monotonic()
        wait_until(lambda: self.proxy.last_acknowledged_s > over_s, "events to get through again", SLOW_S)
        return self.proxy.last_acknowledged_s - began_s

    def account(
        self, fault: str, times: int, device: Device, recovery_s: float | None = None, *, heard_in_order: bool = True
    ) -> Account:
        return account(
            fault,
            times,
            sent=device.emitted(),
            acknowledged=self.proxy.acknowledged,
            published=[event for event in self.proxy.published if event.device == device.name],
            kept=device.kept(),
            received=[event for event in self._listener.events() if event["device"] == device.name],
            recovery_s=recovery_s,
            heard_in_order=heard_in_order,
        )

    def wait_until_heard(self) -> None:
        """Until the listener has heard nothing new for a second."""
        count = -1
        while self._listener and count != (count := len(self._listener.received)):
            time.sleep(1.0)

    def close(self) -> None:
        for device in self._devices:
            device.end()
        if self._listener:
            self._listener.close()
        self.proxy.close()
        self.broker.stop()
        shutil.rmtree(self.memory, ignore_errors=True)


def is_root() -> bool:
    return os.geteuid() == 0
