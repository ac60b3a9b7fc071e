"""The device's voice, against a real broker that comes, goes and refuses."""

import gc
import logging
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from device.errors import ConfigError, StorageError
from device.mqtt.client import Connection, ConnectionEvent, Disconnected, Login
from device.mqtt.payloads import DeviceInfo
from device.mqtt.settings import MqttSettings
from device.mqtt.sink import MqttSink, PublisherError
from device.spool.spool import SPOOL_NAME
from device.system.telemetry import STAGES, TelemetrySnapshot, Throttling
from tests.brokers import LOOPBACK, Wire, free_port, wait_until
from tests.device.mqtt.wire_format import check_payload
from tests.device.sightings import LABELS, FakeClock, change, face, reading, sight

INFO = DeviceInfo("0.1.0", "emotion", "2026.11", LABELS, "demo clip")
MakeSink = Callable[..., MqttSink]
WRONG_PASSWORD = "opensesame"
ROOT = Path(__file__).parents[3]
OPEN_FILES = Path("/proc/self/fd")

# A daemon in a process of its own, to be killed: emits the events that it is told and says when they are stored.
DAEMON = """
import sys, time
from pathlib import Path
from device.mqtt.payloads import DeviceInfo
from device.mqtt.settings import MqttSettings
from device.mqtt.sink import MqttSink
from tests.device.sightings import LABELS, FakeClock, change

port, folder, count = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
settings = MqttSettings(host="127.0.0.1", port=port, reconnect_first_s=0.05, reconnect_max_s=0.1)
sink = MqttSink(settings, "hall", folder, DeviceInfo("0", "m", "1", LABELS, "demo"), clock=FakeClock())
sink.start()
for number in range(1, count + 1):
    sink.emit(change(number))
print(sink.run, flush=True)
time.sleep(60)
"""


@pytest.fixture
def make_sink(tmp_path: Path) -> Iterator[MakeSink]:
    """Makes started sinks on a port, with one state folder; they are closed with the test."""
    sinks: list[MqttSink] = []

    def make(port: int, *, start: bool = True, password: str | None = None, **settings: Any) -> MqttSink:
        waits = {"reconnect_first_s": 0.05, "reconnect_max_s": 0.2, "reconnect_refused_s": 0.2}
        options: dict[str, Any] = waits | {"homeassistant": {"enabled": False}} | settings
        options = {"host": LOOPBACK, "port": port} | options
        section = MqttSettings.model_validate(options)
        sinks.append(MqttSink(section, "hall", tmp_path / "state", INFO, clock=FakeClock(), password=password))
        if start:
            sinks[-1].start()
        return sinks[-1]

    yield make
    for sink in sinks:
        sink.close(1)
        assert not sink.alive


def start_daemon(port: int, folder: Path, count: int) -> tuple["subprocess.Popen[str]", str]:
    command = [sys.executable, "-c", DAEMON, str(port), str(folder), str(count)]
    daemon = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert daemon.stdout is not None
    return daemon, daemon.stdout.readline().strip()


def kill(daemon: "subprocess.Popen[str]") -> None:
    daemon.send_signal(signal.SIGKILL)
    daemon.communicate()


def kept(folder: Path) -> int:
    """How many events a stopped sink has left on the card."""
    with closing(sqlite3.connect(folder / "state" / SPOOL_NAME)) as db:
        return db.execute("SELECT COUNT(*) FROM events").fetchone()[0]


def names_of_threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


