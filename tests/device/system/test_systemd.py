"""systemd is told what it must know, over a real socket, and nobody is where there is none."""

import os
import socket
from collections.abc import Iterator

import pytest

from device.system.systemd import ServiceManager, describe_work
from tests.device.sightings import FakeClock


class Listener:
    """The end of the socket that systemd holds."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self._socket.settimeout(0)

    def heard(self) -> list[str]:
        """All datagrams that have come since the last call."""
        told = []
        while True:
            try:
                told.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return told

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def path(tmp_path) -> str:
    return str(tmp_path / "notify")


@pytest.fixture
def systemd(path) -> Iterator[Listener]:
    listener = Listener(path)
    yield listener
    listener.close()


def test_a_daemon_is_ready_once(systemd, path, clock):
    service = ServiceManager(clock, {"NOTIFY_SOCKET": path})
    service.ready()
    service.ready()
    assert systemd.heard() == ["READY=1"]


def test_a_socket_without_a_place_in_the_file_system_is_found(clock):
    name = f"affectd-test-{os.getpid()}"
    systemd = Listener(f"\0{name}")
    ServiceManager(clock, {"NOTIFY_SOCKET": f"@{name}"}).stopping()
    assert systemd.heard() == ["STOPPING=1"]
    systemd.close()


def test_the_watchdog_is_fed_about_once_a_second_however_fast_the_loop_turns(systemd, path, clock):
    service = ServiceManager(clock, {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "30000000"})
    for turn in range(50):
        clock.time_s = turn / 10
        service.feed_watchdog()
    assert systemd.heard() == ["WATCHDOG=1"] * 5


def test_a_hasty_watchdog_is_fed_four_times_within_its_patience(systemd, path, clock):
    service = ServiceManager(clock, {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "400000"})
    for turn in range(40):
        clock.time_s = turn / 64
        service.feed_watchdog()
    assert len(systemd.heard()) == 6


@pytest.mark.parametrize(
    "variables",
    [{}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "soon"}, {"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}],
)
def test_no_watchdog_is_fed_that_does_not_wait_for_this_process(systemd, path, clock, variables):
    ServiceManager(clock, {"NOTIFY_SOCKET": path} | variables).feed_watchdog()
    assert systemd.heard() == []


def test_a_status_is_one_line_and_told_when_it_changes(systemd, path, clock):
    service = ServiceManager(clock, {"NOTIFY_SOCKET": path})
    service.set_status("watching\n/dev/video0")
    service.set_status("watching /dev/video0")
    service.set_status("x" * 1000)
    watching, cut = systemd.heard()
    assert watching == "STATUS=watching /dev/video0"
    assert len(cut) == len("STATUS=") + 600
    assert cut.endswith("…")


def test_after_a_reload_the_daemon_is_ready_anew(systemd, path, clock):
    service = ServiceManager(clock, {"NOTIFY_SOCKET": path})
    service.ready()
    service.reloading()
    service.ready()
    ready, reloading, again = systemd.heard()
    assert ready == again == "READY=1"
    first, second = reloading.splitlines()
    assert first == "RELOADING=1"
    assert second.startswith("MONOTONIC_USEC=")


def test_the_watchdog_waits_for_a_reload_as_long_as_for_a_start(systemd, path, clock):
    variables = {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "30000000"}
    ServiceManager(clock, variables).reloading()
    ServiceManager(clock, variables).ready()
    reloading, ready = systemd.heard()
    assert reloading.splitlines()[-1] == "WATCHDOG_USEC=120000000"
    assert ready.splitlines() == ["READY=1", "WATCHDOG_USEC=30000000"]


def test_a_patient_watchdog_is_not_made_hasty_by_a_reload(systemd, path, clock):
    ServiceManager(clock, {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "600000000"}).reloading()
    assert systemd.heard()[0].splitlines()[-1] == "WATCHDOG_USEC=600000000"


@pytest.mark.parametrize("address", ["", "vsock:2:9999", "/nowhere/at/all"])
def test_nothing_breaks_where_nobody_listens(clock, address):
    service = ServiceManager(clock, {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "1000000"})
    service.ready()
    service.feed_watchdog()
    service.set_status("watching")
    service.stopping()
    assert service.present == address.startswith("/")


def test_without_systemd_there_is_no_one_to_tell(clock):
    assert not ServiceManager(clock, {}).present


def test_a_lost_camera_and_a_broker_that_is_away_are_told_with_their_reasons():
    told = describe_work(
        "/dev/video0",
        "lost",
        "away",
        source_trouble="/dev/video0 is not there; plug it in",
        broker_trouble="wrong password (hub:1883)",
    )
    assert (
        told
        == "no picture from /dev/video0: /dev/video0 is not there; plug it in; no broker: wrong password (hub:1883)"
    )


def test_old_trouble_is_not_told_of_what_works_again():
    told = describe_work("/dev/video0", "ok", "connected", source_trouble="it was gone", broker_trouble="it was away")
    assert told == "watching /dev/video0; connected to the broker"


def test_a_card_that_takes_nothing_is_told_whether_the_broker_is_there_or_not():
    full = "the spool cannot be used: disk is full; check the free space"
    assert describe_work("0", "ok", "connected", disk_trouble=full) == f"watching 0; connected to the broker; {full}"
    away = describe_work("0", "ok", "away", broker_trouble="it is off", disk_trouble=full)
    assert away == f"watching 0; no broker: it is off; {full}"


def test_a_paused_device_says_how_to_end_that():
    assert "affectd pause off" in describe_work("/dev/video0", "paused", "off")


def test_a_warm_device_says_that_it_is_slow():
    told = describe_work("/dev/video0", "ok", "connected", slowed_to_fps=7.5)
    assert told.startswith("watching /dev/video0, 7.5 frames a second until the processor has cooled; ")
