"""Where a recording's pictures lie in time, over its ends."""

import pytest

from device.capture.sources.frames import Timeline
from tests.device.sightings import FakeClock

STEP_S = 0.1


@pytest.fixture
def timeline() -> Timeline:
    timeline = Timeline(FakeClock(100.0), "film")
    timeline.begin(STEP_S)
    return timeline


def test_a_film_that_counts_from_anywhere_begins_now(timeline):
    assert timeline.place(5.0, STEP_S)[0] == 100.0
    assert timeline.place(5.1, STEP_S)[0] == pytest.approx(100.1)


def test_a_new_round_follows_after_a_step_wherever_it_counts_from(timeline):
    timeline.place(5.0, STEP_S)
    timeline.rewind(STEP_S)
    assert timeline.place(0.0, STEP_S)[0] == pytest.approx(100.1)
    assert timeline.place(0.35, STEP_S)[0] == pytest.approx(100.45)


def test_a_position_that_does_not_move_on_is_a_step_later(timeline):
    timeline.place(0.0, STEP_S)
    assert timeline.place(0.0, STEP_S)[0] == pytest.approx(100.1)
