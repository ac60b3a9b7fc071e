"""Cards of earlier schemas, brought up to the one that is read today."""

import json
from collections.abc import Callable
from typing import Any

from device.contract import container
from device.contract.model_card import SCHEMA
from device.errors import ModelError


def upgrade(data: bytes, name: str) -> tuple[bytes, int]:
    """The bytes of a model file with a card of today's schema, and the schema that it had.

    The network stays as it is. A file of today's schema comes back as it was.

    Raises:
        ModelError: ``data`` is damaged, or its card is of no schema that was ever written.
    """
    flatbuffer, text = container.take_apart(data, name)
    try:
        raw: Any = json.loads(text)
        found = raw["schema"]
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{name}: the card is not JSON with a schema ({error})", "convert the model again") from error
    if found == SCHEMA:
        return data, found
    if found not in _STEPS:
        raise ModelError(f"{name}: the card has schema {found!r}, and 1 to {SCHEMA} are known", "update affectd")
    try:
        for schema in range(found, SCHEMA):
            raw = _STEPS[schema](raw) | {"schema": schema + 1}
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{name}: the card of schema {found} lacks {error}", "convert the model again") from error
    card = container.parse_card(json.dumps(raw).encode("utf-8"), name)
    return container.attach(flatbuffer, card), found


def _from_1(raw: dict[str, Any]) -> dict[str, Any]:
    """Schema 1 knew int8 with uint8 ends only."""
    conversion = dict(raw["conversion"])
    calibration = {
        "method": conversion.pop("calibration"),
        "faces": conversion.pop("calibration_faces"),
        "seed": conversion.pop("seed"),
    }
    conversion |= {"format": "int8", "ends": "uint8", "calibration": calibration}
    accuracy = [
        {"converted_value" if key == "int8_value" else key: value for key, value in one.items()}
        for one in raw.get("accuracy", [])
    ]
    return raw | {"conversion": conversion, "accuracy": accuracy}


_STEPS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _from_1}
