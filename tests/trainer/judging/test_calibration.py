import numpy as np
import pytest

from trainer.judging.calibration import BINS, bin_of, calibration


def test_calibration_error_is_the_one_worked_out_by_hand():
    # Two faces at 0.90, one right: off by 0.40. Two at 0.55, both right: off by 0.45. On average 0.425.
    confidence = np.array([0.9, 0.9, 0.55, 0.55], np.float32)
    found = calibration(confidence, np.array([True, False, True, True]))
    assert found.ece.value == pytest.approx(0.425, abs=1e-6)
    assert found.confidence == pytest.approx(0.725, abs=1e-6)
    assert [(one.count, one.accuracy.value) for one in found.bins] == [(2, 1.0), (2, 0.5)]


def test_calibration_error_is_that_of_a_plain_loop():
    random = np.random.default_rng(5)
    confidence = random.uniform(0.15, 1.0, 400)
    right = random.random(400) < confidence**2
    expected = 0.0
    for index in range(BINS):
        inside = (confidence > index / BINS) & (confidence <= (index + 1) / BINS)
        if inside.any():
            expected += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
    found = calibration(confidence.astype(np.float32), right)
    assert found.ece.value == pytest.approx(expected, abs=1e-6)
    assert found.ece.low < found.ece.value < found.ece.high


def test_a_confidence_on_an_edge_belongs_to_the_bin_below_it():
    assert bin_of(np.array([0.0, 1 / 15, 1 / 15 + 1e-6, 3 / 15, 1.0])).tolist() == [0, 0, 1, 2, 14]


def test_a_model_that_is_as_right_as_it_is_sure_has_hardly_an_error():
    confidence = np.repeat([0.5, 0.9], 1000).astype(np.float32)
    right = np.concatenate([np.arange(1000) < 500, np.arange(1000) < 900])
    assert calibration(confidence, right).ece.value == pytest.approx(0.0, abs=1e-6)


def test_bins_tell_their_mean_confidence_and_only_those_with_faces_are_reported():
    (only,) = calibration(np.array([0.7, 0.72], np.float32), np.array([True, True])).bins
    assert only.confidence == pytest.approx(0.71)
    assert (only.low, only.high) == (10 / 15, 11 / 15)
