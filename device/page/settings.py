"""Where the page is to be found: the configuration's section ``page``."""

import re
from ipaddress import ip_address
from typing import Self

from pydantic import Field, field_validator, model_validator

from device.section import Section, WholePath

PORT = 8471
_NAME = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?")


class PageSettings(Section):
    """The page that a browser in the same network shows."""

    enabled: bool = Field(default=False, description="whether a page in the browser shows what the device sees")
    host: str | None = Field(
        default=None,
        description="the address it listens at; null for all once there is a password, and 127.0.0.1 until then",
    )
    port: int = Field(default=PORT, ge=1, le=65535, description="its TCP port")
    names: list[str] = Field(
        default=[],
        max_length=16,
        description="further names by which browsers reach it, a reverse proxy's say; the host's own name, that with "
        ".local, and addresses are known",
    )
    cert_file: WholePath | None = Field(
        default=None, description="PEM file of a certificate of yours, and of those that signed it; https:// then"
    )
    key_file: WholePath | None = Field(default=None, description="PEM file of its key, without a passphrase")

    @field_validator("host")
    @classmethod
    def _check_host(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            return str(ip_address(value))
        except ValueError:
            raise ValueError("an address of this machine, such as 192.168.1.20, 0.0.0.0 or ::1") from None

    @field_validator("names")
    @classmethod
    def _check_names(cls, values: list[str]) -> list[str]:
        for value in values:
            if not _NAME.fullmatch(value):
                raise ValueError("names without a port or a scheme, such as sensor.example.org")
        return values

    @model_validator(mode="after")
    def _check_pair(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file, both or neither")
        return self
