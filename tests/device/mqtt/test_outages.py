"""What the publisher keeps, and sends late, while the broker refuses or is away."""

import time

import pytest

from tests.brokers import wait_until
from tests.device.mqtt.stage import Stage, greet, post_changes, settle


def test_an_event_that_no_broker_would_take_is_counted_as_dropped_and_the_reason_named(stage, caplog):
    connection = greet(stage)
    post_changes(stage, 1)
    wait_until(lambda: connection.tracks() == [1], "the event")
    connection.acknowledge(connection.on("events")[0][0], refusal="Packet too large", final=True)
    settle(stage)
    (_, stats) = connection.on("stats")[-1]
    assert (stats["dropped"]["events"], stats["queue"]) == (1, 0)
    assert "Packet too large" in caplog.text


def test_events_that_the_broker_does_not_allow_are_kept_and_offered_again_in_order(stage, caplog):
    connection = greet(stage)
    post_changes(stage, 1, 2, 3)
    wait_until(lambda: connection.tracks() == [1, 2, 3], "the events")
    first, second, third = (mid for mid, _ in connection.on("events"))
    connection.acknowledge(first)
    connection.acknowledge(second, third, refusal="Not authorized")
    wait_until(lambda: connection.tracks() == [1, 2, 3, 2, 3], "both again")
    assert len(stage.spool) == 2
    assert caplog.text.count("Not authorized") == 1
    connection.acknowledge(*(mid for mid, _ in connection.on("events")[-2:]))
    wait_until(lambda: len(stage.spool) == 0, "them to go")


def test_late_events_are_sent_at_their_pace_and_new_ones_behind_them(tmp_path):
    stage = Stage(tmp_path, spool={"drain_per_s": 10.0})
    first = stage.connection()
    post_changes(stage, 1, 2, 3)
    first.lose()
    second = greet(stage, 2)
    post_changes(stage, 4, 5)
    settle(stage)
    assert second.tracks()[:1] == [1]
    wait_until(lambda: len(second.tracks()) == 5, "all of them")
    assert second.tracks() == [1, 2, 3, 4, 5]
    assert [event["replayed"] for _, event in second.on("events")] == [True, True, True, False, False]
    stage.publisher.stop(0.2)


def test_a_refusal_is_tried_again_much_later_than_a_broker_that_is_away(tmp_path):
    stage = Stage(tmp_path, reconnect_refused_s=3600.0)
    stage.connection(1).lose("away")
    stage.connection(2).lose("Not authorized", refused=True)
    wait_until(lambda: stage.publisher._link.connection is None, "the refusal to be noted")
    assert stage.publisher._link.attempts.next_at_s > time.monotonic() + 300
    stage.publisher.stop(0.2)


def test_a_broker_that_owes_an_answer_for_long_counts_as_away_and_the_events_go_to_the_card(stage, monkeypatch):
    monkeypatch.setattr("device.spool.upkeep.LATE_AFTER_S", 0.1)
    connection = greet(stage)
    post_changes(stage, 1)
    wait_until(lambda: len(stage.spool._disk) == 1, "the event to reach the card")
    connection.acknowledge(connection.on("events")[0][0])
    wait_until(lambda: len(stage.spool) == 0, "it to go")


@pytest.mark.parametrize("expiry_s", [None, 600])
def test_events_expire_when_they_are_told_to_and_nothing_else_does(tmp_path, expiry_s):
    stage = Stage(tmp_path, protocol="5", event_expiry_s=expiry_s)
    connection = greet(stage)
    post_changes(stage, 1)
    wait_until(lambda: connection.tracks() == [1], "the event")
    assert connection.expiries_s[connection.on("events")[0][0] - 1] == expiry_s
    stage.publisher.stop(0.2)


def test_the_same_trouble_is_told_once_and_another_again(tmp_path, caplog):
    stage = Stage(tmp_path)
    for number, reason in enumerate(["no route", "no route", "no route", "not authorized"], start=1):
        stage.connection(number).lose(reason)
    stage.connection(5)
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    stage.publisher.stop(1)
    assert [text.split(" (")[0] for text in warnings] == ["no route", "not authorized"]


def test_what_a_disk_could_not_give_is_sent_late_once_it_can_and_live_events_do_not_wait(tmp_path, monkeypatch):
    monkeypatch.setattr("device.mqtt.session._LOOK_BACK_S", 0.05)
    stage = Stage(tmp_path)
    post_changes(stage, 1)
    wait_until(lambda: stage.connections, "the first attempt")
    stage.spool.tick(away=True)
    with monkeypatch.context() as broken:
        broken.setattr(stage.spool._disk, "read", lambda **_: None)
        connection = greet(stage)
        post_changes(stage, 2)
        wait_until(lambda: connection.tracks() == [2], "the live event")
        connection.acknowledge(connection.on("events")[0][0])
    wait_until(lambda: connection.tracks() == [2, 1], "the one on the disk")
    assert [event["replayed"] for _, event in connection.on("events")] == [False, True]
    stage.publisher.stop(0.2)


def test_an_outage_counts_from_when_the_broker_first_owed_an_answer(stage):
    connection = greet(stage)
    settle(stage)
    connection.acknowledge_retained()
    settle(stage)
    assert stage.publisher._link.away_for_s(time.monotonic()) == 0.0
    post_changes(stage, 1)
    wait_until(lambda: connection.tracks() == [1], "the event")
    (owed_since_s,) = [sent.since_s for sent in stage.publisher._link.session._in_flight.values()]
    connection.lose()
    wait_until(lambda: stage.publisher._link.session is None, "the end to be noted")
    assert stage.publisher._link._away_since_s == pytest.approx(owed_since_s, abs=1e-3)
