"""Run by test_statistics.py inside Home Assistant's own environment: its recorder, and a day that a fake clock made.

The folder of this file holds day.json: the discovery message, and each summary with the time at which it was said.
"""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_mqtt_message
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
    statistics_during_period,
)

# MQTT leaves a timer behind from 2026.11 on, and Home Assistant's own tests of it are told so too.
pytestmark = pytest.mark.parametrize("expected_lingering_timers", [True])

DAY = json.loads(Path(__file__).with_name("day.json").read_text(encoding="utf-8"))
ENTITIES = {f"sensor.hall_{key}" for key in ("visits_today", "visits_last_hour", "mean_stay_today", "share_happy")}


@pytest.fixture
async def home(recorder_mock, hass, mqtt_mock, freezer):  # noqa: ARG001 - the recorder has to be there before the rest
    """Home Assistant that has heard the whole day, and has summed it up."""
    begun = datetime.fromisoformat(DAY["said"][0]["time"])
    freezer.move_to(begun)
    await _say(hass, DAY["topic"], DAY["message"])
    await _say(hass, DAY["message"]["availability_topic"], "online")
    for said in DAY["said"]:
        freezer.move_to(datetime.fromisoformat(said["time"]))
        await _say(hass, "affectd/hall/summary", said["message"])
    await async_wait_recording_done(hass)
    period, end = begun.replace(minute=0, second=0, microsecond=0), datetime.fromisoformat(DAY["said"][-1]["time"])
    while period < end + timedelta(hours=1):
        do_adhoc_statistics(hass, start=period)
        period += timedelta(minutes=5)
    freezer.move_to(end + timedelta(hours=2))
    await async_wait_recording_done(hass)
    return hass, begun


async def _say(hass, topic, payload):
    async_fire_mqtt_message(hass, topic, payload if isinstance(payload, str) else json.dumps(payload))
    await hass.async_block_till_done()


async def test_the_long_term_statistics_of_a_day_are_what_happened(home):
    hass, begun = home
    found = await hass.async_add_executor_job(
        lambda: statistics_during_period(
            hass, begun.replace(minute=0), statistic_ids=ENTITIES, types={"change", "mean", "max"}
        )
    )
    assert set(found) == ENTITIES
    changes = {
        dt_util.utc_from_timestamp(row["start"]).isoformat(): row["change"]
        for row in found["sensor.hall_visits_today"]
        if row["change"]
    }
    Path(__file__).with_name("statistics.json").write_text(json.dumps(found), encoding="utf-8")
    assert changes == DAY["changes"]
    assert max(row["max"] for row in found["sensor.hall_visits_last_hour"]) == max(DAY["changes"].values())
    assert all(0 <= row["mean"] <= 100 for row in found["sensor.hall_share_happy"])
