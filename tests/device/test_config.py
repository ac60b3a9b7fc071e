import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from device.cli import run_command
from device.config import Config, _own_folder_in_memory, config_digest, load_config, parse_config, with_source
from device.errors import ConfigError, UsageError

SHIPPED = Path(__file__).parents[2] / "config.yaml"


def _keys(section: type[BaseModel], prefix: str = "") -> dict[str, object]:
    """Dotted key to default of every setting there is."""
    found: dict[str, object] = {}
    for name, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found |= _keys(field.annotation, f"{prefix}{name}.")
        else:
            found[prefix + name] = field.default
    return found


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in values.items():
        found |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return found


def test_the_shipped_file_names_every_key_with_its_default():
    assert _flat(yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))) == _keys(Config)


def test_the_shipped_file_is_what_an_empty_one_means():
    assert load_config(SHIPPED) == parse_config("", "empty.yaml") == Config()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("mqtt:\n  hst: x\n", "c.yaml:2: unknown key `mqtt.hst`; did you mean `host`?"),
        ("mqqt:\n  host: x\n", "c.yaml:1: unknown key `mqqt`; did you mean `mqtt`?"),
        ("log:\n  zzzzzz: 1\n", "c.yaml:2: unknown key `log.zzzzzz`; known here are level"),
        (
            "mqtt:\n  spool:\n    max_evens: 3\n",
            "c.yaml:3: unknown key `mqtt.spool.max_evens`; did you mean `max_events`?",
        ),
        ("\nmqtt:\n  port: soon\n", "c.yaml:3: `mqtt.port`: expected a valid integer, found 'soon'"),
        ("mqtt:\n  port: '1883'\n", "c.yaml:2: `mqtt.port`: expected a valid integer, found '1883'"),
        ("mqtt:\n  port: 99999\n", "c.yaml:2: `mqtt.port`: expected less than or equal to 65535, found 99999"),
        ("log: loud\n", "c.yaml:1: `log`: expected "),
        ("device:\n  id: a/b\n", "c.yaml:2: `device.id`: expected letters, digits, _ and -"),
        ("source:\n  fps: .nan\n", "c.yaml:2: `source.fps`: expected a finite number"),
        ("- a\n- b\n", "c.yaml:1: expected sections such as `mqtt:`, found a list"),
        ("mqtt: [\n", "c.yaml:2: this is not YAML"),
        ("mqtt: {}\nmqtt: {}\n", "c.yaml:2: the key 'mqtt' stands twice"),
        ("mqtt: !!python/object:os.system {}\n", "c.yaml:1: this is not YAML"),
        ("mqtt:\n  port: x\n  host: 3\n", "(and 1 more)"),
        ("2026-11-29: x\n", "c.yaml:1: unknown key `2026-11-29`"),
        ("mqtt:\n  host: {{ hub }}\n", "c.yaml:2: a key is expected, and a list or section stands there"),
        ("device:\n  id: no\n", "c.yaml:2: `device.id`: expected a valid string, found no; put it in quotes"),
        ("log:\n- level\n", "c.yaml:1: `log`: expected keys below it, such as `level:`, found a list"),
        ("device: {id: !!binary YQ==, state_dir: !!set {a}}\n", "c.yaml:1: `device.id`: expected"),
        ("mqtt: {!!binary YQ==: 1}\n", "c.yaml"),
        ("mqtt:\n  host: hub:1883\n", "its port belongs in mqtt.port, found 'hub:1883'"),
        ("mqtt:\n  host: mqtts://hub\n", "for mqtts:// set mqtt.tls, found 'mqtts://hub'"),
        ("mqtt:\n  host: my hub\n", "c.yaml:2: `mqtt.host`: expected the name or address of a host, found 'my hub'"),
        ("source:\n  uri: rtsp:/cam/x\n", "c.yaml:2: `source.uri`: expected a stream's address with two slashes"),
        ("source:\n  uri: cam:554/x\n", "c.yaml:2: `source.uri`: expected a stream's address with its scheme"),
        ("source:\n  uri: $HOME/film.mp4\n", "c.yaml:2: `source.uri`: expected a path without variables"),
        ("source:\n  uri: ~nobody-here/film.mp4\n", "c.yaml:2: `source.uri`: expected a path whose beginning is known"),
    ],
)
def test_a_fault_is_told_with_its_line_what_was_expected_and_what_stands_there(text, told):
    with pytest.raises(ConfigError) as fault:
        parse_config(text, "c.yaml")
    assert told in str(fault.value)
    assert "\n" not in str(fault.value)


def test_a_password_is_refused_and_not_repeated():
    with pytest.raises(ConfigError) as fault:
        parse_config("mqtt:\n  password: hunter2\n", "c.yaml")
    assert "AFFECTD_MQTT_PASSWORD" in str(fault.value)
    assert "hunter2" not in str(fault.value)


