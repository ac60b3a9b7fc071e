"""Whose models a device uses."""

from pydantic import Field, field_validator

from device.contract.minisign import PublicKey
from device.section import Section


class ModelsSettings(Section):
    """Trust: the models that are installed and used."""

    trusted_keys: list[str] = Field(
        [],
        description="minisign's public keys; if the list is not empty, a model needs a signature by one of them, "
        "except those that ship",
    )

    @field_validator("trusted_keys")
    @classmethod
    def _check_keys(cls, value: list[str]) -> list[str]:
        for text in value:
            try:
                PublicKey.parse(text)
            except ValueError as error:
                raise ValueError(f"the second line of a minisign.pub, which begins with RW ({error})") from None
        return value

    @property
    def keys(self) -> tuple[PublicKey, ...]:
        """Those that are trusted."""
        return tuple(PublicKey.parse(text) for text in self.trusted_keys)
