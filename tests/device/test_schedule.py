import pytest

from device.schedule import ClassifySchedule, ScanSchedule

PARTS = (0, 1, 2, 3, 0, 4)
"""A round in which the first part comes twice."""


class Rounds:
    """A schedule and the time, which goes on by a frame with every look."""

    def __init__(self, fps: float = 20.0, *, interval_s: float = 1.0, still_s: float = 5.0, share: float = 0.25):
        self.schedule = ScanSchedule(interval_s, still_s, share)
        self.schedule.begin(PARTS)
        self.fps = fps
        self.time_s = 100.0

    def look(self, cost_s: float | None = None) -> list[int]:
        """The parts of one more frame, each searched at that cost."""
        self.time_s += 1 / self.fps
        due = self.schedule.due(self.time_s)
        if cost_s is not None:
            for part in due:
                self.schedule.done(part, self.time_s, cost_s)
        return due

    def look_for(self, seconds: float, cost_s: float | None = None) -> list[int]:
        """The parts of the frames of so many seconds."""
        return [part for _ in range(round(seconds * self.fps)) for part in self.look(cost_s)]


def test_parts_have_their_turns_in_the_order_of_the_round_over_and_over():
    assert Rounds().look_for(3.0)[:14] == [0, 1, 2, 3, 0, 4, 0, 1, 2, 3, 0, 4, 0, 1]


@pytest.mark.parametrize("fps", [2.0, 5.0, 15.0, 30.0])
def test_a_round_takes_its_time_at_every_frame_rate(fps):
    turns = Rounds(fps).look_for(10.0)
    assert [turns.count(part) for part in (1, 2, 3, 4)] == pytest.approx([10] * 4, abs=1)


def test_the_first_frame_has_one_part():
    assert Rounds().look() == [0]


def test_parts_are_spread_over_the_frames():
    rounds = Rounds(fps=20)
    assert max(len(rounds.look()) for _ in range(60)) == 1


def test_a_frame_has_no_part_twice():
    rounds = Rounds(fps=1)
    for _ in range(5):
        due = rounds.look()
        assert len(due) == len(set(due))


def test_after_a_pause_a_frame_has_one_round_at_most_and_the_next_frame_no_more_than_ever():
    rounds = Rounds(fps=20)
    rounds.look_for(1.0)
    rounds.time_s += 3600.0
    assert sorted(rounds.look()) == [0, 1, 2, 3, 4]
    assert max(len(rounds.look()) for _ in range(20)) == 1


def test_time_that_goes_back_gives_no_turns_and_does_no_harm():
    rounds = Rounds()
    rounds.look_for(1.0)
    rounds.time_s -= 50.0
    assert rounds.look() == []
    assert len(rounds.look_for(2.0)) == pytest.approx(2 * len(PARTS), abs=1)


def test_a_round_takes_longer_where_its_parts_cost_more_than_their_share():
    rounds = Rounds(share=0.25)
    rounds.look_for(5.0, cost_s=0.1)
    assert rounds.schedule.round_s == pytest.approx(len(PARTS) * 0.1 / 0.25)
    assert len(rounds.look_for(24.0, cost_s=0.1)) == pytest.approx(24 * 0.25 / 0.1, abs=1)


def test_cheap_parts_do_not_make_a_round_shorter_than_its_interval():
    rounds = Rounds()
    rounds.look_for(5.0, cost_s=0.0001)
    assert rounds.schedule.round_s == 1.0


def test_one_costly_search_does_not_stretch_the_round_for_long():
    rounds = Rounds()
    rounds.look_for(5.0, cost_s=0.01)
    rounds.schedule.done(1, rounds.time_s, 10.0)
    stretched_s = rounds.schedule.round_s
    rounds.look_for(60.0, cost_s=0.01)
    assert stretched_s < 10.0 / 0.25 / 2
    assert rounds.schedule.round_s < stretched_s / 2


def test_a_part_is_old_until_it_was_searched_and_again_after_the_interval():
    rounds = Rounds(still_s=5.0)
    assert rounds.schedule.is_old(3, 100.0)
    rounds.schedule.done(3, 100.0, 0.01)
    assert not rounds.schedule.is_old(3, 104.9)
    assert rounds.schedule.is_old(3, 105.0)
    assert rounds.schedule.is_old(2, 104.9)


def test_a_part_that_was_searched_only_in_places_stays_as_old_as_it_was():
    rounds = Rounds(still_s=5.0)
    rounds.schedule.done(3, 100.0, 0.01)
    rounds.schedule.done(3, 104.0, 0.01, whole=False)
    assert rounds.schedule.is_old(3, 105.0)


def test_a_new_beginning_forgets_what_was_searched_and_what_it_cost():
    rounds = Rounds()
    rounds.look_for(5.0, cost_s=1.0)
    rounds.schedule.begin((0, 1))
    assert rounds.schedule.is_old(0, rounds.time_s)
    assert rounds.schedule.round_s == 1.0
    assert rounds.look() == [0]


def test_a_round_of_nothing_has_nothing_due():
    schedule = ScanSchedule(1.0, 5.0, 0.25)
    assert schedule.due(100.0) == []
    schedule.begin(())
    assert [schedule.due(100.0 + second) for second in range(3)] == [[], [], []]


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


def test_a_round_that_finds_nothing_to_search_becomes_fast_again():
    schedule = ScanSchedule(0.5, 5.0, 0.1)
    schedule.begin((0, 1))
    for part in (0, 1):
        schedule.done(part, 1.0, 0.2)
    assert schedule.round_s == pytest.approx(4.0)
    for _ in range(20):
        schedule.skipped(0)
        schedule.skipped(1)
    assert schedule.round_s == 0.5
