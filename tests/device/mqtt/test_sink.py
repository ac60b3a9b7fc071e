"""What the device says to a real broker, and when."""

import pytest

from device.system.telemetry import STAGES, TelemetrySnapshot, Throttling
from tests.brokers import wait_until
from tests.device.mqtt.wire_format import check_payload
from tests.device.sightings import change, face, reading, sight


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_who_comes_later_finds_online_info_and_state_and_after_a_stop_offline(broker, listen, make_sink, protocol):
    sink = make_sink(broker.port, protocol=protocol)
    sink.observe(sight(1, face(1, reading("happy"))))
    early = listen(broker.port)
    early.wait_for(lambda heard: heard.on("state") and heard.on("state")[-1].message["face_count"] == 1, "the state")

    late = listen(broker.port)
    late.wait_for(lambda heard: len(heard.received) == 5, "what is retained")
    assert all(received.retained for received in late.received)
    assert late.on("availability")[0].text == "online"
    assert late.on("info")[0].message["run"] == sink.run
    assert late.on("state")[0].message["dominant_emotion"] == "happy"

    sink.close()
    late.wait_for(lambda heard: len(heard.on("availability")) == 2, "the goodbye")
    after = listen(broker.port)
    after.wait_for(lambda heard: heard.on("availability"), "what is retained")
    assert after.on("availability")[0].text == "offline"
    assert [received.text for received in late.on("availability")] == ["online", "offline"]


def test_who_comes_later_has_the_last_figures_at_once(broker, listen, make_sink):
    early = listen(broker.port)
    sink = make_sink(broker.port)
    sink.publish_stats(TelemetrySnapshot(9.5, dict.fromkeys(STAGES), 2, 51.0, Throttling((), ())))
    early.wait_for(lambda heard: heard.on("stats"), "the figures")

    late = listen(broker.port)
    late.wait_for(lambda heard: heard.on("stats"), "what is retained")
    assert (late.on("stats")[0].message["fps"], late.on("stats")[0].retained) == (9.5, True)


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_every_message_fits_the_description(broker, listen, make_sink, protocol):
    listener = listen(broker.port)
    sink = make_sink(broker.port, protocol=protocol)
    listener.wait_for(lambda heard: heard.on("state"), "the connection")
    sink.observe(sight(1, face(1), face(2, reading("sad"))))
    sink.emit(change(1))
    sink.publish_stats(TelemetrySnapshot(9.5, dict.fromkeys(STAGES), 2, 51.0, Throttling((), ())))
    listener.wait_for(lambda heard: heard.on("events") and heard.on("stats"), "an event and the stats")
    sink.close()
    listener.wait_for(lambda heard: len(heard.on("availability")) == 2, "the goodbye")
    for received in listener.received:
        check_payload(received.topic.removeprefix("affectd/hall/"), received.payload)
    assert {received.topic.rsplit("/", 1)[1] for received in listener.received} == {
        "availability",
        "info",
        "state",
        "events",
        "stats",
        "pause",
        "tuning",
    }


def test_a_flood_of_changes_is_few_messages_and_the_last_of_them_is_told(broker, listen, make_sink):
    listener = listen(broker.port)
    sink = make_sink(broker.port, state_interval_s=0.5)
    listener.wait_for(lambda heard: heard.on("state"), "the connection")
    emotions = ["happy", "sad"] * 50
    for number, emotion in enumerate([*emotions, "neutral"]):
        sink.observe(sight(number / 100, face(1, reading(emotion))))
    listener.wait_for(lambda heard: heard.on("state")[-1].message["dominant_emotion"] == "neutral", "the last state")
    assert len(listener.on("state")) < 10


def test_frames_in_which_nothing_happens_are_silent(broker, listen, make_sink):
    listener = listen(broker.port)
    sink = make_sink(broker.port, state_interval_s=0.1)
    for number in range(50):
        sink.observe(sight(number / 10, face(1, reading("happy"))))
    sink.emit(change(1))
    listener.wait_for(lambda heard: heard.events() and heard.on("state")[-1].message["face_count"] == 1, "the face")
    before = len(listener.on("state"))
    for number in range(50, 100):
        sink.observe(sight(number / 10, face(1, reading("happy"))))
    sink.emit(change(2))
    listener.wait_for(lambda heard: len(heard.events()) == 2, "the event after them")
    assert len(listener.on("state")) == before


def test_a_room_stays_occupied_for_a_while_after_the_last_face(broker, listen, make_sink):
    listener = listen(broker.port)
    sink = make_sink(broker.port, state_interval_s=0.1, occupancy_off_delay_s=10.0)

    def occupied() -> list[tuple[int, bool]]:
        return [(heard.message["face_count"], heard.message["occupied"]) for heard in listener.on("state")]

    sink.observe(sight(0.0))
    listener.wait_for(lambda _: occupied()[-1:] == [(0, False)], "nobody")
    sink.observe(sight(1.0, face(1, reading("happy"))))
    listener.wait_for(lambda _: occupied()[-1] == (1, True), "somebody")
    sink.observe(sight(10.9))
    listener.wait_for(lambda _: occupied()[-1] == (0, True), "that nobody is in view")
    sink.observe(sight(11.1))
    listener.wait_for(lambda _: occupied()[-1] == (0, False), "that the room is empty")
    sink.observe(sight(12.0, face(2, reading("sad"))))
    listener.wait_for(lambda _: occupied()[-1] == (1, True), "somebody again")
    sink.set_source_state("paused")
    listener.wait_for(lambda _: occupied()[-1] == (0, False), "that a closed camera sees nobody")


def test_a_face_that_stays_is_told_again_after_the_camera_was_lost(broker, listen, make_sink):
    listener = listen(broker.port)
    sink = make_sink(broker.port, state_interval_s=0.1)
    listener.wait_for(lambda heard: heard.on("state"), "the connection")
    for state in ("ok", "lost", "ok"):
        sink.set_source_state(state)
        sink.observe(sight(1, face(1, reading("happy"))))
        expected = (state, 1 if state == "ok" else 0)

        def told(expected: tuple[str, int] = expected) -> bool:
            message = listener.on("state")[-1].message
            return (message["source"], message["face_count"]) == expected

        wait_until(told, f"the state {expected}")


def test_a_stop_sends_what_is_left_first(broker, listen, make_sink):
    listener = listen(broker.port)
    sink = make_sink(broker.port)
    listener.wait_for(lambda heard: heard.on("state"), "the connection")
    for number in range(1, 101):
        sink.emit(change(number))
    sink.close(10)
    listener.wait_for(lambda heard: len(heard.on("availability")) == 2, "the goodbye")
    assert [event["seq"] for event in listener.events()] == list(range(1, 101))
    assert listener.received[-1].text == "offline"
