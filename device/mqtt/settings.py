"""How the broker is reached, and what is kept for it."""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from device.errors import ConfigError
from device.mqtt.homeassistant import HomeAssistantSettings
from device.mqtt.topics import BASE_PATTERN, DEFAULT_BASE
from device.redact import learn_secret
from device.section import Section, WholePath
from device.spool.spool import SpoolSettings

PASSWORD_VARIABLE = "AFFECTD_MQTT_PASSWORD"  # noqa: S105 the name of a variable, not its value
PASSWORD_CREDENTIAL = "mqtt-password"  # noqa: S105 the name of a file, not what is in it
_WHERE_PASSWORDS_GO = (
    f"set {PASSWORD_VARIABLE} in the service's environment, store it as the systemd credential {PASSWORD_CREDENTIAL}, "
    "or name a file of mode 0600 in mqtt.password_file"
)
_PRIVATE_MODES = {0o600, 0o400}
_DEFAULT_HOST = "localhost"
_MOST_HOSTS = 32  # a cluster has three to seven nodes
_HostName = Annotated[str, Field(min_length=1, max_length=253)]
_HostNames = Annotated[tuple[_HostName, ...], Field(min_length=1, max_length=_MOST_HOSTS, strict=False)]


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where one broker listens: a name or an IP address, and a TCP port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_local(self) -> bool:
        """Whether it is this machine."""
        return self.host == "localhost" or self.host.startswith("127.") or self.host == "::1"


