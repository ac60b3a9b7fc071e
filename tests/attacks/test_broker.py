"""Who may publish on the broker takes no memory of the device, and no event; `test_hostile_broker` has the rest."""

import sys
from pathlib import Path

import pytest

from tests.attacks.limited import run_limited
from tests.brokers import broker, listen, silent_broker
from tests.device.mqtt.test_long_messages import publish_large

__all__ = ["broker", "listen", "silent_broker"]

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
LARGE = 130_000_000
MOST_MB = 150

# A device that says one event and ends once it was acknowledged; then it waits for what comes.
DEVICE = """
import sys, time
from pathlib import Path
from device.mqtt.payloads import DeviceInfo
from device.mqtt.settings import MqttSettings
from device.mqtt.sink import MqttSink
from tests.device.sightings import LABELS, FakeClock, change

settings = MqttSettings(host="127.0.0.1", port=int(sys.argv[1]), protocol=sys.argv[2], reconnect_first_s=0.1)
sink = MqttSink(settings, "hall", Path(sys.argv[3]), DeviceInfo("0", "m", "1", LABELS, "demo"), clock=FakeClock())
sink.start()
time.sleep(6)
sink.emit(change(1))
until_s = time.monotonic() + 60
while len(sink._publisher._spool) and time.monotonic() < until_s:
    time.sleep(0.1)
print(len(sink._publisher._spool))
sink.close(1)
"""


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_a_retained_message_of_130_mb_costs_no_memory_and_no_event(broker, tmp_path, record_property, protocol):
    publish_large(broker.port, "homeassistant/status", LARGE, retain=True)
    ended = run_limited(
        [sys.executable, "-c", DEVICE, str(broker.port), protocol, str(tmp_path / "state")], memory_mb=4000, cwd=ROOT
    )
    record_property("peak_mb", ended.peak_mb)
    assert ended.stdout.strip() == "0", ended.stderr
    assert ended.peak_mb < MOST_MB
