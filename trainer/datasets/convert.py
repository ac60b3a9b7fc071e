"""One form of a data set as another. What is half done never looks whole: it gets its name when it is complete."""

import csv
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from device.contract.labels import EMOTIONS
from device.errors import DataError, StorageError, UsageError
from trainer.cells import harmless
from trainer.datasets.faces import SPLITS, Split
from trainer.datasets.fer2013 import COLUMNS, SIDE, SPLIT_OF_USAGE
from trainer.datasets.listing import Listing
from trainer.datasets.load import labels_of
from trainer.datasets.rows import Progress
from trainer.datasets.settings import DataSettings
from trainer.datasets.splits import assign_splits

Form = Literal["folders", "two", "fer2013", "paths", "npz"]
PATHS_FILE = "faces.csv"


def convert(listing: Listing, target: Path, form: Form, *, seed: int = 1, progress: Progress | None = None) -> int:
    """Write the faces of a listing that ``stats.read_all`` has filled.

    Args:
        listing: the faces, with their pictures in memory.
        target: a file for ``fer2013``, a folder for the others; must not exist, or must be an empty folder.
        form: ``folders`` train/, validation/ and test/ as far as the data has them; ``two`` train/ and test/, the
            latter with validation in it, and names im0.png … as the ``dataset_prepare`` scripts write them; ``fer2013``
            a CSV as Kaggle's; ``paths`` pictures and a CSV of paths, labels, splits and groups; ``npz`` faces, labels
            and the labels' names as arrays, for ``affectd-convert``.
        seed: of the splits, where ``fer2013`` or ``two`` needs them and the data has none.
        progress: is called with how many faces are written.

    Returns:
        How many faces were written.

    Raises:
        UsageError: when the target is there already.
        DataError: when a class has no place in the form.
        StorageError: when the target cannot be written; nothing of it is left.
    """
    refuse_taken(target)
    splits = _all_splits(listing, seed) if form in {"fer2013", "two"} else listing.splits
    order = np.concatenate([np.flatnonzero(splits == split) for split in (*SPLITS, "")])
    write = _WRITERS[form]
    with _finished(target, folder=form not in {"fer2013", "npz"}) as partial:
        write(listing, partial, order, splits, progress or (lambda _done, _total: None))
    return len(order)


def _write_folders(
    listing: Listing, root: Path, order: NDArray[np.int64], splits: NDArray[np.str_], progress: Progress
) -> None:
    for done, position in enumerate(order, 1):
        folder = root / str(splits[position]) / str(listing.classes[position])
        _write_picture(folder / _file_name(listing, int(position)), listing, int(position))
        progress(done, len(order))


def _write_two(
    listing: Listing, root: Path, order: NDArray[np.int64], splits: NDArray[np.str_], progress: Progress
) -> None:
    count: Counter[Path] = Counter()
    for done, position in enumerate(order, 1):
        split = "train" if splits[position] == "train" else "test"
        folder = root / split / str(listing.classes[position])
        _write_picture(folder / f"im{count[folder]}.png", listing, int(position))
        count[folder] += 1
        progress(done, len(order))


def _write_fer2013(
    listing: Listing, path: Path, order: NDArray[np.int64], splits: NDArray[np.str_], progress: Progress
) -> None:
    labels = _fer2013_labels(listing)
    usage = {split: name for name, split in SPLIT_OF_USAGE.items()}
    pixels = _pixels(listing)
    with path.open("w", encoding="ascii", newline="") as file:
        file.write(",".join(COLUMNS) + "\n")
        for done, position in enumerate(order, 1):
            picture = pixels[position, ..., 0]
            if picture.shape != (SIDE, SIDE):
                raise DataError(f"this form holds pictures of {SIDE} x {SIDE}, not {picture.shape}")
            split = usage[str(splits[position])]  # type: ignore[index]  # every face has a split here
            file.write(f"{labels[position]},{' '.join(map(str, picture.ravel().tolist()))},{split}\n")
            progress(done, len(order))


def _write_paths(
    listing: Listing, root: Path, order: NDArray[np.int64], splits: NDArray[np.str_], progress: Progress
) -> None:
    columns = list(listing.groups)
    with (root / PATHS_FILE).open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["path", "label", "split", *columns])
        for done, position in enumerate(order, 1):
            label, split = str(listing.classes[position]), str(splits[position])
            relative = Path("pictures", split, label, _file_name(listing, int(position)))
            _write_picture(root / relative, listing, int(position))
            groups = [harmless(str(listing.groups[column][position])) for column in columns]
            table.writerow([relative.as_posix(), harmless(label), split, *groups])
            progress(done, len(order))