class MqttSettings(Section):
    """How to reach the broker, and what to send.

    Attributes:
        enabled: false runs without a broker, and publishes nothing.
        host: name or address of the broker.
        hosts: in the place of ``host``, the nodes of a broker that runs on several machines, tried in turn.
        port: 1883 is usual, 8883 with TLS.
        base_topic: the first level of every topic, or the first levels: ``a/b``.
        client_id: the name by which the broker knows this device; null makes it of base_topic and device.id. Two
            devices must not share it.
        username: the user, if the broker asks for a user; the password is never in the configuration.
        password_file: a file of mode 0600 that holds only the password.
        keepalive_s: how often a silent connection is tested, seconds; a dead connection is noticed within twice that.
        protocol: MQTT 3.1.1 or 5.
        tls: true encrypts the connection and checks the broker's certificate.
        ca_file: PEM file of the authority that signed the broker's certificate, if the system does not know it.
        cert_file: PEM file of this device's certificate, if the broker asks for a certificate.
        key_file: PEM file of its private key, without a passphrase; null if ``cert_file`` holds the key too.
        tls_accept_any_server_name_dangerous: true accepts any name in the broker's certificate; then everybody with a
            certificate of that authority can play the broker.
        event_expiry_s: how long the broker may keep an event for a subscriber who is away, seconds (MQTT 5 only);
            null is forever.
        state_interval_s: least time between two messages on the topic ``state``, seconds.
        stats_interval_s: time between two messages on the topic ``stats``, seconds.
        occupancy_off_delay_s: how long after the last face the room still counts as occupied, seconds.
        publish_window: the most messages that wait for the broker's acknowledgement at a time.
        reconnect_first_s: first wait before the next try to connect, seconds; it doubles each time.
        reconnect_max_s: the longest wait between two tries, seconds.
        reconnect_refused_s: the longest wait after a refusal, which somebody has to mend first, seconds.
        spool: how much is kept while the broker is away.
        homeassistant: whether and where the device describes itself to Home Assistant.
    """

    enabled: bool = True
    host: str = Field(_DEFAULT_HOST, min_length=1, max_length=253)
    hosts: _HostNames | None = None
    port: int = Field(1883, ge=1, le=65535)
    base_topic: str = Field(DEFAULT_BASE, pattern=BASE_PATTERN)
    client_id: str | None = Field(None, min_length=1, max_length=128)
    username: str | None = Field(None, min_length=1)
    password_file: WholePath | None = Field(None, repr=False)  # somebody may have written the password itself
    keepalive_s: int = Field(30, ge=5, le=3600)
    protocol: Literal["3.1.1", "5"] = "3.1.1"
    tls: bool = False
    ca_file: WholePath | None = None
    cert_file: WholePath | None = None
    key_file: WholePath | None = None
    tls_accept_any_server_name_dangerous: bool = False
    event_expiry_s: int | None = Field(None, ge=1, le=4_294_967_295)
    state_interval_s: float = Field(1.0, ge=0.1)
    stats_interval_s: float = Field(30.0, ge=1.0)
    occupancy_off_delay_s: float = Field(10.0, ge=0.0, le=3600.0)
    publish_window: int = Field(10, ge=1, le=1000)
    reconnect_first_s: float = Field(1.0, ge=0.05)
    reconnect_max_s: float = Field(30.0, ge=0.05)
    reconnect_refused_s: float = Field(300.0, ge=0.05)
    spool: SpoolSettings = SpoolSettings()
    homeassistant: HomeAssistantSettings = HomeAssistantSettings()

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
        return host_alone(host)

    @field_validator("hosts")
    @classmethod
    def _check_hosts(cls, hosts: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if hosts is None:
            return None
        alone = tuple(map(host_alone, hosts))
        if len(set(alone)) < len(alone):
            raise ValueError("each host once")
        return alone

    @model_validator(mode="after")
    def _check_what_goes_together(self) -> "MqttSettings":
        only_with_tls = ("ca_file", "cert_file", "key_file", "tls_accept_any_server_name_dangerous")
        if not self.tls and (idle := [key for key in only_with_tls if getattr(self, key)]):
            raise ValueError(f"{idle[0]} means something with tls: true only")
        if self.hosts and self.host not in {_DEFAULT_HOST, *self.hosts}:
            raise ValueError(f"hosts takes the place of host, and {self.host} is not among them: add it there")
        if self.key_file and not self.cert_file:
            raise ValueError("key_file is the key to a certificate, and there is no cert_file")
        if self.event_expiry_s is not None and self.protocol != "5":
            raise ValueError('event_expiry_s needs protocol: "5", as MQTT 3.1.1 has no expiry')
        return self

    @property
    def addresses(self) -> tuple["BrokerAddress", ...]:
        """Where the broker is to be found, in the order in which it is tried; one at least."""
        return tuple(BrokerAddress(host, self.port) for host in self.hosts or (self.host,))

    @property
    def addresses_text(self) -> str:
        """Where the broker is, for a person."""
        return ", ".join(map(str, self.addresses))

    @property
    def is_local(self) -> bool:
        """Whether the broker is on this machine, so that nothing passes the network."""
        return all(address.is_local for address in self.addresses)

    def client_id_of(self, device: str) -> str:
        """What the broker knows ``device`` by."""
        if self.client_id:
            return self.client_id
        # No device's name holds a slash, so that no other base topic and device give the same.
        return f"affectd-{device}" if self.base_topic == DEFAULT_BASE else f"affectd-{self.base_topic}/{device}"


def host_alone(text: str) -> str:
    """The name or address in ``text``; the brackets of IPv6 go. Raises ValueError where more stands there, or less."""
    if "/" in text or "@" in text:
        raise ValueError(
            "a host's name or address alone: its port belongs in mqtt.port, the user in mqtt.username, the password in "
            "mqtt.password_file, and for mqtts:// set mqtt.tls"
        )
    inner = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        ip_address(inner.partition("%")[0])
    except ValueError:
        pass
    else:
        return inner
    if re.fullmatch(r"(\[.*\]|[^:]*):[0-9]+", text):
        raise ValueError("a host's name or address alone: its port belongs in mqtt.port")
    try:
        is_name = bool(re.fullmatch(r"[\w.-]+", text)) and bool(text.encode("idna"))
    except UnicodeError:
        is_name = False
    if not is_name:
        raise ValueError("the name or address of a host")
    return text


def read_password(file: Path | None = None, environment: Mapping[str, str] = os.environ) -> str | None:
    """The broker's password from the environment, systemd's credentials or ``file``; None where there is none.

    Raises:
        ConfigError: the credential or the file cannot be read, or others could read the file too.
    """
    password = _find_password(file, environment)
    if password:
        learn_secret(password)
    return password


def _find_password(file: Path | None, environment: Mapping[str, str]) -> str | None:
    if password := environment.get(PASSWORD_VARIABLE):
        return password
    if folder := environment.get("CREDENTIALS_DIRECTORY"):
        path = Path(folder) / PASSWORD_CREDENTIAL
        # systemd 252 (Debian 12) names the folder to what checks a reload, and does not let it look in.
        with suppress(PermissionError):
            if path.exists():
                return _read_line(path)
    if file is None:
        return None
    with _telling_of(file):
        mode = stat.S_IMODE(file.stat().st_mode)
    if mode not in _PRIVATE_MODES:
        raise ConfigError(f"mqtt.password_file {file} has mode {mode:04o}, expected 0600", f"run: chmod 600 {file}")
    return _read_line(file)


def _read_line(path: Path) -> str | None:
    with _telling_of(path):
        # Notepad begins UTF-8 with a mark that no broker takes for a part of the password.
        return path.read_text(encoding="utf-8-sig").rstrip("\r\n") or None


@contextmanager
def _telling_of(path: Path) -> Iterator[None]:
    try:
        yield
    except UnicodeError:
        raise ConfigError(f"the password in {path} is not UTF-8 text", _WHERE_PASSWORDS_GO) from None
    except OSError as error:
        raise ConfigError(f"the password in {path} cannot be read: {error.strerror}", _WHERE_PASSWORDS_GO) from error
