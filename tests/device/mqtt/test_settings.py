"""Settings refuse what cannot work, and keep the password out of sight."""

import pytest
from pydantic import ValidationError

from device.errors import ConfigError
from device.mqtt.client import make_tls
from device.mqtt.settings import MqttSettings, read_password


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
        {"base_topic": "a/b"},
        {"base_topic": "affectd\n"},
        {"publish_window": 0},
        {"spool": {"max_events": 0}},
        {"ca_file": "ca.pem"},
        {"pasword": "x"},
    ],
    ids=str,
)
def test_what_cannot_work_is_refused(fault):
    with pytest.raises(ValidationError):
        MqttSettings.model_validate(fault)


def test_the_password_comes_from_the_environment():
    assert read_password({"AFFECTD_MQTT_PASSWORD": "opensesame"}) == "opensesame"


def test_the_password_comes_from_a_credential_without_its_line_end(tmp_path):
    (tmp_path / "mqtt-password").write_text("open sesame \n")
    assert read_password({"CREDENTIALS_DIRECTORY": str(tmp_path)}) == "open sesame "


def test_without_either_there_is_no_password(tmp_path):
    assert read_password({}) is None
    assert read_password({"CREDENTIALS_DIRECTORY": str(tmp_path)}) is None


def test_a_credential_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "mqtt-password").mkdir()
    with pytest.raises(ConfigError, match="mqtt-password"):
        read_password({"CREDENTIALS_DIRECTORY": str(tmp_path)})


def test_an_authority_that_cannot_be_read_is_named(tmp_path):
    settings = MqttSettings.model_validate({"tls": True, "ca_file": str(tmp_path / "ca.pem")})
    with pytest.raises(ConfigError, match=r"mqtt\.ca_file .*ca\.pem"):
        make_tls(settings)
