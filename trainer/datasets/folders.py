"""Class folders: ``<split>/<class>/<picture>``, or without splits; in a class there may be a folder for each person."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from device.errors import DataError
from trainer.datasets.codes import decoded
from trainer.datasets.faces import SPLITS, Split
from trainer.datasets.listing import Listing, composed, listing_digest, printable, split_of
from trainer.datasets.pictures import SUFFIXES

FER2013_TRAIN, FER2013_TEST = 28709, 3589
BOTH_TESTS = "PublicTest and PrivateTest together"
_EXPECTED = "expected train/<class>/*.png with, or without, validation/ and test/ beside it, or <class>/*.png"


@dataclass(slots=True)
class _Found:
    root: Path
    classes: list[str] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    loose: dict[Split, int] = field(default_factory=dict)

    def add_class(self, folder: Path, split: Split | None) -> None:
        count = len(self.paths)
        for entry in _entries(folder):
            if entry.is_dir():
                for inner in _entries(Path(entry.path)):
                    self._add(inner, composed(folder.name), split, composed(entry.name))
            else:
                self._add(entry, composed(folder.name), split, "")
        if len(self.paths) == count:
            self.empty.append(self._name(folder))

    def add_split(self, folder: Path, split: Split) -> None:
        """The classes in ``folder``; pictures that lie straight in it have none."""
        for entry in _entries(folder):
            if entry.is_dir():
                self.add_class(Path(entry.path), split)
            elif _is_picture(entry):
                self.loose[split] = self.loose.get(split, 0) + 1

    def _add(self, entry: "os.DirEntry[str]", name: str, split: Split | None, person: str) -> None:
        if not _is_picture(entry):
            self.others.append(self._name(Path(entry.path)))
            return
        self.classes.append(name)
        self.splits.append(split or "")
        self.people.append(person)
        self.paths.append(Path(entry.path))
        self.names.append(self._name(Path(entry.path)))
        self.sizes.append(entry.stat().st_size)

    def _name(self, path: Path) -> str:
        return printable(path.relative_to(self.root).as_posix())


def list_folders(root: Path, codes: Sequence[str] | None = None) -> Listing:
    """List the pictures of class folders; the order is that of the names, whatever the file system's is.

    Args:
        root: the folder.
        codes: what classes that are called 0, 1, … mean, where it is not FER-2013's order.

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
            named = _some([folder.name for folder, split in splits.items() if split])
            raise DataError(f"{root} has splits ({named}) and other folders ({_some(strays)})", _EXPECTED)
        for split in SPLITS:
            for whole in [folder for folder in folders if splits[folder] == split]:
                words[split] = f"{words[split]} and {whole.name}/" if split in words else f"{whole.name}/"
                found.add_split(whole, split)
    else:
        for folder in folders:
            found.add_class(folder, None)
    if not found.paths:
        raise DataError(f"{root} has no pictures in class folders{_hint(root)}", _EXPECTED)
    return _listing(found, words, codes)


def _listing(found: _Found, words: dict[Split, str], codes: Sequence[str] | None) -> Listing:
    splits = np.array(found.splits, np.str_)
    count = {split: int((splits == split).sum()) for split in SPLITS}
    published = count["train"] == FER2013_TRAIN and not count["validation"]
    notes_of_split = _name_fer2013(count["test"], words) if published else []
    classes, said_of_codes = decoded(found.classes, codes, "folders")
    people = np.array(found.people, np.str_) if any(found.people) else None
    return Listing(
        form="class folders" if words else "class folders without splits",
        classes=np.array(classes, np.str_),
        splits=splits,
        names=tuple(found.names),
        words={split: word for split, word in words.items() if count[split] or split not in found.loose},
        official=bool(notes_of_split),
        paths=tuple(found.paths),
        people=people,
        unlabelled=frozenset(split for split in found.loose if not count[split]),
        empty=tuple(found.empty),
        files={printable(found.root.resolve().name): listing_digest(zip(found.names, found.sizes, strict=True))},
        notes=(*notes_of_split, *said_of_codes, *_notes(found)),
    )


def _notes(found: _Found) -> Iterator[str]:
    yield from (f"{name}/ holds no picture" for name in found.empty)
    for split, count in found.loose.items():
        yield f"{split}: {count:,} pictures lie straight in its folder; without a class folder they are not used"
    if found.others:
        yield f"passed over as no pictures: {len(found.others):,} ({_some(found.others)})"
    people = {person for person in found.people if person}
    if people:
        alone = sum(not person for person in found.people)
        rest = f"; {alone:,} pictures stand beside them and are nobody's" if alone else ""
        yield f"folders below the classes are taken for people: {len(people):,}{rest}"


def _name_fer2013(tests: int, words: dict[Split, str]) -> list[str]:
    """What to say of a test split beside as many training pictures as FER-2013 has; names it in ``words``."""
    if tests == 2 * FER2013_TEST:
        words["test"] += f": {BOTH_TESTS}"
        origin = f"FER-2013's {BOTH_TESTS}; figures on it are neither PublicTest's nor PrivateTest's"
    elif tests == FER2013_TEST:
        origin = "FER-2013's PublicTest or its PrivateTest, which are of one size"
    else:
        return []
    return [f"test/ has {tests:,} pictures: {origin}"]


def _is_picture(entry: "os.DirEntry[str]") -> bool:
    return entry.is_file() and Path(entry.name).suffix.lower() in SUFFIXES


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


def _some(names: list[str]) -> str:
    return ", ".join(names[:4]) + (", …" if len(names) > 4 else "")
