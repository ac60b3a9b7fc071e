"""A frame as searches see it: grey at every size, and small colour pictures for a network."""

from collections.abc import Callable
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from device.detect.pyramid import Patch, Pyramid
from device.records import Box


class Picture:
    """One frame. What is made of it, is made once and only when it is asked for.

    Args:
        grey: uint8 (height, width).
        colours: gives uint8 (height, width, 3) of the same view at any size, which may cost something; None where there
            is no colour.
    """

    def __init__(self, grey: NDArray[np.uint8], colours: Callable[[], NDArray[np.uint8] | None] = lambda: None) -> None:
        self.pyramid = Pyramid(grey)
        self._colours = colours

    @cached_property
    def _bgr(self) -> NDArray[np.uint8] | None:
        return self._colours()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frame, pixels."""
        return self.pyramid.size

    def reduced(self, longest_px: int) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
        """The whole frame, its longer side no more than ``longest_px``.

        Returns:
            uint8 (height, width, 3) BGR, and float64 (2, 3), the affine map from its pixels to the frame's.
        """
        width, height = self.size
        scale = min(1.0, longest_px / max(width, height))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        to_frame = np.array([[width / size[0], 0.0, 0.0], [0.0, height / size[1], 0.0]])
        grey = _resized(self.pyramid.level_for(scale), size)
        return _coloured(grey, None if self._bgr is None else _resized(self._bgr, size)), to_frame

    def square(
        self, box: Box, *, face_px: int, patch_px: int, roll_deg: float, colour: bool
    ) -> tuple[NDArray[np.uint8], Patch]:
        """The surroundings of ``box``, turned upright, in which its side is ``face_px``; in grey without ``colour``.

        Returns:
            uint8 (patch_px, patch_px, 3) BGR, and the same in grey with the way back to the frame. What lies outside
            the frame repeats its edge.
        """
        scale = face_px / max(box.w, box.h)
        side = patch_px / scale
        x, y = box.centre
        patch = self.pyramid.cut_square(Box(x - side / 2, y - side / 2, side, side), scale, roll_deg)
        return _coloured(patch.pixels, self._colours_of(patch) if colour else None), patch

    def _colours_of(self, patch: Patch) -> NDArray[np.uint8] | None:
        if self._bgr is None:
            return None
        width, height = self.size
        share = np.array([[self._bgr.shape[1] / width], [self._bgr.shape[0] / height]])
        to_bgr = patch.to_frame * share
        to_bgr[:, 2] += to_bgr[:, :2] @ (0.5, 0.5) - 0.5
        rows, columns = patch.pixels.shape
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpAffine(self._bgr, to_bgr, (columns, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE).astype(
            np.uint8, copy=False
        )


def _coloured(grey: NDArray[np.uint8], bgr: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    """The light of ``grey``, uint8 (h, w), with the colours of ``bgr``, uint8 (h, w, 3); colours may be coarse."""
    if bgr is None:
        return cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR).astype(np.uint8, copy=False)
    planes = cv2.cvtColor(bgr, cv2.COLOR_BGR2YCrCb)
    planes[..., 0] = grey
    return cv2.cvtColor(planes, cv2.COLOR_YCrCb2BGR).astype(np.uint8, copy=False)


def _resized(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    if (pixels.shape[1], pixels.shape[0]) == size:
        return pixels
    method = cv2.INTER_AREA if pixels.shape[1] > size[0] else cv2.INTER_LINEAR
    return cv2.resize(pixels, size, interpolation=method).astype(np.uint8, copy=False)