def _write_npz(listing: Listing, path: Path, order: NDArray[np.int64], _: NDArray[np.str_], progress: Progress) -> None:
    names, labels = np.unique(listing.classes[order], return_inverse=True)
    named = sorted(names.tolist(), key=lambda name: _place(str(name)))
    table = np.array([named.index(name) for name in names.tolist()], np.int64)
    np.savez_compressed(
        path,
        allow_pickle=False,
        faces=_pixels(listing)[order],
        labels=table[labels],
        label_names=np.array(named, np.str_),
    )
    progress(len(order), len(order))


def _place(name: str) -> tuple[int, str]:
    """FER-2013's order first."""
    return (EMOTIONS.index(name) if name in EMOTIONS else len(EMOTIONS), name)


_Writer = Callable[[Listing, Path, NDArray[np.int64], NDArray[np.str_], Progress], None]
_WRITERS: dict[Form, _Writer] = {
    "folders": _write_folders,
    "two": _write_two,
    "fer2013": _write_fer2013,
    "paths": _write_paths,
    "npz": _write_npz,
}


def _file_name(listing: Listing, position: int) -> str:
    """A name that is the face's own: of a row as FER+ names its pictures, of a file its path made flat."""
    name = listing.names[position]
    file, _, line = name.rpartition(":")
    if file and line.isdigit() and listing.form.startswith("FER-2013"):
        return f"fer{int(line) - 2:07d}.png"
    parts = [part for part in Path(name).with_suffix("").parts if part != str(listing.classes[position])]
    splits = {str(listing.splits[position]), "pictures"}
    return "-".join(part for part in parts if part not in splits) + ".png"


def _write_picture(path: Path, listing: Listing, position: int) -> None:
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True)
    if path.exists():
        # Two pictures whose names differ in their suffix alone.
        path = path.with_name(f"{path.stem}-{position}.png")
    coded, content = cv2.imencode(".png", _pixels(listing)[position])
    if not coded:
        raise StorageError(f"{listing.names[position]} cannot be written as PNG")
    path.write_bytes(content.tobytes())


def _pixels(listing: Listing) -> NDArray[np.uint8]:
    if listing.pixels is None:
        raise DataError("the pictures are not read yet")
    return listing.pixels


def _fer2013_labels(listing: Listing) -> NDArray[np.int64]:
    seven = DataSettings().class_map()
    if others := seven.unknown(listing.classes.tolist()):
        raise DataError(
            f"this form holds the classes {', '.join(EMOTIONS)} alone, and the data has {', '.join(others[:5])}",
            "name a folder, or a file that ends in .npz: both hold any class",
        )
    return labels_of(listing, seven)


def _all_splits(listing: Listing, seed: int) -> NDArray[np.str_]:
    """The faces' splits; where the data has none at all, seeded and stratified ones."""
    if (listing.splits != "").any():
        return np.where(listing.splits == "", "train", listing.splits)
    return assign_splits(listing, _class_indices(listing), DataSettings(), seed).splits


def _class_indices(listing: Listing) -> NDArray[np.int64]:
    _, classes = np.unique(listing.classes, return_inverse=True)
    return classes.astype(np.int64)


def take_split(listing: Listing, split: Split, settings: DataSettings, seed: int) -> tuple[Listing, list[str]]:
    """The faces of one split, cut from the others as a training cuts it where the data has none; what to say of it.

    Args:
        listing: all faces, whose pictures need not be read.
        split: which faces.
        settings: of the training. Where they name no labels, each class is one.
        seed: of the training.

    Raises:
        DataError: there are no such faces.
    """
    if (listing.splits == split).any():
        return listing.take(np.flatnonzero(listing.splits == split)), []
    named = settings.labels or settings.classes or settings.drop
    labels = labels_of(listing, settings.class_map()) if named else _class_indices(listing)
    assigned = assign_splits(listing, labels, settings, seed)
    kept = np.flatnonzero((assigned.splits == split) & (labels >= 0))
    if not len(kept):
        raise DataError(f"the data has no faces for {split}, and none can be set aside for it", "leave --split out")
    taken = replace(listing.take(kept), splits=np.full(len(kept), split), words={split: assigned.words[split]})
    return taken, [f"{assigned.words[split]}, as affectd-train fit shares them out", *assigned.notes]


def refuse_taken(target: Path) -> None:
    """Raise UsageError where ``convert`` would: early, before anything is read."""
    if target.is_dir() and not any(target.iterdir()):
        return
    if target.exists():
        raise UsageError(f"{target} is there already, and nothing is overwritten", "name a new file or folder")


@contextmanager
def _finished(target: Path, *, folder: bool) -> Iterator[Path]:
    """A hidden place beside ``target`` that takes its name when all went well, and is removed when not."""
    work: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}.partial-", dir=target.parent))
        partial = work / target.name
        if folder:
            partial.mkdir()
        yield partial
        if target.is_dir():
            target.rmdir()
        partial.rename(target)
    except OSError as error:
        raise StorageError(
            f"{target} cannot be written: {error.strerror}", "nothing of it was left; make room, or name another place"
        ) from error
    finally:
        if work is not None:
            shutil.rmtree(work, ignore_errors=True)
