"""A process beside the daemon that was taken over gets no further than its own work."""

import mmap
import os

import numpy as np
import pytest

from device.overlay.slot import PictureSlot

PICTURE = np.full((48, 64), 7, np.uint8)


@pytest.fixture
def slot():
    with PictureSlot.create() as slot:
        slot.write(PICTURE)
        yield slot


def test_the_overlay_cannot_write_the_picture_that_it_is_shown(slot):
    with pytest.raises(OSError, match="not permitted"):
        os.pwrite(slot.descriptor, b"forged", 0)
    with pytest.raises(OSError, match="not permitted"):
        mmap.mmap(slot.descriptor, 4096, access=mmap.ACCESS_WRITE)
    again = os.open(f"/proc/self/fd/{slot.descriptor}", os.O_RDWR)
    with pytest.raises(OSError, match="not permitted"):
        os.pwrite(again, b"forged", 0)
    os.close(again)


@pytest.mark.parametrize("size", [0, 10**9])
def test_the_overlay_cannot_take_the_memory_from_under_the_daemon(slot, size):
    with pytest.raises(OSError, match="not permitted"):
        os.ftruncate(slot.descriptor, size)
    slot.write(PICTURE)


def test_the_overlay_still_sees_each_new_picture(slot):
    with PictureSlot(os.dup(slot.descriptor), writable=False) as seen:
        slot.write(PICTURE + 1)
        assert (seen.read((48, 64)) == 8).all()
        slot.wipe()
        assert (seen.read((48, 64)) == 0).all()
