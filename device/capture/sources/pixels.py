"""How a camera lays its pixels out in memory, and which of them are the grey and the colours."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from device.capture.sources.colours import thinned
from device.errors import SourceError

_LUMA_FIRST = {"YUV420", "YVU420", "NV12", "NV21", "R8"}
"""libcamera's formats whose first plane is the grey picture."""

_YUV_TO_BGR = {
    "YUV420": cv2.COLOR_YUV2BGR_I420,
    "YVU420": cv2.COLOR_YUV2BGR_YV12,
    "NV12": cv2.COLOR_YUV2BGR_NV12,
    "NV21": cv2.COLOR_YUV2BGR_NV21,
}
# libcamera names channels from the highest byte of a little-endian word: RGB888 is blue, green, red in memory.
_BGR_BYTES_PER_PIXEL = {"RGB888": 3, "XRGB8888": 4}


def with_chroma(grey: NDArray[np.uint8], chroma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Small colours, uint8 (height, width, 3), of a full-range luma, uint8 (height, width), and its `Layout.chroma`."""
    height, width = chroma.shape[:2]
    luma = cv2.resize(grey, (width, height), interpolation=cv2.INTER_NEAREST)
    planes = np.dstack([luma, chroma[..., 1], chroma[..., 0]])
    return thinned(cv2.cvtColor(planes, cv2.COLOR_YCrCb2BGR).astype(np.uint8, copy=False))


@dataclass(frozen=True, slots=True)
class Layout:
    """One stream as the camera really gives it.

    Attributes:
        format: libcamera's name, such as ``YUV420``.
        width, height: pixels.
        stride: bytes from one row of the first plane to the next, ``width`` and padding.
    """

    format: str
    width: int
    height: int
    stride: int

    @classmethod
    def of(cls, stream: Mapping[str, Any]) -> "Layout":
        """The layout that a stream's configuration tells after configuring. Raises SourceError for a strange one."""
        (width, height), stride = stream["size"], stream["stride"]
        layout = cls(str(stream["format"]), int(width), int(height), int(stride))
        if layout.stride < layout.width * _BGR_BYTES_PER_PIXEL.get(layout.format, 1):
            raise SourceError(
                f"the camera gives rows of {layout.stride} bytes for {layout.width} pixels of {layout.format}"
            )
        return layout

    @property
    def has_grey(self) -> bool:
        """Whether the grey picture is a part of the buffer as it is."""
        return self.format in _LUMA_FIRST

    @property
    def has_colour(self) -> bool:
        """Whether `bgr` can be had."""
        return self.format in _BGR_BYTES_PER_PIXEL or self.format in _YUV_TO_BGR

    @property
    def has_chroma(self) -> bool:
        """Whether `chroma` can be had: of each second pixel, so that there must be pairs of them."""
        return self.format in _YUV_TO_BGR and self.width % 2 == self.height % 2 == 0

    def grey(self, buffer: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The luma plane, uint8 (height, width), as a view into ``buffer``, uint8 (bytes,)."""
        return self._rows(buffer, self.height)[:, : self.width]

    def bgr(self, buffer: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The colours, uint8 (height, width, 3): a view into ``buffer``, uint8 (bytes,), or converted from YUV."""
        channels = _BGR_BYTES_PER_PIXEL.get(self.format)
        if channels:
            rows = self._rows(buffer, self.height)[:, : self.width * channels]
            return rows.reshape(self.height, self.width, channels)[:, :, :3]
        planes = self._planes(buffer)
        return cv2.cvtColor(planes, _YUV_TO_BGR[self.format]).astype(np.uint8, copy=False)

    def chroma(self, buffer: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The colours of YUV as they are: a copy, uint8 (height / 2, width / 2, 2), Cb and Cr."""
        half = (self.height // 2, self.width // 2)
        if self.format in {"NV12", "NV21"}:
            pairs = self._rows(buffer, self.height * 3 // 2)[self.height :, : self.width].reshape(*half, 2)
            return np.array(pairs if self.format == "NV12" else pairs[..., ::-1], order="C")
        first, second = np.split(self._small_planes(buffer), 2)
        return np.dstack([first, second] if self.format == "YUV420" else [second, first])

    def _rows(self, buffer: NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
        wanted = count * self.stride
        if buffer.size < wanted:
            raise SourceError(f"the camera gave {buffer.size} bytes where {self.format} has {wanted}")
        return buffer[:wanted].reshape(count, self.stride)

    def _planes(self, buffer: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """All planes without padding, one below the other as OpenCV wants them: uint8 (height * 3 / 2, width)."""
        if self.format in {"NV12", "NV21"}:
            return np.ascontiguousarray(self._rows(buffer, self.height * 3 // 2)[:, : self.width])
        luma, chroma = self._rows(buffer, self.height)[:, : self.width], self._small_planes(buffer)
        return np.concatenate([luma, np.ascontiguousarray(chroma).reshape(self.height // 2, self.width)])

    def _small_planes(self, buffer: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Both, one below the other, without padding: uint8 (height, width / 2)."""
        # Their rows are half as long, padding and all.
        small = buffer[self.height * self.stride :][: self.height // 2 * self.stride]
        if small.size < self.height // 2 * self.stride:
            raise SourceError(f"the camera gave {buffer.size} bytes, too few for {self.format}")
        return small.reshape(self.height, self.stride // 2)[:, : self.width // 2]
