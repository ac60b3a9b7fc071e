"""Home Assistant's own code takes what the device says, every entity of it and without a complaint."""

import json
from dataclasses import replace

import pytest

from device.mqtt.homeassistant import HomeAssistantSettings, discovery_message, discovery_topic
from device.mqtt.payloads import (
    DeviceInfo,
    StateSnapshot,
    info_message,
    state_message,
    stats_message,
    summary_message,
)
from device.mqtt.topics import Topics
from device.records import Box
from device.summary.counts import Counts
from device.system.telemetry import STAGES, TelemetrySnapshot
from tests.device.mqtt.test_summary import snapshot
from tests.device.sightings import LABELS, NOON, STANDING, change, face, reading, sight
from tests.homeassistant.home import run_inside

pytestmark = pytest.mark.slow

INFO = DeviceInfo("0.1.0", "emotion", "2026.11", LABELS, "demo", page_url="http://hall.local:8471")
RUN = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"
SETTINGS = HomeAssistantSettings()


def devices():
    described = {
        Topics("affectd", "hall"): INFO,
        Topics("affectd", "Porch-2"): replace(INFO, page_url="https://192.168.1.20:8472"),
        Topics("other_house", "hall"): replace(INFO, name="Other hall", page_url=None),
    }
    return [
        {"topic": discovery_topic(SETTINGS, topics), "message": discovery_message(topics, info)}
        for topics, info in described.items()
    ]


def states():
    large = Box(200, 100, 160, 160)
    nobody = StateSnapshot(NOON)
    two = StateSnapshot.of(sight(5, face(1, reading("sad")), face(2, reading("happy", confidence=0.876), box=large)))
    unread = StateSnapshot.of(
        sight(5, face(1, box=large), face(2, reading("sad", confidence=0.8), box=Box(0, 0, 40, 40)))
    )
    return [
        {"message": state_message("ok", nobody), "emotion": "none", "confidence": "unknown", "faces": "0"},
        {"message": state_message("paused", nobody), "emotion": "none", "confidence": "unknown", "faces": "0"},
        {"message": state_message("lost", nobody), "emotion": "none", "confidence": "unknown", "faces": "0"},
        {"message": state_message("ok", two), "emotion": "happy", "confidence": "88", "faces": "2"},
        {"message": state_message("ok", unread), "emotion": "sad", "confidence": "80", "faces": "2"},
        {
            "message": state_message("ok", StateSnapshot.of(sight(5, face(1)))),
            "emotion": "none",
            "confidence": "unknown",
            "faces": "1",
        },
    ]


def stats():
    def message(temperature_c, last_error):
        snapshot = TelemetrySnapshot(9.87, dict.fromkeys(STAGES), 0, temperature_c, None, last_error)
        return stats_message(snapshot, time=NOON, queue=3, dropped_events=0, **STANDING)

    long = "the broker is away; " * 30
    return [
        {
            "message": message(None, None),
            "shown": {"fps": "9.87", "queue": "3", "temperature": "unknown", "last_error": "unknown"},
        },
        {
            "message": message(61.2, "camera has given no frame for 5.1 s"),
            "shown": {"temperature": "61.2", "last_error": "camera has given no frame for 5.1 s"},
        },
        {"message": message(61.2, long), "shown": {"last_error": long[:255].strip()}},
    ]


def summaries():
    return [
        {
            "message": summary_message(snapshot()),
            "shown": {"visits_today": "2", "mean_stay_today": "15.0", "share_happy": "80.0", "share_sad": "0.0"},
        },
        {
            "message": summary_message(snapshot(Counts(), Counts(paused_s=3600.0))),
            "shown": {
                "visits_today": "0",
                "visits_last_hour": "unknown",
                "median_stay_last_hour": "unknown",
                "share_happy": "unknown",
            },
        },
    ]


def versions():
    return [
        {"message": info_message(INFO, device="hall", run=RUN, newest=newest), "state": state, "latest": newest}
        for newest, state in ((None, "unknown"), ("0.1.0", "off"), ("0.2.0", "on"), ("0.0.9", "off"))
    ]


def events():
    return [
        json.loads(replace(change(number), device="hall", run=RUN, seq=number, replayed=replayed).to_json())
        for number, replayed in ((1, False), (2, True), (3, False), (4, True))
    ]


def test_home_assistant_s_own_code_accepts_every_message():
    payloads = {
        "devices": devices(),
        "states": states(),
        "stats": stats(),
        "summaries": summaries(),
        "versions": versions(),
        "events": events(),
    }
    with run_inside("inside.py", payloads=payloads):
        pass  # it has passed there
