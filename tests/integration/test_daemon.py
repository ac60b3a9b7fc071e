"""The daemon as a process, on the bundled clip, against a real Mosquitto."""

import os
import signal
import sqlite3
from contextlib import closing, suppress

import pytest

from device.demo import load_true_boxes
from tests.brokers import Listener, Mosquitto, find_mosquitto, wait_until
from tests.device.mqtt.wire_format import check_message
from tests.integration.processes import Daemon, write_config

pytestmark = pytest.mark.integration

ENDLESS = {"pace": "real-time", "loop": True}


def _availability(listener):
    return [message.text for message in listener.on("availability")]


@pytest.fixture(scope="module")
def heard(tmp_path_factory):
    """All messages of one run over the whole clip."""
    folder = tmp_path_factory.mktemp("clip")
    broker = Mosquitto(find_mosquitto(), folder)
    broker.start()
    listener = Listener(broker.port)
    process = Daemon(write_config(folder, broker.port, mqtt={"stats_interval_s": 1.0}), folder / "stderr")
    assert process.wait() == 0, process.told
    listener.wait_for(lambda heard: _availability(heard)[-1:] == ["offline"], "the daemon's farewell")
    yield listener
    listener.close()
    broker.stop()


def test_the_clip_becomes_events_in_order(heard):
    events = heard.events()
    assert [event["seq"] for event in events] == list(range(events[0]["seq"], events[0]["seq"] + len(events)))
    assert [event["time"] for event in events] == sorted(event["time"] for event in events)
    assert len({event["run"] for event in events}) == 1
    assert not any(event["replayed"] for event in events)


def test_each_face_appears_then_changes_then_leaves(heard):
    events = heard.events()
    for track in {event["track"] for event in events}:
        types = [event["type"] for event in events if event["track"] == track]
        assert types[0] == "face_appeared"
        assert types[-1] == "face_left"
        assert set(types[1:-1]) == {"emotion_changed"}


def test_as_many_faces_are_told_as_the_clip_has(heard):
    types = [event["type"] for event in heard.events()]
    assert types.count("face_appeared") == _visits()
    assert types.count("face_left") == _visits()


def _visits() -> int:
    """How often somebody comes into the clip."""
    visits, before = 0, set()
    for faces in load_true_boxes():
        present = {face.id for face in faces}
        visits += len(present - before)
        before = present
    return visits


def test_every_message_is_as_the_description_of_the_topics_says(heard):
    leaves = {message.topic.rsplit("/", 1)[1] for message in heard.received}
    assert leaves == {"availability", "info", "state", "events", "stats", "pause", "summary", "tuning", "config"}
    for message in heard.received:
        check_message(message.topic, message.payload)


def test_after_the_films_last_frame_nobody_is_in_view(heard):
    state = heard.on("state")[-1].message
    assert (state["source"], state["face_count"], state["faces"]) == ("lost", 0, [])


def test_what_a_late_subscriber_needs_is_retained_and_events_are_not(broker, listen, configure, daemon):
    witness = listen(broker.port)
    process = daemon(configure(broker.port, source=ENDLESS))
    witness.wait_for(lambda heard: heard.on("events") and heard.on("state"), "the first event")
    late = listen(broker.port)
    late.wait_for(lambda heard: heard.on("state"), "the retained state")
    retained = {message.topic for message in late.received if message.retained}
    assert {f"affectd/hall/{name}" for name in ("availability", "info", "state")} <= retained
    assert "affectd/hall/events" not in retained
    process.signal(signal.SIGTERM)
    assert process.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_lets_faces_leave_and_says_offline(broker, listen, configure, daemon, number):
    listener = listen(broker.port)
    process = daemon(configure(broker.port, source=ENDLESS))
    listener.wait_for(lambda heard: heard.on("events"), "a face to appear")
    process.signal(number)
    assert process.wait(20) == 0, process.told
    listener.wait_for(lambda heard: _availability(heard)[-1:] == ["offline"], "the daemon's farewell")
    assert listener.events()[-1]["type"] == "face_left"
    assert listener.events()[-1]["reason"] == "stopped"
    assert "Traceback" not in process.told
    late = listen(broker.port)
    late.wait_for(lambda heard: heard.on("state"), "the retained state")
    (state,) = late.on("state")
    assert (state.message["face_count"], state.message["faces"]) == (0, [])


def test_killed_the_broker_says_offline_in_its_place_and_a_restart_goes_on_counting(broker, listen, configure, daemon):
    listener = listen(broker.port)
    config = configure(broker.port, source=ENDLESS)
    killed = daemon(config)
    listener.wait_for(lambda heard: heard.on("events"), "a face to appear")
    killed.signal(signal.SIGKILL)
    killed.wait()
    listener.wait_for(lambda heard: _availability(heard)[-1:] == ["offline"], "the last will")
    before = {event["seq"] for event in listener.events()}
    again = daemon(config)
    listener.wait_for(lambda heard: len({event["run"] for event in heard.events()}) == 2, "an event of the second run")
    again.signal(signal.SIGTERM)
    assert again.wait() == 0
    fresh = [event["seq"] for event in listener.events() if event["run"] != listener.events()[0]["run"]]
    assert min(fresh) > max(before)


def test_what_a_daemon_that_was_started_by_hand_writes_is_for_its_user_alone(configure, daemon, tmp_path):
    before = os.umask(0o000)
    try:
        assert daemon(configure(1)).wait() == 0  # with no broker all events stay on the disk
    finally:
        os.umask(before)
    written = [path for name in ("state", "run") for path in (tmp_path / name, *(tmp_path / name).rglob("*"))]
    assert any(path.name == "events.sqlite3" for path in written)
    assert [path for path in written if path.exists() and path.stat().st_mode & 0o077] == []


def test_a_broker_that_comes_late_gets_everything(silent_broker, listen, configure, daemon, tmp_path):
    process = daemon(configure(silent_broker.port, source=ENDLESS | {"pace": "as-fast-as-possible"}))
    wait_until(lambda: _spooled(tmp_path / "state") >= 3, "events to wait for the broker", timeout_s=60.0)
    silent_broker.start()
    listener = listen(silent_broker.port)
    listener.wait_for(lambda heard: len(heard.events()) >= 3, "events of before the broker was there")
    process.signal(signal.SIGTERM)
    assert process.wait() == 0
    assert [event["replayed"] for event in listener.events()[:3]] == [True] * 3
    assert listener.events()[0]["seq"] == 1


def _spooled(state_dir):
    path = state_dir / "events.sqlite3"
    if not path.exists():
        return 0
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as spool, suppress(sqlite3.OperationalError):
        return spool.execute("SELECT count(*) FROM events").fetchone()[0]
    return 0
