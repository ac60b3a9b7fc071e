"""How Home Assistant would find the device, and be rid of it: on a real broker, without Home Assistant."""

import json
import signal

import pytest

from tests.device.mqtt.wire_format import check_message
from tests.integration.processes import call_affectd

pytestmark = pytest.mark.integration

ENDLESS = {"pace": "real-time", "loop": True}
CONFIG, STATUS = "homeassistant/device/affectd_hall/config", "homeassistant/status"


def descriptions(listener):
    return [message for message in list(listener.received) if message.topic == CONFIG]


def test_the_description_is_retained_sent_again_at_a_birth_and_can_be_removed(broker, listen, configure, daemon):
    listener = listen(broker.port)
    config = configure(broker.port, source=ENDLESS)
    process = daemon(config)
    listener.wait_for(lambda heard: descriptions(heard) and heard.on("state"), "the description")
    check_message(CONFIG, descriptions(listener)[0].payload)
    components = json.loads(descriptions(listener)[0].payload)["components"]
    labels = json.loads(listener.on("info")[0].payload)["labels"]
    assert components["emotion"]["options"] == [*labels, "uncertain", "none"]

    listener.say(STATUS, "online")
    listener.wait_for(lambda heard: len(descriptions(heard)) == 2, "the description after a birth")
    late = listen(broker.port)
    late.wait_for(descriptions, "what is retained")
    assert descriptions(late)[0].retained

    process.signal(signal.SIGTERM)
    assert process.wait() == 0
    answer = call_affectd("homeassistant", "remove", "--config", str(config))
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.startswith("hall is taken out of Home Assistant\n")
    listener.wait_for(lambda heard: descriptions(heard)[-1].payload == b"", "the removal")
    later = listen(broker.port)
    later.wait_for(lambda heard: heard.on("availability"), "what is retained")
    assert not descriptions(later)


def test_two_devices_of_one_name_under_two_base_topics_do_not_meet(broker, listen, configure, daemon, tmp_path):
    listener = listen(broker.port)
    for base in ("affectd", "attic"):
        sections = {"device": {"state_dir": str(tmp_path / base), "runtime_dir": str(tmp_path / f"run-{base}")}}
        config = configure(broker.port, source=ENDLESS, mqtt={"base_topic": base}, **sections)
        daemon(config.rename(tmp_path / f"{base}.yaml"))
    for base in ("affectd", "attic"):
        topic = f"homeassistant/device/{base}_hall/config"
        listener.wait_for(lambda heard, topic=topic: [m for m in heard.received if m.topic == topic], topic)
    listener.wait_for(
        lambda heard: {m.topic for m in heard.on("events")} >= {"affectd/hall/events", "attic/hall/events"}, "both"
    )
    assert [message.text for message in listener.on("availability")] == ["online", "online"]
