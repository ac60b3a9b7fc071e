"""The base of every section of the configuration; each stage defines its own beside itself."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Strict, model_validator


class Section(BaseModel):
    """Settings of one stage: frozen, typed without coercion, unknown keys refused; an empty one means the defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _accept_an_empty_section(cls, section: Any) -> Any:
        return {} if section is None else section


def whole_path(value: Any) -> Any:
    """A path with ``~`` expanded; what is no text is left to the type.

    Raises:
        ValueError: it stays relative, or names a variable: the daemon is started in any folder, and by no shell.
    """
    if not isinstance(value, str | Path):
        return value
    text = str(value)
    if "$" in text or "\0" in text:
        raise ValueError("a path without variables, which nobody replaces here: write what is meant")
    try:
        path = Path(text).expanduser()
    except RuntimeError:
        raise ValueError(f"a path whose beginning is known; {Path(text).parts[0]} is no user's home here") from None
    if not path.is_absolute():
        raise ValueError("a whole path, which begins with / or ~, since the daemon is started in any folder")
    return str(path)  # JSON's rules want text


WholePath = Annotated[Path, Strict(strict=False), BeforeValidator(whole_path)]
"""A file or folder on this machine, absolute."""
