"""Settings refuse what cannot work, and keep the password out of sight."""

import ssl

import pytest
from pydantic import ValidationError

from device.errors import ConfigError
from device.mqtt.settings import MqttSettings, read_password
from device.mqtt.tls import make_tls


def test_nothing_needs_to_be_set():
    settings = MqttSettings()
    assert (settings.protocol, settings.base_topic, settings.port, settings.enabled) == ("3.1.1", "affectd", 1883, True)
    assert settings.client_id_of("hall") == "affectd-hall"


def test_a_client_id_of_ones_own_is_used():
    assert MqttSettings(client_id="porch").client_id_of("hall") == "porch"


def test_a_password_in_the_configuration_is_refused_without_repeating_it():
    with pytest.raises(ConfigError, match="AFFECTD_MQTT_PASSWORD") as refusal:
        MqttSettings.model_validate({"username": "hall", "password": "opensesame"})
    assert "opensesame" not in str(refusal.value)


@pytest.mark.parametrize(("written", "understood"), [("5", "5"), (5, "5"), ("3.1.1", "3.1.1")])
def test_the_protocol_may_be_written_as_yaml_reads_it(written, understood):
    assert MqttSettings.model_validate({"protocol": written}).protocol == understood


@pytest.mark.parametrize(
    "fault",
    [
        {"protocol": "4"},
        {"protocol": True},
        {"host": ""},
        {"host": "a..b"},
        {"port": 0},
        {"port": "1883"},
        {"base_topic": "a//b"},
        {"base_topic": "affectd\n"},
        {"publish_window": 0},
        {"spool": {"max_events": 0}},
        {"ca_file": "ca.pem"},
        {"cert_file": "hall.pem"},
        {"tls_accept_any_server_name_dangerous": True},
        {"tls": True, "key_file": "hall.key"},
        {"event_expiry_s": 60},
        {"event_expiry_s": 0, "protocol": "5"},
        {"spool": {"drain_per_s": 0}},
        {"pasword": "x"},
    ],
    ids=str,
)
def test_what_cannot_work_is_refused(fault):
    with pytest.raises(ValidationError):
        MqttSettings.model_validate(fault)


def test_the_password_comes_from_the_environment():
    assert read_password(None, {"AFFECTD_MQTT_PASSWORD": "opensesame"}) == "opensesame"


def test_the_password_comes_from_a_credential_without_its_line_end(tmp_path):
    (tmp_path / "mqtt-password").write_text("open sesame \n")
    assert read_password(None, {"CREDENTIALS_DIRECTORY": str(tmp_path)}) == "open sesame "


def test_without_either_there_is_no_password(tmp_path):
    assert read_password(None, {}) is None
    assert read_password(None, {"CREDENTIALS_DIRECTORY": str(tmp_path)}) is None


def test_a_credential_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "mqtt-password").mkdir()
    with pytest.raises(ConfigError, match="mqtt-password"):
        read_password(None, {"CREDENTIALS_DIRECTORY": str(tmp_path)})


def test_an_authority_that_cannot_be_read_is_named(tmp_path):
    settings = MqttSettings.model_validate({"tls": True, "ca_file": str(tmp_path / "ca.pem")})
    with pytest.raises(ConfigError, match=r"mqtt\.ca_file .*ca\.pem"):
        make_tls(settings)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_the_password_comes_from_a_file_that_nobody_else_can_read(tmp_path, mode):
    path = tmp_path / "password"
    path.write_text("open sesame\n")
    path.chmod(mode)
    assert read_password(path, {}) == "open sesame"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o700, 0o604])
def test_a_password_file_that_others_can_read_is_refused_with_the_command_that_mends_it(tmp_path, mode):
    path = tmp_path / "password"
    path.write_text("opensesame")
    path.chmod(mode)
    with pytest.raises(ConfigError, match=f"run: chmod 600 {path}") as refusal:
        read_password(path, {})
    assert "opensesame" not in str(refusal.value)


def test_a_password_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(ConfigError, match="none cannot be read: No such file"):
        read_password(tmp_path / "none", {})


def test_the_mark_that_notepad_puts_before_a_password_is_no_part_of_it(tmp_path):
    path = tmp_path / "password"
    path.write_bytes(b"\xef\xbb\xbfhunter2\r\n")
    path.chmod(0o600)
    assert read_password(path, {}) == "hunter2"


def test_a_password_with_a_number_sign_is_taken_whole(tmp_path):
    path = tmp_path / "password"
    path.write_text("12#45 6")
    path.chmod(0o600)
    assert read_password(path, {}) == "12#45 6"


def test_a_password_that_is_no_text_is_not_repeated(tmp_path):
    path = tmp_path / "password"
    path.write_bytes(b"\xffsesame")
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="not UTF-8") as refusal:
        read_password(path, {})
    assert "sesame" not in str(refusal.value)


def test_the_server_name_is_checked_unless_a_key_with_a_warning_in_it_says_otherwise():
    assert make_tls(MqttSettings(tls=True)).check_hostname
    careless = make_tls(MqttSettings(tls=True, tls_accept_any_server_name_dangerous=True))
    assert not careless.check_hostname
    assert careless.verify_mode == ssl.CERT_REQUIRED


def test_a_certificate_that_cannot_be_read_is_named(tmp_path):
    settings = MqttSettings.model_validate({"tls": True, "cert_file": str(tmp_path / "hall.pem")})
    with pytest.raises(ConfigError, match=r"mqtt\.cert_file .*hall\.pem"):
        make_tls(settings)


def test_no_two_devices_of_one_broker_are_one_client_to_it():
    names = [
        ("affectd", "hall"),
        ("attic", "hall"),
        ("affectd", "attic-hall"),
        ("a", "b-c"),
        ("a-b", "c"),
        ("a/b", "c"),
    ]
    ids = {MqttSettings(base_topic=base).client_id_of(device) for base, device in names}
    assert len(ids) == len(names)
    assert "affectd-hall" in ids
    assert MqttSettings(client_id="mine").client_id_of("hall") == "mine"


def test_a_folder_of_credentials_that_may_not_be_looked_into_holds_no_password(tmp_path, monkeypatch):
    # As what checks a reload has it under systemd 252.
    def denied(_path, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.exists", denied)
    assert read_password(environment={"CREDENTIALS_DIRECTORY": str(tmp_path)}) is None
