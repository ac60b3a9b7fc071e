"""Recipes as files: the bundled ones by name, others by path."""

import difflib
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from device.contract.files import write_atomically
from device.errors import DataError, UsageError
from device.yaml_text import MOST_BYTES, YamlTextError, read_yaml
from trainer.recipe.refusal import refusal
from trainer.recipe.whole import Recipe


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
    path = bundled_recipes().get(name_or_path, Path(name_or_path))
    text = _read(path, name_or_path)
    changes = tuple(changes)
    values = _changed(path, text, changes)
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        raise refusal(path, _to_blame(path, text, changes), values, error) from error


def _read(path: Path, name: str) -> str:
    """The text of a recipe's file, of which ``name`` is what the user calls it."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise _no_such_recipe(name, str(getattr(error, "strerror", error))) from None
    if len(data) > MOST_BYTES:
        raise DataError(f"{path} is larger than {MOST_BYTES // 1024} kB", "name the recipe itself")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text", "save it as UTF-8") from error


def _changed(path: Path, text: str, changes: Iterable[str]) -> Any:
    """What the file says, with ``changes`` over it."""
    try:
        values = read_yaml(text).data
    except YamlTextError as error:
        where = path if error.line is None else f"{path}:{error.line}"
        raise DataError(f"{where}: {error.reason}", error.remedy) from None
    for change in changes:
        _put(values, change)
    return values


def _to_blame(path: Path, text: str, changes: Sequence[str]) -> str | None:
    """The change that makes a sound recipe one that is refused; None where the file itself is to blame."""
    sound = [_is_sound(_changed(path, text, changes[:count])) for count in range(len(changes) + 1)]
    broken = [change for before, after, change in zip(sound, sound[1:], changes, strict=False) if before and not after]
    return broken[-1] if broken else None


def _is_sound(values: Any) -> bool:
    try:
        Recipe.model_validate(values)
    except ValidationError:
        return False
    return True


def copy_recipe(name: str, folder: Path) -> Path:
    """Write the bundled recipe ``name`` into ``folder``; returns its file, which must not be there yet.

    Raises:
        UsageError: there is no such recipe, or the file is there.
    """
    bundled = bundled_recipes()
    if name not in bundled:
        raise _no_such_recipe(name)
    path = folder / f"{name}.yaml"
    if path.exists():
        raise UsageError(f"{path} is there already, and nothing is overwritten")
    write_atomically(path, bundled[name].read_bytes())
    return path


def _no_such_recipe(name: str, why: str = "") -> UsageError:
    bundled = bundled_recipes()
    near = difflib.get_close_matches(Path(name).stem, bundled, n=1)
    reason = f" ({why})" if why else ""
    return UsageError(
        f"there is no recipe {name!r}{reason}; the bundled ones are {', '.join(bundled)}",
        f"did you mean {near[0]}?" if near else "",
    )


def _put(values: Any, change: str) -> None:
    key, equals, value = change.partition("=")
    *sections, last = key.strip().split(".")
    if not equals or not last:
        raise UsageError(f"{change!r} changes nothing", "write KEY=VALUE, as in --set optimizer.learning_rate=0.05")
    for section in sections:
        values = values.setdefault(section, {}) if isinstance(values, dict) else None
    if not isinstance(values, dict):
        raise UsageError(f"{key} is not a key of a recipe", "see `affectd-train recipes` and the files it names")
    try:
        values[last] = read_yaml(value).data
    except YamlTextError as error:
        raise UsageError(f"on the command line, {change}: {error.reason}", error.remedy) from None