def first_receipts(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({event["id"]: event for event in reversed(events)}.values())[::-1]


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


def test_a_killed_daemon_is_offline_by_its_last_will(broker, listen, tmp_path):
    listener = listen(broker.port)
    daemon, _ = start_daemon(broker.port, tmp_path / "state", 0)
    listener.wait_for(lambda heard: heard.on("availability"), "the daemon")
    kill(daemon)
    listener.wait_for(lambda heard: len(heard.on("availability")) == 2, "the last will")
    late = listen(broker.port)
    late.wait_for(lambda heard: heard.on("availability"), "what is retained")
    assert (late.on("availability")[0].text, late.on("availability")[0].retained) == ("offline", True)


def test_a_broker_that_restarts_in_a_stream_loses_nothing_and_late_events_are_marked(broker, listen, make_sink):
    listener = listen(broker.port)
    sink = make_sink(broker.port)
    listener.wait_for(lambda heard: heard.on("state"), "the connection")
    for number in range(1, 31):
        sink.emit(change(number))
    listener.wait_for(lambda heard: len(heard.events()) >= 10, "the stream to flow")
    broker.stop()
    for number in range(31, 61):
        sink.emit(change(number))
    wait_until(lambda: sink._publisher._spool.last_seq == 60, "the events to be stored")
    broker.start()
    listener.wait_for(lambda heard: len(first_receipts(heard.events())) == 60, "all events")
    sink.emit(change(61))
    listener.wait_for(lambda heard: len(first_receipts(heard.events())) == 61, "an event after the restart")

    received = first_receipts(listener.events())
    assert [event["seq"] for event in received] == list(range(1, 62))
    assert [event["track"] for event in received] == list(range(1, 62))
    replayed = {event["track"]: event["replayed"] for event in received}
    assert not any(replayed[number] for number in range(1, 11))
    assert all(replayed[number] for number in range(31, 61))
    assert not replayed[61]


def test_a_device_that_starts_without_its_broker_tells_all_once_it_comes(silent_broker, listen, make_sink):
    sink = make_sink(silent_broker.port)
    for number in range(1, 101):
        sink.emit(change(number))
    wait_until(lambda: sink._publisher._spool.last_seq == 100, "the events to be stored")
    silent_broker.start()
    listener = listen(silent_broker.port)
    # The listener may come after the first events; what it hears is in order and without a gap.
    sink.emit(change(101))
    listener.wait_for(lambda heard: heard.events() and heard.events()[-1]["seq"] == 101, "the last event")
    numbers = [event["seq"] for event in listener.events()]
    assert numbers == list(range(numbers[0], 102))
    wait_until(lambda: len(sink._publisher._spool) == 0, "every event to be acknowledged")


def test_events_of_a_killed_daemon_come_with_the_next_one_under_their_own_run(
    silent_broker, listen, make_sink, tmp_path
):
    daemon, run = start_daemon(silent_broker.port, tmp_path / "state", 5)
    kill(daemon)
    silent_broker.start()
    listener = listen(silent_broker.port)
    sink = make_sink(silent_broker.port)
    listener.wait_for(lambda heard: len(heard.events()) == 5, "the events of the run before")
    sink.emit(change(6))
    listener.wait_for(lambda heard: len(heard.events()) == 6, "an event of this run")
    assert [(event["seq"], event["track"], event["replayed"], event["run"]) for event in listener.events()] == [
        *((number, number, True, run) for number in range(1, 6)),
        (6, 6, False, sink.run),
    ]


def test_an_event_whose_answer_is_lost_comes_again_with_the_same_id_and_number(broker, listen, make_sink):
    wire = Wire(broker.port)
    listener = listen(broker.port)
    sink = make_sink(wire.port)
    listener.wait_for(lambda heard: heard.on("state"), "the connection")
    session = sink._publisher._link.session
    wait_until(lambda: session is not None and session.idle, "the greeting to be acknowledged")
    wire.mute.set()
    sink.emit(change(1))
    listener.wait_for(lambda heard: len(heard.events()) == 1, "the event")
    wire.mute.clear()
    wire.cut()
    listener.wait_for(lambda heard: len(heard.events()) == 2, "the event again")
    first, second = listener.events()
    assert second == first | {"replayed": True}
    assert first["replayed"] is False
    sink.close(1)
    wire.close()


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


def test_a_refusal_is_named_once_and_the_events_are_kept(silent_broker, make_sink, caplog, tmp_path):
    silent_broker.start(allow_anonymous=False)
    with caplog.at_level(logging.DEBUG):
        sink = make_sink(silent_broker.port, username="hall", password=WRONG_PASSWORD)
        sink.emit(change(1))
        told = lambda: [r for r in caplog.records if "refuses the connection" in r.getMessage()]  # noqa: E731
        wait_until(lambda: len(told()) >= 3, "three attempts")
        sink.close(1)
    assert "Not authorized" in told()[0].getMessage()
    assert [record.levelname for record in told()[:3]] == ["WARNING", "DEBUG", "DEBUG"]
    assert WRONG_PASSWORD not in caplog.text
    assert kept(tmp_path) == 1


def test_a_broker_that_is_away_is_named_with_its_address(make_sink, caplog):
    port = free_port()
    make_sink(port)
    wait_until(lambda: f"127.0.0.1:{port}" in caplog.text, "a word about it")
    assert "Connection refused" in caplog.text


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


def test_a_stop_without_a_broker_keeps_the_events(make_sink, tmp_path):
    sink = make_sink(free_port())
    sink.emit(change(1))
    sink.close(1)
    assert kept(tmp_path) == 1


def test_a_sink_that_was_never_started_can_be_closed(make_sink):
    sink = make_sink(free_port(), start=False)
    sink.close()
    sink.close()
    assert not sink.alive


def test_attempts_in_vain_leave_no_open_files():
    news: list[ConnectionEvent] = []
    settings = MqttSettings(host=LOOPBACK, port=free_port())

    def attempt() -> None:
        ended = threading.Event()

        def tell(item: ConnectionEvent) -> None:
            news.append(item)
            ended.set()

        connection = Connection(settings, Login("hall"), settings.addresses[0], "affectd/hall/availability", tell)
        connection.open()
        assert ended.wait(10)
        connection.release()

    attempt()
    wait_until(lambda: "paho-mqtt-client-hall" not in names_of_threads(), "the thread of the attempt to end")
    news.clear()
    gc.collect()
    gc.disable()
    try:
        before = len(list(OPEN_FILES.iterdir()))
        for _ in range(20):
            attempt()
            assert isinstance(news[-1], Disconnected)
            news.clear()
        wait_until(lambda: len(list(OPEN_FILES.iterdir())) <= before, "the files to be closed")
    finally:
        gc.enable()


def test_a_password_without_a_user_is_refused(make_sink):
    with pytest.raises(ConfigError, match=r"mqtt\.username"):
        make_sink(1883, password=WRONG_PASSWORD)


def test_a_second_daemon_on_the_same_state_folder_is_refused(make_sink):
    make_sink(free_port())
    with pytest.raises(StorageError, match="another affectd"):
        make_sink(free_port())


def test_a_thread_that_has_ended_is_a_fault_that_names_what_ended_it(make_sink):
    sink = make_sink(free_port())
    sink.check()
    sink._publisher._link.attempts = None
    wait_until(lambda: not sink.alive, "the thread to end")
    with pytest.raises(PublisherError, match="nothing is published any more: AttributeError"):
        sink.check()


@pytest.mark.parametrize(
    ("settings", "warned"),
    [
        ({"host": "192.0.2.1", "username": "hall"}, True),
        ({"host": "192.0.2.1", "username": "hall", "tls": True}, False),
        ({"host": "localhost", "username": "hall"}, False),
        ({"host": "127.0.0.1", "username": "hall"}, False),
    ],
)
def test_a_password_that_passes_the_network_in_the_open_is_warned_of(make_sink, caplog, settings, warned):
    make_sink(1883, start=False, password=WRONG_PASSWORD, **settings)
    assert ("passes the network unencrypted" in caplog.text) == warned
    assert WRONG_PASSWORD not in caplog.text
