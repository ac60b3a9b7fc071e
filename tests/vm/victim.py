"""A machine whose power is cut while events are made, and what that took: a ledger outside knows of every event."""

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path

from tests.vm import stream
from tests.vm.machine import Machine
from tests.vm.service import KERNEL, START_S, Service

# On each start all of the root is checked, not only its journal replayed.
_KERNEL = f"{KERNEL} fsck.mode=force"
_MQTT = {"reconnect_max_s": 1.0, "spool": {"drain_per_s": 1000.0}}
_TROUBLE = "UNEXPECTED|FIXED|corrupt|EXT4-fs (error|warning)|I/O error|[Rr]emounting filesystem"
# Before the daemon is there, and of a copy: to open the spool is to change it.
_LOOK = """
import json, pathlib, shutil, sqlite3
shutil.copytree("/var/lib/affectd", "/run/look", dirs_exist_ok=True)
db = sqlite3.connect("/run/look/events.sqlite3")
(verdict,) = db.execute("PRAGMA integrity_check").fetchone()
ids = [json.loads(text)["id"] for (text,) in db.execute("SELECT description FROM events ORDER BY seq")]
files = sorted(path.name for path in pathlib.Path("/run/look").iterdir())
print(json.dumps({"verdict": verdict, "ids": ids, "files": files}))
"""


@dataclass(frozen=True, slots=True)
class Cut:
    """What a cut took.

    Attributes:
        boot_s: how long the start after it took.
        streamed_s: how long events had been made since the broker was gone.
        made: their number.
        spooled: how many of those the spool had after it.
        lost: how many of those never came to the listener.
        lost_s: how long before the cut the oldest of those had been made; 0 where none was lost.
        verdict: what SQLite says of the spool.
        files: what lay in the state folder.
        checked: the last line of the check of the root.
        trouble: lines of that check and of the kernel that should not be there.
        said: the daemon's journal after it.
    """

    boot_s: float
    streamed_s: float
    made: int
    spooled: int
    lost: int
    lost_s: float
    verdict: str
    files: list[str]
    checked: str
    trouble: str
    said: str


class Victim:
    """The machine; ``prepare`` it, and ``cut`` as often as wanted.

    Args:
        folder: where its own disk and the ledger are kept.
        disk: of an `Installation`.
        pictures: of `stream`.
    """

    def __init__(self, folder: Path, disk: Path, pictures: Path) -> None:
        self._ledger = folder / "ledger"
        port = ("-chardev", f"file,id=ledger,path={self._ledger},append=on")
        devices = (*port, "-device", "virtserialport,chardev=ledger,name=ledger")
        carried = {"stream": pictures, "ledger.py": Path(__file__).with_name("ledger.py")}
        self.machine = Machine(folder, base=disk, carried=carried, devices=devices, cores=2)
        self._service = Service(self.machine)

    def prepare(self) -> None:
        """Nothing starts by itself from now on: what a cut leaves is looked at first."""
        print(f"\nthe machine whose power is cut was there after {self.machine.boot(_KERNEL):.0f} s")
        self.machine.run("systemctl disable --now affectd mosquitto listener; rm -f /run/heard; sync")
        self._service.configure(**stream.SECTIONS, mqtt=_MQTT)
        self._begin()

    def cut(self, stream_s: float) -> Cut:
        """Take the broker away, cut the power after ``stream_s`` of events, start again and bring the broker back."""
        self.machine.run("systemctl stop mosquitto")
        self._ledger.write_bytes(b"")
        self.machine.run("systemd-run --quiet --collect --unit=ledger /usr/bin/python3 /carried/ledger.py")
        begun_s = self._service.now_s()
        delivered = self._delivered()
        self._service.wait_until(lambda: len(self._made()) > 10, "events")
        ahead_s = self._service.clock_ahead_s()
        time.sleep(stream_s)
        cut_s = time.time() + ahead_s
        self.machine.pull_plug()
        made = {event: kept_s for event, kept_s in self._made().items() if event not in delivered}
        boot_s = self.machine.boot(_KERNEL)
        checked, trouble = self._look_at_root()
        seen = json.loads(self.machine.run(f"/usr/bin/python3 -c '{_LOOK}'"))
        self._begin()
        self._service.wait_until(lambda: self._delivered().issuperset(seen["ids"]), "what was spooled")
        lost = [kept_s for event, kept_s in made.items() if event not in self._delivered()]
        return Cut(
            boot_s=boot_s,
            streamed_s=cut_s - begun_s,
            made=len(made),
            spooled=len(made.keys() & set(seen["ids"])),
            lost=len(lost),
            lost_s=cut_s - min(lost, default=cut_s),
            verdict=seen["verdict"],
            files=seen["files"],
            checked=checked,
            trouble=trouble,
            said=self._service.journal(200),
        )

    def _begin(self) -> None:
        self._service.start_broker()
        self._service.restart()
        self._service.wait_for_event(timeout_s=START_S)

    def _made(self) -> dict[str, float]:
        """When each event had been kept, by the machine's clock, by its id."""
        lines = self._ledger.read_bytes().split(b"\n")[:-1]
        return {entry["id"]: entry["kept_s"] for entry in map(json.loads, lines)}

    def _delivered(self) -> set[str]:
        return {event.payload["id"] for event in self._service.heard("events")}

    def _look_at_root(self) -> tuple[str, str]:
        checked = self.machine.run("cat /run/initramfs/fsck.log")
        # After a power cut journald begins a new file for its own lines, and says that it does.
        told = "{ cat /run/initramfs/fsck.log; dmesg | grep -v systemd-journald; }"
        trouble = self.machine.ask(f"{told} | grep -E '{_TROUBLE}'").stdout
        counts = re.search(r"\d+/\d+ files .*blocks", checked)
        return counts[0] if counts else checked, trouble
