"""The place in memory where the sensor lays one picture and the overlay takes it."""

import math
import mmap
import os
from contextlib import suppress
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from device.errors import RecordError

MAX_WIDTH, MAX_HEIGHT = 1920, 1080
"""Larger pictures are thinned out to this when they are laid down, in pixels."""

Shape = tuple[int, ...]
"""(height, width) of a grey picture, (height, width, 3) of a coloured one."""

_F_SEAL_FUTURE_WRITE = 0x10  # memfd_create(2); Linux 5.1, and the standard library from 3.13 on
_CAPACITY = MAX_WIDTH * MAX_HEIGHT * 3


def thinned(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """``picture``, or a view of every n-th pixel of one above MAX_WIDTH x MAX_HEIGHT."""
    step = max(1, math.ceil(picture.shape[1] / MAX_WIDTH), math.ceil(picture.shape[0] / MAX_HEIGHT))
    return picture[::step, ::step]


class PictureSlot:
    """Room for one picture in anonymous memory, which the kernel takes back with the last process that has it.

    It has no name, so nobody else can open it and a killed process leaves nothing behind. It is only backed by memory
    where something was written. Both sides agree by messages on whose turn it is; there is no lock.

    Args:
        descriptor: of the memory, from ``create`` or inherited; belongs to this object from then on.
        writable: False for the side that only looks.
    """

    def __init__(self, descriptor: int, *, writable: bool) -> None:
        self.descriptor = descriptor
        access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
        self._memory = mmap.mmap(descriptor, _CAPACITY, access=access)
        self._used = 0

    @classmethod
    def create(cls) -> Self:
        """A new one, empty."""
        import fcntl  # not on Windows, where `affectd flash` runs

        descriptor = os.memfd_create("affectd-overlay", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(descriptor, _CAPACITY)
        slot = cls(descriptor, writable=True)
        # It can be written through this mapping alone now, whoever inherits the descriptor, and not be cut short.
        seals = _F_SEAL_FUTURE_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
        return slot

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write(self, picture: NDArray[np.uint8]) -> Shape:
        """Lay down ``picture``, uint8 (height, width) or (height, width, 3), thinned out; returns its shape then."""
        laid = thinned(picture)
        self._view(laid.shape)[...] = laid
        self._used = max(self._used, laid.nbytes)
        return laid.shape

    def read(self, shape: Shape) -> NDArray[np.uint8]:
        """A copy of the picture of ``shape`` that lies there."""
        return self._view(shape).copy()

    def wipe(self) -> None:
        """Overwrite all that was ever laid down."""
        if self._used:
            self._view((self._used,))[...] = 0
            self._used = 0

    def close(self) -> None:
        """Let go of the memory; harmless when it was done."""
        if self.descriptor >= 0:
            with suppress(BufferError):  # somebody still looks; the memory goes with the last view
                self._memory.close()
            os.close(self.descriptor)
            self.descriptor = -1

    def _view(self, shape: Shape) -> NDArray[np.uint8]:
        if math.prod(shape) > _CAPACITY:
            raise RecordError(f"a picture of {shape} does not fit into {_CAPACITY} bytes")
        return np.frombuffer(self._memory, np.uint8, math.prod(shape)).reshape(shape)
