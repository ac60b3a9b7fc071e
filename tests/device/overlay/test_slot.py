"""The place in memory for one picture."""

import os
from pathlib import Path

import numpy as np
import pytest

from device.errors import RecordError
from device.overlay.slot import PictureSlot


@pytest.fixture
def slot():
    with PictureSlot.create() as made:
        yield made


@pytest.fixture
def reader(slot):
    """The other process's side of it."""
    with PictureSlot(os.dup(slot.descriptor), writable=False) as made:
        yield made


def picture(*shape):
    return np.random.default_rng(7).integers(1, 256, shape, np.uint8)


@pytest.mark.parametrize("shape", [(480, 640), (480, 640, 3), (1080, 1920, 3), (1, 1)])
def test_a_picture_comes_out_as_it_was_laid_down(slot, reader, shape):
    assert slot.write(picture(*shape)) == shape
    assert np.array_equal(reader.read(shape), picture(*shape))


def test_pictures_may_change_their_size_and_colour(slot, reader):
    for shape in ((120, 160), (480, 640, 3), (240, 320)):
        assert slot.write(picture(*shape)) == shape
        assert np.array_equal(reader.read(shape), picture(*shape))


def test_a_picture_that_is_too_large_is_thinned_out(slot, reader):
    large = picture(2160, 3840, 3)
    shape = slot.write(large)
    assert shape == (1080, 1920, 3)
    assert np.array_equal(reader.read(shape), large[::2, ::2])


def test_what_was_read_is_a_copy(slot, reader):
    shape = slot.write(picture(48, 64))
    read = reader.read(shape)
    slot.write(np.zeros((48, 64), np.uint8))
    assert read.all()


def test_nothing_is_left_after_wiping(slot, reader):
    slot.write(picture(480, 640, 3))
    slot.write(picture(48, 64))
    slot.wipe()
    assert not reader.read((480, 640, 3)).any()


def test_the_reading_side_cannot_write(reader):
    with pytest.raises(ValueError, match="read-only"):
        reader.write(picture(48, 64))


def test_a_shape_that_cannot_be_there_is_refused(reader):
    with pytest.raises(RecordError, match="does not fit"):
        reader.read((10_000, 10_000, 3))


def test_it_has_no_name_that_could_be_left_behind(slot):
    assert Path(f"/proc/self/fd/{slot.descriptor}").readlink().name.endswith("(deleted)")
    assert os.fstat(slot.descriptor).st_nlink == 0


def test_memory_is_only_taken_for_what_was_written(slot):
    slot.write(picture(480, 640))
    assert os.fstat(slot.descriptor).st_blocks * 512 < 1_000_000
