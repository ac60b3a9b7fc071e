"""The description of the topics, for programs: ``asyncapi.yaml`` and the JSON Schemas in it."""

from functools import cache
from importlib.resources import files
from typing import Any, cast

import yaml

from device.errors import UsageError

JSON_SCHEMA_DIALECT = "http://json-schema.org/draft-07/schema#"
"""The dialect that AsyncAPI 3.0 writes its schemas in."""


def asyncapi_text() -> str:
    """The description as it is written."""
    return files("device.mqtt").joinpath("asyncapi.yaml").read_text(encoding="utf-8")


@cache
def asyncapi() -> dict[str, Any]:
    """The description, parsed; shared, so not to be changed."""
    return cast("dict[str, Any]", yaml.safe_load(asyncapi_text()))


def channels() -> tuple[str, ...]:
    """The names of the channels; ``events`` is one."""
    return tuple(asyncapi()["channels"])


def json_schema(channel: str) -> dict[str, Any]:
    """The JSON Schema of the messages in ``channel``, with all it refers to.

    A channel of plain text has the schema of that text as a string.

    Raises:
        UsageError: there is no such channel.
    """
    if channel not in channels():
        raise UsageError(f"there is no channel {channel!r}", f"choose one of {', '.join(channels())}")
    (message,) = asyncapi()["channels"][channel]["messages"].values()
    return {
        "$schema": JSON_SCHEMA_DIALECT,
        "title": f"affectd: {channel}",
        # The references inside start at the root, so what they point to keeps its place there.
        "components": {"schemas": asyncapi()["components"]["schemas"]},
        # Wrapped, for draft 7 ignores whatever stands beside a $ref.
        "allOf": [_resolve(message["$ref"])["payload"]],
    }


def _resolve(reference: str) -> dict[str, Any]:
    node: Any = asyncapi()
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return cast("dict[str, Any]", node)
