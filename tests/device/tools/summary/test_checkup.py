"""The doctor says whether what was counted is sound and is written."""

import os
import time
from datetime import UTC, datetime

import pytest

from device.summary.database import SUMMARY_NAME
from device.system.lock import LOCK_NAME, FolderLock
from device.tools.summary.checkup import examine_summary
from tests.device.page.days import write_day

TODAY = datetime.now(UTC).date()


@pytest.fixture
def counted(tmp_path):
    """A state folder with a day in its memory."""
    write_day(tmp_path, TODAY)
    return tmp_path


def age(path, minutes):
    then_s = time.time() - 60 * minutes
    os.utime(path, (then_s, then_s))


def test_a_memory_that_is_sound_is_told_with_when_it_was_written(counted):
    finding = examine_summary(counted)
    assert finding.grade == "ok"
    assert f"hours counted, written {datetime.now(UTC).astimezone():%Y-%m-%d}" in finding.message


def test_nothing_counted_is_well(tmp_path):
    assert examine_summary(tmp_path).message == "nothing was counted yet"


def test_a_damaged_file_is_a_warning_and_the_sensor_goes_on(counted):
    path = counted / SUMMARY_NAME
    path.write_bytes(b"no database" * 100)
    finding = examine_summary(counted)
    assert finding.grade == "warning"
    assert "is damaged: file is not a database; the daemon sets it aside" in finding.message
    path.write_bytes(b"")
    assert examine_summary(counted).grade == "ok"


def test_one_that_was_set_aside_is_named_until_it_is_gone(counted):
    aside = counted / f"{SUMMARY_NAME}.damaged"
    aside.write_bytes(b"no database")
    finding = examine_summary(counted)
    assert finding.grade == "warning"
    assert "a damaged file of " in finding.message
    assert finding.command.startswith(f"sudo rm {aside}*")


def test_what_cannot_be_read_is_a_warning(tmp_path):
    (tmp_path / SUMMARY_NAME).mkdir()
    finding = examine_summary(tmp_path)
    assert (finding.grade, "cannot be read" in finding.message) == ("warning", True)


def test_a_daemon_that_has_written_nothing_for_long_is_a_warning(counted):
    age(counted / SUMMARY_NAME, 90)
    assert examine_summary(counted).grade == "ok", "no daemon runs"
    lock = FolderLock(counted)
    try:
        assert examine_summary(counted).grade == "ok", "it has just begun"
        age(counted / LOCK_NAME, 60)
        finding = examine_summary(counted)
        assert finding.grade == "warning"
        assert "was not written for 60 min, expected every 10" in finding.message
        age(counted / SUMMARY_NAME, 12)
        assert examine_summary(counted).grade == "ok"
    finally:
        lock.release()
