import numpy as np
import pytest

from trainer.judging.groups import SMALL_GROUP, group_figures
from trainer.judging.intervals import newcombe, wilson

LABELS = ("happy", "sad")


def _figures(**right_of):
    """A grouping where of each group (right, faces) are right; every face is happy."""
    membership = np.array([group for group, (_, count) in right_of.items() for _ in range(count)], np.str_)
    answers = np.array([int(face >= right) for right, count in right_of.values() for face in range(count)])
    return group_figures("age", membership, np.zeros(len(answers), np.int64), answers, LABELS)


def test_groups_stand_from_the_best_to_the_worst():
    grouping = _figures(old=(60, 100), young=(90, 100), middle=(75, 100))
    assert [(one.group, one.accuracy.value) for one in grouping.groups] == [
        ("young", 0.9),
        ("middle", 0.75),
        ("old", 0.6),
    ]


def test_the_gap_is_between_the_best_and_the_worst_and_has_an_interval():
    grouping = _figures(old=(60, 100), young=(90, 100))
    assert grouping.gap == newcombe(wilson(90, 100), wilson(60, 100))
    assert grouping.gap.value == pytest.approx(0.3)


def test_a_small_group_is_shown_warned_of_and_left_out_of_the_gap():
    grouping = _figures(old=(60, 100), young=(90, 100), child=(0, SMALL_GROUP - 1))
    assert grouping.gap.value == pytest.approx(0.3)
    assert grouping.groups[-1].is_small
    assert f"child ({SMALL_GROUP - 1})" in grouping.warning


def test_one_group_that_is_large_enough_has_no_gap():
    grouping = _figures(old=(60, 100), child=(3, 4))
    assert grouping.gap is None
    assert grouping.as_dict()["gap"] is None


def test_a_face_of_no_group_counts_in_none():
    grouping = group_figures("age", np.array(["", "old", ""]), np.array([0, 0, 1]), np.array([0, 1, 1]), LABELS)
    assert [(one.group, one.count) for one in grouping.groups] == [("old", 1)]


def test_balanced_accuracy_is_the_mean_recall_within_a_group():
    truth, answers = np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0])
    (group,) = group_figures("age", np.array(["old"] * 4), truth, answers, LABELS).groups
    assert (group.accuracy.value, group.balanced_accuracy) == (0.75, 0.5)
