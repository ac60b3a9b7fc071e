"""What a picture's first bytes say of it, read before anything is decoded: a few hundred bytes may claim gigabytes.

A picture of a kind that is not known here is not decoded at all: OpenCV knows a dozen more, which no camera sends.
"""

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

# JPEG (ITU-T T.81, table B.1): the frame headers SOF0 to SOF15 without DHT, JPG and DAC, which lie between them.
_JPEG_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_ALONE = {0x01, *range(0xD0, 0xD9)}
_JPEG_SCAN, _JPEG_END = 0xDA, 0xD9
_MOST_JPEG_SEGMENTS = 1000

# TIFF 6.0 and BigTIFF: the tags that decide how much memory a picture takes, and the sizes of their types in bytes.
_TIFF_WIDTH, _TIFF_HEIGHT, _TIFF_BITS, _TIFF_SAMPLES = 256, 257, 258, 277
_TIFF_TILE_WIDTH, _TIFF_TILE_HEIGHT, _TIFF_SAMPLE_FORMAT = 322, 323, 339
_TIFF_TYPES = {1: "B", 3: "H", 4: "I", 16: "Q"}
_TIFF_FLOATING_POINT = 3
_MOST_TIFF_TAGS = 500
_MOST_SAMPLES = 4

_PNM = re.compile(rb"P([1-6])(?:\s|#[^\n]*\n)+(\d{1,9})(?:\s|#[^\n]*\n)+(\d{1,9})\s")


@dataclass(frozen=True, slots=True)
class PictureHeader:
    """What a picture claims to be.

    Attributes:
        kind: ``JPEG``, ``PNG`` and so on.
        width, height: pixels.
        trouble: why it cannot be used although its size is right; None for nothing.
    """

    kind: str
    width: int
    height: int
    trouble: str | None = None


def read_header(data: bytes) -> PictureHeader | None:
    """What the picture in ``data`` claims to be; None where it is of no known kind, or its header is damaged."""
    for beginning, read in _READERS.items():
        if data.startswith(beginning):
            try:
                return read(data)
            except (struct.error, IndexError, ValueError):
                return None
    return None


def _jpeg(data: bytes) -> PictureHeader | None:
    position = 2
    for _ in range(_MOST_JPEG_SEGMENTS):
        if data[position] != 0xFF:
            # As libjpeg does: what is no marker is passed over.
            position = data.index(0xFF, position)
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
        elif marker in _JPEG_ALONE or marker == 0x00:
            position += 2
        elif marker in {_JPEG_SCAN, _JPEG_END}:
            return None
        elif marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, position + 5)
            return PictureHeader("JPEG", width, height)
        else:
            position += 2 + int(struct.unpack_from(">H", data, position + 2)[0])
    return None


def _png(data: bytes) -> PictureHeader | None:
    if data[12:16] != b"IHDR":
        return None
    return PictureHeader("PNG", *struct.unpack_from(">II", data, 16))


def _gif(data: bytes) -> PictureHeader:
    """The larger of the screen and the first image, for a decoder makes room for both."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    position = 13 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)
    while data[position] == 0x21:  # extensions lie before the first image
        position += 2
        while data[position]:
            position += 1 + data[position]
        position += 1
    if data[position] == 0x2C:
        left, top, image_width, image_height = struct.unpack_from("<HHHH", data, position + 1)
        width, height = max(width, left + image_width), max(height, top + image_height)
    return PictureHeader("GIF", width, height)


def _webp(data: bytes) -> PictureHeader | None:
    chunk = data[12:16]
    if data[8:12] != b"WEBP" or len(data) < 30:
        return None
    if chunk == b"VP8X":
        return PictureHeader(
            "WebP", 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
        )
    if chunk == b"VP8L":
        sides = int.from_bytes(data[21:25], "little")
        return PictureHeader("WebP", 1 + (sides & 0x3FFF), 1 + (sides >> 14 & 0x3FFF))
    if chunk == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return PictureHeader("WebP", width & 0x3FFF, height & 0x3FFF)
    return None


def _bmp(data: bytes) -> PictureHeader:
    (header_size,) = struct.unpack_from("<I", data, 14)
    width, height = struct.unpack_from("<HH" if header_size == 12 else "<ii", data, 18)
    return PictureHeader("BMP", abs(width), abs(height))


def _pnm(data: bytes) -> PictureHeader | None:
    found = _PNM.match(data[:2000])
    return PictureHeader("PNM", int(found[2]), int(found[3])) if found else None


def _tiff(data: bytes) -> PictureHeader | None:
    order = "<" if data[:2] == b"II" else ">"
    (version,) = struct.unpack_from(order + "H", data, 2)
    is_big = version == 43
    (position,) = struct.unpack_from(order + ("Q" if is_big else "I"), data, 8 if is_big else 4)
    (count,) = struct.unpack_from(order + ("Q" if is_big else "H"), data, position)
    if count > _MOST_TIFF_TAGS:
        return None
    position += 8 if is_big else 2
    tags: dict[int, int] = {}
    for number in range(count):
        entry = position + number * (20 if is_big else 12)
        tag, kind, values = struct.unpack_from(order + ("HHQ" if is_big else "HHI"), data, entry)
        if kind in _TIFF_TYPES:
            place, room = (entry + 12, 8) if is_big else (entry + 8, 4)
            if values * struct.calcsize(_TIFF_TYPES[kind]) > room:
                (place,) = struct.unpack_from(order + ("Q" if is_big else "I"), data, place)
            (tags[tag],) = struct.unpack_from(order + _TIFF_TYPES[kind], data, place)
    width = max(tags.get(_TIFF_WIDTH, 0), tags.get(_TIFF_TILE_WIDTH, 0))
    height = max(tags.get(_TIFF_HEIGHT, 0), tags.get(_TIFF_TILE_HEIGHT, 0))
    trouble = None
    if tags.get(_TIFF_SAMPLES, 1) > _MOST_SAMPLES:
        trouble = f"a TIFF of {tags[_TIFF_SAMPLES]} channels; save it as RGB"
    elif tags.get(_TIFF_SAMPLE_FORMAT) == _TIFF_FLOATING_POINT or tags.get(_TIFF_BITS, 8) in {32, 64}:
        trouble = "a TIFF of floating-point numbers, no photograph; save it with 8 or 16 bits"
    return PictureHeader("TIFF", width, height, trouble)


_READERS: dict[bytes, Callable[[bytes], PictureHeader | None]] = {
    b"\xff\xd8": _jpeg,
    b"\x89PNG\r\n\x1a\n": _png,
    b"GIF8": _gif,
    b"RIFF": _webp,
    b"BM": _bmp,
    b"II*\x00": _tiff,
    b"MM\x00*": _tiff,
    b"II+\x00": _tiff,
    b"MM\x00+": _tiff,
    **{b"P%d" % number: _pnm for number in range(1, 7)},
}
