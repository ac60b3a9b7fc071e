"""Home Assistant's long-term statistics of a day that a fake clock made: with a power cut, a pause and a midnight."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from device.mqtt.homeassistant import HomeAssistantSettings, discovery_message, discovery_topic
from device.mqtt.payloads import DeviceInfo, summary_message
from device.mqtt.topics import Topics
from device.records import rfc3339
from tests.device.sightings import LABELS
from tests.device.summary.machine import Clock, Machine
from tests.homeassistant.home import require_root, run_inside

pytestmark = pytest.mark.slow

MIDNIGHT = datetime(2026, 11, 19, 23, 0, tzinfo=UTC)
"""In Berlin."""


class Day:
    """What a device says of a day, and what happened."""

    def __init__(self, folder: Path) -> None:
        self.said: list[dict[str, object]] = []
        self.changes: dict[str, float] = {}
        self._machine = Machine(folder, Clock(MIDNIGHT))
        for hour, visits in ((9, 3), (10, 5), (12, 30)):
            self._go_to(hour)
            for number in range(visits):
                self._visit(LABELS[number % 3])
        self._go_to(14, 5)
        kept = dict(self.changes)
        self._visit("happy")
        self._visit("happy")
        self.changes = kept
        self._machine.start()  # the power was cut, and took those two
        self._listen(30.0)
        self._visit("sad")
        self._machine.sink.set_source_state("paused")
        self._go_to(16)
        self._machine.sink.set_source_state("ok")
        self._go_to(24, 10)
        self._visit("happy")
        self._listen(60.0)

    def _go_to(self, hour: int, minute: int = 0) -> None:
        until = MIDNIGHT + timedelta(hours=hour, minutes=minute)
        while self._machine.clock.now() < until:
            self._listen(60.0)

    def _visit(self, emotion: str) -> None:
        self._machine.visit(10.0, emotion, step_s=5.0)
        hour = self._machine.clock.now().replace(minute=0, second=0, microsecond=0).isoformat()
        self.changes[hour] = self.changes.get(hour, 0) + 1
        self._listen(15.0)

    def _listen(self, seconds: float) -> None:
        self._machine.wait(seconds, step_s=min(seconds, 30.0))
        if told := self._machine.sink.news():
            self.said.append({"time": rfc3339(told.time), "message": summary_message(told)})


def test_the_statistics_of_a_day_are_what_happened(tmp_path):
    require_root()  # before a day is made for nothing
    day, topics = Day(tmp_path), Topics("affectd", "hall")
    info = DeviceInfo("0.1.0", "emotion", "2026.11", LABELS, "demo")
    told = {
        "topic": discovery_topic(HomeAssistantSettings(), topics),
        "message": discovery_message(topics, info),
        "said": day.said,
        "changes": day.changes,
    }
    with run_inside("inside_statistics.py", day=told) as folder:
        _print(json.loads((folder / "statistics.json").read_text(encoding="utf-8")))


def _print(statistics) -> None:
    visits, share = statistics["sensor.hall_visits_today"], statistics["sensor.hall_share_happy"]
    happy = {row["start"]: row["mean"] for row in share}
    print("\nhour (UTC)  visits  happy so far, %")
    for row in visits:
        hour = datetime.fromtimestamp(row["start"], UTC)
        print(f"{hour:%d. %H:%M}   {row['change'] or 0:6.0f}  {happy.get(row['start']) or 0:6.0f}")
