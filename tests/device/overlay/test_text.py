import math
import sys
from pathlib import Path

import numpy as np
import pytest

from device.errors import UnavailableError
from device.overlay.canvas import put_run
from device.overlay.scale import SMALL_CAP_SHARE, WORD_CAP_SHARE, Scale
from device.overlay.text import SHIPPED_FONT, Typeface

FACE = Typeface()
DISTANCE_MM = 2000.0
SCREEN_24_INCH_HEIGHT_MM = 24 * 25.4 * 9 / math.hypot(16, 9)


def _arc_minutes(share_of_height: float) -> float:
    return math.degrees(math.atan(share_of_height * SCREEN_24_INCH_HEIGHT_MM / DISTANCE_MM)) * 60


def test_capitals_are_as_high_at_2_m_as_iso_9241_303_asks():
    assert 20.0 <= _arc_minutes(WORD_CAP_SHARE) <= 22.0
    assert _arc_minutes(SMALL_CAP_SHARE) >= 16.0


@pytest.mark.parametrize(("size", "word_px", "small_px"), [((1280, 720), 28, 23), ((1920, 1080), 42, 34)])
def test_letters_have_that_height_in_pixels(size, word_px, small_px):
    scale = Scale.of(size, 1.0, FACE)
    assert (scale.word_cap, scale.small_cap) == (word_px, small_px)
    drawn = FACE.run("H", scale.word).coverage
    assert np.count_nonzero((drawn > 127).any(axis=1)) == pytest.approx(word_px, abs=1)


def test_text_grows_with_its_scale_and_a_narrow_screen_s_fits_across():
    usual, large = (Scale.of((1280, 720), text_scale, FACE) for text_scale in (1.0, 1.5))
    assert large.word == pytest.approx(1.5 * usual.word, abs=1)
    assert Scale.of((480, 800), 1.0, FACE).word < Scale.of((800, 480), 1.0, FACE).word


@pytest.mark.parametrize("text", ["é", "ü", "ß", "ñ", "ł", "ő", "ş", "ự", "Ω", "ή", "ж", "ї", "…", "Č"])
def test_the_shipped_font_has_the_letters_of_europe(text):
    missing = FACE.run("\uffff", 40).coverage
    drawn = FACE.run(text, 40).coverage
    assert drawn.max() > 200
    assert not np.array_equal(drawn, missing)


def test_an_accent_is_part_of_the_letter_and_not_lost():
    plain, accented = FACE.run("e", 40), FACE.run("é", 40)
    assert accented.top_px < plain.top_px


def test_a_run_is_drawn_once():
    assert FACE.run("happy", 31) is FACE.run("happy", 31)


def test_text_that_is_too_long_ends_with_an_ellipsis_and_fits():
    for most_px in (5, 20, 60, 100):
        text = FACE.shortened("a very long word indeed", 20, most_px)
        assert FACE.width(text, 20) <= most_px
        assert text == "" or text.endswith("…")
    assert FACE.shortened("short", 20, 500) == "short"


def test_ink_is_the_colour_asked_for_and_blends_at_its_edges():
    canvas = np.full((60, 60, 3), 100, np.uint8)
    put_run(canvas, FACE.run("H", 40), (10, 50), (0, 200, 250))
    pixels = {tuple(int(value) for value in pixel) for pixel in canvas.reshape(-1, 3)}
    assert {(100, 100, 100), (0, 200, 250)} < pixels


def test_text_over_the_edge_is_cut_there():
    canvas = np.zeros((20, 20, 3), np.uint8)
    for at in ((-15, 15), (10, 5), (10, 40), (200, 10)):
        put_run(canvas, FACE.run("WWW", 30), at, (255, 255, 255))
    assert canvas.any()


def test_a_font_of_one_s_own_is_used(tmp_path):
    copy = tmp_path / "own.otf"
    copy.write_bytes(SHIPPED_FONT.read_bytes())
    assert np.array_equal(Typeface(copy).run("H", 40).coverage, FACE.run("H", 40).coverage)


@pytest.mark.parametrize("content", [None, b"", b"no font at all"])
def test_a_font_that_is_missing_or_none_is_told_with_what_to_do(tmp_path, content):
    path = tmp_path / "own.ttf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnavailableError, match=r"own\.ttf is no font.*overlay\.font"):
        Typeface(path)


def test_without_pillow_it_is_told_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(UnavailableError, match=r"pip install 'affectd\[overlay\]'"):
        Typeface()


def test_the_font_s_licence_lies_beside_it():
    assert "SIL OPEN FONT LICENSE Version 1.1" in SHIPPED_FONT.with_name("OFL.txt").read_text(encoding="utf-8")
    assert Path(SHIPPED_FONT).stat().st_size < 80_000
