"""Ends for a camera that hangs are counted over restarts, and start the machine again only where that is asked for."""

import subprocess

import pytest

from device.system.hang import HANGS_NAME, HangCounter


class Machine:
    def __init__(self):
        self.starts = 0
        self.refusal: Exception | None = None

    def reboot(self):
        if self.refusal:
            raise self.refusal
        self.starts += 1


@pytest.fixture
def machine():
    return Machine()


def hang(folder, machine, times, reboot_after=3):
    """So many processes, one after the other, that end for a camera that hangs."""
    for _ in range(times):
        HangCounter(folder, reboot_after, machine.reboot).add()


def test_the_machine_is_left_alone_unless_asked_for(tmp_path, machine):
    hang(tmp_path, machine, 50, reboot_after=None)
    assert machine.starts == 0


def test_so_many_ends_in_a_row_start_the_machine_again(tmp_path, machine):
    hang(tmp_path / "state", machine, 2)
    assert machine.starts == 0
    hang(tmp_path / "state", machine, 1)
    assert machine.starts == 1


def test_each_start_that_did_not_help_doubles_the_number_of_ends_until_the_next(tmp_path, machine):
    hang(tmp_path, machine, 3 + 6)
    assert machine.starts == 2
    hang(tmp_path, machine, 11)
    assert machine.starts == 2
    hang(tmp_path, machine, 1)
    assert machine.starts == 3


def test_ten_minutes_of_frames_end_the_row(tmp_path, machine):
    hang(tmp_path, machine, 2)
    counter = HangCounter(tmp_path, 3, machine.reboot)
    counter.note_frame(1000.0)
    counter.note_frame(1599.0)
    assert (tmp_path / HANGS_NAME).exists()
    counter.note_frame(1600.0)
    assert not (tmp_path / HANGS_NAME).exists()
    hang(tmp_path, machine, 2)
    assert machine.starts == 0


@pytest.mark.parametrize("content", [b"", b"{", b'{"hangs": -1}', b"\xff"])
def test_a_damaged_count_begins_anew(tmp_path, machine, content, caplog):
    (tmp_path / HANGS_NAME).write_bytes(content)
    hang(tmp_path, machine, 2)
    assert machine.starts == 0
    assert "the count begins anew" in caplog.text
    hang(tmp_path, machine, 1)
    assert machine.starts == 1


def test_where_the_count_cannot_be_kept_the_machine_is_not_started_again_and_again(tmp_path, machine, caplog):
    (tmp_path / "state").write_text("in the way")
    hang(tmp_path / "state", machine, 5, reboot_after=1)
    assert machine.starts == 0
    assert "cannot be kept" in caplog.text


def test_a_refusal_says_what_the_user_must_be_allowed(tmp_path, machine, caplog):
    machine.refusal = subprocess.CalledProcessError(1, "systemctl", stderr=b"Interactive authentication\nrequired.")
    hang(tmp_path, machine, 1, reboot_after=1)
    assert "Interactive authentication required.; allow the service's user org.freedesktop.login1.reboot" in caplog.text
