import os
import tempfile

import numpy as np
import pytest

from device.errors import StorageError
from trainer.datasets import memory
from trainer.datasets.memory import available_bytes, keep, room_for


def test_pictures_that_fit_stay_in_memory():
    images, note = room_for(10, (48, 48))
    assert images.shape == (10, 48, 48, 1)
    assert not isinstance(images, np.memmap)
    assert not note


def test_pictures_that_do_not_fit_go_into_a_file_which_leaves_no_name(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: 1000)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    images, note = room_for(10, (48, 48))
    images[9] = 7
    assert isinstance(images, np.memmap)
    assert images.sum() == 7 * 48 * 48
    assert f"kept in a file in {tmp_path}" in note
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_reported_before_anything_is_read(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(memory, "available_bytes", lambda: 1000)
    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(StorageError, match=r"neither the memory nor .* set TMPDIR"):
        room_for(10, (48, 48))


def test_the_available_memory_is_known():
    assert available_bytes() > 1_000_000


def test_pictures_are_moved_together_in_place():
    images = np.arange(4, dtype=np.uint8).reshape(4, 1, 1, 1)
    kept = keep(images, np.array([False, True, False, True]))
    assert kept.ravel().tolist() == [1, 3]
    assert kept.base is not None
