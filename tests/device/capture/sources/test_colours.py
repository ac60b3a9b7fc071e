"""Small colours: as large as a network's look, of the right colour, and not made before somebody looks."""

import cv2
import numpy as np
import pytest

from device.capture.sources import colours
from device.capture.sources.colours import small_share, split_colours, thinned
from device.capture.sources.jpeg import JpegDecoder
from device.contract.picture_header import read_header

BGR = (200, 60, 20)


def plain(width: int, height: int) -> np.ndarray:
    return np.full((height, width, 3), BGR, np.uint8)


def jpeg_of(bgr: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", bgr)[1].tobytes()


def decoder(colour) -> JpegDecoder:
    return JpegDecoder("camera", 40_000_000, colour=colour)


@pytest.mark.parametrize(
    ("size", "small"),
    [
        ((640, 480), (320, 240)),
        ((639, 479), (639, 479)),
        ((1280, 720), (320, 180)),
        ((1920, 1080), (480, 270)),
        ((480, 1920), (120, 480)),
        ((64, 48), (64, 48)),
        ((16, 16), (16, 16)),
        ((8000, 6000), (500, 375)),
        ((8000, 1), (500, 1)),
    ],
)
def test_small_colours_are_as_large_as_a_look_and_no_larger_than_twice_that(size, small):
    bgr = thinned(plain(*size))
    assert bgr.shape == (small[1], small[0], 3)
    assert (bgr == BGR).all()


def test_a_picture_without_colours_has_no_small_ones():
    assert set(split_colours(np.zeros((480, 640), np.uint8), colour="small")) == {"grey"}


def test_the_whole_picture_is_not_kept_for_its_small_colours():
    whole = plain(640, 480)
    small = split_colours(whole, colour="small")["small_bgr"]()
    assert not np.shares_memory(small, whole)
    assert small.nbytes < whole.nbytes / 3


@pytest.mark.parametrize("size", [(64, 48), (640, 480), (1280, 720), (2560, 1440), (7680, 4320)])
def test_a_jpegs_small_colours_are_decoded_small_and_only_once_somebody_looks(monkeypatch, size):
    decoded = []
    imdecode = cv2.imdecode

    def noted(data, how):
        decoded.append(how)
        return imdecode(data, how)

    monkeypatch.setattr(cv2, "imdecode", noted)
    parts = decoder("small").decode(jpeg_of(plain(*size)))
    assert parts is not None
    assert decoded == [cv2.IMREAD_GRAYSCALE]
    assert parts["grey"].shape == size[::-1]
    bgr = parts["small_bgr"]()
    assert len(decoded) == 2
    share = small_share(*size)
    assert bgr.shape == (size[1] // share, size[0] // share, 3)
    assert np.abs(bgr.astype(int) - BGR).max() <= 4


def test_a_damaged_jpegs_colours_are_none():
    header = read_header(jpeg_of(plain(640, 480)))
    broken = np.frombuffer(b"\xff\xd8 no more than this", np.uint8)
    assert colours.jpeg_colours(broken, header.width, header.height)() is None
