"""Changes a configuration file as its owner left it: comments, order and quotes stay."""

import io
from collections.abc import Mapping
from typing import Any

from device.config import parse_config
from device.errors import ConfigError


def with_values(text: str, values: Mapping[str, Any], name: str) -> str:
    """``text`` with ``values`` in it.

    Args:
        text: of a config.yaml.
        values: by dotted key, such as ``source.uri``; a value that stands there is replaced, another one is added.
        name: what faults call the file.

    Raises:
        ConfigError: ``text`` is faulty before or after the change.
    """
    from ruamel.yaml.comments import CommentedMap

    parse_config(text, name)
    yaml = _round_trip()
    data = yaml.load(text)
    if data is None:
        data = CommentedMap()
    for key, value in values.items():
        *sections, last = key.split(".")
        section = data
        for part in sections:
            if not isinstance(section.get(part), CommentedMap):
                # An empty section is null in YAML.
                section[part] = CommentedMap()
            section = section[part]
        if last in section:
            section[last] = value
        else:
            # At the end it would stand behind the comment of the next section.
            section.insert(0, last, value)
    changed = io.StringIO()
    yaml.dump(data, changed)
    parse_config(changed.getvalue(), name)
    return changed.getvalue()


def with_text(text: str, key: str, written: str, name: str) -> str:
    """``text`` with ``key`` set to what somebody typed: read as YAML, or as it stands where only a text fits.

    Raises:
        ConfigError: neither fits.
    """
    from ruamel.yaml.error import YAMLError

    try:
        value = _round_trip().load(written)
    except YAMLError:
        value = written
    try:
        return with_values(text, {key: value}, name)
    except ConfigError:
        if isinstance(value, str):
            raise
        try:
            return with_values(text, {key: written}, name)
        except ConfigError:
            pass
        raise


def flattened(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested sections by dotted key."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            flat |= flattened(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _round_trip() -> Any:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096  # no line of the owner's is broken
    yaml.representer.add_representer(type(None), _write_null)
    return yaml


def _write_null(representer: Any, _: None) -> Any:
    return representer.represent_scalar("tag:yaml.org,2002:null", "null")
