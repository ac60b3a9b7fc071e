"""How the broker is reached, and what is kept for it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, Strict, field_validator, model_validator

from device.errors import ConfigError
from device.mqtt.spool import SpoolSettings
from device.mqtt.topics import NAME_PATTERN
from device.section import Section

PASSWORD_VARIABLE = "AFFECTD_MQTT_PASSWORD"  # noqa: S105 the name of a variable, not its value
PASSWORD_CREDENTIAL = "mqtt-password"  # noqa: S105 the name of a file, not what is in it
_WHERE_PASSWORDS_GO = (
    f"set {PASSWORD_VARIABLE} in the service's environment, or store it as the systemd credential {PASSWORD_CREDENTIAL}"
)


class MqttSettings(Section):
    """The section ``mqtt``.

    Attributes:
        enabled: whether to speak to a broker at all.
        host: name or address of the broker.
        port: 1883 is usual, 8883 with TLS.
        base_topic: the first level of every topic.
        client_id: what the broker knows the device by; made from the device's id when left out. No two may share one.
        username: where the broker asks for one; its password is never in the configuration.
        keepalive_s: how often a silent connection is tested, seconds; a dead one is noticed within twice that.
        protocol: MQTT 3.1.1 or 5.
        tls: whether the connection is encrypted and the broker's certificate checked.
        ca_file: PEM file of the authority that signed the broker's certificate, where the system does not know it.
        state_interval_s: least time between two messages on the topic ``state``, seconds.
        stats_interval_s: time between two messages on the topic ``stats``, seconds.
        publish_window: most messages that wait for the broker's acknowledgement at a time.
        reconnect_first_s: about how long after a failure the next attempt is made, seconds; it doubles each time.
        reconnect_max_s: the longest wait between attempts, seconds.
        spool: how much is kept while the broker is away.
    """

    enabled: bool = True
    host: str = Field("localhost", min_length=1, max_length=253)
    port: int = Field(1883, ge=1, le=65535)
    base_topic: str = Field("affectd", pattern=NAME_PATTERN)
    client_id: str | None = Field(None, min_length=1, max_length=128)
    username: str | None = Field(None, min_length=1)
    keepalive_s: int = Field(30, ge=5, le=3600)
    protocol: Literal["3.1.1", "5"] = "3.1.1"
    tls: bool = False
    ca_file: Annotated[Path, Strict(strict=False)] | None = None
    state_interval_s: float = Field(1.0, ge=0.1)
    stats_interval_s: float = Field(30.0, ge=1.0)
    publish_window: int = Field(10, ge=1, le=1000)
    reconnect_first_s: float = Field(1.0, ge=0.05)
    reconnect_max_s: float = Field(30.0, ge=0.05)
    spool: SpoolSettings = SpoolSettings()

    @model_validator(mode="before")
    @classmethod
    def _refuse_a_password(cls, section: Any) -> Any:
        if isinstance(section, dict) and "password" in section:
            # Not a ValueError: pydantic would print the section, and the password with it.
            raise ConfigError("mqtt.password is in the configuration, where many can read it", _WHERE_PASSWORDS_GO)
        return section

    @field_validator("protocol", mode="before")
    @classmethod
    def _accept_a_bare_number(cls, protocol: Any) -> Any:
        return "5" if protocol == 5 and not isinstance(protocol, bool) else protocol

    @field_validator("host")
    @classmethod
    def _check_host(cls, host: str) -> str:
        try:
            host.encode("idna")
        except UnicodeError as error:
            raise ValueError(f"{host!r} is no name or address of a host: {error}") from error
        return host

    @model_validator(mode="after")
    def _check_ca_file(self) -> "MqttSettings":
        if self.ca_file and not self.tls:
            raise ValueError("ca_file is only read with tls: true")
        return self

    def client_id_of(self, device: str) -> str:
        """What the broker knows ``device`` by."""
        return self.client_id or f"affectd-{device}"


def read_password(environment: Mapping[str, str] = os.environ) -> str | None:
    """The broker's password from the environment or from systemd's credentials; None where there is none.

    Raises:
        ConfigError: the credential is there and cannot be read.
    """
    if password := environment.get(PASSWORD_VARIABLE):
        return password
    folder = environment.get("CREDENTIALS_DIRECTORY")
    if not folder:
        return None
    path = Path(folder) / PASSWORD_CREDENTIAL
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n") or None
    except FileNotFoundError:
        return None
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"the password in {path} cannot be read: {error}", _WHERE_PASSWORDS_GO) from error
