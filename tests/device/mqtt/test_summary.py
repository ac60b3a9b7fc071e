"""What the day was like, on the broker: as described, kept for who comes later, and fit for Home Assistant."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from device.mqtt.homeassistant import discovery_message
from device.mqtt.payloads import DeviceInfo, encode, summary_message
from device.mqtt.settings import MqttSettings
from device.mqtt.sink import MqttSink
from device.mqtt.topics import Topics
from device.summary.counts import Counts, DaySummary, Hour, HourSummary, dwell_bin
from device.summary.snapshot import SummarySnapshot
from tests.brokers import LOOPBACK
from tests.device.mqtt.wire_format import check_payload
from tests.device.sightings import LABELS, FakeClock

INFO = DeviceInfo("0.1.0", "emotion", "2026.11", LABELS, "demo")
MIDNIGHT = datetime(2026, 11, 19, 23, 0, tzinfo=UTC)
BUSY = Counts(
    visits=2,
    looked=1,
    dwell_s=30.04,
    dwell_bins={dwell_bin(10.0): 1, dwell_bin(20.0): 1},
    dominant={"happy": 2},
    emotion_s={"happy": 20.0, "uncertain": 5.0},
    presence_s=30.0,
    frontal_s=12.0,
    watched_s=3600.4,
)


def snapshot(today=BUSY, last_hour=BUSY) -> SummarySnapshot:
    hour = Hour(int(MIDNIGHT.timestamp()) + 9 * 3600, 3600)
    return SummarySnapshot(
        MIDNIGHT + timedelta(hours=10, minutes=3),
        "synced",
        MIDNIGHT,
        DaySummary(date(2026, 11, 20), today),
        HourSummary(hour, last_hour),
    )


def test_it_says_what_was_counted_today_and_in_the_last_hour():
    message = summary_message(snapshot())
    check_payload("summary", encode(message))
    assert (message["time"], message["today"]["start"]) == ("2026-11-20T09:03:00.000Z", "2026-11-19T23:00:00.000Z")
    assert (message["today"]["date"], message["last_hour"]["start"]) == ("2026-11-20", "2026-11-20T08:00:00.000Z")
    assert (message["today"]["visits"], message["today"]["dwell_s"]["mean"]) == (2, 15.0)
    assert message["today"]["emotions"] == {"happy": 0.8, "uncertain": 0.2}
    assert (message["today"]["frontal"], message["today"]["watched_s"]) == (0.4, 3600)


def test_an_hour_without_anybody_has_no_shares_and_no_lengths():
    message = summary_message(snapshot(Counts(), Counts(paused_s=3600.0)))
    check_payload("summary", encode(message))
    assert (message["last_hour"]["dwell_s"], message["last_hour"]["emotions"]) == (None, {})
    assert (message["last_hour"]["watched_s"], message["last_hour"]["paused_s"]) == (0, 3600)


@pytest.mark.parametrize(
    ("key", "told", "shown"),
    [
        ("visits_today", snapshot(), "2"),
        ("visits_last_hour", snapshot(), "2"),
        ("visits_last_hour", snapshot(last_hour=Counts(paused_s=3600.0)), "None"),
        ("visits_last_hour", snapshot(last_hour=Counts(watched_s=3600.0)), "0"),
        ("mean_stay_today", snapshot(), "15.0"),
        ("median_stay_last_hour", snapshot(), f"{BUSY.median_dwell_s:.1f}"),
        ("median_stay_last_hour", snapshot(last_hour=Counts()), "None"),
        ("share_happy", snapshot(), "80.0"),
        ("share_sad", snapshot(), "0"),
        ("share_uncertain", snapshot(), "20.0"),
        ("share_happy", snapshot(today=Counts(watched_s=60.0)), "None"),
    ],
)
def test_what_home_assistant_shows_of_it(key, told, shown):
    jinja2 = pytest.importorskip("jinja2", reason="reads Home Assistant's templates: pip install 'affectd[train]'")
    component = discovery_message(Topics("affectd", "hall"), INFO)["components"][key]
    template = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=True)
    said = json.loads(encode(summary_message(told)))
    assert template.from_string(component["value_template"]).render(value_json=said) == shown


def test_the_broker_keeps_the_latest_and_hears_it_again_after_an_outage(silent_broker, listen, tmp_path):
    settings = MqttSettings(host=LOOPBACK, port=silent_broker.port, reconnect_first_s=0.05, reconnect_max_s=0.2)
    sink = MqttSink(settings, "hall", tmp_path / "state", INFO, clock=FakeClock())
    sink.start()
    sink.publish_summary(snapshot(today=Counts()))
    sink.publish_summary(snapshot())
    silent_broker.start("persistence false")
    listener = listen(silent_broker.port)
    listener.wait_for(lambda heard: heard.on("summary"), "the summary that was waiting")
    assert listener.on("summary")[-1].message["today"]["visits"] == 2
    late = listen(silent_broker.port)
    late.wait_for(lambda heard: heard.on("summary"), "what is retained")
    assert late.on("summary")[0].retained
    check_payload("summary", late.on("summary")[0].payload)
    silent_broker.kill()
    silent_broker.start("persistence false")
    again = listen(silent_broker.port)
    again.wait_for(lambda heard: heard.on("summary"), "it after the broker had forgotten all")
    sink.close()
