"""What is wrong with a recipe, in words, and who said it: its file, or a change on the command line."""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from device.errors import DataError
from trainer.recipe.whole import Recipe

RENAMED = {"help_rare": "logit_adjustment", "spoil_probability": "corrupt_probability"}
"""Keys of recipes by the names that they had once, and today's."""
_EXPECTED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "float_parsing": "a number",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "missing": "a value",
    "string_pattern_mismatch": "letters, digits, dots, hyphens and underscores alone",
    "string_type": "a word",
    "tuple_type": "a list, as in [happy, sad]",
    "union_tag_not_found": "a section with a `name`",
    **dict.fromkeys(("dict_type", "model_attributes_type", "model_type"), "keys below it, as in {name: …}"),
}
"""Kinds of pydantic's errors to what is expected, where its own words are a programmer's."""
_LONGEST = 60


def refusal(path: Path, change: str | None, values: Any, error: ValidationError) -> DataError:
    """The first fault of ``error`` in one line.

    Args:
        path: the recipe's file.
        change: what the command line says of a key, where that is to blame.
        values: the whole recipe, changes included, as it was refused.
        error: the refusal.
    """
    first = error.errors(include_url=False)[0]
    keys = _keys(first["loc"], values)
    where = ".".join(keys)
    who = f"on the command line, {change}" if change else f"{path}: {where or 'the file'}"
    if first["type"] == "extra_forbidden":
        section = " ".join(filter(None, (".".join(keys[:-1]) or "this recipe", _name(values, keys[:-1]))))
        return DataError(f"{who}: {where} is no key of {section}", _nearest(keys, values))
    if change and where != change.partition("=")[0].strip():
        who = f"{who}: {where}"
    if first["type"] == "value_error":  # our own words, of several keys together
        return DataError(f"{who}: {first['msg'].removeprefix('Value error, ')}")
    return DataError(f"{who}: expected {_expected(first)}, found {_shown(first)}")


def _keys(location: Sequence[int | str], values: Any) -> list[str]:
    """The keys on the way to a fault, as they are written: pydantic names the kind of a section in between."""
    keys = []
    for part in location:
        if isinstance(values, dict) and part not in values and values.get("name") == part:
            continue
        keys.append(str(part))
        known = isinstance(values, dict) and part in values
        values = values[part] if known else None  # a list's items have no keys
    return keys


def _expected(first: ErrorDetails) -> str:
    context: Mapping[str, Any] = first.get("ctx", {})
    if first["type"] == "union_tag_invalid":
        return f"{context['expected_tags'].replace(chr(39), '')} for `name`"
    if first["type"] == "too_short":
        return f"at least {context['min_length']}"
    return _EXPECTED.get(first["type"]) or first["msg"].removeprefix("Input should be ")


def _shown(first: ErrorDetails) -> str:
    if first["type"] == "missing":
        return "nothing"
    if first["type"] == "union_tag_invalid":
        return str(first["ctx"]["tag"])
    text = "nothing" if first["input"] is None else str(first["input"])
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _nearest(keys: Sequence[str], values: Any) -> str:
    if keys[-1] in RENAMED:
        return f"it is called `{RENAMED[keys[-1]]}` now"
    known = list(_section(keys[:-1], values))
    near = difflib.get_close_matches(keys[-1], known, n=1, cutoff=0.5)
    return f"did you mean `{near[0]}`?" if near else f"known there are {', '.join(known)}"


def _section(keys: Sequence[str], values: Any) -> Mapping[str, Any]:
    """The keys that the section at ``keys`` may have, by the recipe's schema."""
    schema = Recipe.model_json_schema()
    here: Mapping[str, Any] = schema
    for count, key in enumerate(keys, 1):
        here = here.get("properties", {}).get(key, {})
        kinds = here.get("discriminator", {}).get("mapping", {})
        # `allOf` is what pydantic before 2.9 makes of a section with a default.
        parts = (here, *here.get("anyOf", ()), *here.get("allOf", ()))
        choices = [one["$ref"] for one in parts if "$ref" in one]
        reference = kinds.get(_name(values, keys[:count])) or next(iter(choices), "")
        here = schema["$defs"].get(reference.rpartition("/")[2], here)
    properties: Mapping[str, Any] = here.get("properties", {})
    return properties


def _name(values: Any, keys: Sequence[str]) -> str:
    """The ``name`` of the section at ``keys``, by which kinds of networks, optimizers and schedules are told apart."""
    for key in keys:
        values = values.get(key) if isinstance(values, dict) else None
    return str(values.get("name") or "") if keys and isinstance(values, dict) else ""
