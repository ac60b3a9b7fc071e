"""The configuration is changed as the page may, and in no other way."""

import io
import json
import os
import threading
from types import SimpleNamespace

import pytest

from device.config import Config, load_config
from device.errors import AffectdError, ConfigError, StorageError, UsageError
from device.tools.page import change
from device.tools.page.keys import CHANGEABLE, described, with_changes
from tests.brokers import wait_until


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "etc" / "config.yaml"
    path.parent.mkdir()
    path.write_text(
        f"# mine\nsource:\n  uri: demo  # the clip\ndevice: {{id: hall, state_dir: {tmp_path / 'state'}}}\n"
    )
    path.chmod(0o640)
    (tmp_path / "state").mkdir()
    return path


def test_what_was_asked_for_is_in_the_file_and_all_else_is_as_it_was(config):
    assert change.change_configuration(config, {"source.fps": "7.5", "log.level": "debug"}) == (
        "source.fps",
        "log.level",
    )
    text = config.read_text()
    assert text.startswith("# mine\n")
    assert "uri: demo  # the clip" in text
    assert config.stat().st_mode & 0o777 == 0o640
    loaded = load_config(config)
    assert (loaded.source.fps, loaded.log.level, loaded.source.uri) == (7.5, "debug", "demo")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"source.fps": "999"}, "less than or equal to 240"),
        ({"source.fps": "null"}, "expected"),
        ({"log.level": "loud"}, "expected"),
        ({"smoothing.enter_threshold": "0.2", "smoothing.exit_threshold": "0.9"}, "exit_threshold"),
    ],
)
def test_what_the_daemon_would_not_start_with_is_not_written(config, values, told):
    before = config.read_bytes()
    with pytest.raises(AffectdError, match=told):
        change.change_configuration(config, values)
    assert config.read_bytes() == before


@pytest.mark.attack
@pytest.mark.parametrize(
    "key",
    [
        "source.uri",
        "device.state_dir",
        "models.trusted_keys",
        "classifier.edgetpu_library",
        "mqtt.host",
        "page.host",
        "overlay.privacy",
        "source",
        "",
        "device.name.x",
        "__class__",
    ],
)
def test_a_key_that_the_page_may_not_change_is_refused(config, key):
    before = config.read_bytes()
    with pytest.raises(UsageError, match="cannot be changed from the page"):
        change.change_configuration(config, {"source.fps": "9", key: "1"})
    assert config.read_bytes() == before


@pytest.mark.attack
@pytest.mark.parametrize(
    "name", ["null: [1]", "!!python/object/apply:os.system [id]", "a: b\\nmqtt: {}", "*x", "'", "x' , y: '"]
)
def test_a_name_is_a_text_whatever_it_looks_like(config, name):
    change.change_configuration(config, {"device.name": name})
    loaded = load_config(config)
    assert loaded.device.name == name
    assert loaded.mqtt == Config().mqtt


@pytest.mark.attack
@pytest.mark.parametrize("value", ["x" * 101, "line\nbreak", "\x1b[31m", "[" * 100, "&a [*a]", "!!binary x", "{a: b}"])
@pytest.mark.parametrize("key", ["source.fps", "log.level"])
def test_a_value_that_nobody_types_is_refused(config, key, value):
    with pytest.raises(AffectdError):
        with_changes(config.read_text(), {key: value}, "config.yaml")


def test_none_of_the_keys_names_a_file_a_host_or_a_secret():
    for key in CHANGEABLE:
        assert not any(word in key for word in ("dir", "file", "host", "uri", "user", "pass", "key", "port", "path"))


def test_each_key_is_described_by_what_it_takes():
    told = {one["key"]: one for one in described(Config())}
    assert list(told) == list(CHANGEABLE)
    assert (told["source.fps"]["value"], told["source.fps"]["number"], told["source.fps"]["nullable"]) == (
        15.0,
        True,
        False,
    )
    assert told["log.level"]["choices"] == ["debug", "info", "warning", "error"]
    assert told["overlay.mirror"]["choices"] == ["true", "false"]
    assert told["smoothing.enter_threshold"]["nullable"]
    assert (told["detector.max_roll_deg"]["low"], told["detector.max_roll_deg"]["high"]) == (0.0, 60.0)
    json.dumps(told)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"a": 1}', "nonsense", "[" * 100_000, '{"a": "' + "x" * 20_000 + '"}']
)
def test_what_is_no_wish_is_refused(monkeypatch, text):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(text.encode())))
    with pytest.raises(UsageError):
        change.read_wanted()


@pytest.fixture
def read_only(monkeypatch, config):
    """As the service's sandbox has it, whoever runs the test."""
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != config.parent and real(path, mode))
    monkeypatch.setattr(change, "_TAKEN_WITHIN_S", 0.5)
    return config


def test_where_it_may_not_write_root_is_asked_to(read_only, tmp_path):
    wanted = tmp_path / "state" / change.WANTED_NAME

    def root():
        wait_until(wanted.exists, "the wish")
        change.take_over(wanted, read_only)

    helper = threading.Thread(target=root)
    helper.start()
    change._TAKEN_WITHIN_S = 30.0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("device.contract.files.check_folder", lambda _: None)
        assert change.change_configuration(read_only, {"source.fps": "7"}) == ("source.fps",)
    helper.join(30)
    assert load_config(read_only).source.fps == 7.0
    assert not wanted.exists()


def test_where_nobody_takes_over_it_says_what_to_switch_on_and_leaves_nothing(read_only, tmp_path):
    with pytest.raises(StorageError, match=r"systemctl enable --now affectd-page-change\.path"):
        change.change_configuration(read_only, {"source.fps": "7"})
    assert list((tmp_path / "state").iterdir()) == []


def test_where_the_file_is_not_changed_it_says_who_knows_why(read_only, tmp_path):
    wanted = tmp_path / "state" / change.WANTED_NAME

    def forget():
        wait_until(wanted.exists, "the wish")
        wanted.unlink()

    helper = threading.Thread(target=forget)
    helper.start()
    with pytest.raises(StorageError, match="journalctl -u affectd-page-change"):
        change.change_configuration(read_only, {"source.fps": "7"})
    helper.join(30)


@pytest.mark.attack
@pytest.mark.parametrize("content", [b"", b"{", b'{"source.uri": "/dev/sda"}', b'{"source.fps": "999"}', b"x" * 50_000])
def test_root_takes_over_nothing_that_the_page_may_not_ask_for(config, tmp_path, content):
    wanted = tmp_path / "state" / change.WANTED_NAME
    wanted.write_bytes(content)
    before = config.read_bytes()
    with pytest.raises((UsageError, ConfigError)):
        change.take_over(wanted, config)
    assert config.read_bytes() == before
    assert not wanted.exists(), "it would be tried for ever"


@pytest.mark.attack
def test_root_follows_no_link_and_waits_for_no_pipe(config, tmp_path):
    wanted = tmp_path / "state" / change.WANTED_NAME
    secret = tmp_path / "shadow"
    secret.write_text('{"source.fps": "3"}')
    wanted.symlink_to(secret)
    before = config.read_bytes()
    with pytest.raises(OSError, match="symbolic links"):
        change.take_over(wanted, config)
    assert secret.exists()
    assert not wanted.is_symlink()
    os.mkfifo(wanted)
    with pytest.raises(UsageError, match="is no file"):
        change.take_over(wanted, config)
    assert config.read_bytes() == before
