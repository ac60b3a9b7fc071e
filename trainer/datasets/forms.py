"""Which form a data set is in, and its faces listed."""

import zipfile
from pathlib import Path

import numpy as np

from device.contract.labels import EMOTIONS
from device.errors import DataError
from trainer.datasets import fer2013
from trainer.datasets.faces import Split
from trainer.datasets.ferplus import read_votes
from trainer.datasets.folders import list_folders
from trainer.datasets.listing import Listing, file_digest
from trainer.datasets.paths import COLUMNS as PATH_COLUMNS
from trainer.datasets.paths import list_paths

FER2013_WORDS: dict[Split, str] = {split: usage for usage, split in fer2013.SPLIT_OF_USAGE.items()}
_FORMS = (
    "expected fer2013.csv or icml_face_data.csv (emotion, pixels, Usage), a CSV of paths and labels (path, label), "
    "or a folder of class folders"
)


def list_faces(path: Path, ferplus: Path | None = None, progress: fer2013.Progress | None = None) -> Listing:
    """List the faces at ``path`` in whichever form they are.

    Args:
        path: a CSV or a folder.
        ferplus: FER+'s ``fer2013new.csv``, joined by row; for FER-2013's CSV forms.
        progress: told while a CSV is read.

    Raises:
        DataError: when the path is in none of the forms, or a row is wrong.
    """
    if path.is_dir():
        _refuse_votes(ferplus, "class folders")
        return list_folders(path)
    columns = _columns(path)
    if set(fer2013.COLUMNS) <= set(columns):
        return _list_fer2013(path, ferplus, progress)
    if set(PATH_COLUMNS) <= set(columns):
        _refuse_votes(ferplus, "a CSV of paths")
        return list_paths(path, progress)
    if zipfile.is_zipfile(path):
        raise DataError(f"{path} is a ZIP archive", "unpack it and give what is inside")
    raise DataError(f"{path} is no form of faces; its first line has {', '.join(columns[:6]) or 'no columns'}", _FORMS)


def _list_fer2013(path: Path, ferplus: Path | None, progress: fer2013.Progress | None) -> Listing:
    faces, splits = fer2013.read_fer2013(path, progress)
    files = {path.name: file_digest(path)}
    votes = None
    if ferplus is not None:
        votes = read_votes(ferplus, splits)
        files[ferplus.name] = file_digest(ferplus)
    present = set(splits.tolist())
    return Listing(
        form="FER-2013's CSV" if votes is None else "FER-2013's CSV with FER+ votes",
        classes=np.array(EMOTIONS, np.str_)[faces.labels],
        splits=splits,
        names=faces.names or (),
        words={split: word for split, word in FER2013_WORDS.items() if split in present},
        official=True,
        pixels=faces.images,
        votes=votes,
        files=files,
    )


def _columns(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            start = file.readline(4096)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}", "check the path given") from error
    if not start:
        raise DataError(f"{path} is empty (0 bytes)", _FORMS)
    text = start.decode("utf-8-sig", "replace").strip()
    return [cell.strip().strip('"') for cell in text.split(",")] if text.isprintable() and "\ufffd" not in text else []


def _refuse_votes(ferplus: Path | None, form: str) -> None:
    if ferplus is not None:
        raise DataError(
            f"FER+ votes are joined by row, and {form} has no rows of FER-2013", "give fer2013.csv with --ferplus"
        )
