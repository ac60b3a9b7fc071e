"""What the broker keeps of a device follows what becomes of the device."""

import json
from typing import Any

from device.mqtt.board import Board
from device.mqtt.leftovers import Leftovers
from device.mqtt.limits import Limits
from device.mqtt.payloads import DeviceInfo
from device.mqtt.settings import MqttSettings
from device.mqtt.topics import Topics
from tests.device.mqtt.stage import RUN, make_tuning
from tests.fakes import FakeClock

TOPICS = Topics("affectd", "hall")


class Heard:
    """A session that has room for everything."""

    room = 100

    def __init__(self) -> None:
        self.info: list[dict[str, object]] = []

    def publish_retained(self, topic: str, payload: bytes) -> None:
        if topic == TOPICS.info:
            self.info.append(json.loads(payload))


def test_info_names_the_detector_that_took_the_place_of_one_that_failed_within_a_minute(tmp_path):
    finds = ["YuNet"]
    info = DeviceInfo("0.1.0", "emotion", "1", ("happy", "sad"), "demo", detector=lambda: finds[0])
    settings = MqttSettings.model_validate({"homeassistant": {"enabled": False}})
    leftovers = Leftovers(tmp_path / "retained.json", ["127.0.0.1:1883"], TOPICS)
    board = Board.of(
        settings, TOPICS, info, run=RUN, clock=FakeClock(), tuning=make_tuning(tmp_path), leftovers=leftovers
    )
    session: Any = Heard()
    board.begin(Limits(100))
    board.publish(session, 0.0, at_once=True)
    finds[0] = "Haar cascades"
    assert board.due_s(session) <= 60.0
    for now_s in (30.0, 60.0, 120.0, 180.0):
        board.publish(session, now_s, at_once=True)
    assert [said["detector"] for said in session.info] == ["YuNet", "Haar cascades"]
