"""The base of every section of the configuration; each stage defines its own beside itself."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Settings of one stage: frozen, typed without coercion, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
