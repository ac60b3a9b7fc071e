"""State, info and stats fit their description, and only news is news."""

import json

import pytest

from device.mqtt.payloads import DeviceInfo, StateSnapshot, encode, info_message, state_message, stats_message
from device.records import Box
from device.system.telemetry import Latency, TelemetrySnapshot, Throttling
from tests.device.mqtt.wire_format import check, check_payload
from tests.device.sightings import NOON, STANDING, face, reading, sight

RUN = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"
SMALL, LARGE = Box(10, 10, 40, 40), Box(200, 100, 160, 160)


def test_the_dominant_emotion_is_that_of_the_largest_face_with_a_reading():
    view = StateSnapshot.of(sight(5, face(1, reading("sad"), box=SMALL), face(2, reading("happy"), box=LARGE)))
    assert view.dominant_emotion == "happy"
    assert [shown.track for shown in view.faces] == [2, 1]


def test_a_large_face_without_a_reading_does_not_hide_a_small_one_with_one():
    assert StateSnapshot.of(sight(5, face(1, reading("sad"), box=SMALL), face(2, box=LARGE))).dominant_emotion == "sad"


@pytest.mark.parametrize("observation", [sight(0), sight(0, face(1))], ids=["no face", "no reading"])
def test_without_a_reading_no_emotion_dominates(observation):
    assert StateSnapshot.of(observation).dominant_emotion == "none"


def test_a_state_says_since_when():
    observation = sight(10, face(1, reading("happy", since_s=7), first_seen_s=4, last_seen_s=10))
    message = state_message("ok", StateSnapshot.of(observation))
    (shown,) = message["faces"]
    assert message["time"] == "2026-11-20T12:00:10.000Z"
    assert shown["appeared_at"] == "2026-11-20T12:00:04.000Z"
    assert shown["emotion_since"] == "2026-11-20T12:00:07.000Z"
    check("state", message)


@pytest.mark.parametrize("source", ["ok", "paused", "lost"])
def test_a_state_fits_its_description(source):
    view = StateSnapshot.of(sight(5, face(1), face(2, reading("happy"), box=Box(-20, 400, 90, 90))))
    check_payload("state", encode(state_message(source, view)))
    check_payload("state", encode(state_message(source, StateSnapshot(NOON))))


@pytest.mark.parametrize(
    ("later", "news"),
    [
        (face(1, reading("happy", confidence=0.8)), False),
        (face(1, reading("happy", confidence=0.75), box=Box(66, 48, 128, 96)), False),
        (face(1, reading("sad")), True),
        (face(1), True),
        (face(2, reading("happy")), True),
        (face(1, reading("happy", confidence=0.6)), True),
        (face(1, reading("happy"), box=Box(128, 48, 128, 96)), True),
    ],
    ids=["the same", "a twitch", "another emotion", "no emotion", "another face", "less sure", "elsewhere"],
)
def test_only_what_a_person_would_notice_is_news(later, news):
    before = StateSnapshot.of(sight(0, face(1, reading("happy"))))
    assert StateSnapshot.of(sight(1, later)).differs_from(before) is news


def test_a_face_that_leaves_is_news():
    assert StateSnapshot.of(sight(1)).differs_from(StateSnapshot.of(sight(0, face(1))))


def test_info_fits_its_description():
    info = DeviceInfo("0.1.0", "emotion", "2026.11", ("happy", "sad"), "rtsp://camera.local/street")
    message = info_message(info, device="hall", run=RUN)
    check("info", json.loads(encode(message)))
    assert message["labels"] == ["happy", "sad"]


def test_info_says_which_model_and_which_configuration_run_by_their_digests():
    info = DeviceInfo(
        "0.1.0", "emotion", "1", ("happy", "sad"), "demo", model_sha256="ab" * 32, config_sha256="cd" * 32
    )
    message = info_message(info, device="hall", run=RUN)
    check("info", json.loads(encode(message)))
    assert (message["model"]["sha256"], message["config_sha256"]) == ("ab" * 32, "cd" * 32)


@pytest.mark.parametrize(
    "snapshot",
    [
        TelemetrySnapshot(0.0, {"detect": None, "classify": None, "total": None}, 0, None, None),
        TelemetrySnapshot(
            9.87,
            {"detect": Latency(20.1, 31.0), "classify": Latency(5.0, 6.5), "total": Latency(27.0, 40.25)},
            12,
            61.2,
            Throttling(("under_voltage",), ("under_voltage", "frequency_capped")),
        ),
    ],
    ids=["nothing known", "everything known"],
)
def test_stats_fit_their_description(snapshot):
    message = stats_message(snapshot, time=NOON, queue=3, dropped_events=1, **STANDING)
    check("stats", json.loads(encode(message)))
    assert (message["queue"], message["dropped"]["events"]) == (3, 1)


def test_stats_name_what_holds_the_processor_back():
    throttling = Throttling(("under_voltage",), ("under_voltage",))
    snapshot = TelemetrySnapshot(1.0, {"detect": None, "classify": None, "total": None}, 0, None, throttling)
    message = stats_message(snapshot, time=NOON, queue=0, dropped_events=0, **STANDING)
    assert message["throttled"] == {"now": ["under_voltage"], "since_boot": ["under_voltage"]}


def test_stats_tell_version_camera_and_disk_for_whoever_listens_to_nothing_else():
    snapshot = TelemetrySnapshot(0.0, {"detect": None, "classify": None, "total": None}, 0, None, None)
    standing = STANDING | {"source": "lost", "disk_ok": False}
    message = stats_message(snapshot, time=NOON, queue=0, dropped_events=0, **standing)
    assert (message["version"], message["source"], message["disk"]) == ("0.1.0", "lost", "trouble")
