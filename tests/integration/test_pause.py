"""The privacy switch, end to end: a daemon, a broker, and whoever turns it."""

import signal
from pathlib import Path

import pytest

from tests.brokers import wait_until
from tests.integration.processes import call_affectd

pytestmark = pytest.mark.integration

ENDLESS = {"uri": "demo", "pace": "real-time", "loop": True}  # which is read without a process of its own
PAUSE_SET = "affectd/hall/pause/set"


def sources(listener):
    return [message.message["source"] for message in listener.on("state")]


def positions(listener):
    return [message.text for message in listener.on("pause")]


def ids(listener):
    return {event["id"] for event in listener.events()}


def open_files(process):
    """What the process has open; files come and go while it is asked."""
    found = set()
    for link in Path(f"/proc/{process.pid}/fd").iterdir():
        try:
            found.add(link.readlink().name)
        except FileNotFoundError:
            continue
    return found


@pytest.fixture
def watching(broker, listen, configure, daemon):
    """A daemon that has seen a face, its listener and its configuration."""
    listener = listen(broker.port)
    config = configure(broker.port, source=ENDLESS, mqtt={"stats_interval_s": 1.0})
    process = daemon(config)
    listener.wait_for(lambda heard: heard.events(), "a face to appear")
    return process, listener, config


def test_paused_the_camera_is_closed_the_faces_leave_and_the_daemon_lives_on(watching):
    daemon, listener, _ = watching
    assert "clip.mkv" in open_files(daemon.process)
    listener.say(PAUSE_SET, "ON")
    listener.wait_for(lambda heard: positions(heard)[-1] == "ON" and sources(heard)[-1] == "paused", "the pause")
    assert "clip.mkv" not in open_files(daemon.process)
    state = listener.on("state")[-1].message
    assert (state["face_count"], state["dominant_emotion"]) == (0, "none")
    listener.wait_for(lambda heard: heard.events()[-1]["reason"] == "paused", "the faces to leave")
    told, figures = len(listener.events()), len(listener.on("stats"))
    listener.wait_for(lambda heard: len(heard.on("stats")) >= figures + 3, "stats while paused")
    assert len(listener.events()) == told

    listener.say(PAUSE_SET, "OFF")
    listener.wait_for(
        lambda heard: positions(heard)[-1] == "OFF" and sources(heard)[-1] == "ok", "the end of the pause"
    )
    listener.wait_for(lambda heard: len(heard.events()) > told, "a face after the pause")
    assert "clip.mkv" in open_files(daemon.process)
    tracks = [event["track"] for event in listener.events() if event["type"] == "face_appeared"]
    assert len(set(tracks)) == len(tracks)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_pause_survives_a_restart_and_a_kill(watching, daemon, number):
    process, listener, config = watching
    listener.say(PAUSE_SET, "ON")
    listener.wait_for(
        lambda heard: sources(heard)[-1] == "paused" and heard.events()[-1].get("reason") == "paused", "the pause"
    )
    process.signal(number)
    process.wait()
    before, told = len(listener.on("info")), ids(listener)
    again = daemon(config)
    listener.wait_for(lambda heard: len(heard.on("info")) > before, "the second start")
    figures = len(listener.on("stats"))
    listener.wait_for(lambda heard: len(heard.on("stats")) >= figures + 2, "stats of the second start")
    assert (positions(listener)[-1], sources(listener)[-1]) == ("ON", "paused")
    assert "clip.mkv" not in open_files(again.process)
    assert ids(listener) == told, "a killed daemon may repeat what it told, and has nothing new"
    listener.say(PAUSE_SET, "OFF")
    listener.wait_for(lambda heard: ids(heard) > told, "a face after the pause")


def test_a_retained_turn_of_long_ago_changes_nothing_at_a_start(broker, listen, configure, daemon):
    listener = listen(broker.port)
    listener.say(PAUSE_SET, "ON", retain=True)
    process = daemon(configure(broker.port, source=ENDLESS))
    listener.wait_for(lambda heard: heard.events(), "a face to appear")
    wait_until(lambda: "is ignored; publish it without retain" in process.told, "a word about it")
    assert positions(listener)[-1] == "OFF"


def test_the_command_turns_the_switch_and_says_where_it_stands(watching):
    daemon, listener, config = watching
    for arguments, told in (
        ([], "hall is not paused\n"),
        (["on"], "hall is paused: its camera is closed\n"),
        (["on"], "hall is paused: its camera is closed\n"),
        ([], "hall is paused: its camera is closed\n"),
        (["off"], "hall is not paused\n"),
    ):
        answer = call_affectd("pause", *arguments, "--config", str(config))
        assert (answer.returncode, answer.stdout, answer.stderr) == (0, told, "")
    listener.wait_for(lambda heard: positions(heard) == ["OFF", "ON", "OFF"], "both turns and no more")
    assert daemon.process.poll() is None


def test_the_command_names_a_device_that_is_offline_or_unknown(broker, listen, configure):
    config = configure(broker.port)
    listener = listen(broker.port)
    answer = call_affectd("pause", "on", "--config", str(config))
    assert answer.returncode == 69
    assert answer.stderr.startswith("affectd: the device hall is not known to this broker; start its daemon")
    listener.say("affectd/porch/availability", "offline", retain=True)
    answer = call_affectd("pause", "on", "--config", str(config), "--device", "porch")
    assert answer.returncode == 69
    assert "the device porch is offline" in answer.stderr


def test_faces_that_leave_at_a_pause_leave_at_the_time_of_their_last_frame(watching):
    _, listener, _ = watching
    listener.wait_for(lambda heard: heard.events()[-1]["type"] != "face_left", "somebody to be there")
    listener.say(PAUSE_SET, "ON")
    listener.wait_for(lambda heard: sources(heard)[-1] == "paused", "the pause")
    times = [event["time"] for event in listener.events()]
    assert times == sorted(times)
