import subprocess
import sys
from pathlib import Path

import pytest

from device.errors import StorageError
from device.system.lock import LOCK_NAME, FolderLock, is_held

HOLDER = """
import sys
from pathlib import Path
from device.system.lock import FolderLock, is_held
lock = FolderLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_folder_is_held_by_one_process_that_the_next_is_told_of_and_free_once_it_is_killed(tmp_path):
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    root = Path(__file__).parents[3]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root)
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(StorageError, match=f"process {holder.pid}"):
        FolderLock(tmp_path)
    holder.kill()
    holder.communicate()
    FolderLock(tmp_path).release()


def test_a_lock_that_was_released_can_be_released_again(tmp_path):
    lock = FolderLock(tmp_path)
    lock.release()
    lock.release()
    FolderLock(tmp_path).release()


def test_a_lock_is_held_on_a_disk_without_room_for_the_number_of_its_holder(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.pwrite", full)
    lock = FolderLock(tmp_path)
    with pytest.raises(StorageError):
        FolderLock(tmp_path)
    lock.release()


def test_a_try_that_failed_does_not_keep_out_the_next_one_of_this_process(tmp_path, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr("os.ftruncate", lambda *_: (_ for _ in ()).throw(OSError(5, "Input/output error")))
        with pytest.raises(OSError, match="Input/output"):
            FolderLock(tmp_path)
    FolderLock(tmp_path).release()


def test_whether_a_folder_is_held_can_be_told_without_holding_it(tmp_path):
    assert is_held(tmp_path / "none") is False
    lock = FolderLock(tmp_path)
    assert is_held(tmp_path) is True
    lock.release()
    assert is_held(tmp_path) is False


def test_nobody_else_may_read_or_hold_the_lock(tmp_path):
    FolderLock(tmp_path).release()
    assert (tmp_path / LOCK_NAME).stat().st_mode & 0o777 == 0o600
