import pytest

from converters.card import _accuracy
from converters.trained import TrainingRecord
from converters.verify import Parity
from tests.converters import tiny

PARITY = Parity(12, agreement=0.99, mean_difference=0.01, labelled=10, float_accuracy=0.88, int8_accuracy=0.87)


@pytest.fixture
def record():
    check = {"metric": "label_accuracy", "split": "test"}
    return TrainingRecord.model_validate(tiny.record(check=check), strict=False)


def test_the_figure_that_the_parity_faces_give_stands_once_with_both_values(record):
    accuracy, equal = _accuracy(record, PARITY)
    assert (accuracy.metric, accuracy.split, accuracy.count) == ("label_accuracy", "test", 10)
    assert (accuracy.float_value, accuracy.int8_value) == (0.88, 0.87)
    assert accuracy.recall == {"noisy": 1.0}
    assert (equal.metric, equal.int8_value, equal.count) == ("equal_decisions", 0.99, 12)


def test_without_labels_the_training_s_own_figure_stays(record):
    unlabelled = Parity(12, 0.99, 0.01, labelled=0, float_accuracy=None, int8_accuracy=None)
    accuracy, _ = _accuracy(record, unlabelled)
    assert (accuracy.float_value, accuracy.int8_value) == (0.9, None)
