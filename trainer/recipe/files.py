"""Recipes as files: the bundled ones by name, others by path."""

from importlib import resources
from pathlib import Path

import yaml
from pydantic import ValidationError

from device.errors import DataError, UsageError
from trainer.recipe.whole import Recipe


def bundled_recipes() -> dict[str, Path]:
    """Name to file of the recipes that come with the trainer."""
    folder = Path(str(resources.files("trainer") / "recipes"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"), key=lambda path: path.stem)}


def load_recipe(name_or_path: str) -> Recipe:
    """A bundled recipe by its name, or any by the path of its YAML file.

    Raises:
        UsageError: when there is none.
        DataError: when it does not say what a recipe says.
    """
    bundled = bundled_recipes()
    path = bundled.get(name_or_path, Path(name_or_path))
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        known = ", ".join(bundled)
        raise UsageError(
            f"there is no recipe {name_or_path!r} ({error.strerror}); the bundled ones are {known}"
        ) from None
    try:
        return Recipe.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise DataError(f"{path} is not YAML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise DataError(f"{path}: {where}: {first['msg']}, found {first['input']!r}") from error
