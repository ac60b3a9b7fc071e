"""Faces in any form, with a recipe's labels, in three splits: the one entrance for training and judging."""

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from device.errors import DataError
from trainer.datasets.classes import ClassMap
from trainer.datasets.cleaning import clean
from trainer.datasets.dataset import DataSet
from trainer.datasets.faces import FaceSet, Split
from trainer.datasets.fer2013 import Progress
from trainer.datasets.ferplus import votes_on_labels
from trainer.datasets.forms import list_faces
from trainer.datasets.listing import SPLITS, Listing
from trainer.datasets.memory import keep, room_for
from trainer.datasets.pictures import read_pictures
from trainer.datasets.settings import DataSettings
from trainer.datasets.splits import share_out

Purpose = Literal["train", "judge"]


def load(
    path: Path,
    settings: DataSettings,
    *,
    size: tuple[int, int] = (48, 48),
    ferplus: Path | None = None,
    seed: int = 1,
    progress: Progress | None = None,
    purpose: Purpose = "train",
) -> DataSet:
    """Read the faces at ``path``.

    Args:
        path: FER-2013's CSV or its sibling, a folder of class folders, or a CSV of paths and labels.
        settings: the recipe's ``data:`` section.
        size: (height, width) that pictures are read at; FER-2013's pixels stay 48 x 48.
        ferplus: FER+'s ``fer2013new.csv``, joined by row.
        seed: of the splits that the data has not.
        progress: told how much is read, and of how much.
        purpose: ``train`` shares out the splits that are missing and wants every label in training; ``judge`` takes the
            data as it is: faces without a split are its test split, and nothing is left out as blank or a copy.

    Raises:
        DataError: when the data cannot be used, with what to do about it.
    """
    return arrange(
        list_faces(path, ferplus, progress), settings, size=size, seed=seed, progress=progress, purpose=purpose
    )


def arrange(
    listing: Listing,
    settings: DataSettings,
    *,
    size: tuple[int, int] = (48, 48),
    seed: int = 1,
    progress: Progress | None = None,
    purpose: Purpose = "train",
) -> DataSet:
    """As ``load``, for faces that are listed already."""
    classes = settings.class_map()
    labels = _labels(listing, classes)
    splits, words = _splits(listing, labels, settings, seed, purpose)
    order = np.concatenate([np.flatnonzero((labels >= 0) & (splits == split)) for split in SPLITS])
    if not len(order):
        raise DataError(f"none of the {len(listing)} faces has one of the labels {', '.join(classes.labels)}")
    notes = [*listing.notes, *_dropped_note(labels)]
    images, skipped, room_note = read_faces(listing, order, size, settings.unreadable_limit, progress)
    order = order[~np.isin(order, list(skipped))]
    faces = FaceSet(
        images,
        classes.labels,
        labels[order],
        None if listing.votes is None else votes_on_labels(listing.votes, classes)[order],
        tuple(listing.names[position] for position in order),
        {column: values[order] for column, values in listing.groups.items()},
    )
    divided = divide(faces, splits[order])
    if purpose == "train":
        divided, cleaned = clean(divided, settings.duplicates)
        notes += cleaned
        _check_labels(divided, listing.empty)
    return DataSet(
        form=listing.form,
        train=divided["train"],
        validation=divided["validation"],
        test=divided["test"],
        splits={split: words[split] for split in SPLITS if len(divided[split])},
        notes=tuple(notes + ([room_note] if room_note else []) + _skipped_note(skipped)),
        files=listing.files,
        skipped=tuple(f"{listing.names[position]}: {reason}" for position, reason in skipped.items()),
    )


def _labels(listing: Listing, classes: ClassMap) -> NDArray[np.int64]:
    """Each face's label, -1 for one that is left out; int64 (n,)."""
    names, which = np.unique(listing.classes, return_inverse=True)
    indices = classes.indices(names.tolist())
    table = np.array([-1 if indices[name] is None else indices[name] for name in names.tolist()], np.int64)
    found: NDArray[np.int64] = table[which]
    return found


