"""The card is full, and the spool is."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.brokers import wait_until
from tests.faults.ledger import kept_ids
from tests.faults.site import SLOW_S, is_root

pytestmark = pytest.mark.slow

_BALLAST_KB, _DISK_KB = 800, 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_KB}k", "affectd-faults", str(folder)]
    if not is_root() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs a small disk of its own: run it as root where tmpfs can be mounted")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_disk_that_is_full_costs_nothing_and_is_used_again_once_there_is_room(site, small_disk, enter):
    device = site.device()
    device.state = small_disk / "state"
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(_BALLAST_KB * 1024))
    device.start(rate_per_s=100.0, count=1000)
    device.wait_for_emitted(1000)
    wait_until(lambda: "cannot be used" in device.told, "the disk to fill")
    on_card = kept_ids(device.state)
    assert len(on_card) < 1000
    assert set(device.emitted()) <= device.kept()
    ballast.unlink()
    wait_until(lambda: len(kept_ids(device.state)) == 1000, "the rest to reach the disk", SLOW_S)
    assert device.told.count("cannot be used") == device.told.count("can be used again") == 1
    site.start_broker_for_listener()
    assert device.process.wait(SLOW_S) == 0, device.told
    site.wait_until_heard()
    enter(site.account("disk full while the broker is away", 1, device))


def test_a_disk_that_stays_full_does_not_keep_events_from_the_broker(site, small_disk, enter):
    device = site.device()
    device.state = small_disk / "state"
    (small_disk / "ballast").write_bytes(bytes(_BALLAST_KB * 1024))
    device.start(rate_per_s=100.0, count=1000)
    device.wait_for_emitted(1000)
    wait_until(lambda: "cannot be used" in device.told, "the disk to fill")
    site.start_broker_for_listener()
    assert device.process.wait(SLOW_S) == 0, device.told
    site.wait_until_heard()
    enter(site.account("disk full, and stays so", 1, device))


def test_a_full_spool_drops_the_oldest_and_takes_little_memory(site, enter, remark):
    device = site.device(spool={"drain_per_s": 5000.0})
    device.start(rate_per_s=2000.0, count=11_000)
    device.wait_for_emitted(1)
    empty_mb = device.peak_memory_mb()
    device.wait_for_emitted(11_000)
    emitted = device.emitted()
    wait_until(lambda: kept_ids(device.state) == set(emitted[-10_000:]), "the spool to be full", SLOW_S)
    full_mb = device.peak_memory_mb()
    site.start_broker_for_listener()
    wait_until(lambda: len(site.proxy.acknowledged) >= 9_900, "the spool to be sent", SLOW_S)
    sent_mb = device.peak_memory_mb()
    told, _ = device.process.communicate(timeout=SLOW_S)
    assert '"dropped": 1000' in told
    site.wait_until_heard()
    account = site.account("spool overfull: the 1000 oldest dropped, and counted", 1, device)
    account.lost -= 1000
    enter(account)
    remark(
        f"peak memory of the process: {empty_mb:.0f} MB with an empty spool, {full_mb:.0f} MB with a full one "
        f"(10000 events), {sent_mb:.0f} MB after it was sent"
    )
