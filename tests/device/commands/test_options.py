"""A broker on the command line is a host with or without a port, and nothing else."""

import argparse

import pytest

from device.commands.options import config_of, parse_broker
from device.errors import ConfigError, UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("broker.local", ("broker.local", 1883)),
        ("10.0.0.1:8883", ("10.0.0.1", 8883)),
        ("[::1]:1884", ("::1", 1884)),
        ("[fe80::1]", ("fe80::1", 1883)),
    ],
)
def test_a_broker_is_host_and_port(text, expected):
    assert parse_broker(text) == expected


@pytest.mark.parametrize(
    "text", ["", ":1883", "host:", "host:x", "host:0", "host:70000", "u:p@host", "host/x", "mqtt://h"]
)
def test_what_is_no_broker_is_refused(text):
    with pytest.raises(UsageError, match="HOST or HOST:PORT"):
        parse_broker(text)


def options(config=None, broker=None):
    return argparse.Namespace(config=config, broker=broker)


def test_the_named_broker_replaces_the_configuration_s_and_leaves_the_rest(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("mqtt: {host: far, port: 1999, username: me, tls: true}\ndevice: {id: hall}\n")
    config = config_of(options(path, "near"))
    assert (config.mqtt.host, config.mqtt.port, config.mqtt.username) == ("near", 8883, "me")
    assert config.device.id == "hall"
    assert config_of(options(path)).mqtt.port == 1999


def test_without_a_configuration_the_defaults_hold(monkeypatch, tmp_path):
    monkeypatch.setattr("device.commands.options.DEFAULT_CONFIG", tmp_path / "none.yaml")
    assert config_of(options(broker="near:1884")).mqtt.port == 1884
    assert config_of(options()).mqtt.host == "localhost"


def test_a_configuration_that_was_named_must_be_there(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        config_of(options(tmp_path / "none.yaml"))
