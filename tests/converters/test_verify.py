import numpy as np
import pytest

from converters.verify import Parity, compare, require_parity
from device.errors import EXIT_GATE, GateError


def _scores(*names):
    """Scores that are sure of these labels."""
    return np.eye(3, dtype=np.float32)[list(names)]


def _parity(loss=0.0, agreement=1.0):
    return Parity(1000, agreement, 0.01, 1000, 0.9, 0.9 - loss)


def test_accuracy_counts_faces_with_a_label_and_agreement_all():
    parity = compare(_scores(0, 1, 2, 0), _scores(0, 1, 1, 2), np.array([0, 1, 2, -1]))
    assert parity.labelled == 3
    assert parity.float_accuracy == 1.0
    assert parity.int8_accuracy == pytest.approx(2 / 3)
    assert parity.accuracy_loss == pytest.approx(1 / 3)
    assert parity.faces == 4
    assert parity.agreement == 0.5


def test_the_difference_of_scores_is_their_mean():
    parity = compare(np.array([[0.5, 0.5]], np.float32), np.array([[0.6, 0.3]], np.float32), np.array([0]))
    assert parity.mean_difference == pytest.approx(0.15)


def test_without_labels_accuracy_is_unknown_and_agreement_still_counts():
    parity = compare(_scores(0, 1), _scores(0, 1), np.array([-1, -1]))
    assert parity.float_accuracy is None
    assert parity.int8_accuracy is None
    assert parity.agreement == 1.0
    require_parity(parity, max_accuracy_loss=0.0, min_agreement=1.0)


@pytest.mark.parametrize(
    "parity", [_parity(), _parity(loss=0.003), _parity(loss=-0.01), _parity(agreement=0.98)], ids=str
)
def test_what_is_allowed_passes(parity):
    require_parity(parity, max_accuracy_loss=0.003, min_agreement=0.98)


@pytest.mark.parametrize(
    ("parity", "message"),
    [
        (_parity(loss=0.004), "accuracy falls by 0.40%, and 0.30% is allowed"),
        (_parity(agreement=0.97), "97.00% of the faces alike, and 98.00% is required"),
        (_parity(loss=0.1, agreement=0.5), "accuracy falls .* alike"),
    ],
    ids=["accuracy", "agreement", "both"],
)
def test_what_is_not_allowed_misses_the_gate(parity, message):
    with pytest.raises(GateError, match=message) as raised:
        require_parity(parity, max_accuracy_loss=0.003, min_agreement=0.98)
    assert raised.value.exit_code == EXIT_GATE
