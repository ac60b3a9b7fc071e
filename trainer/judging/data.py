"""The faces to judge a model by, split by split."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from device.contract.labels import EMOTIONS
from device.errors import DataError
from trainer.datasets.faces import FaceSet, Split
from trainer.datasets.forms import list_faces
from trainer.datasets.listing import Listing
from trainer.datasets.load import arrange
from trainer.datasets.settings import DataSettings
from trainer.predictor import Predictor
from trainer.terminal import ProgressLine

_FEW = 1_000_000_000
"""Bytes or pictures, for which a log wants no lines."""

BOTH_TESTS = 7178
"""PublicTest and PrivateTest of FER-2013 together, as folder forms of it hold them in ``test``."""

_POOLED = (
    f"the split {{split}} has {BOTH_TESTS:,} faces, as FER-2013's folder form has: PublicTest and PrivateTest pooled, "
    "so its figure compares with neither"
)


@dataclass(frozen=True, slots=True, eq=False)
class JudgedData:
    """A data set as it is judged by.

    Attributes:
        form: what was recognised, in words.
        splits: each split that has faces, with the data set's own word for it.
        files: name to SHA-256.
        notes: what a reader must know of the data, sentences.
    """

    form: str
    splits: dict[Split, tuple[str, FaceSet]]
    files: Mapping[str, str]
    notes: tuple[str, ...] = ()


def read_data(path: Path, ferplus: Path | None, predictor: Predictor) -> JudgedData:
    """The data set at ``path`` as it is, nothing left out; FER+'s votes joined where ``ferplus`` is given.

    Splits that the model's training made of the same files are made again, or it would be judged by what it learnt.

    Raises:
        DataError: it cannot be used.
    """
    size = (predictor.spec.height, predictor.spec.width)
    listing = list_faces(path, ferplus, ProgressLine(f"reading {path}", _FEW))
    seed = _seed_of_sides(predictor, listing)
    if seed is None:
        data = arrange(listing, _settings(predictor), size=size, purpose="judge")
    else:
        data = arrange(listing, _own_settings(predictor), size=size, seed=seed)
    splits = {split: (word, data.faces_of(split)) for split, word in data.splits.items()}
    return JudgedData(data.form, splits, data.files, (*data.notes, *pooling_notes(splits, data.notes)))


def _settings(predictor: Predictor) -> DataSettings:
    """The seven emotions, so that what a model does not know is counted; a recipe's own where it merges or renames."""
    own = _own_settings(predictor)
    return DataSettings() if set(predictor.labels) <= set(EMOTIONS) and not own.classes else own


def _own_settings(predictor: Predictor) -> DataSettings:
    """The ``data:`` section of the recipe that the model was trained by; that of none is empty."""
    section = predictor.record.recipe.get("data") if predictor.record else None
    try:
        return DataSettings.model_validate(section or {})
    except ValidationError as error:
        raise DataError(f"{predictor.path}: the recipe's data section is not understood: {error}") from error


def _seed_of_sides(predictor: Predictor, listing: Listing) -> int | None:
    """The seed by which the model's training divided these very files; None where it did not."""
    record = predictor.record
    if record is None or any(record.data.files.get(name) != digest for name, digest in listing.files.items()):
        return None
    whole = "validation" in listing.words and (listing.official or "test" in listing.words)
    return None if whole else record.seed


def pooling_notes(splits: dict[Split, tuple[str, FaceSet]], said: tuple[str, ...] = ()) -> tuple[str, ...]:
    """What to say of splits that hold both of FER-2013's test sets, unless the data's reader has ``said`` it."""
    if any("PrivateTest" in note for note in said):
        return ()
    return tuple(_POOLED.format(split=word) for word, faces in splits.values() if len(faces) == BOTH_TESTS)


def sample(faces: FaceSet, limit: int | None, seed: int = 1) -> FaceSet:
    """At most ``limit`` of ``faces``, drawn with ``seed``, in their order."""
    if limit is None or limit >= len(faces):
        return faces
    return faces.take(np.sort(np.random.default_rng(seed).choice(len(faces), limit, replace=False)))
