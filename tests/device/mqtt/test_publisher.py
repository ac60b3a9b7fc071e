"""The publisher keeps its window and its order, against a broker that answers only when the test says so."""

from typing import cast

import pytest

from device.mqtt.messages import SourceChanged
from device.mqtt.payloads import StateSnapshot
from device.records import SourceState
from device.system.telemetry import TelemetrySnapshot
from tests.brokers import wait_until
from tests.device.mqtt.stage import Stage, greet, post_changes, settle
from tests.device.sightings import change, face, reading, sight


def test_a_connection_begins_with_online_info_pause_tuning_and_state(stage):
    connection = stage.connection()
    connection.accept()
    wait_until(lambda: len(connection.published) == 5, "five messages")
    leaves = [topic.split("/")[-1] for _, topic, _ in connection.published]
    assert leaves == ["availability", "info", "pause", "tuning", "state"]
    assert connection.published[0][2] == b"online"


def test_a_connection_ends_its_greeting_with_the_figures_that_came_last(stage):
    for fps in (1.0, 2.0):
        stage.publisher.post(TelemetrySnapshot(fps, {"detect": None, "classify": None, "total": None}, 0, None, None))
    connection = greet(stage)
    wait_until(lambda: connection.on("stats"), "the figures")
    assert [stats["fps"] for _, stats in connection.on("stats")] == [2.0]
    assert connection.published[-1][1].endswith("/stats")


def test_no_more_than_the_window_waits_for_an_answer(stage):
    connection = greet(stage)
    post_changes(stage, *range(1, 21))
    settle(stage)
    assert connection.tracks() == [1, 2, 3, 4, 5]
    connection.acknowledge(*(mid for mid, _ in connection.on("events")[:2]))
    wait_until(lambda: len(connection.tracks()) == 7, "two more")
    settle(stage)
    assert connection.tracks() == [1, 2, 3, 4, 5, 6, 7]


def test_a_broker_that_takes_less_at_a_time_is_given_less(stage):
    connection = stage.connection()
    connection.accept(receive_maximum=3)
    wait_until(lambda: len(connection.published) == 3, "the greeting to fill the window")
    post_changes(stage, 1, 2, 3, 4)
    settle(stage)
    assert connection.tracks() == []
    connection.acknowledge_retained()
    wait_until(lambda: connection.on("state"), "the rest of the greeting")
    connection.acknowledge(connection.on("tuning")[0][0], connection.on("state")[0][0])
    wait_until(lambda: len(connection.tracks()) == 3, "three events")
    settle(stage)
    assert connection.tracks() == [1, 2, 3]


def test_an_event_stays_in_the_spool_until_it_is_acknowledged(stage):
    connection = greet(stage)
    post_changes(stage, 1, 2)
    wait_until(lambda: connection.tracks() == [1, 2], "both events")
    assert len(stage.spool) == 2
    connection.acknowledge(connection.on("events")[0][0])
    wait_until(lambda: len(stage.spool) == 1, "one to go")


def test_what_was_not_acknowledged_is_sent_again_in_order_and_marked(stage):
    first = greet(stage)
    post_changes(stage, 1, 2, 3)
    wait_until(lambda: first.tracks() == [1, 2, 3], "three events")
    first.acknowledge(first.on("events")[1][0])
    first.lose()
    post_changes(stage, 4)
    wait_until(lambda: stage.spool.last_seq == 4, "the event to be stored")
    second = greet(stage, 2)
    wait_until(lambda: len(second.tracks()) == 3, "the rest")
    post_changes(stage, 5)
    wait_until(lambda: len(second.tracks()) == 4, "a new one")
    assert [(event["track"], event["seq"], event["replayed"]) for _, event in second.on("events")] == [
        (1, 1, True),
        (3, 3, True),
        (4, 4, True),
        (5, 5, False),
    ]
    assert all(not event["replayed"] for _, event in first.on("events"))
    sent_twice = {event["id"] for _, event in first.on("events")} & {event["id"] for _, event in second.on("events")}
    assert sent_twice == {change(1).id, change(3).id}
    assert first.released


def test_nothing_is_published_before_the_broker_accepts(stage):
    connection = stage.connection()
    post_changes(stage, 1)
    wait_until(lambda: len(stage.spool) == 1, "the event to be stored")
    assert connection.published == []


def test_news_of_a_connection_given_up_changes_nothing(stage):
    first = greet(stage)
    first.lose()
    second = greet(stage, 2)
    published_on_first = len(first.published)
    post_changes(stage, 1)
    wait_until(lambda: second.tracks() == [1], "the event")
    # Every connection counts its messages from 1, so the same id means another message.
    first.acknowledge(second.on("events")[0][0])
    first.accept()
    first.lose()
    post_changes(stage, 2)
    wait_until(lambda: second.tracks() == [1, 2], "the next event")
    assert len(stage.spool) == 2
    assert len(first.published) == published_on_first
    assert len(stage.connections) == 2


def test_a_fault_of_the_thread_ends_it_and_is_kept(tmp_path):
    stage = Stage(tmp_path)
    greet(stage)
    stage.publisher.post(TelemetrySnapshot(1.0, cast("dict", None), 0, None, None))
    wait_until(lambda: not stage.publisher.alive, "the thread to end")
    assert isinstance(stage.publisher.fault, AttributeError)


@pytest.mark.parametrize("state", ["lost", "paused"])
def test_without_pictures_there_are_no_faces(stage, state: SourceState):
    connection = greet(stage)
    stage.publisher.post(SourceChanged("ok"))
    stage.publisher.post(StateSnapshot.of(sight(1, face(1, reading("happy")))))
    wait_until(lambda: connection.on("state")[-1:] and connection.on("state")[-1][1]["face_count"] == 1, "the face")
    connection.acknowledge_retained()
    stage.publisher.post(SourceChanged(state))
    wait_until(lambda: connection.on("state")[-1][1]["source"] == state, f"the source to be {state}")
    assert connection.on("state")[-1][1]["faces"] == []
    assert connection.on("state")[-1][1]["dominant_emotion"] == "none"


def test_a_stop_says_offline_and_waits_for_the_answer(tmp_path):
    stage = Stage(tmp_path)
    connection = greet(stage)
    settle(stage)
    stage.publisher.stop(0.5)
    assert connection.published[-1][2] == b"offline"
    assert connection.closed
    assert not stage.publisher.alive


def test_an_event_that_waits_for_its_answer_is_not_sent_a_second_time(stage):
    connection = greet(stage)
    post_changes(stage, 1, 2, 3)
    wait_until(lambda: connection.tracks() == [1, 2, 3], "the events")
    first, _, _ = (mid for mid, _ in connection.on("events"))
    connection.acknowledge(first, refusal="Not authorized")
    wait_until(lambda: len(connection.tracks()) == 4, "the refused one again")
    settle(stage)
    assert connection.tracks() == [1, 2, 3, 1]
