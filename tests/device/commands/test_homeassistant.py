"""`affectd homeassistant remove` takes away all that is kept of one device, and nothing of another."""

import pytest

from device.commands import main
from device.errors import EXIT_CONFIG, EXIT_OK
from tests.brokers import LOOPBACK, broker, listen, silent_broker

__all__ = ["broker", "listen", "silent_broker"]

OURS = (
    "homeassistant/device/museum-saffectd_hall/config",
    "homeassistant/sensor/museum-saffectd_hall/emotion/config",
    "homeassistant/sensor/museum-saffectd_hall/of_an_older_version/config",
)
OTHERS = (
    "homeassistant/device/affectd_hall/config",
    "homeassistant/sensor/museum-saffectd_hall2/emotion/config",
    "homeassistant/sensor/other/emotion/config",
    "museum/affectd/hall/state",
)


@pytest.fixture
def remove(broker, tmp_path):
    """Runs the command against the broker; returns its exit code."""
    config = tmp_path / "config.yaml"
    config.write_text(f"device: {{id: hall}}\nmqtt: {{host: {LOOPBACK}, port: {broker.port}}}\n")
    return lambda *options: main(["homeassistant", "remove", "--config", str(config), *options])


@pytest.fixture
def kept(broker, listen):
    """Fills the broker, and says what it keeps."""
    for topic in (*OURS, *OTHERS):
        listen(broker.port).say(topic, "{}", retain=True)

    def kept():
        listener = listen(broker.port)
        listener.say("end/of", "it")
        listener.wait_for(lambda heard: heard.on("of"), "the end")
        return {message.topic for message in listener.received if message.retained}

    return kept


def test_a_base_topic_of_several_levels_is_cleared_whole_and_alone(remove, kept, capsys):
    assert kept() == {*OURS, *OTHERS}
    assert remove("--base-topic", "museum/affectd") == EXIT_OK
    assert kept() == set(OTHERS)
    assert "hall is taken out of Home Assistant" in capsys.readouterr().out


@pytest.mark.parametrize("base", ["+", "#", "museum/+", "museum/#", "+/affectd", "", "/", "museum//affectd"])
def test_a_base_topic_with_wildcards_is_refused_and_clears_nothing(remove, kept, capsys, base):
    assert remove("--base-topic", base) == EXIT_CONFIG
    assert f"mqtt.base_topic is {base!r}, which no topic can carry" in capsys.readouterr().err
    assert kept() == {*OURS, *OTHERS}
