import pytest

from device.detect.schedule import ScanSchedule

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
