"""Recipes as files: the bundled ones by name, others by path."""

import difflib
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from device.errors import DataError, UsageError
from device.yaml_text import MOST_BYTES, YamlTextError, read_yaml
from trainer.recipe.whole import Recipe

RENAMED = {"help_rare": "logit_adjustment", "spoil_probability": "corrupt_probability"}
"""Keys of recipes by the names that they had once, and today's."""


def bundled_recipes() -> dict[str, Path]:
    """Name to file of the recipes that come with the trainer."""
    folder = Path(str(resources.files("trainer") / "recipes"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"), key=lambda path: path.stem)}


def load_recipe(name_or_path: str, changes: Iterable[str] = ()) -> Recipe:
    """A bundled recipe by its name, or any by the path of its YAML file.

    Args:
        name_or_path: which.
        changes: ``key=value`` each, over what the file says; a dot goes into a section, the value is YAML
            (``network.weights=none``).

    Raises:
        UsageError: when there is none, or a change is no such pair.
        DataError: when it does not say what a recipe says.
    """
    bundled = bundled_recipes()
    path = bundled.get(name_or_path, Path(name_or_path))
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        known = ", ".join(bundled)
        raise UsageError(
            f"there is no recipe {name_or_path!r} ({getattr(error, 'strerror', error)}); the bundled ones are {known}"
        ) from None
    if len(data) > MOST_BYTES:
        raise DataError(f"{path} is larger than {MOST_BYTES // 1024} kB", "name the recipe itself")
    try:
        values = read_yaml(data.decode("utf-8")).data
        for change in changes:
            _put(values, change)
        return Recipe.model_validate(values)
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text", "save it as UTF-8") from error
    except YamlTextError as error:
        where = path if error.line is None else f"{path}:{error.line}"
        raise DataError(f"{where}: {error.reason}", error.remedy) from None
    except ValidationError as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: ValidationError) -> DataError:
    first = error.errors(include_url=False)[0]
    where = ".".join(map(str, first["loc"])) or "the file"
    if first["type"] != "extra_forbidden":
        return DataError(f"{path}: {where}: {first['msg']}, found {first['input']!r}")
    key = str(first["loc"][-1])
    if key in RENAMED:
        return DataError(f"{path}: {where} is no key of a recipe", f"it is called `{RENAMED[key]}` now")
    near = difflib.get_close_matches(key, _known_keys(), n=1, cutoff=0.5)
    return DataError(
        f"{path}: {where} is no key of a recipe", f"did you mean `{near[0]}`?" if near else "docs/train.md lists them"
    )


def _known_keys() -> list[str]:
    schema = Recipe.model_json_schema()
    parts = [schema, *schema.get("$defs", {}).values()]
    return sorted({key for part in parts for key in part.get("properties", {})})


def _put(values: Any, change: str) -> None:
    key, equals, value = change.partition("=")
    *sections, last = key.strip().split(".")
    if not equals or not last:
        raise UsageError(f"{change!r} changes nothing", "write KEY=VALUE, as in --set optimizer.learning_rate=0.05")
    for section in sections:
        values = values.setdefault(section, {}) if isinstance(values, dict) else None
    if not isinstance(values, dict):
        raise UsageError(f"{key} is not a key of a recipe", "see `affectd-train recipes` and the files it names")
    values[last] = read_yaml(value).data
