"""A card that cannot be written: it turns so beneath the service, or is so from the start."""

from pathlib import Path

import pytest

from tests.vm.machine import Machine
from tests.vm.service import KERNEL, Service

pytestmark = [pytest.mark.slow, pytest.mark.integration]

CLIP = {"uri": "demo", "loop": True}
# /var lies in memory, and nothing makes the root writable as /etc/fstab would have it.
READ_ONLY = f"{KERNEL} ro systemd.volatile=state systemd.mask=systemd-remount-fs.service"
FAILS_TO_WRITE = "! touch /root/written 2>/dev/null"


@pytest.fixture
def failed_card(service):
    """The service, with a root that the kernel has made read-only beneath it, as it does when a card fails."""
    service.configure(source=CLIP)
    service.restart()
    service.machine.run("sync && echo u >/proc/sysrq-trigger")
    service.machine.wait_until(FAILS_TO_WRITE, "a root that cannot be written")
    yield service
    service.machine.run("systemctl stop affectd; mount -o remount,rw / && touch /root/written")


def test_a_card_that_fails_disturbs_neither_the_service_nor_its_next_start(failed_card):
    pid, failed_s = failed_card.pid, failed_card.now_s()
    failed_card.wait_for_event(failed_s)
    assert failed_card.pid == pid
    failed_card.restart()
    restarted_s = failed_card.now_s()
    failed_card.wait_for_event(restarted_s)
    assert failed_card.pid != pid
    failed_card.wait_until_says("watching demo; connected to the broker")
    print(failed_card.journal(12))


@pytest.fixture
def read_only(installed, tmp_path):
    """The service of a machine whose root is never written, what changes lying in memory."""
    machine = Machine(tmp_path, base=Path(installed.disk), cores=2)
    try:
        print(f"\nthe machine with a read-only root was there after {machine.boot(READ_ONLY):.0f} s")
        yield Service(machine)
    finally:
        machine.remove()


def test_the_service_runs_on_a_root_that_is_read_only_from_the_start(read_only):
    event = read_only.wait_for_event()
    print(f"\nthe first event came {read_only.since_switched_on_s(event.time_s):.0f} s after it was switched on")
    read_only.machine.run(FAILS_TO_WRITE)
    assert "ro" in read_only.machine.run("findmnt -no OPTIONS /").strip().split(",")
    assert read_only.machine.run("findmnt -no FSTYPE -T /var/lib/affectd") == "tmpfs\n"
    shown = read_only.show()
    assert shown["StatusText"] == "watching demo; connected to the broker"
    assert (shown["ActiveState"], shown["NRestarts"]) == ("active", "0")
