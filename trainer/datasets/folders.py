"""Class folders: ``<split>/<class>/<picture>``, or ``<class>/<picture>`` without splits."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from device.errors import DataError
from trainer.datasets.faces import Split
from trainer.datasets.listing import PICTURE_SUFFIXES, SPLITS, Listing, listing_digest, split_of

FER2013_TRAIN, FER2013_TEST = 28709, 3589
BOTH_TESTS = "PublicTest and PrivateTest together"
_EXPECTED = "expected train/<class>/*.png with, or without, validation/ and test/ beside it, or <class>/*.png"


@dataclass(slots=True)
class _Found:
    root: Path
    classes: list[str] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    def add_class(self, folder: Path, split: Split | None) -> None:
        count = len(self.paths)
        for entry in _entries(folder):
            relative = Path(entry.path).relative_to(self.root).as_posix()
            if entry.is_file() and Path(entry.name).suffix.lower() in PICTURE_SUFFIXES:
                self.classes.append(folder.name)
                self.splits.append(split or "")
                self.paths.append(Path(entry.path))
                self.names.append(relative)
                self.sizes.append(entry.stat().st_size)
            else:
                self.others.append(relative)
        if len(self.paths) == count:
            self.empty.append(folder.relative_to(self.root).as_posix())


def list_folders(root: Path) -> Listing:
    """List the pictures of class folders; the order is that of the names, whatever the file system's is.

    Raises:
        DataError: when the folder holds no such thing.
    """
    found = _Found(root)
    folders = [Path(entry.path) for entry in _entries(root) if entry.is_dir()]
    splits = {folder: split_of(folder.name) for folder in folders}
    words: dict[Split, str] = {}
    if any(splits.values()):
        strays = [folder.name for folder, split in splits.items() if split is None]
        if strays:
            raise DataError(f"{root} has splits ({_splits(splits)}) and other folders ({_some(strays)})", _EXPECTED)
        for split in SPLITS:
            for whole in [folder for folder in folders if splits[folder] == split]:
                words[split] = f"{words[split]} and {whole.name}/" if split in words else f"{whole.name}/"
                for entry in _entries(whole):
                    if entry.is_dir():
                        found.add_class(Path(entry.path), split)
    else:
        for folder in folders:
            found.add_class(folder, None)
    if not found.paths:
        raise DataError(f"{root} has no pictures in class folders{_hint(root)}", _EXPECTED)
    return _listing(found, words)


def _listing(found: _Found, words: dict[Split, str]) -> Listing:
    splits = np.array(found.splits, np.str_)
    count = {split: int((splits == split).sum()) for split in SPLITS}
    published = count["train"] == FER2013_TRAIN and not count["validation"]
    notes_of_split = _name_fer2013(count["test"], words) if published else []
    notes = list(notes_of_split)
    notes += [f"{name}/ holds no picture" for name in found.empty]
    if found.others:
        notes.append(f"passed over as no pictures: {len(found.others):,} ({_some(found.others)})")
    return Listing(
        form="class folders" if words else "class folders without splits",
        classes=np.array(found.classes, np.str_),
        splits=splits,
        names=tuple(found.names),
        words=words,
        official=bool(notes_of_split),
        paths=tuple(found.paths),
        empty=tuple(found.empty),
        files={found.root.resolve().name: listing_digest(zip(found.names, found.sizes, strict=True))},
        notes=tuple(notes),
    )


def _name_fer2013(tests: int, words: dict[Split, str]) -> list[str]:
    """What to say of a test split beside as many training pictures as FER-2013 has; names it in ``words``."""
    if tests == 2 * FER2013_TEST:
        words["test"] += f": {BOTH_TESTS}"
        told = f"FER-2013's {BOTH_TESTS}; figures on it are neither PublicTest's nor PrivateTest's"
    elif tests == FER2013_TEST:
        told = "FER-2013's PublicTest or its PrivateTest, which are of one size"
    else:
        return []
    return [f"test/ has {tests:,} pictures: {told}"]


def _entries(folder: Path) -> Iterator["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            visible = [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror}", "check the path and its permissions") from error
    yield from sorted(visible, key=lambda entry: entry.name)


def _hint(root: Path) -> str:
    files = sorted(path.name for path in root.glob("*.csv"))
    return f"; it holds {_some(files)}: give that file" if files else ""


def _splits(splits: dict[Path, Split | None]) -> str:
    return _some([folder.name for folder, split in splits.items() if split])


def _some(names: list[str]) -> str:
    return ", ".join(names[:4]) + (", …" if len(names) > 4 else "")
