import numpy as np
import pytest

from device.errors import RecordError
from trainer.judging.confusion import Confusion

LABELS = ("happy", "sad", "fear")
# By hand: happy 3 of 4 right, sad 1 of 2, fear 0 of 1; named happy 4 times, sad 3 times, fear never.
TRUTH = np.array([0, 0, 0, 0, 1, 1, 2])
ANSWERS = np.array([0, 0, 0, 1, 1, 0, 1])


@pytest.fixture
def confusion():
    return Confusion.of(TRUTH, ANSWERS, LABELS, LABELS)


def test_rows_are_labels_and_columns_are_answers(confusion):
    assert confusion.counts.tolist() == [[3, 1, 0], [1, 1, 0], [0, 1, 0]]


def test_accuracy_is_the_share_on_the_diagonal(confusion):
    assert confusion.accuracy.value == pytest.approx(4 / 7)


def test_precision_recall_and_f1_are_those_worked_out_by_hand(confusion):
    happy, sad, fear = confusion.classes
    assert (happy.precision, happy.recall.value, happy.f1, happy.support) == (3 / 4, 3 / 4, pytest.approx(3 / 4), 4)
    assert (sad.precision, sad.recall.value, sad.f1) == (pytest.approx(1 / 3), 1 / 2, pytest.approx(0.4))
    assert (fear.precision, fear.recall.value, fear.f1, fear.named) == (None, 0.0, 0.0, 0)


def test_macro_figures_are_means_over_labels_however_rare(confusion):
    assert confusion.balanced_accuracy.value == pytest.approx((3 / 4 + 1 / 2 + 0) / 3)
    assert confusion.macro_f1.value == pytest.approx((3 / 4 + 0.4 + 0) / 3)
    assert confusion.macro_precision == pytest.approx((3 / 4 + 1 / 3 + 0) / 3)


def test_a_label_without_faces_has_no_part_in_the_means():
    confusion = Confusion.of(np.array([0, 0, 1]), np.array([0, 0, 0]), LABELS, LABELS)
    assert confusion.balanced_accuracy.value == pytest.approx(0.5)
    assert confusion.classes[2].support == 0


def test_an_answer_that_the_data_does_not_know_is_wrong_and_has_a_column():
    confusion = Confusion.of(np.array([0, 1]), np.array([0, 2]), ("happy", "sad"), LABELS)
    assert confusion.counts.tolist() == [[1, 0, 0], [0, 0, 1]]
    assert confusion.accuracy.value == 0.5


def test_many_faces_give_the_figures_of_a_count_one_by_one():
    random = np.random.default_rng(3)
    truth, answers = random.integers(0, 3, 500), random.integers(0, 3, 500)
    confusion = Confusion.of(truth, answers, LABELS, LABELS)
    for index, one in enumerate(confusion.classes):
        hits = sum(t == a == index for t, a in zip(truth, answers, strict=True))
        assert one.precision == pytest.approx(hits / sum(answers == index))
        assert one.recall.value == pytest.approx(hits / sum(truth == index))
        precision, recall = hits / sum(answers == index), hits / sum(truth == index)
        assert one.f1 == pytest.approx(2 * precision * recall / (precision + recall))


def test_a_macro_figure_lies_in_its_interval(confusion):
    for interval in (confusion.macro_f1, confusion.balanced_accuracy):
        assert interval.low <= interval.value <= interval.high


def test_a_label_that_cannot_be_answered_is_refused():
    with pytest.raises(RecordError, match="disgust"):
        Confusion(("disgust",), LABELS, np.zeros((1, 3), np.int64))
