from dataclasses import replace

import numpy as np
import pytest

from converters.verify import (
    QUANTISED,
    SAME_ARITHMETIC,
    LabelParity,
    Parity,
    Thresholds,
    compare,
    missed,
    require_parity,
)
from device.errors import EXIT_GATE, DataError, GateError


def _scores(*names):
    """Scores that are sure of these labels."""
    return np.eye(3, dtype=np.float32)[list(names)]


def _parity(loss=0.0, agreement=1.0, mean=0.0, largest=0.0, faces=1000):
    return Parity(faces, agreement, mean, largest, faces, 0.9, 0.9 - loss, by_label={})


ALLOWED = Thresholds(max_accuracy_loss=0.003, min_agreement=0.98, max_mean_difference=0.01, max_difference=0.2)


def test_accuracy_counts_faces_with_a_label_and_agreement_all():
    parity = compare(_scores(0, 1, 2, 0), _scores(0, 1, 1, 2), np.array([0, 1, 2, -1]))
    assert parity.labelled == 3
    assert parity.reference_accuracy == 1.0
    assert parity.converted_accuracy == pytest.approx(2 / 3)
    assert parity.accuracy_loss == pytest.approx(1 / 3)
    assert parity.faces == 4
    assert parity.agreement == 0.5


def test_each_label_has_its_own_row():
    parity = compare(_scores(0, 0, 1, 2), _scores(0, 1, 1, 1), np.array([0, 0, 1, -1]))
    assert parity.by_label == {
        0: LabelParity(faces=2, reference_recall=1.0, converted_recall=0.5, agreement=0.5),
        1: LabelParity(faces=1, reference_recall=1.0, converted_recall=1.0, agreement=1.0),
    }


def test_the_difference_of_scores_is_reported_as_mean_and_largest():
    parity = compare(np.array([[0.5, 0.5]], np.float32), np.array([[0.6, 0.3]], np.float32), np.array([0]))
    assert parity.mean_difference == pytest.approx(0.15)
    assert parity.largest_difference == pytest.approx(0.2)


def test_without_labels_accuracy_is_unknown_and_agreement_still_counts():
    parity = compare(_scores(0, 1), _scores(0, 1), np.array([-1, -1]))
    assert parity.reference_accuracy is None
    assert parity.converted_accuracy is None
    assert parity.agreement == 1.0
    assert not missed(parity, Thresholds(0.0, 1.0, 0.0, 0.0))


def test_networks_with_other_labels_are_not_compared():
    with pytest.raises(DataError, match=r"scores \(2, 3\) and \(2, 2\)"):
        compare(_scores(0, 1), _scores(0, 1)[:, :2], np.array([0, 1]))


def test_a_score_that_is_no_number_is_no_agreement():
    with pytest.raises(DataError, match="no number"):
        compare(_scores(0), np.full((1, 3), np.nan, np.float32), np.array([0]))


@pytest.mark.parametrize(
    "parity",
    [
        _parity(),
        _parity(loss=0.003),
        _parity(loss=-0.01),
        _parity(agreement=0.98),
        _parity(mean=0.01),
        _parity(largest=0.2),
    ],
    ids=str,
)
def test_what_is_allowed_passes(parity):
    assert not missed(parity, ALLOWED)


@pytest.mark.parametrize(
    ("parity", "message"),
    [
        (_parity(loss=0.004), "accuracy falls by 0.40%, and 0.30% is allowed"),
        (_parity(agreement=0.97), "97.00% of the faces alike, and 98.00% is required"),
        (_parity(mean=0.02), "differ by 0.0200 in the mean, and 0.01 is allowed"),
        (_parity(largest=0.25), "one score differs by 0.250, and 0.2 is allowed"),
        (_parity(loss=0.1, agreement=0.5), "accuracy falls .* alike"),
    ],
    ids=["accuracy", "agreement", "mean", "largest", "both"],
)
def test_what_is_not_allowed_misses_the_gate(parity, message):
    with pytest.raises(GateError, match=message) as raised:
        require_parity(parity, ALLOWED, "do better")
    assert raised.value.exit_code == EXIT_GATE
    assert raised.value.remedy == "do better"


def test_of_few_faces_one_may_differ_and_not_two():
    """One of 45 faces is 2.2%, and 2% is allowed."""
    one, two = (_parity(faces=45, loss=count / 45, agreement=1 - count / 45) for count in (1, 2))
    assert not missed(one, ALLOWED)
    assert len(missed(two, ALLOWED)) == 2
    assert len(missed(one, replace(ALLOWED, max_accuracy_loss=0.0, min_agreement=1.0))) == 2


def test_the_same_arithmetic_is_held_more_tightly_than_eight_bits():
    assert SAME_ARITHMETIC.max_accuracy_loss < QUANTISED.max_accuracy_loss
    assert SAME_ARITHMETIC.min_agreement > QUANTISED.min_agreement
    assert SAME_ARITHMETIC.max_difference < QUANTISED.max_difference