def test_a_stream_s_url_with_a_fault_does_not_show_its_password():
    with pytest.raises(ConfigError) as fault:
        parse_config("source:\n  uri: ftp://me:hunter2@host/x\n", "c.yaml")
    assert "source.uri" in str(fault.value)
    assert "hunter2" not in str(fault.value)


def test_a_file_that_is_missing_is_told_with_what_to_do(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: No such file or directory; give another file with --config"):
        load_config(tmp_path / "none.yaml")


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_config(path)


def test_a_path_may_be_written_as_text_and_a_whole_number_for_seconds():
    config = parse_config("classifier:\n  model: /x/y.tflite\nsource:\n  fps: 10\n", "c.yaml")
    assert config.classifier.model_path == Path("/x/y.tflite")
    assert config.source.fps == 10.0


def test_the_state_folder_is_the_configured_one_then_systemd_s_then_the_users(monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", "/home/x/state")
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    assert Config().device.resolved_state_dir == Path("/home/x/state/affectd")
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/affectd")
    assert Config().device.resolved_state_dir == Path("/var/lib/affectd")
    named = parse_config("device:\n  state_dir: /srv/x\n", "c.yaml")
    assert named.device.resolved_state_dir == Path("/srv/x")


def test_a_device_without_an_id_is_called_as_its_host_with_what_topics_allow(monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "hall.example")
    assert Config().device.resolved_id == "hall-example"


def test_the_folder_in_memory_is_the_configured_one_then_systemd_s(monkeypatch):
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/affectd")
    assert Config().device.resolved_runtime_dir == Path("/run/affectd")
    named = parse_config("device:\n  runtime_dir: /run/x\n", "c.yaml")
    assert named.device.resolved_runtime_dir == Path("/run/x")


def test_without_systemd_the_folder_in_memory_is_the_session_s_else_a_private_one_in_shared_memory(tmp_path):
    (tmp_path / "user" / str(os.getuid())).mkdir(parents=True)
    shared = tmp_path / "shm"
    shared.mkdir()
    assert _own_folder_in_memory(tmp_path / "user", shared) == tmp_path / "user" / str(os.getuid()) / "affectd"
    found = _own_folder_in_memory(tmp_path / "none", shared)
    assert found == _own_folder_in_memory(tmp_path / "none", shared) == shared / f"affectd-{os.getuid()}"
    assert found.stat().st_mode & 0o777 == 0o700


def test_a_trap_in_shared_memory_is_not_stepped_into(tmp_path):
    (tmp_path / f"affectd-{os.getuid()}").symlink_to(tmp_path)
    with pytest.raises(ConfigError, match=r"device\.runtime_dir"):
        _own_folder_in_memory(tmp_path / "none", tmp_path)


SECRET = "Swordf1sh"
LEAKS = [
    "source: {uri: 'rtsp://admin:Swordf1sh@cam/x', width: 9}",
    "source: {uri: 'rtsp:/admin:Swordf1sh@cam/x'}",
    "source: {uri: 'admin:Swordf1sh@cam/x'}",
    "source: {uri: 'http://admin:Swordf1sh#9@cam/x'}",
    "source: {uri: 'ftp://cam/user=admin&password=Swordf1sh'}",
    "source: {uri: 'rtsp://admin:Swordf1sh@cam', reopen_delay_s: 70.0}",
    "source: 'rtsp://admin:Swordf1sh@cam'",
    "- 'rtsp://admin:Swordf1sh@cam'",
    "'rtsp://admin:Swordf1sh@cam'",
    "'rtsp://admin:Swordf1sh@cam': x",
    "mqtt: {host: 'mqtt://me:Swordf1sh@hub'}",
    "mqtt: {host: 'me:Swordf1sh@hub:1883'}",
    "mqtt: {password_file: Swordf1sh}",
    "mqtt: {password: Swordf1sh}",
    "mqtt: 'mqtt://me:Swordf1sh@hub'",
    "source: {urii: 'rtsp://admin:Swordf1sh@cam'}",
    "a: 'rtsp://admin:Swordf1sh@cam\n  b: c",
    "source: {uri: [{password: Swordf1sh}]}",
    "source: {uri: 'rtsp://" + "a" * 50 + ":Swordf1sh@cam', width: x}",
]


@pytest.mark.parametrize("text", LEAKS)
def test_no_fault_of_a_configuration_shows_a_password(text, capsys):
    assert run_command("affectd", lambda: len(str(parse_config(text, "c.yaml")))) == 78
    assert SECRET not in capsys.readouterr().err


@pytest.mark.parametrize(
    "host", ["hub", "hub.local", "192.168.1.2", "::1", "fe80::1%eth0", "my_hub", "xn--bcher-kva.example"]
)
def test_a_broker_s_host_is_a_name_or_an_address(host):
    assert parse_config(f"mqtt: {{host: '{host}'}}", "c.yaml").mqtt.host == host


def test_the_brackets_around_an_address_of_ipv6_are_a_url_s_and_go():
    settings = parse_config("mqtt: {host: '[::1]'}", "c.yaml").mqtt
    assert settings.host == "::1"
    assert settings.addresses_text == "[::1]:1883"


@pytest.mark.parametrize(
    "host", ["", "hub/x", "http://hub", "me@hub", "hub:1883", "[::1]:1883", "a b", "hub\\u0007", "[x]", "-" * 64 + ".x"]
)
def test_what_is_no_host_is_refused(host):
    with pytest.raises(ConfigError, match=r"`mqtt\.host`"):
        parse_config(f'mqtt: {{host: "{host}"}}', "c.yaml")


@pytest.mark.parametrize("section", ["device:", "device: null", "mqtt: {spool: }", "source:\n  picamera:\n"])
def test_an_empty_section_means_the_defaults(section):
    assert parse_config(section, "c.yaml") == Config()


PATH_KEYS = [
    "device.state_dir",
    "device.runtime_dir",
    "mqtt.password_file",
    "mqtt.ca_file",
    "mqtt.cert_file",
    "classifier.model",
    "classifier.fallback_model",
    "detector.network",
    "detector.cascade",
    "detector.second_cascade",
    "overlay.font",
    "page.cert_file",
]


BESIDE = {"mqtt": ", tls: true", "page": ", key_file: /k.pem"}
"""What else a section wants for one of its paths to be sound."""


def _with_path(key, path):
    section, name = key.split(".")
    return parse_config(f"{section}: {{{name}: '{path}'{BESIDE.get(section, '')}}}", "c.yaml")


@pytest.mark.parametrize("key", PATH_KEYS)
def test_a_tilde_in_any_path_of_the_configuration_is_the_home_folder(key, monkeypatch):
    monkeypatch.setenv("HOME", "/home/anna")
    section, name = key.split(".")
    assert getattr(getattr(_with_path(key, "~/x/y"), section), name) == Path("/home/anna/x/y")


@pytest.mark.parametrize("key", PATH_KEYS)
@pytest.mark.parametrize("path", ["x/y", ".", "$HOME/x", "/srv/${USER}/x", "~nobody-here/x", ""])
def test_a_path_that_would_mean_another_place_elsewhere_is_refused(key, path):
    with pytest.raises(ConfigError, match=f"`{key}"):
        _with_path(key, path)


def test_every_path_of_the_configuration_is_one_of_these():
    """So that a key that is added is expanded and tried as well."""

    def paths(section, prefix=""):
        for name, field in section.model_fields.items():
            if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
                yield from paths(field.annotation, f"{prefix}{name}.")
            elif "Path" in str(field.annotation):
                yield prefix + name

    assert set(paths(Config)) == {*PATH_KEYS, "mqtt.key_file", "page.key_file"}


def test_a_film_in_the_home_folder_is_found_from_anywhere(monkeypatch):
    monkeypatch.setenv("HOME", "/home/anna")
    assert parse_config("source: {uri: '~/film.mp4'}", "c.yaml").source.uri == "/home/anna/film.mp4"


def test_a_user_without_a_home_is_told_which_key_to_set(monkeypatch):
    for name in ("HOME", "XDG_STATE_HOME", "STATE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    with pytest.raises(ConfigError, match=r"no home folder.*device\.state_dir"):
        print(Config().device.resolved_state_dir)


def test_a_relative_xdg_folder_counts_for_nothing_as_its_specification_wants(monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", "state")
    monkeypatch.setenv("HOME", "/home/anna")
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    assert Config().device.resolved_state_dir == Path("/home/anna/.local/state/affectd")


def test_a_file_that_never_ends_is_no_configuration():
    with pytest.raises(ConfigError, match="larger than 256 kB"):
        load_config(Path("/dev/zero"))


def test_a_source_in_letters_that_are_not_utf_8_is_refused_in_a_sentence():
    with pytest.raises(UsageError, match="letters that are not UTF-8; rename it"):
        with_source(Config(), "film\udcff.avi")


def test_two_devices_that_are_set_alike_have_one_digest_whatever_they_are_called():
    hall, porch = (config_digest(parse_config(f"device: {{id: {name}, name: {name}}}", "c.yaml")) for name in "ab")
    assert hall == porch == config_digest(parse_config("", "c.yaml"))
    assert len(hall) == 64


def test_another_setting_is_another_digest_and_another_password_is_none_that_could_be_guessed_from_it():
    def digest(uri: str) -> str:
        return config_digest(parse_config(f"source: {{uri: '{uri}'}}", "c.yaml"))

    assert digest("rtsp://cam/1") != digest("rtsp://cam/2")
    assert digest("rtsp://me:Sw0rdfish@cam/1") == digest("rtsp://me:Tr0ub4dor@cam/1")