def _splits(
    listing: Listing, labels: NDArray[np.int64], settings: DataSettings, seed: int, purpose: Purpose
) -> tuple[NDArray[np.str_], dict[Split, str]]:
    """Each face's split, str (n,), and what each split is called."""
    splits = listing.splits.astype("<U10")
    words = dict(listing.words)
    unsplit = splits == ""
    if purpose == "judge":
        splits[unsplit] = "test"
        words.setdefault("test", "all faces")
        return splits, words
    # Faces without a split beside faces with one are to be trained on, as the splits named are there to judge by.
    splits[unsplit] = "train"
    words.setdefault("train", "all faces" if unsplit.all() else "the rest")
    shares: dict[str, float] = {}
    if not (splits == "validation").any():
        shares["validation"] = settings.validation_share
    if not (splits == "test").any() and not listing.official:
        shares["test"] = settings.test_share
    pool = np.flatnonzero((splits == "train") & (labels >= 0))
    splits[pool] = share_out([listing.names[position] for position in pool], labels[pool], shares, "train", seed)
    source = words["train"]
    for split in SPLITS:
        if split in shares:
            words[split] = f"{shares[split]:.0%} of {source}, seed {seed}"
    if shares:
        words["train"] = f"{1 - sum(shares.values()):.0%} of {source}, seed {seed}"
    return splits, words


def read_faces(
    listing: Listing, order: NDArray[np.int64], size: tuple[int, int], limit: float, progress: Progress | None = None
) -> tuple[NDArray[np.uint8], dict[int, str], str]:
    """The faces at ``order``, uint8 (n, height, width, 1), but for those that cannot be read.

    Returns:
        The pictures, the position in the listing to the reason of each that is left out, and a note or nothing.

    Raises:
        DataError: when a larger share than ``limit`` cannot be read.
    """
    if listing.pixels is not None:
        return listing.pixels[order], {}, ""
    paths = listing.paths or ()
    images, note = room_for(len(order), size)
    failed = read_pictures([paths[position] for position in order], images, progress)
    skipped = {int(order[position]): reason for position, reason in failed.items()}
    if len(skipped) > limit * len(order):
        raise DataError(
            f"{len(skipped)} of {len(order)} pictures cannot be read ({_name_some(listing, skipped)}); at most "
            f"{limit:.1%} may be unreadable",
            "mend or remove them, or raise unreadable_limit in the recipe's data section",
        )
    if skipped:
        readable = np.ones(len(order), bool)
        readable[list(failed)] = False
        images = keep(images, readable)
    return images, skipped, note


def divide(faces: FaceSet, splits: NDArray[np.str_]) -> dict[Split, FaceSet]:
    """The faces of each split, which stand one behind the other: views, without a copy."""
    divided: dict[Split, FaceSet] = {}
    start = 0
    for split in SPLITS:
        end = start + int((splits == split).sum())
        divided[split] = faces.with_images(faces.images[start:end], np.arange(start, end))
        start = end
    return divided


def _check_labels(divided: dict[Split, FaceSet], empty: tuple[str, ...]) -> None:
    train = divided["train"]
    names = train.label_names
    counts = _label_counts(train)
    for split in ("validation", "test"):
        lacking = np.flatnonzero((_label_counts(divided[split]) > 0) & (counts == 0))
        if len(lacking):
            told = ", ".join(names[index] for index in lacking)
            raise DataError(
                f"the {split} split has faces of {told}, of which training has none",
                "add some to training, or name the class under `drop` in the recipe's data section",
            )
    lacking = np.flatnonzero(counts == 0)
    if len(lacking):
        folders = f"; {', '.join(empty)} holds no picture" if empty else ""
        having = ", ".join(names[index] for index in np.flatnonzero(counts))
        raise DataError(
            f"no face to train on has the label {', '.join(names[index] for index in lacking)}{folders}",
            f"add some, or write `labels: [{having}]` into the recipe's data section",
        )
    if not len(divided["validation"]):
        raise DataError(
            f"{len(train)} faces are too few to set some aside to choose by", "give at least three of each label"
        )


def _label_counts(faces: FaceSet) -> NDArray[np.float64]:
    """How many faces, or votes, each label has; float64 (labels,)."""
    counts = np.bincount(faces.labels, minlength=len(faces.label_names)).astype(np.float64)
    return counts if faces.votes is None else counts + faces.votes.sum(axis=0)


def _dropped_note(labels: NDArray[np.int64]) -> list[str]:
    dropped = int((labels < 0).sum())
    return [f"left out as the recipe drops their classes: {dropped:,} faces"] if dropped else []


def _skipped_note(skipped: dict[int, str]) -> list[str]:
    return [f"left out as unreadable: {len(skipped):,} of the pictures"] if skipped else []


def _name_some(listing: Listing, skipped: dict[int, str]) -> str:
    told = [f"{listing.names[position]} {reason}" for position, reason in list(skipped.items())[:3]]
    return ", ".join(told) + (", …" if len(skipped) > 3 else "")
