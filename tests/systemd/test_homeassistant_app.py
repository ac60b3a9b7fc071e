"""The Home Assistant app: its options are what the daemon understands, and its own form is whole."""

import importlib.util
import json
import re
from pathlib import Path

import pytest
import yaml

from device.config import parse_config

FOLDER = Path(__file__).parents[2] / "systemd" / "container" / "homeassistant"
FORM = yaml.safe_load((FOLDER / "config.yaml").read_text(encoding="utf-8"))
SERVICE = {"host": "core-mosquitto", "port": 1883, "username": "addons", "password": "secret", "ssl": False}


@pytest.fixture(scope="module")
def start():
    spec = importlib.util.spec_from_file_location("start", FOLDER / "start.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_options_as_they_come_make_a_configuration_with_home_assistant_s_broker(start):
    sections, password = start.configuration(FORM["options"], SERVICE)
    config = parse_config(json.dumps(sections), "the app's")
    assert (config.mqtt.host, config.mqtt.port, config.mqtt.username) == ("core-mosquitto", 1883, "addons")
    assert (config.device.id, config.device.name, config.source.uri) == ("hall", None, "0")
    assert password == "secret"
    assert "secret" not in json.dumps(sections)


def test_a_broker_of_one_s_own_wins(start):
    options = FORM["options"] | {"mqtt_host": "hub.local", "mqtt_username": "hall", "mqtt_password": "mine"}
    sections, password = start.configuration(options | {"device_name": "Küche", "source": "rtsp://cam/1"}, {})
    config = parse_config(json.dumps(sections), "the app's")
    assert (config.mqtt.host, config.mqtt.port, config.mqtt.username) == ("hub.local", 1883, "hall")
    assert (config.device.name, password) == ("Küche", "mine")


def test_every_option_has_a_form_and_what_home_assistant_asks_of_an_app_is_there():
    assert FORM.keys() >= {"name", "version", "slug", "description", "arch", "options", "schema"}
    assert FORM["options"].keys() <= FORM["schema"].keys()
    assert all(form.endswith("?") for key, form in FORM["schema"].items() if key not in FORM["options"])
    assert re.fullmatch(r"[-_.A-Za-z0-9]+", FORM["slug"])


def test_it_has_the_version_of_the_package():
    project = (FOLDER.parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{FORM["version"]}"' in project


def test_without_its_options_it_says_so_in_one_line(start, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(start, "OPTIONS", tmp_path / "options.json")
    assert start.main() == 78
    assert capsys.readouterr().err.count("\n") == 1
