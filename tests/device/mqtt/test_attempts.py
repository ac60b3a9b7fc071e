"""When a broker is tried again, and what is said of it."""

import time

import pytest

from device.mqtt.attempts import Attempts
from device.mqtt.settings import MqttSettings

SETTINGS = MqttSettings(reconnect_first_s=1.0, reconnect_max_s=60.0, reconnect_refused_s=300.0)
ADDRESS = SETTINGS.addresses[0]


@pytest.fixture
def attempts(monkeypatch) -> Attempts:
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
    return Attempts(SETTINGS)


def fail(attempts: Attempts, *, held_s: float = 0.0, refused: bool = False, stopping: bool = False) -> float:
    """Seconds until the next attempt."""
    attempts.ended("no route", ADDRESS, held_s=held_s, refused=refused, stopping=stopping)
    return attempts.next_at_s - 1000.0


def test_a_broker_that_is_away_is_tried_again_soon_and_then_less_and_less_often(attempts):
    waits = [fail(attempts) for _ in range(8)]
    assert 0.5 <= waits[0] <= 1.0
    assert all(
        longest / 2 <= wait <= longest for wait, longest in zip(waits, (1, 2, 4, 8, 16, 32, 60, 60), strict=True)
    )


def test_a_refusal_waits_long_from_the_first(attempts):
    assert fail(attempts, refused=True) >= 30.0


def test_a_connection_that_held_begins_the_waits_anew_and_one_that_did_not_goes_on(attempts):
    for _ in range(6):
        fail(attempts)
    assert fail(attempts, held_s=1.0) > 16.0
    assert fail(attempts, held_s=3600.0) <= 1.0


def test_the_trouble_is_named_with_the_address_until_the_broker_lets_us_in(attempts):
    fail(attempts)
    assert attempts.trouble == f"no route ({ADDRESS})"
    attempts.succeeded(ADDRESS)
    assert attempts.trouble is None


def test_an_end_that_we_asked_for_is_no_trouble_worth_a_line(attempts, caplog):
    fail(attempts, stopping=True)
    assert not caplog.records
    fail(attempts)
    assert "no route" in caplog.text
