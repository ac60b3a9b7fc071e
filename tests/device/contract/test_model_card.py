import json
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from device.contract.model_card import GoldenExample, GoldenSet, InputCard, Measurement, ModelCard, Smoothing
from device.contract.preprocess import InputSpec
from tests.device.contract.model_cards import EXAMPLE, SPEC, make_card


def test_a_card_comes_back_from_json_as_it_was():
    card = make_card(
        accuracy=(Measurement(metric="accuracy", split="test", count=9, float_value=0.9, converted_value=0.89),)
    )
    assert ModelCard.model_validate_json(card.to_json()) == card


def test_the_schema_is_written_under_its_name():
    assert json.loads(make_card().to_json())["schema"] == 2


def test_an_input_comes_back_as_preprocessing_wants_it():
    spec = InputSpec(24, 32, (-1.0, 1.0), 0.2)
    assert InputCard.of(spec).spec() == spec


def test_a_golden_input_comes_back_pixel_by_pixel():
    assert np.array_equal(EXAMPLE.array(SPEC)[..., 0], np.arange(72).reshape(8, 9))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": ("calm", "calm")}, "named once each"),
        ({"labels": ("calm", "uncertain")}, "cannot be a label"),
        ({"labels": ("none", "calm")}, "kept for a view without"),
        ({"labels": ("calm",)}, "at least 2"),
        ({"labels": ("calm", " ")}, "at least 1 character"),
        ({"labels": ("calm", "cross", "glad")}, "2 scores for 3 labels"),
        ({"name": ""}, "at least 1 character"),
        ({"golden": {"tolerance": 0.04, "examples": ()}}, "at least 1 item"),
        ({"input": InputCard.of(InputSpec(9, 9))}, "72 bytes, not 9 by 9"),
        ({"golden": GoldenSet(tolerance=0.1, examples=(GoldenExample(pixels="?", scores=(0.5, 0.5)),))}, "not base64"),
        ({"made_by": "me"}, "Extra inputs"),
    ],
    ids=str,
)
def test_a_card_whose_parts_do_not_fit_is_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        make_card(**changes)


@pytest.mark.parametrize(
    "wrong",
    [
        {"real_range": (1.0, 0.0)},
        {"real_range": (0.0, float("inf"))},
        {"crop_margin": 2.0},
        {"height": 2},
        {"height": "48"},
        {"colour": "bgr"},
    ],
    ids=str,
)
def test_an_input_that_cannot_be_is_refused(wrong):
    whole: dict[str, Any] = {"height": 48, "width": 48, "colour": "grey", "real_range": (0.0, 1.0), "crop_margin": 0.1}
    InputCard(**whole)
    with pytest.raises(ValidationError):
        InputCard(**(whole | wrong))


@pytest.mark.parametrize(
    "wrong",
    [{"enter_threshold": 0.3, "exit_threshold": 0.4}, {"time_constant_s": 0.0}, {"min_dwell_s": -1.0}],
    ids=str,
)
def test_smoothing_that_cannot_work_is_refused(wrong):
    with pytest.raises(ValidationError):
        Smoothing(**wrong)
