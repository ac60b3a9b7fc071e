import pytest

from converters.model_card import _accuracy
from converters.verify import Parity
from device.contract.training_record import TrainingRecord
from tests.converters import tiny

PARITY = Parity(12, 0.99, 0.01, 0.1, labelled=10, reference_accuracy=0.88, converted_accuracy=0.87, by_label={})


@pytest.fixture
def record():
    check = {"metric": "label_accuracy", "split": "test"}
    return TrainingRecord.model_validate(tiny.record(check=check), strict=False)


def test_the_figure_that_the_parity_faces_give_stands_once_with_both_values(record):
    accuracy, equal = _accuracy(record, PARITY)
    assert (accuracy.metric, accuracy.split, accuracy.count) == ("label_accuracy", "test", 10)
    assert (accuracy.float_value, accuracy.converted_value) == (0.88, 0.87)
    assert accuracy.recall == {"noisy": 1.0}
    assert (equal.metric, equal.converted_value, equal.count) == ("equal_decisions", 0.99, 12)


def test_without_labels_the_training_s_own_figure_stays(record):
    unlabelled = Parity(12, 0.99, 0.01, 0.1, labelled=0, reference_accuracy=None, converted_accuracy=None, by_label={})
    accuracy, _ = _accuracy(record, unlabelled)
    assert (accuracy.float_value, accuracy.converted_value) == (0.9, None)
