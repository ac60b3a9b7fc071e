"""Which form a data set is in, and its faces listed."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from device.contract.labels import same_class
from device.errors import DataError
from trainer.datasets import fer2013, published
from trainer.datasets.faces import Split
from trainer.datasets.ferplus import EMOTION_COLUMNS, read_votes
from trainer.datasets.folders import list_folders
from trainer.datasets.listing import Listing, file_digest
from trainer.datasets.paths import COLUMNS as PATH_COLUMNS
from trainer.datasets.paths import list_paths
from trainer.datasets.rows import Progress, columns_of

FER2013_WORDS: dict[Split, str] = {split: usage for usage, split in fer2013.SPLIT_OF_USAGE.items()}
_FORMS = (
    "expected fer2013.csv or icml_face_data.csv (emotion, pixels, Usage), a CSV of paths and labels (path, label), "
    "or a folder of class folders"
)
_NO_DATA = {
    **dict.fromkeys((".keras", ".tflite", ".onnx", ".h5", ".hdf5", ".pt", ".pth"), "a model"),
    ".npz": "an archive of arrays, which affectd-convert reads",
    **dict.fromkeys((".png", ".jpg", ".jpeg"), "a picture"),
}
"""Ends of files that are given by mistake, and what they are."""
_CLEAR = 0.8
_USUAL, _LEAST_AGREEMENT = 0.81, 0.65
"""Of FER-2013's faces on which eight of ten voters agree, 81% are labelled so; in another order, one in five."""
_SURE = 1e-3


@dataclass(frozen=True, slots=True)
class Reading:
    """How a data set is to be read, beside its path.

    Attributes:
        ferplus: FER+'s ``fer2013new.csv``, joined by row; for FER-2013's CSV forms.
        codes: what the codes 0, 1, … mean, where it is not FER-2013's order.
        person: the column of a CSV of paths that says who is shown.
        find_faces: whether the pictures are photographs.
    """

    ferplus: Path | None = None
    codes: tuple[str, ...] | None = None
    person: str | None = None
    find_faces: bool = False


def list_faces(path: Path, reading: Reading | None = None, progress: Progress | None = None) -> Listing:
    """List the faces at ``path`` in whichever form they are.

    Raises:
        DataError: when the path is in none of the forms, a row is wrong, or votes are of other faces.
    """
    how = reading or Reading()
    if path.is_dir():
        _refuse_votes(how.ferplus, "class folders")
        _refuse_person(how.person, "class folders have folders of people inside, and no columns")
        return list_folders(path, how.codes)
    if path.suffix.lower() in _NO_DATA:
        raise DataError(f"faces are expected, and {path} is {_NO_DATA[path.suffix.lower()]}", _FORMS)
    columns = columns_of(path)
    if set(fer2013.COLUMNS) <= set(columns):
        _refuse_person(how.person, "FER-2013's CSV does not say who is shown")
        if how.find_faces:
            raise DataError(f"{path} holds cropped faces, and no photographs", "leave --find-faces out")
        return _list_fer2013(path, how, progress)
    if set(PATH_COLUMNS) <= set(columns):
        _refuse_votes(how.ferplus, "a CSV of paths")
        return list_paths(path, how.person, how.codes, progress)
    raise DataError(f"{path} is no form of faces; its first line has {', '.join(columns[:6]) or 'no columns'}", _FORMS)


def _list_fer2013(path: Path, how: Reading, progress: Progress | None) -> Listing:
    rows = fer2013.read_fer2013(path, how.codes, progress)
    files = {path.name: file_digest(path)}
    votes = None
    if how.ferplus is not None:
        votes = read_votes(how.ferplus, rows.splits)
        files[how.ferplus.name] = file_digest(how.ferplus)
    present = set(rows.splits.tolist())
    listing = Listing(
        form="FER-2013's CSV" if votes is None else "FER-2013's CSV with FER+ votes",
        classes=rows.classes,
        splits=rows.splits,
        names=rows.names,
        words={split: word for split, word in FER2013_WORDS.items() if split in present},
        official=True,
        pixels=rows.images,
        votes=votes,
        files=files,
        notes=tuple(published.say_of_codes(rows)) if rows.coded and how.codes is None else (),
    )
    if how.ferplus is not None:
        _check_votes(how.ferplus, listing)
    return listing


def _check_votes(ferplus: Path, listing: Listing) -> None:
    """Raises DataError where the votes are of other faces than those of their rows."""
    from scipy.stats import binomtest

    remedy = "use the fer2013.csv and the fer2013new.csv whose rows stand in Kaggle's order, or leave --ferplus out"
    if published.is_reordered(listing):
        raise DataError(
            f"the faces are FER-2013's in another order, and the votes of {ferplus} do not fit them", remedy
        )
    votes = listing.votes or {}
    counts = np.stack([votes[column] for column in EMOTION_COLUMNS], axis=1)
    clear = counts.max(axis=1) >= _CLEAR * np.maximum(sum(votes.values()), 1)
    for split in np.unique(listing.splits).tolist():
        chosen = clear & (listing.splits == split)
        voted = counts[chosen].argmax(axis=1)
        agreed = sum(
            EMOTION_COLUMNS[vote] in same_class(str(label))
            for vote, label in zip(voted, listing.classes[chosen], strict=True)
        )
        if chosen.any() and binomtest(agreed, int(chosen.sum()), _LEAST_AGREEMENT, "less").pvalue < _SURE:
            raise DataError(
                f"of {int(chosen.sum()):,} faces of {listing.words.get(split, split)} on which voters agree, "
                f"{agreed / chosen.sum():.0%} are labelled so, and of FER-2013's {_USUAL:.0%}: {ferplus} votes on "
                "other faces",
                remedy,
            )


def _refuse_votes(ferplus: Path | None, form: str) -> None:
    if ferplus is not None:
        raise DataError(
            f"FER+ votes are joined by row, and {form} has no rows of FER-2013", "give fer2013.csv with --ferplus"
        )


def _refuse_person(person: str | None, why: str) -> None:
    if person is not None:
        raise DataError(
            f"the column {person!r} is to say who is shown, and {why}", "leave --person, or data.person, out"
        )
