"""Drawings against pictures that were looked at; ``python -m tests.device.overlay.make_golden`` makes them anew."""

import cv2
import pytest

from device.overlay.display_options import DisplayOptions
from device.overlay.draw import draw
from device.overlay.settings import OverlaySettings
from tests.device.overlay.likeness import NAMES, SIZE, differences, path_of, render
from tests.device.overlay.scenes import face, scene


@pytest.mark.parametrize("name", NAMES)
def test_the_overlay_looks_as_it_was_approved(name):
    golden = cv2.imread(str(path_of(name)))
    assert golden is not None, f"{path_of(name)} is missing"
    assert not differences(render(name), golden)


def test_every_committed_picture_is_compared():
    assert {path.stem for path in path_of("full").parent.glob("*.png")} == set(NAMES)


def _drawn(emotion="happy", **changes):
    return draw(scene(face(1, (0.2, 0.3, 0.15, 0.2), emotion), **changes), SIZE, OverlaySettings(), DisplayOptions())


@pytest.mark.parametrize(
    "other",
    [
        lambda: _drawn("sad"),
        lambda: _drawn(broker="away"),
        lambda: _drawn(fps=7.2),
        lambda: _drawn(source="paused"),
    ],
)
def test_a_comparison_notices_another_word_broker_rate_or_state(other):
    assert differences(other(), _drawn())
