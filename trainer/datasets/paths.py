"""A CSV of pictures: ``path,label``, with a ``split`` where there is one; any further column tells groups apart."""

import os
from pathlib import Path, PureWindowsPath

import numpy as np

from device.errors import DataError
from trainer.datasets.faces import Split
from trainer.datasets.fer2013 import Progress, csv_rows
from trainer.datasets.listing import Listing, file_digest, listing_digest, split_of

COLUMNS = ("path", "label")


def list_paths(path: Path, progress: Progress | None = None) -> Listing:
    """List a CSV of pictures; paths are relative to the CSV's folder.

    Raises:
        DataError: naming the line, for a path that leads out of that folder, a split of another name, an empty cell.
    """
    root = Path(os.path.normpath(Path.cwd() / path.parent))
    names: list[str] = []
    classes: list[str] = []
    splits: list[str] = []
    words: dict[Split, str] = {}
    groups: dict[str, list[str]] = {}
    for line, row in csv_rows(path, COLUMNS, progress):
        cells = {column: cell.strip() for column, cell in row.items()}
        names.append(_inside(path, line, root, cells.pop("path")))
        classes.append(_filled(path, line, "label", cells.pop("label")))
        splits.append(_split(path, line, cells.pop("split", ""), words))
        for column, cell in cells.items():
            groups.setdefault(column, []).append(cell)
    if not names:
        raise DataError(f"{path} has a header and no rows", "each row is path,label and, optionally, split")
    files = tuple(root / name for name in names)
    sizes = ((name, file.stat().st_size if file.is_file() else -1) for name, file in zip(names, files, strict=True))
    return Listing(
        form="a CSV of paths and labels",
        classes=np.array(classes, np.str_),
        splits=np.array(splits, np.str_),
        names=tuple(names),
        words=words,
        official=False,
        paths=files,
        groups={column: np.array(values, np.str_) for column, values in groups.items()},
        files={path.name: file_digest(path), f"pictures of {path.name}": listing_digest(sizes)},
    )


def _inside(path: Path, line: int, root: Path, text: str) -> str:
    """The path relative to ``root``, with forward slashes."""
    _filled(path, line, "path", text)
    native = Path(text) if "\\" not in text else Path(PureWindowsPath(text).as_posix())
    full = os.path.normpath(root / native)
    if not Path(full).is_relative_to(root) or full == str(root):
        raise DataError(f"{path}:{line}: {text!r} leads out of the CSV's folder", "write paths relative to the CSV")
    return Path(full).relative_to(root).as_posix()


def _filled(path: Path, line: int, column: str, text: str) -> str:
    if not text:
        raise DataError(f"{path}:{line}: {column} is empty")
    return text


def _split(path: Path, line: int, text: str, words: dict[Split, str]) -> str:
    if not text:
        return ""
    split = split_of(text)
    if split is None:
        raise DataError(f"{path}:{line}: split is {text!r}, expected train, validation, test or nothing")
    words.setdefault(split, text)
    return split
