"""Whatever stands in a model file, its archive or its card is a model or a refusal."""

import json

import pytest
from hypothesis import strategies as st

from device.classify.classifier import BUNDLED_MODEL
from device.contract import container
from device.contract.model_card import ModelCard
from tests.fuzz.fuzzing import hammer, mutated, outcome_of, seeds

WHOLE = BUNDLED_MODEL.read_bytes()
FLATBUFFER, CARD = container.take_apart(WHOLE, "the model that ships")
ARCHIVE = WHOLE[len(FLATBUFFER) :]
KEYS = sorted(json.loads(CARD))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda parts: st.one_of(st.lists(parts, max_size=3), st.dictionaries(st.text(max_size=8), parts, max_size=3)),
    max_leaves=6,
)


@st.composite
def archives(draw: st.DrawFn) -> bytes:
    """The shipped flatbuffer's beginning with a damaged archive, or one that was sealed again."""
    return FLATBUFFER[:512] + draw(mutated(ARCHIVE))


@st.composite
def cards(draw: st.DrawFn) -> bytes:
    """The shipped card with other values."""
    card = json.loads(CARD)
    for key in draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=3)):
        value = card.get(key)
        if isinstance(value, dict) and value and draw(st.booleans()):
            value[draw(st.sampled_from(sorted(value)))] = draw(VALUES)
        else:
            card[key] = draw(VALUES)
    return json.dumps(card).encode()


def check(data: bytes) -> str:
    def use() -> None:
        if data.startswith(b"{"):
            use_card(container.parse_card(data, "model.tflite"))
        else:
            container.unpack(data, "model.tflite")

    return outcome_of(use)


def use_card(card: ModelCard) -> None:
    spec = card.input.spec()
    for example in card.golden.examples:
        example.array(spec)


@pytest.mark.parametrize("data", seeds("models"))
def test_what_once_failed_is_dealt_with(data):
    check(data)


@pytest.mark.slow
def test_any_model_file_is_taken_or_refused():
    kinds = st.one_of(archives(), cards(), mutated(CARD), st.binary(max_size=300))
    outcomes = hammer("models", kinds, check)
    assert set(outcomes) <= {"taken", "refused with 69"}
