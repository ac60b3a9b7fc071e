"""Faces in any form, with a recipe's labels, in three splits: the one entrance for training and judging."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from device.contract.preprocess import InputSpec
from device.errors import DataError
from trainer.datasets.classes import ClassMap, in_recipe
from trainer.datasets.duplicates import clean
from trainer.datasets.faces import SPLITS, DataSet, FaceSet, Split
from trainer.datasets.ferplus import votes_on_labels
from trainer.datasets.forms import Reading, list_faces
from trainer.datasets.framing import NO_FACE, crop_boxes, crop_found, say_how_faces_lie
from trainer.datasets.listing import Listing
from trainer.datasets.memory import keep, room_for
from trainer.datasets.pictures import DIGEST_BYTES, Crop, digest, read_grey, read_pictures
from trainer.datasets.rows import Progress
from trainer.datasets.settings import DataSettings
from trainer.datasets.splits import SplitAssignment, assign_splits

Purpose = Literal["train", "judge"]
_DEFAULT_INPUT = InputSpec()


def load(
    path: Path,
    settings: DataSettings,
    *,
    spec: InputSpec = _DEFAULT_INPUT,
    ferplus: Path | None = None,
    seed: int = 1,
    progress: Progress | None = None,
    purpose: Purpose = "train",
) -> DataSet:
    """Read the faces at ``path``.

    Args:
        path: FER-2013's CSV or its sibling, a folder of class folders, or a CSV of paths and labels.
        settings: the recipe's ``data:`` section.
        spec: what pictures are read for: its size, and the margin of crops; FER-2013's pixels stay 48 x 48.
        ferplus: FER+'s ``fer2013new.csv``, joined by row.
        seed: of the splits that the data has not.
        progress: is called with how much is read, and of how much.
        purpose: ``train`` shares out the splits that are missing and wants every label in training; ``judge`` takes the
            data as it is: faces without a split are its test split, and nothing is left out as blank or a copy.

    Raises:
        DataError: when the data cannot be used, with what to do about it.
    """
    listing = list_faces(path, reading(settings, ferplus), progress)
    return arrange(listing, settings, spec=spec, seed=seed, progress=progress, purpose=purpose)


def reading(settings: DataSettings, ferplus: Path | None = None) -> Reading:
    """How a recipe wants a data set read."""
    return Reading(ferplus, settings.codes, settings.person, settings.find_faces)


def arrange(
    listing: Listing,
    settings: DataSettings,
    *,
    spec: InputSpec = _DEFAULT_INPUT,
    seed: int = 1,
    progress: Progress | None = None,
    purpose: Purpose = "train",
) -> DataSet:
    """As ``load``, for faces that are listed already."""
    classes = settings.class_map()
    labels = labels_of(listing, classes)
    assigned = _splits(listing, labels, settings, seed, purpose)
    splits = assigned.splits
    order = np.concatenate([np.flatnonzero((labels >= 0) & (splits == split)) for split in SPLITS])
    if not len(order):
        raise DataError(f"none of the {len(listing)} faces has one of the labels {', '.join(classes.labels)}")
    notes = [*listing.notes, *_dropped_note(labels), *assigned.notes]
    found = read_faces(listing, order, spec, settings, progress)
    readable = order[found.readable]
    divided = divide(_face_set(listing, readable, found, labels, classes), splits[readable])
    if purpose == "train":
        divided, cleaned = clean(divided, settings.duplicates)
        notes += cleaned
        _check_labels(divided, listing.empty)
    return DataSet(
        form=listing.form,
        train=divided["train"],
        validation=divided["validation"],
        test=divided["test"],
        splits={split: assigned.words[split] for split in SPLITS if len(divided[split])},
        notes=(*notes, *found.notes),
        files=listing.files,
        skipped=tuple(f"{listing.names[position]}: {reason}" for position, reason in found.skipped.items()),
    )


def _face_set(
    listing: Listing, order: NDArray[np.int64], found: "FoundFaces", labels: NDArray[np.int64], classes: ClassMap
) -> FaceSet:
    return FaceSet(
        found.images,
        classes.labels,
        labels[order],
        None if listing.votes is None else votes_on_labels(listing.votes, classes)[order],
        tuple(listing.names[position] for position in order),
        {column: values[order] for column, values in listing.groups.items()},
        found.digests,
    )


def labels_of(listing: Listing, classes: ClassMap) -> NDArray[np.int64]:
    """Each face's label, -1 for one that is left out; int64 (n,). Raises DataError for a class that is not known."""
    names, which = np.unique(listing.classes, return_inverse=True)
    indices = classes.indices(names.tolist())
    table = np.array([-1 if indices[name] is None else indices[name] for name in names.tolist()], np.int64)
    found: NDArray[np.int64] = table[which]
    return found


