"""Recipes as files: the bundled ones by name, others by path."""

import difflib
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from device.contract.files import write_atomically
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
    changes = tuple(changes)
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
        raise _refused(path, changes, error) from error


def copy_recipe(name: str, folder: Path) -> Path:
    """Write the bundled recipe ``name`` into ``folder``; returns its file, which must not be there yet.

    Raises:
        UsageError: there is no such recipe, or the file is there.
    """
    bundled = bundled_recipes()
    if name not in bundled:
        raise UsageError(f"there is no recipe {name!r}; the bundled ones are {', '.join(bundled)}")
    path = folder / f"{name}.yaml"
    if path.exists():
        raise UsageError(f"{path} is there already, and nothing is overwritten")
    write_atomically(path, bundled[name].read_bytes())
    return path


def _refused(path: Path, changes: tuple[str, ...], error: ValidationError) -> DataError:
    """What is wrong, told of who said it: the file, or a change of the command line."""
    first = error.errors(include_url=False)[0]
    keys = [str(part) for part in first["loc"]]
    where = ".".join(keys) or "the file"
    said = next((one for one in changes if set(one.partition("=")[0].strip().split(".")) <= set(keys)), None)
    who = f"--set {said}" if said else f"{path}: {where}"
    if first["type"] != "extra_forbidden":
        return DataError(f"{who}: {first['msg']}, found {first['input']!r}")
    if keys[-1] in RENAMED:
        return DataError(f"{who}: {where} is no key of a recipe", f"it is called `{RENAMED[keys[-1]]}` now")
    near = difflib.get_close_matches(keys[-1], _known_keys(), n=1, cutoff=0.5)
    return DataError(
        f"{who}: {where} is no key of a recipe", f"did you mean `{near[0]}`?" if near else "docs/recipes.md lists them"
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
