import os
import stat
from pathlib import Path

import pytest

from device.contract.files import check_folder, write_atomically
from device.errors import StorageError


def test_a_file_is_written_and_replaced(tmp_path):
    path = tmp_path / "file"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_a_disk_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def fail(descriptor):
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left") as raised:
        write_atomically(path, b"new")
    assert raised.value.filename == str(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_told_before_anything_is_written(tmp_path):
    with pytest.raises(StorageError, match=r"the folder .*none is not there"):
        check_folder(tmp_path / "none" / "file")


def test_a_folder_is_not_overwritten_by_a_file(tmp_path):
    with pytest.raises(StorageError, match="is a folder"):
        write_atomically(tmp_path, b"new")


def test_a_folder_that_may_not_be_written_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(StorageError, match="cannot be written"):
        check_folder(tmp_path / "file")


def test_what_was_written_survives_a_power_cut_file_first_and_then_its_name(tmp_path, monkeypatch):
    flushed = []

    def note(descriptor):
        flushed.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")

    monkeypatch.setattr(os, "fsync", note)
    write_atomically(tmp_path / "file", b"new")
    assert flushed == ["file", "folder"]


def test_writing_leaves_no_descriptor_open(tmp_path):
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        write_atomically(tmp_path / "file", b"new")
    assert len(list(Path("/proc/self/fd").iterdir())) == before
