"""Many devices at one broker."""

import json
import time

import pytest

from tests.brokers import wait_until
from tests.faults.ledger import Account
from tests.faults.site import SLOW_S

pytestmark = pytest.mark.slow

_DEVICES, _SECONDS, _RATE_PER_S = 20, 60.0, 5.0


def test_twenty_devices_at_one_broker_do_not_collide_and_lose_nothing(site, enter):
    site.start_broker()
    listener = site.listen()
    devices = [site.device(f"device-{number}", stats_interval_s=5.0) for number in range(_DEVICES)]
    for device in devices:
        device.start(rate_per_s=_RATE_PER_S)
    wait_until(lambda: len({event["device"] for event in listener.events()}) == _DEVICES, "every device", SLOW_S)
    time.sleep(_SECONDS)
    for device in devices:
        device.process.terminate()
    for device in devices:
        device.process.communicate(timeout=2 * SLOW_S)
        assert device.process.returncode == 0, device.told
    site.wait_until_heard()

    accounts = [site.account(device.name, 1, device) for device in devices]
    names = ("sent", "received", "kept", "lost", "missed", "resent", "repeated")
    sums = {name: sum(getattr(account, name) for account in accounts) for name in names}
    account = enter(Account(f"{_DEVICES} devices at one broker for a minute", 1, **sums))
    assert account.missed == 0
    assert account.sent > _DEVICES * _SECONDS
    assert sorted(site.proxy.client_ids) == sorted(f"affectd-{device.name}" for device in devices)
    assert "already connected" not in (site.folder / "mosquitto" / "mosquitto.log").read_text()
    check_topics(listener.received, {device.name for device in devices})


def check_topics(received, names):
    discovered = {}
    for message in received:
        base, device, *_ = message.topic.split("/")
        if base == "homeassistant":
            discovered[message.topic] = json.loads(message.payload)
        else:
            assert (base, device in names) == ("affectd", True)
            if message.payload.startswith(b"{") and "device" in message.message:
                assert message.message["device"] == device
    assert len(discovered) == len(names)
    ids = [part["unique_id"] for document in discovered.values() for part in document["components"].values()]
    assert len(ids) == len(set(ids)) > len(names)
    assert len({json.dumps(document["device"]["identifiers"]) for document in discovered.values()}) == len(names)
