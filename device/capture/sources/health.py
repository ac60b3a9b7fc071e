"""Pictures that come in time and show nothing: a sensor that is dead, or a picture that stands still."""

import zlib

import numpy as np
from numpy.typing import NDArray

from device.errors import SourceError

_STEP = 8  # every eighth pixel of every eighth row: enough, since a sensor's noise is everywhere
_FLAT_LEVELS = 1  # a living sensor's noise is more than one level of 255 even in the dark
_BLACK_LEVEL = 32
_FEWEST = 3  # pictures that are alike, or blank; two may lie a silence apart


class PictureWatch:
    """Judges a live source's frames one by one.

    A dark room is no fault, for its picture is full of noise; nor is a room in which nothing moves. Looking at a frame
    costs some tens of microseconds: a sample is looked at first, and all pixels only where the sample is suspicious.

    Args:
        name: what the source is called.
        frozen_timeout_s: how long frames may be alike to the bit, seconds; None for ever.
        blank_timeout_s: how long they may be of one even level, seconds; None for ever.
    """

    def __init__(self, name: str, frozen_timeout_s: float | None, blank_timeout_s: float | None) -> None:
        self._name = name
        self._frozen_timeout_s = frozen_timeout_s
        self._blank_timeout_s = blank_timeout_s
        self.begin()

    def begin(self) -> None:
        """Forget what was seen: the source has been opened."""
        self.alive = False
        """Whether the latest frame differs from the one before, and is not of one even level."""
        self._shape: tuple[int, ...] | None = None
        self._sample: NDArray[np.uint8] | None = None
        self._checksum: int | None = None
        self._alike = _Run()
        self._blank = _Run()

    def fault(self, grey: NDArray[np.uint8], time_s: float) -> str | None:
        """What is wrong with the pictures by now, in a sentence without a final stop; None for nothing.

        Args:
            grey: uint8 (height, width).
            time_s: monotonic time of the frame, seconds.

        Raises:
            SourceError: the size is another than that of the frame before; no track can be followed over that.
        """
        self._require_shape(grey)
        sample = grey[::_STEP, ::_STEP].copy()
        same = self._is_same(grey, sample)
        blank = _is_flat(sample) and _is_flat(grey)
        self.alive = self._sample is not None and not same and not blank
        self._sample = sample
        self._alike.add(same, time_s)
        self._blank.add(blank, time_s)
        if self._blank.is_over(self._blank_timeout_s, time_s):
            kind = "a black picture" if sample[0, 0] < _BLACK_LEVEL else "a picture of one even grey"
            return f"{self._name} gives {kind} without any noise"
        if self._alike.is_over(self._frozen_timeout_s, time_s):
            return f"{self._name} gives the same picture again and again"
        return None

    def _require_shape(self, grey: NDArray[np.uint8]) -> None:
        before, self._shape = self._shape, grey.shape
        if before is not None and before != grey.shape:
            (height, width), (old_height, old_width) = grey.shape, before
            raise SourceError(f"{self._name} gives {width} x {height} pixels now, and gave {old_width} x {old_height}")

    def _is_same(self, grey: NDArray[np.uint8], sample: NDArray[np.uint8]) -> bool:
        if self._sample is None or not np.array_equal(sample, self._sample):
            self._checksum = None
            return False
        before, self._checksum = self._checksum, zlib.crc32(np.ascontiguousarray(grey).data)
        # The first pair that agrees in the sample counts as alike: the earlier frame is not kept for it.
        return before is None or before == self._checksum


class _Run:
    """How long something has been so, picture after picture."""

    def __init__(self) -> None:
        self._count = 0
        self._since_s = 0.0

    def add(self, is_so: bool, time_s: float) -> None:  # noqa: FBT001 - an observation, not an option
        if not is_so:
            self._count = 0
            return
        if not self._count:
            self._since_s = time_s
        self._count += 1

    def is_over(self, limit_s: float | None, time_s: float) -> bool:
        return limit_s is not None and self._count >= _FEWEST and time_s - self._since_s >= limit_s


def _is_flat(pixels: NDArray[np.uint8]) -> bool:
    return int(pixels.max()) - int(pixels.min()) <= _FLAT_LEVELS
