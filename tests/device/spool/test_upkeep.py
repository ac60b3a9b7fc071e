import pytest

from device.spool.spool import LATE_AFTER_S
from device.spool.upkeep import Upkeep


class Spool:
    """Counts what is done to it."""

    def __init__(self):
        self.restless = False
        self.done = []

    def expire(self):
        self.done.append("expire")

    def tick(self, *, away):
        self.done.append(f"tick, away: {away}")


@pytest.fixture
def spool():
    return Spool()


@pytest.fixture
def upkeep(spool):
    upkeep = Upkeep(spool)
    upkeep.run(1000.0, away_s=0.0)
    spool.done.clear()
    return upkeep


def test_all_is_done_at_the_first_turn(spool):
    Upkeep(spool).run(1000.0, away_s=0.0)
    assert spool.done == ["expire", "tick, away: False"]


@pytest.mark.parametrize(
    ("after_s", "done"),
    [(0.4, []), (0.6, ["tick, away: False"]), (59.0, ["tick, away: False"]), (61.0, ["expire", "tick, away: False"])],
)
def test_a_spool_is_ticked_twice_a_second_and_expired_every_minute(spool, upkeep, after_s, done):
    upkeep.run(1000.0 + after_s, away_s=0.0)
    assert spool.done == done


def test_the_next_turn_is_due_sooner_where_the_spool_is_restless(spool, upkeep):
    assert upkeep.due_s == 1060.0
    spool.restless = True
    assert upkeep.due_s == 1000.5


def test_a_broker_that_does_not_answer_for_as_long_as_events_take_to_be_late_is_away(spool, upkeep):
    upkeep.run(1001.0, away_s=LATE_AFTER_S - 0.1)
    upkeep.run(1002.0, away_s=LATE_AFTER_S)
    assert spool.done == ["tick, away: False", "tick, away: True"]
