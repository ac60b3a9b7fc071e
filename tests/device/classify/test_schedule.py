import pytest

from device.classify.schedule import ClassifySchedule


def test_faces_of_equal_worth_take_turns():
    turns = ClassifySchedule(interval_s=0.0, most_per_frame=1)
    chosen = [turns.due([(1, 1.0), (2, 1.0), (3, 1.0)], 100.0 + number / 10)[0] for number in range(9)]
    assert [set(chosen[begin : begin + 3]) for begin in (0, 3, 6)] == [{1, 2, 3}] * 3


def test_a_face_that_never_had_a_turn_comes_before_all_others():
    turns = ClassifySchedule(interval_s=0.0, most_per_frame=1)
    turns.due([(1, 1.0)], 100.0)
    assert turns.due([(1, 1.0), (2, 0.1)], 200.0) == [2]


def test_of_two_that_waited_equally_long_the_better_one_comes_first():
    turns = ClassifySchedule(interval_s=0.0, most_per_frame=1)
    assert turns.due([(1, 0.3), (2, 0.8)], 100.0) == [2]
    turns = ClassifySchedule(interval_s=0.0, most_per_frame=2)
    turns.due([(1, 0.3), (2, 0.8)], 100.0)
    assert turns.due([(1, 0.3), (2, 0.8)], 100.1) == [2, 1]


@pytest.mark.parametrize("quality", [0.2, 0.0])
def test_even_a_poor_face_has_its_turn_in_the_end(quality):
    turns = ClassifySchedule(interval_s=0.0, most_per_frame=1)
    chosen = [turns.due([(1, 1.0), (2, quality)], 100.0 + number / 10)[0] for number in range(400)]
    assert chosen[1:].count(2) >= 3
    assert chosen.count(1) > chosen.count(2)


def test_a_frame_has_no_more_than_the_most():
    turns = ClassifySchedule(interval_s=0.0, most_per_frame=2)
    worth = [(number, 1.0) for number in range(1, 8)]
    assert [len(turns.due(worth, 100.0 + number)) for number in range(5)] == [2] * 5


@pytest.mark.parametrize("fps", [10.0, 30.0])
def test_a_face_is_classified_no_oftener_than_the_interval(fps):
    turns = ClassifySchedule(interval_s=0.2, most_per_frame=5)
    count = sum(len(turns.due([(1, 1.0)], 100.0 + number / fps)) for number in range(round(10 * fps)))
    assert count == pytest.approx(50, abs=2)


def test_a_frame_that_comes_a_trifle_early_does_not_lose_its_turn():
    turns = ClassifySchedule(interval_s=0.1, most_per_frame=1)
    assert turns.due([(1, 1.0)], 100.0) == [1]
    assert turns.due([(1, 1.0)], 100.0999) == [1]
    assert turns.due([(1, 1.0)], 100.15) == []


def test_a_forgotten_face_is_a_new_one():
    turns = ClassifySchedule(interval_s=10.0, most_per_frame=1)
    turns.due([(1, 1.0)], 100.0)
    assert turns.due([(1, 1.0)], 101.0) == []
    turns.forget(1)
    turns.forget(7)
    assert turns.due([(1, 1.0)], 101.0) == [1]


def test_nobody_in_view_needs_no_turn():
    assert ClassifySchedule(interval_s=0.0, most_per_frame=2).due([], 100.0) == []
