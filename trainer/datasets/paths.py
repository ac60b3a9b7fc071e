"""A CSV of pictures: ``path,label``, with a ``split`` and a face's box where there are any; others are groups."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath

import numpy as np
from numpy.typing import NDArray

from device.errors import DataError
from trainer.datasets.codes import decoded
from trainer.datasets.faces import Split
from trainer.datasets.listing import Listing, composed, file_digest, listing_digest, split_of
from trainer.datasets.rows import Progress, columns_of, csv_rows

COLUMNS = ("path", "label")
_CORNER_AND_SIZE = (
    ("face_x", "face_y", "face_width", "face_height"),
    ("bbox_x", "bbox_y", "bbox_w", "bbox_h"),
    ("x", "y", "w", "h"),
    ("x", "y", "width", "height"),
    ("left", "top", "width", "height"),
)
_CORNERS = (
    ("x1", "y1", "x2", "y2"),
    ("xmin", "ymin", "xmax", "ymax"),
    ("left", "top", "right", "bottom"),
)
_ONE_COLUMN = "bbox"
"""x, y, width and height in one cell, as COCO has them, with anything between them."""


def list_paths(
    path: Path,
    person: str | None = None,
    codes: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Listing:
    """List a CSV of pictures; paths are relative to the CSV's folder.

    Args:
        path: the CSV.
        person: the column that says who is shown.
        codes: what labels that are called 0, 1, … mean; without it they are classes of that name.
        progress: is called with how much is read, and of how much.

    Raises:
        DataError: naming the line, for a path that leads out of that folder, a split of another name, an empty cell, a
            box that is none.
    """
    found = _Found(path, Path(os.path.normpath(Path.cwd() / path.parent)), _box_columns(columns_of(path)))
    for line, row in csv_rows(path, (*COLUMNS, *((person,) if person else ())), progress):
        found.add(line, {column: cell.strip() for column, cell in row.items()})
    if not found.names:
        raise DataError(f"{path} has a header and no rows", "each row is path,label and, optionally, split")
    files = tuple(found.root / name for name in found.names)
    sizes = [file.stat().st_size if file.is_file() else -1 for file in files]
    groups = {column: np.array(cells, np.str_) for column, cells in found.groups.items()}
    classes, said_of_codes = decoded(found.classes, codes, "labels") if codes else (found.classes, [])
    return Listing(
        form="a CSV of paths and labels" + (", with a box for each face" if found.boxes else ""),
        classes=np.array(classes, np.str_),
        splits=np.array(found.splits, np.str_),
        names=_numbered(found.names),
        words=found.words,
        official=False,
        paths=files,
        boxes=np.array(found.boxes) if found.boxes else None,
        people=_people(found.names, groups.pop(person) if person else None),
        groups=groups,
        files={
            path.name: file_digest(path),
            f"pictures of {path.name}": listing_digest(zip(found.names, sizes, strict=True)),
        },
        notes=tuple(said_of_codes),
    )


@dataclass(slots=True)
class _Found:
    """The rows so far, of the CSV at ``path``; pictures lie in ``root`` and below."""

    path: Path
    root: Path
    box_columns: tuple[str, ...]
    names: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    boxes: list[list[float]] = field(default_factory=list)
    words: dict[Split, str] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)

    def add(self, line: int, cells: dict[str, str]) -> None:
        self.names.append(_inside(self.path, line, self.root, cells.pop("path")))
        self.classes.append(composed(_filled(self.path, line, "label", cells.pop("label"))))
        self.splits.append(_split(self.path, line, cells.pop("split", ""), self.words))
        if self.box_columns:
            box = [cells.pop(column) for column in self.box_columns]
            self.boxes.append(_box(self.path, line, self.box_columns, box))
        for column, cell in cells.items():
            self.groups.setdefault(column, []).append(cell)


def _people(names: list[str], said: NDArray[np.str_] | None) -> NDArray[np.str_] | None:
    """Who is shown; where only photographs are known, those of one photograph belong together."""
    if said is not None:
        return said
    return np.array(names, np.str_) if len(set(names)) < len(names) else None


def _numbered(names: list[str]) -> tuple[str, ...]:
    """The names, with a number behind those of further faces of one photograph."""
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return tuple(unique)


def _box_columns(columns: list[str]) -> tuple[str, ...]:
    known: Mapping[str, str] = {column.casefold(): column for column in columns}
    if _ONE_COLUMN in known:
        return (known[_ONE_COLUMN],)
    for wanted in (*_CORNER_AND_SIZE, *_CORNERS):
        if set(wanted) <= set(known):
            return tuple(known[column] for column in wanted)
    return ()


def _box(path: Path, line: int, columns: tuple[str, ...], cells: list[str]) -> list[float]:
    """x, y, width and height."""
    texts = cells if len(cells) == 4 else cells[0].strip("[](){}").replace(",", " ").replace(";", " ").split()
    try:
        first, second, third, fourth = map(float, texts)
    except ValueError:
        first = second = third = fourth = float("nan")
    if tuple(column.casefold() for column in columns) in _CORNERS:
        third, fourth = third - first, fourth - second
    if not (third > 0 and fourth > 0 and np.isfinite([first, second, third, fourth]).all()):
        raise DataError(f"{path}:{line}: {', '.join(columns)} is {', '.join(cells)}, expected a face's box in pixels")
    return [first, second, third, fourth]


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
