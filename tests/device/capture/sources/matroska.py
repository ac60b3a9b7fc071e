"""Films of Motion-JPEG in Matroska, each picture at the time and of the bytes that a test wants (RFC 9559)."""

from collections.abc import Sequence

import cv2
import numpy as np

_UNKNOWN = b"\x01" + b"\xff" * 7


def matroska(
    pictures: Sequence[tuple[int, bytes]],
    size: tuple[int, int],
    *,
    frame_ms: float | None = None,
    shown_size: tuple[int, int] | None = None,
    duration_ms: float | None = None,
) -> bytes:
    """A film.

    Args:
        pictures: (milliseconds, JPEG) of each.
        size: (width, height) that the header claims, pixels.
        frame_ms: how long it says that a picture lasts; None as browsers have it, which say nothing.
        shown_size: (width, height) to show it in; None for square pixels.
        duration_ms: how long it says that it lasts.
    """
    video = _element(0xB0, _number(size[0])) + _element(0xBA, _number(size[1]))
    if shown_size:
        video += _element(0x54B0, _number(shown_size[0])) + _element(0x54BA, _number(shown_size[1]))
    track = _element(0xD7, b"\1") + _element(0x73C5, b"\1") + _element(0x83, b"\1") + _element(0x86, b"V_MJPEG")
    if frame_ms is not None:
        track += _element(0x23E383, _number(round(frame_ms * 1e6)))
    track += _element(0xE0, video)
    info = _element(0x2AD7B1, _number(1_000_000))
    if duration_ms is not None:
        info += _element(0x4489, np.float64(duration_ms).byteswap().tobytes())
    clusters = (
        _element(0x1F43B675, _element(0xE7, _number(time_ms)) + _element(0xA3, b"\x81\0\0\x80" + jpeg))
        for time_ms, jpeg in pictures
    )
    head = _element(0x1A45DFA3, _element(0x4282, b"matroska"))
    segment = _element(0x1549A966, info) + _element(0x1654AE6B, _element(0xAE, track)) + b"".join(clusters)
    return head + bytes.fromhex("18538067") + _UNKNOWN + segment


def jpeg(level: int, size: tuple[int, int] = (64, 48)) -> bytes:
    """One even grey, by which a test knows a frame again."""
    return cv2.imencode(".jpg", np.full((size[1], size[0], 3), level, np.uint8))[1].tobytes()


def _element(number: int, content: bytes) -> bytes:
    name = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return name + (len(content) | 1 << 56).to_bytes(8, "big") + content


def _number(value: int) -> bytes:
    return value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big")
