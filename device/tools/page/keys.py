"""The keys of the configuration that may be changed from the page.

None of them names a file, a host or an address, none is a password, and none shows more of anybody than before: whoever
gets hold of the page gets no further by them.
"""

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from device.config import Config
from device.errors import UsageError
from device.tools.config_file import with_text

CHANGEABLE = (
    "device.name",
    "source.fps",
    "detector.min_face",
    "detector.max_roll_deg",
    "detector.cpu_share",
    "smoothing.enter_threshold",
    "smoothing.exit_threshold",
    "smoothing.min_dwell_s",
    "mqtt.occupancy_off_delay_s",
    "overlay.mirror",
    "heat.slow_above_c",
    "log.level",
)
_MOST_CHARACTERS = 100


def described(config: Config) -> Iterator[dict[str, Any]]:
    """Each of them with its value in force and what it takes, as JSON has it."""
    for key in CHANGEABLE:
        section, field = _field(config, key)
        kinds = _kinds(field)
        choices = [str(one) for kind in kinds if get_origin(kind) is Literal for one in get_args(kind)]
        if bool in kinds:
            choices = ["true", "false"]
        yield {
            "key": key,
            "value": getattr(section, key.rpartition(".")[2]),
            "choices": choices,
            "number": bool({int, float} & set(kinds)),
            "nullable": type(None) in kinds,
            "low": _bound(field, Ge, "ge", Gt, "gt"),
            "high": _bound(field, Le, "le", Lt, "lt"),
        }


def with_changes(text: str, values: Mapping[str, str], name: str) -> str:
    """``text`` of a configuration with ``values`` as somebody typed them.

    Raises:
        UsageError: a key is none of CHANGEABLE, or a value is none that anybody types.
        ConfigError: a value does not fit; nothing is changed then.
    """
    for key, value in values.items():
        if key not in CHANGEABLE:
            raise UsageError(f"{key!r:.60} cannot be changed from the page", "change it in the file")
        if len(value) > _MOST_CHARACTERS or not value.isprintable():
            raise UsageError(
                f"the value for {key} is longer than {_MOST_CHARACTERS} characters, or holds control characters"
            )
        text = with_text(text, key, _quoted(value) if _takes_text(key) else value, name)
    return text


def _quoted(value: str) -> str:
    """``value`` so that YAML reads it as the text that it is: a name may be ``null: [1]``, or ``!!python/object``."""
    return value if value == "null" else "'" + value.replace("'", "''") + "'"


def _takes_text(key: str) -> bool:
    return str in _kinds(_field(Config(), key)[1])


def _field(config: Config, key: str) -> tuple[BaseModel, FieldInfo]:
    section: BaseModel = config
    *sections, last = key.split(".")
    for name in sections:
        section = getattr(section, name)
    return section, type(section).model_fields[last]


def _kinds(field: FieldInfo) -> tuple[Any, ...]:
    is_union = get_origin(field.annotation) in {Union, UnionType}
    return get_args(field.annotation) if is_union else (field.annotation,)


def _bound(field: FieldInfo, closed: type, closed_name: str, open_: type, open_name: str) -> float | None:
    for part in field.metadata:
        if isinstance(part, closed):
            return float(getattr(part, closed_name))
        if isinstance(part, open_):
            return float(getattr(part, open_name))
    return None
