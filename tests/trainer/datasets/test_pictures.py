import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from device.contract.preprocess import InputSpec
from tests.device.contract.test_picture_header import huge_jpeg, png
from tests.trainer.datasets.drawn import draw
from tests.trainer.files import picture
from trainer.datasets.pictures import MOST_BYTES, read_bgr, read_picture, read_pictures

SPEC = InputSpec()


def _read(path, spec=SPEC):
    read = read_picture(path, spec)
    assert isinstance(read, np.ndarray), read
    return read


def test_a_grey_picture_is_read_to_the_pixel(tmp_path):
    np.testing.assert_array_equal(_read(draw(tmp_path / "a.png", 3, 5))[..., 0], picture(3, 5))


@pytest.mark.parametrize("suffix", ["png", "jpg", "jpeg", "bmp", "webp", "tiff"])
def test_every_usual_kind_is_read(tmp_path, suffix):
    read = _read(draw(tmp_path / f"a.{suffix}", 1, 1))
    assert np.abs(read[..., 0].astype(int) - picture(1, 1)).mean() < 12


def test_a_large_colour_picture_is_made_grey_and_small(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.full((200, 300, 3), (0, 0, 255), np.uint8))
    read = _read(tmp_path / "a.png", InputSpec(height=32, width=64))
    assert read.shape == (32, 64, 1)
    assert read.mean() == pytest.approx(76, abs=1)


def test_sixteen_bits_become_eight(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.full((48, 48), 128 * 256, np.uint16))
    assert set(np.unique(_read(tmp_path / "a.png"))) == {128}


def test_transparency_is_left_out(tmp_path):
    grey = picture(1, 1)
    cv2.imwrite(str(tmp_path / "a.png"), np.dstack([grey, grey, grey, np.zeros_like(grey)]))
    np.testing.assert_array_equal(_read(tmp_path / "a.png")[..., 0], grey)


def test_a_cmyk_jpeg_is_read(tmp_path):
    image = pytest.importorskip("PIL.Image")
    image.new("CMYK", (48, 48), (0, 0, 0, 128)).save(tmp_path / "a.jpg")
    assert _read(tmp_path / "a.jpg").mean() == pytest.approx(127, abs=3)


@pytest.mark.parametrize("huge", [png(30_000, 30_000), huge_jpeg(60_000, 60_000)], ids=["png", "jpeg"])
def test_a_small_file_that_claims_gigabytes_is_not_decoded(tmp_path, huge):
    (tmp_path / "huge").write_bytes(huge)
    assert "at most 100,000,000 are read" in str(read_picture(tmp_path / "huge", SPEC))
    assert "at most 100,000,000 are read" in str(read_bgr(tmp_path / "huge"))


def test_a_picture_of_a_kind_that_no_camera_saves_is_refused(tmp_path):
    cv2.imwrite(str(tmp_path / "a.jp2"), picture(1, 1))
    assert read_picture(tmp_path / "a.jp2", SPEC) == "is no picture or a damaged one"


def test_a_picture_of_floating_point_numbers_says_how_to_save_it(tmp_path):
    cv2.imwrite(str(tmp_path / "a.tiff"), picture(1, 1).astype(np.float32))
    assert "save it with 8 or 16 bits" in str(read_picture(tmp_path / "a.tiff", SPEC))


def test_neither_a_device_without_end_nor_a_pipe_nor_a_file_of_any_size_is_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    for path in (Path("/dev/zero"), tmp_path / "pipe.png"):
        assert (
            read_picture(path, SPEC) == f"cannot be read: a file is expected at {path}, and there is a pipe or device"
        )
    with (tmp_path / "large.png").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    assert "400,000,001 bytes, and 400,000,000 bytes are expected at most" in str(
        read_picture(tmp_path / "large.png", SPEC)
    )


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "webp"])
def test_half_a_picture_is_none(tmp_path, suffix):
    path = draw(tmp_path / f"a.{suffix}", 6, 1)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert read_picture(path, SPEC) in {"is cut off", "is no picture or a damaged one"}


def test_what_cannot_be_read_is_reported_and_the_rest_is_in_its_place(tmp_path, capfd):
    paths = [draw(tmp_path / "0.png", 1, 1), tmp_path / "1.png", tmp_path / "2.png", tmp_path / "3.png", tmp_path]
    paths[2].write_bytes(b"")
    paths[3].write_bytes(b"\x89PNG\r\n\x1a\n" + b"nonsense" * 20)
    into = np.zeros((5, 48, 48, 1), np.uint8)
    calls: list[tuple[int, int]] = []
    read = read_pictures(paths, into, lambda done, total: calls.append((done, total)))
    assert read.failed == {
        1: "is not there",
        2: "is empty (0 bytes)",
        3: "is no picture or a damaged one",
        4: f"cannot be read: a file is expected at {tmp_path}, and there is a folder",
    }
    np.testing.assert_array_equal(into[0, ..., 0], picture(1, 1))
    assert calls == [(5, 5)]
    assert capfd.readouterr().err == ""


def test_a_jpeg_of_which_a_part_was_lost_is_no_picture(tmp_path, capfd):
    smooth = cv2.GaussianBlur(np.random.default_rng(1).integers(0, 256, (240, 320, 3)).astype(np.uint8), (0, 0), 3)
    whole, torn = tmp_path / "whole.jpg", tmp_path / "torn.jpg"
    cv2.imwrite(str(whole), smooth)
    data = bytearray(whole.read_bytes())
    data[len(data) // 2 : len(data) * 3 // 4] = bytes(len(data) // 4)
    torn.write_bytes(data)
    into = np.zeros((2, 48, 48, 1), np.uint8)
    assert read_pictures([whole, torn], into).failed == {1: "is damaged: a part of its data is not what was saved"}
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_values_of_fewer_bits_in_sixteen_are_no_darkness(tmp_path, bits):
    levels = np.tile(np.arange(48) * 5 + 15, (48, 1))
    cv2.imwrite(str(tmp_path / "a.png"), (levels << (bits - 8)).astype(np.uint16))
    assert _read(tmp_path / "a.png")[0, :, 0].tolist() == levels[0].tolist()


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_tiff_in_which_white_is_zero_is_no_negative(tmp_path, kind):
    tifffile = pytest.importorskip("tifffile")
    grey = np.tile(np.arange(48) * 5, (48, 1)).astype(kind)
    stored = (grey << 8 if kind == np.uint16 else grey).astype(kind)
    tifffile.imwrite(tmp_path / "a.tif", np.iinfo(kind).max - stored, photometric="miniswhite")
    assert np.abs(_read(tmp_path / "a.tif")[0, :, 0].astype(int) - grey[0]).max() <= 1


def test_pictures_are_known_again_by_their_pixels_whatever_they_are_called_and_read_for(tmp_path):
    first, second = draw(tmp_path / "a.png", 1, 1), draw(tmp_path / "b.bmp", 1, 1)
    small, large = np.zeros((1, 24, 24, 1), np.uint8), np.zeros((1, 64, 64, 1), np.uint8)
    np.testing.assert_array_equal(read_pictures([first], small).digests, read_pictures([second], large).digests)
