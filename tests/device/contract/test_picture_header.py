"""A picture's size is known before it is decoded, whatever its kind; what claims too much is never decoded."""

import struct
import zlib

import cv2
import numpy as np
import pytest

from device.capture.sources.jpeg import JpegDecoder
from device.capture.sources.pictures import decode_picture
from device.contract.picture_header import read_header
from device.errors import SourceError
from tests.device.capture.sources.matroska import jpeg

PIXELS = np.random.default_rng(1).integers(0, 255, (37, 53, 3)).astype(np.uint8)
MOST_PIXELS = 1_000_000


def encoded(suffix, pixels=PIXELS):
    if not cv2.haveImageWriter(f"picture{suffix}"):
        pytest.skip(f"OpenCV {cv2.__version__} writes no {suffix}")
    return cv2.imencode(suffix, pixels)[1].tobytes()


def png(width, height):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def huge_jpeg(width, height, *, progressive=False):
    """A whole small JPEG that claims other sides."""
    whole = jpeg(90)
    begin = whole.index(b"\xff\xc0")
    kind = b"\xc2" if progressive else b"\xc0"
    return (
        whole[: begin + 1]
        + kind
        + whole[begin + 2 : begin + 5]
        + struct.pack(">HH", height, width)
        + whole[begin + 9 :]
    )


def tiff(order, tags):
    """A TIFF that is all header; ``tags`` are (number, type, value)."""
    letter = "<" if order == b"II" else ">"
    entries = b"".join(
        struct.pack(letter + "HHI", number, kind, 1) + struct.pack(letter + ("I" if kind == 4 else "HH"), *value)
        for number, kind, value in tags
    )
    return order + struct.pack(letter + "HIH", 42, 8, len(tags)) + entries + b"\0" * 4


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".gif", ".webp", ".bmp", ".tiff", ".ppm"])
def test_the_size_is_the_decoders(suffix):
    data = encoded(suffix)
    header = read_header(data)
    assert (header.width, header.height, header.trouble) == (53, 37, None)
    assert decode_picture(data, "it", MOST_PIXELS).shape == (37, 53, 3)


def test_a_grey_picture_a_progressive_jpeg_and_a_lossless_webp_are_known_too():
    assert read_header(encoded(".pgm", PIXELS[:, :, 0])).width == 53
    progressive = cv2.imencode(".jpg", PIXELS, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    assert (read_header(progressive).kind, read_header(progressive).height) == ("JPEG", 37)
    lossless = cv2.imencode(".webp", PIXELS, [cv2.IMWRITE_WEBP_QUALITY, 101])[1].tobytes()
    assert (read_header(lossless).width, read_header(lossless).height) == (53, 37)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".gif", ".webp", ".bmp", ".tiff", ".ppm"])
def test_a_header_that_is_cut_anywhere_is_none_and_never_an_exception(suffix):
    data = encoded(suffix)
    for length in range(200):
        header = read_header(data[:length])
        assert header is None or (header.width, header.height) == (53, 37)


@pytest.mark.parametrize(
    "bomb",
    [
        png(60_000, 60_000),
        huge_jpeg(65_000, 65_000),
        huge_jpeg(65_000, 65_000, progressive=True),
        b"GIF89a" + struct.pack("<HHBBB", 65_000, 65_000, 0, 0, 0) + b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0),
        b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0, 0, 0) + b"\x2c" + struct.pack("<HHHHB", 0, 0, 65_000, 65_000, 0),
        b"RIFF\0\0\0\0WEBPVP8X\n\0\0\0\0\0\0\0" + b"\xff\xff\xff" * 2,
        b"BM" + b"\0" * 12 + struct.pack("<Iii", 40, 60_000, -60_000),
        b"P6\n# so large\n60000 60000\n255\n",
        tiff(b"II", [(256, 4, (60_000,)), (257, 4, (60_000,))]),
        tiff(b"MM", [(256, 3, (60_000, 0)), (257, 3, (60_000, 0))]),
        tiff(b"II", [(256, 4, (8,)), (257, 4, (8,)), (322, 4, (60_000,)), (323, 4, (60_000,))]),
    ],
    ids=[
        "png",
        "jpeg",
        "progressive",
        "gif",
        "gif-image",
        "webp",
        "bmp",
        "ppm",
        "tiff",
        "tiff-big-endian",
        "tiff-tiles",
    ],
)
def test_a_picture_that_claims_too_much_is_refused_by_its_size_and_never_decoded(bomb, monkeypatch):
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    with pytest.raises(SourceError, match=r"more than source.max_megapixels, 1, allows") as refused:
        decode_picture(bomb, "the photo bomb", MOST_PIXELS)
    assert refused.value.reason.startswith("the photo bomb gives pictures of ")


def test_a_cameras_jpeg_that_claims_too_much_is_refused_and_never_decoded(monkeypatch):
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    decoder = JpegDecoder("/dev/video0", MOST_PIXELS, colour="none")
    with pytest.raises(SourceError, match="/dev/video0 gives pictures of 65000 x 65000 pixels"):
        decoder.decode(huge_jpeg(65_000, 65_000))


@pytest.mark.parametrize(
    "data", [b"", b"no picture", b"#?RADIANCE\n", b"v/1\x01", b"\x59\xa6\x6a\x95", b"\xff\xd8\xff\xd9"]
)
def test_what_no_camera_sends_is_not_decoded(data, monkeypatch):
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    with pytest.raises(SourceError, match="not a whole picture of a known kind"):
        decode_picture(data, "it", MOST_PIXELS)


@pytest.mark.skipif(cv2.__version__.startswith("4.10."), reason="OpenCV 4.10 reads such a TIFF as a photograph")
def test_a_tiff_of_floating_point_numbers_is_called_what_it_is_and_not_damaged():
    data = cv2.imencode(".tiff", PIXELS.astype(np.float32))[1].tobytes()
    with pytest.raises(SourceError, match="floating-point numbers, no photograph; save it with 8 or 16 bits"):
        decode_picture(data, "the photo", MOST_PIXELS)
    assert decode_picture(encoded(".tiff", PIXELS.astype(np.uint16) * 257), "it", MOST_PIXELS).dtype == np.uint8


def test_a_damaged_picture_is_called_damaged():
    with pytest.raises(SourceError, match="it is a damaged PNG"):
        decode_picture(encoded(".png")[:60], "it", MOST_PIXELS)
