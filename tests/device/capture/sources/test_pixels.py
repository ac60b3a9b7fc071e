"""Layouts with and without padding give the picture that was laid out."""

import cv2
import numpy as np
import pytest

from device.capture.sources.pixels import Layout, with_chroma
from device.errors import SourceError

WIDTH, HEIGHT = 8, 6
RANDOM = np.random.default_rng(1)
BGR = cv2.resize(RANDOM.integers(0, 256, (3, 4, 3), np.uint8), (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST)
I420 = cv2.cvtColor(BGR, cv2.COLOR_BGR2YUV_I420)
LUMA = I420[:HEIGHT]
U = I420[HEIGHT:].reshape(-1)[: WIDTH * HEIGHT // 4].reshape(HEIGHT // 2, WIDTH // 2)
V = I420[HEIGHT:].reshape(-1)[WIDTH * HEIGHT // 4 :].reshape(HEIGHT // 2, WIDTH // 2)


def padded(rows, padding: int) -> np.ndarray:
    """Rows of bytes, each with some that belong to no pixel."""
    flat = rows.reshape(len(rows), -1)
    return np.pad(flat, ((0, 0), (0, padding)), constant_values=99).reshape(-1)


def laid_out(form: str, padding: int) -> np.ndarray:
    half = padding // 2
    parts = {
        "YUV420": [padded(LUMA, padding), padded(U, half), padded(V, half)],
        "YVU420": [padded(LUMA, padding), padded(V, half), padded(U, half)],
        "NV12": [padded(LUMA, padding), padded(np.stack([U, V], axis=2), padding)],
        "NV21": [padded(LUMA, padding), padded(np.stack([V, U], axis=2), padding)],
        "R8": [padded(LUMA, padding)],
        "RGB888": [padded(BGR, padding)],
        "XRGB8888": [padded(np.dstack([BGR, np.full((HEIGHT, WIDTH), 255, np.uint8)]), padding)],
    }[form]
    # Drivers round buffers up to whole pages.
    return np.concatenate([*parts, np.zeros(50, np.uint8)])


def layout(form: str, padding: int) -> Layout:
    bytes_per_pixel = {"RGB888": 3, "XRGB8888": 4}.get(form, 1)
    return Layout(form, WIDTH, HEIGHT, WIDTH * bytes_per_pixel + padding)


@pytest.mark.parametrize("padding", [0, 2, 24])
@pytest.mark.parametrize("form", ["YUV420", "YVU420", "NV12", "NV21", "R8"])
def test_the_grey_is_the_luma_plane_in_place(form, padding):
    buffer = laid_out(form, padding)
    grey = layout(form, padding).grey(buffer)
    assert (grey == LUMA).all()
    assert np.shares_memory(grey, buffer)


@pytest.mark.parametrize("padding", [0, 3, 24])
@pytest.mark.parametrize("form", ["RGB888", "XRGB8888"])
def test_packed_colours_are_seen_in_place(form, padding):
    buffer = laid_out(form, padding)
    bgr = layout(form, padding).bgr(buffer)
    assert (bgr == BGR).all()
    assert np.shares_memory(bgr, buffer)


@pytest.mark.parametrize("padding", [0, 2, 24])
@pytest.mark.parametrize("form", ["YUV420", "YVU420", "NV12", "NV21"])
def test_colours_come_from_yuv_where_there_is_nothing_else(form, padding):
    assert layout(form, padding).has_colour
    bgr = layout(form, padding).bgr(laid_out(form, padding))
    expected = cv2.cvtColor(I420, cv2.COLOR_YUV2BGR_I420)
    assert (bgr == expected).all()


@pytest.mark.parametrize("padding", [0, 2, 24])
@pytest.mark.parametrize("form", ["YUV420", "YVU420", "NV12", "NV21"])
def test_the_chroma_is_copied_as_it_is_whatever_its_order(form, padding):
    assert layout(form, padding).has_chroma
    buffer = laid_out(form, padding)
    chroma = layout(form, padding).chroma(buffer)
    assert (chroma == np.dstack([U, V])).all()
    assert not np.shares_memory(chroma, buffer)


def test_with_its_chroma_a_luma_gives_the_colours_back():
    bgr = np.full((48, 64, 3), (200, 60, 20), np.uint8)
    y, cr, cb = np.moveaxis(np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2YCrCb), np.uint8), 2, 0)
    found = with_chroma(np.ascontiguousarray(y), np.dstack([cb, cr])[::2, ::2])
    assert found.shape == (24, 32, 3)
    assert np.abs(found.astype(int) - (200, 60, 20)).max() <= 2


def test_a_grey_sensor_has_no_colour():
    assert not layout("R8", 0).has_colour
    assert not layout("R8", 0).has_chroma


@pytest.mark.parametrize("size", [(641, 480), (640, 481)])
def test_a_picture_with_half_a_pair_of_pixels_gives_no_small_colours(size):
    width, height = size
    assert not Layout("YUV420", width, height, width).has_chroma


@pytest.mark.parametrize("form", ["RGB888", "MJPEG", "YUYV", "SRGGB10_CSI2P"])
def test_what_has_no_luma_plane_is_no_grey(form):
    assert not layout(form, 0).has_grey


@pytest.mark.parametrize("form", ["YUV420", "NV12"])
def test_a_buffer_that_is_too_short_is_refused(form):
    buffer = laid_out(form, 0)
    with pytest.raises(SourceError, match="40 bytes where"):
        layout(form, 0).grey(buffer[:40])
    with pytest.raises(SourceError, match="60 bytes"):
        layout(form, 0).bgr(buffer[:60])
    with pytest.raises(SourceError, match="60 bytes"):
        layout(form, 0).chroma(buffer[:60])


def test_rows_that_are_shorter_than_their_pixels_are_refused():
    with pytest.raises(SourceError, match="rows of 8 bytes for 8 pixels of RGB888"):
        Layout.of({"format": "RGB888", "size": (8, 6), "stride": 8})
