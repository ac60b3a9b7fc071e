"""The tables of ``docs/mqtt.md`` that are made of ``asyncapi.yaml``: the topics, and the keys of each message."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from device.mqtt.schema import asyncapi

_SHOWN = {
    "{base}": "<base>",
    "{device}": "<device>",
    "{prefix}": "homeassistant",
    "{id}": "<base>_<device>",
    "{platform}": "<platform>",
    "{key}": "<key>",
}
_WITHOUT_KEYS = {"discovery", "discoveryPart"}  # Home Assistant's own formats


def with_tables(page: str) -> str:
    """``page`` with the tables between its marks made again."""
    for name, table in (("topics", topics()), ("keys", keys())):
        begin, end = f"<!-- made of asyncapi.yaml: {name} -->", f"<!-- end of {name} -->"
        assert page.count(begin) == page.count(end) == 1, f"docs/mqtt.md has no place for the {name}"
        before, _, rest = page.partition(begin)
        page = f"{before}{begin}\n\n{table}\n\n{end}{rest.partition(end)[2]}"
    return page


def topics() -> str:
    """The table of all topics that the device sends, or is turned by."""
    rows = ["| topic | QoS | retained | what it is |", "| --- | --- | --- | --- |"]
    told = {operation["channel"]["$ref"].rpartition("/")[2]: operation for operation in _operations()}
    for name, channel in asyncapi()["channels"].items():
        if channel["address"] == "{prefix}/status":
            continue
        address = channel["address"]
        for variable, shown in _SHOWN.items():
            address = address.replace(variable, shown)
        binding = told[name]["bindings"]["mqtt"]
        what = ". ".join(
            part.strip().rstrip(".") for part in (channel["title"], channel.get("description", "")) if part
        )
        rows.append(f"| `{address}` | {binding['qos']} | {'yes' if binding['retain'] else 'no'} | {_line(what)}. |")
    return "\n".join(rows)


def keys() -> str:
    """A table for each message that is an object."""
    parts = []
    for name, channel in asyncapi()["channels"].items():
        (message,) = channel["messages"].values()
        payload = _whole(_at(message["$ref"])["payload"])
        if name in _WITHOUT_KEYS or "properties" not in payload:
            continue
        leaf = channel["address"].partition("{device}/")[2]
        rows = [f"| `{key}` | {kind} | {what} |" for key, kind, what in _rows(payload, "", {})]
        parts.append(
            "\n".join([f"### Keys of `{leaf}`", "", "| key | value | what it is |", "| --- | --- | --- |", *rows])
        )
    return "\n\n".join(parts)


def _operations() -> Iterator[Mapping[str, Any]]:
    yield from asyncapi()["operations"].values()


def _rows(schema: Mapping[str, Any], prefix: str, seen: dict[int, str]) -> Iterator[tuple[str, str, str]]:
    """Each key of a message; ``seen`` holds where an object's keys have been told already."""
    for name, value in schema["properties"].items():
        field = _whole(value)
        inner = _whole(field["items"]) if "items" in field else field
        what = _line(field.get("description", ""))
        if (
            "properties" in inner
            and (before := seen.setdefault(id(inner["properties"]), f"{prefix}{name}")) != f"{prefix}{name}"
        ):
            yield f"{prefix}{name}", _kind(field), f"{what} The keys are those of `{before}`.".strip()
            continue
        yield f"{prefix}{name}", _kind(field), what
        if "properties" in inner:
            yield from _rows(inner, f"{prefix}{name}{'[]' if 'items' in field else ''}.", seen)


def _kind(field: Mapping[str, Any]) -> str:
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{'null' if value is None else value}`" for value in field["enum"])
    if "oneOf" in field:
        return " or ".join(dict.fromkeys(_kind(_whole(one)) for one in field["oneOf"]))
    named = field.get("type", "object")
    kinds = " or ".join(
        f"`{kind}`" if kind == "null" else kind for kind in ([named] if isinstance(named, str) else named)
    )
    limits = [f"{word} {field[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in field]
    return " ".join([kinds, *limits])


def _whole(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """``schema``, or what it refers to; a description beside the reference wins. Of alternatives, the object's keys."""
    if "$ref" in schema:
        schema = {**_whole(_at(schema["$ref"])), **{key: value for key, value in schema.items() if key != "$ref"}}
    for one in schema.get("oneOf", ()):
        if "properties" in (whole := _whole(one)):
            return {"properties": whole["properties"], "description": whole.get("description", ""), **schema}
    return schema


def _at(reference: str) -> Mapping[str, Any]:
    node: Any = asyncapi()
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    assert isinstance(node, Mapping)
    return node


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().replace("|", "\\|")