def _splits(
    listing: Listing, labels: NDArray[np.int64], settings: DataSettings, seed: int, purpose: Purpose
) -> SplitAssignment:
    if purpose == "train":
        return assign_splits(listing, labels, settings, seed)
    unsplit = listing.splits == ""
    words = {"test": "all faces", **listing.words} if unsplit.any() else dict(listing.words)
    return SplitAssignment(np.where(unsplit, "test", listing.splits), words)


@dataclass(frozen=True, slots=True, eq=False)
class FoundFaces:
    """What came of reading faces.

    Attributes:
        images: uint8 (n, height, width, 1), of those that could be read.
        digests: of each as the data has it, uint8 (n, 16).
        readable: which of those asked for they are, bool.
        skipped: position in the listing to the reason, for the others.
        notes: what a reader of results should know.
    """

    images: NDArray[np.uint8]
    digests: NDArray[np.uint8]
    readable: NDArray[np.bool_]
    skipped: dict[int, str]
    notes: tuple[str, ...] = ()


def read_faces(
    listing: Listing,
    order: NDArray[np.int64],
    spec: InputSpec,
    settings: DataSettings,
    progress: Progress | None = None,
) -> FoundFaces:
    """The faces at ``order``, but for those that cannot be read, or in which no face is found where one is to be.

    Raises:
        DataError: when a larger share than the settings' ``unreadable_limit`` cannot be read.
    """
    if listing.pixels is not None:
        images = listing.pixels[order]
        digests = np.stack([digest(face[..., 0]) for face in images]) if len(order) else np.empty((0, DIGEST_BYTES))
        return FoundFaces(images, digests.astype(np.uint8), np.ones(len(order), bool), {})
    paths = [(listing.paths or ())[position] for position in order]
    images, note = room_for(len(order), (spec.height, spec.width))
    read = read_pictures(paths, images, progress, _crop(listing, order, spec, settings))
    faceless = {position for position, reason in read.failed.items() if reason == NO_FACE}
    skipped = {int(order[position]): reason for position, reason in read.failed.items()}
    _check_unreadable(listing, len(order), skipped, len(faceless), settings.unreadable_limit)
    readable = np.ones(len(order), bool)
    readable[list(read.failed)] = False
    notes = [note] if note else []
    if faceless:
        notes.append(f"left out for want of a face that is found: {len(faceless):,} of {len(order):,} pictures")
    if len(read.failed) > len(faceless):
        notes.append(f"left out as unreadable: {len(read.failed) - len(faceless):,} of the pictures")
    if listing.boxes is None and not settings.find_faces:
        notes += say_how_faces_lie(read.sizes, tuple(paths), read_grey)
    kept = keep(images, readable) if read.failed else images
    return FoundFaces(kept, read.digests[readable], readable, skipped, tuple(notes))


def _crop(listing: Listing, order: NDArray[np.int64], spec: InputSpec, settings: DataSettings) -> Crop | None:
    if listing.boxes is not None:
        return crop_boxes(listing.boxes[order], spec)
    return crop_found(spec) if settings.find_faces else None


def _check_unreadable(listing: Listing, count: int, skipped: dict[int, str], faceless: int, limit: float) -> None:
    unreadable = {position: reason for position, reason in skipped.items() if reason != NO_FACE}
    if len(unreadable) > limit * count:
        raise DataError(
            f"{len(unreadable)} of {count} pictures cannot be read ({_name_some(listing, unreadable)}); at most "
            f"{limit:.1%} may be unreadable",
            f"mend or remove them, or allow more {in_recipe('unreadable_limit=0.1')}",
        )
    if faceless == count:
        raise DataError("in none of the pictures a face is found", "leave --find-faces out where they are faces")


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
            missing = ", ".join(names[index] for index in lacking)
            raise DataError(
                f"the {split} split has faces of {missing}, of which training has none",
                f"add some to training, or drop the class {in_recipe('drop=[CLASS]')}",
            )
    lacking = np.flatnonzero(counts == 0)
    if len(lacking):
        folders = f"; {', '.join(empty)} holds no picture" if empty else ""
        having = ", ".join(names[index] for index in np.flatnonzero(counts))
        raise DataError(
            f"no face to train on has the label {', '.join(names[index] for index in lacking)}{folders}",
            f"add some, or name the labels there are {in_recipe(f'labels=[{having}]')}",
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


def _name_some(listing: Listing, skipped: dict[int, str]) -> str:
    reasons = [f"{listing.names[position]} {reason}" for position, reason in list(skipped.items())[:3]]
    return ", ".join(reasons) + (", …" if len(skipped) > 3 else "")
