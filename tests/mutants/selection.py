"""Which tests a module's mutants are held against: those that mirror it, and those beside them that come to it."""

import ast
from functools import cache
from pathlib import Path


def modules_of(package: str) -> list[Path]:
    """The files of ``device/package`` that hold code, or the one of a module."""
    path = Path("device", package)
    return sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


def module_name(path: Path) -> str:
    """The name that a file is imported by."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def tests_of(path: Path) -> list[Path]:
    """The files of tests for a module: its mirror first, then those of its package, then those that name it."""
    name = module_name(path)
    home = Path("tests", *path.parent.parts)
    files = [file for file in sorted(Path("tests/device").rglob("test_*.py")) if "make_" not in file.name]
    mirror = [file for file in files if file == home / f"test_{path.stem}.py"]
    near = [file for file in files if Path("tests", *path.parts[:2]) in file.parents and name in _reached(file)]
    naming = [file for file in files if name in _imported(file)]
    if b"(Section):" in path.read_bytes():
        naming.append(Path("tests/device/test_config.py"))
    return list(dict.fromkeys([*mirror, *sorted(near, key=lambda file: file.parent != home), *naming]))


@cache
def _reached(file: Path) -> frozenset[str]:
    """The device's modules that a file imports, and those that these import, and so on."""
    found: set[str] = set()
    waiting = [file]
    while waiting:
        for name in _imported(waiting.pop()) - found:
            found.add(name)
            waiting.append(_file_of(name))
    return frozenset(found)


@cache
def _imported(file: Path) -> frozenset[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(name for name in found if name.startswith(("device", "tests")) and _file_of(name).is_file())


def _file_of(name: str) -> Path:
    path = Path(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
