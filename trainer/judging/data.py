"""The faces to judge a model by, split by split."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from device.contract.labels import EMOTIONS, label_of
from device.errors import DataError
from trainer.datasets.faces import FaceSet, Split
from trainer.datasets.forms import Reading, list_faces
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
        official: whether it is in FER-2013's own form and split.
    """

    form: str
    splits: dict[Split, tuple[str, FaceSet]]
    files: Mapping[str, str]
    notes: tuple[str, ...] = ()
    official: bool = False


def read_data(
    path: Path,
    predictor: Predictor,
    ferplus: Path | None = None,
    codes: tuple[str, ...] | None = None,
    *,
    find_faces: bool = False,
) -> JudgedData:
    """The data set at ``path`` as it is, nothing left out; FER+'s votes joined where ``ferplus`` is given.

    Splits that the model's training made of the same files are made again, or it would be judged by what it learnt.

    Args:
        path: the data set.
        predictor: the model, whose labels and input are read for.
        ferplus: people's votes.
        codes: what the data's codes mean; of the training's own files, by default, what they meant there.
        find_faces: whether the pictures are photographs.

    Raises:
        DataError: it cannot be used.
    """
    own = _own_settings(predictor)
    listing = list_faces(path, Reading(ferplus, codes, find_faces=find_faces), ProgressLine(f"reading {path}", _FEW))
    if _is_own(predictor, listing):
        listing = list_faces(path, Reading(ferplus, codes or own.codes, own.person))
        find_faces = find_faces or own.find_faces
    seed = _seed_of_splits(predictor, listing)
    settings = _settings(predictor, listing) if seed is None else own
    data = arrange(
        listing,
        settings.model_copy(update={"find_faces": find_faces}),
        spec=predictor.spec,
        seed=seed or 0,
        purpose="judge" if seed is None else "train",
    )
    splits = {split: (word, data.faces_of(split)) for split, word in data.splits.items()}
    return JudgedData(
        data.form,
        splits,
        data.files,
        (*data.notes, *pooling_notes(splits, data.notes)),
        official=listing.official and listing.pixels is not None,
    )


def _settings(predictor: Predictor, listing: Listing) -> DataSettings:
    """The seven emotions, so that what a model does not know is counted; a recipe's own where it merges or renames.

    A label that the model calls by another name keeps the model's. Classes that are no labels here are labels too, by
    their own names: no model's, and so left out and counted.
    """
    own = _own_settings(predictor)
    called = [label_of(emotion, predictor.labels) for emotion in EMOTIONS]
    seven = tuple(emotion if at < 0 else predictor.labels[at] for emotion, at in zip(EMOTIONS, called, strict=True))
    found = DataSettings().model_copy(update={"labels": seven})
    if own.classes or not (predictor.record is None or set(predictor.labels) <= set(EMOTIONS)):
        found = own
    others = found.class_map().unknown(listing.classes.tolist())
    return found.model_copy(update={"labels": (*found.label_names, *others)}) if others else found


def _own_settings(predictor: Predictor) -> DataSettings:
    """The ``data:`` section of the recipe that the model was trained by; that of none is empty."""
    section = predictor.record.recipe.get("data") if predictor.record else None
    try:
        return DataSettings.model_validate(section or {})
    except ValidationError as error:
        raise DataError(f"{predictor.path}: the recipe's data section is not understood: {error}") from error


def _is_own(predictor: Predictor, listing: Listing) -> bool:
    """Whether these are the very files that the model was trained on."""
    record = predictor.record
    return record is not None and all(record.data.files.get(name) == one for name, one in listing.files.items())


def _seed_of_splits(predictor: Predictor, listing: Listing) -> int | None:
    """The seed by which the model's training divided these very files; None where it did not."""
    whole = "validation" in listing.words and (listing.official or "test" in listing.words)
    return None if whole or not predictor.record or not _is_own(predictor, listing) else predictor.record.seed


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
