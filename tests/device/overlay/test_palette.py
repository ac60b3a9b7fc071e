"""Colours through other eyes.

Simulation: G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, "A physiologically-based model for simulation of color
vision deficiency", IEEE TVCG 15, 2009: the matrices of severity 1.0, applied to linear RGB. Contrast: WCAG 2.2.
"""

from itertools import combinations

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from device.contract.labels import EMOTIONS
from device.overlay.palette import (
    GREEN,
    GROUND,
    MUTED_TEXT,
    ORANGE,
    PANEL_GREY,
    TEXT,
    VERMILLION,
    Colour,
    colour_of,
)
from device.records import UNCERTAIN

EYES = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
# CIEDE2000: 1 is just noticeable side by side, 2.3 at a glance, 10 is another colour.
LEAST_DISTANCE = 10.0


def _linear(colour: Colour) -> np.ndarray:
    share = np.array(colour[::-1]) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def _seen(colour: Colour, eyes: str) -> np.ndarray:
    linear = np.clip(EYES[eyes] @ _linear(colour), 0, 1)
    return rgb2lab(np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055))


def _contrast(ink: Colour, ground: Colour) -> float:
    weights = np.array([0.2126, 0.7152, 0.0722])
    lighter, darker = sorted((float(weights @ _linear(colour)) for colour in (ink, ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("eyes", EYES)
def test_emotions_have_colours_that_colour_blind_people_tell_apart(eyes):
    for one, other in combinations(EMOTIONS, 2):
        lab = [_seen(colour_of(label, EMOTIONS), eyes) for label in (one, other)]
        distance = float(deltaE_ciede2000(*lab))
        assert distance >= LEAST_DISTANCE, f"{one} and {other} are {distance:.1f} apart with {eyes}"


def test_the_measure_notices_colours_that_colour_blind_people_confuse():
    red, green = (60, 60, 200), (40, 130, 110)
    assert deltaE_ciede2000(_seen(red, "usual"), _seen(green, "usual")) > 30
    assert deltaE_ciede2000(_seen(red, "deuteranopia"), _seen(green, "deuteranopia")) < 15


@pytest.mark.parametrize("ink", [*(colour_of(label, EMOTIONS) for label in EMOTIONS), TEXT, MUTED_TEXT, ORANGE, GREEN])
def test_words_stand_out_from_the_panel_and_from_the_ground(ink):
    assert _contrast(ink, (PANEL_GREY, PANEL_GREY, PANEL_GREY)) >= 4.5
    assert _contrast(ink, GROUND) >= 4.5


@pytest.mark.parametrize("ink", [colour_of(label, EMOTIONS) for label in EMOTIONS])
def test_words_stand_out_although_a_white_wall_shines_through_the_panel(ink):
    through = round(0.9 * PANEL_GREY + 0.1 * 255)
    assert _contrast(ink, (through, through, through)) >= 3.0  # what WCAG asks of large text


@pytest.mark.parametrize("fill", [colour_of(label, EMOTIONS) for label in EMOTIONS])
def test_the_number_stands_out_from_its_badge(fill):
    assert _contrast(GROUND, fill) >= 4.5


def test_labels_of_another_model_get_colours_of_their_own_and_known_ones_keep_theirs():
    labels = ("happy", "bored", "amused", "tired")
    colours = [colour_of(label, labels) for label in labels]
    assert colours[0] == colour_of("happy", EMOTIONS)
    assert len(set(colours)) == len(labels)


def test_more_labels_than_colours_still_have_one_each():
    labels = tuple(f"mood {number}" for number in range(20))
    assert all(colour_of(label, labels) for label in labels)


def test_a_face_that_is_uncertain_or_not_read_yet_has_no_emotion_s_colour():
    plain = {colour_of(UNCERTAIN, EMOTIONS), colour_of(None, EMOTIONS)}
    assert len(plain) == 1
    assert not plain & {colour_of(label, EMOTIONS) for label in EMOTIONS}
    assert colour_of("angry", EMOTIONS) == VERMILLION
