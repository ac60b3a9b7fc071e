"""What is kept, sent late and said when brokers, daemons, networks and passwords are at fault."""

import gc
import logging
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from device.errors import ConfigError, StorageError
from device.mqtt.client import Connection, ConnectionEvent, Disconnected, Login
from device.mqtt.settings import MqttSettings
from device.mqtt.sink import PublisherError
from device.spool.spool import SPOOL_NAME
from tests.brokers import LOOPBACK, Wire, free_port, wait_until
from tests.device.sightings import change

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
