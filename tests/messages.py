"""What the code can say, read from the code: every sentence of an error or a warning, its variables as ``…``."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_ERRORS = re.compile(r"^(Config|Source|Model|Unavailable|Storage|Usage|Wedged|Publisher)Error$")
_LOUD = {"warning", "error", "say"}  # `say` is how LogOnce warns
_PLACES = re.compile(r"%[.\d]*[a-z]")


def errors(folder: Path) -> set[str]:
    """The reason of every error for a user that is raised under ``folder``."""
    return {text for call in _calls(folder) if _ERRORS.match(_name(call.func)) for text in _first(call)}


def warnings(folder: Path) -> set[str]:
    """Every line that is logged as a warning or an error under ``folder``."""
    logged = (call for call in _calls(folder) if isinstance(call.func, ast.Attribute) and call.func.attr in _LOUD)
    return {_PLACES.sub("…", text) for call in logged for text in _first(call)}


@cache
def strings(folder: Path) -> set[str]:
    """Every string in the code under ``folder``."""
    return {
        _PLACES.sub("…", text)
        for tree in _trees(folder)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant | ast.JoinedStr) and (text := _template(node))
    }


@cache
def _trees(folder: Path) -> tuple[ast.Module, ...]:
    return tuple(ast.parse(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.py")))


def _calls(folder: Path) -> Iterator[ast.Call]:
    for tree in _trees(folder):
        yield from (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else ""


def _first(call: ast.Call) -> Iterator[str]:
    if call.args and (text := _template(call.args[0])):
        yield text


def _template(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_template(part) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return ""
