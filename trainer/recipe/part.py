"""What every part of a recipe shares."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """The base of a recipe and its parts: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
