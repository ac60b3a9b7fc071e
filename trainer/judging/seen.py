"""What a model's training has seen of the faces that it is judged by: pictures decide, not names of splits."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from device.contract.arrays import read_arrays
from device.contract.training_record import FILE as RECORD_FILE
from device.contract.training_record import TrainingRecord, read_record
from device.errors import AffectdError
from trainer.datasets.duplicates import near_copies
from trainer.datasets.faces import DataSet, FaceSet, Split
from trainer.datasets.fer2013 import SPLIT_OF_USAGE
from trainer.datasets.pictures import DIGEST_BYTES
from trainer.datasets.published import is_published
from trainer.judging.evaluation import Role

FILE = "seen.npz"
"""Beside a training's model: the digests of the pictures that it was trained on and chosen on."""
ATTRIBUTE = "photograph"
NEW, KNOWN = "not in training", "also in training"
_MOST = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Digests of a training's pictures, uint8 (n, 16)."""

    train: NDArray[np.uint8]
    validation: NDArray[np.uint8]


def seen_arrays(data: DataSet) -> dict[str, NDArray[np.uint8]]:
    """What ``FILE`` holds."""
    none = np.empty((0, DIGEST_BYTES), np.uint8)
    return {
        "train": none if data.train.digests is None else data.train.digests,
        "validation": none if data.validation.digests is None else data.validation.digests,
    }


def read_seen(model: Path, record: TrainingRecord | None) -> Seen | None:
    """The digests beside the model file at ``model``; None where they are missing, or of another training."""
    try:
        if record is None or read_record(model.with_name(RECORD_FILE)).data.files != record.data.files:
            return None
        arrays = read_arrays(model.with_name(FILE))
        found = Seen(arrays["train"], arrays["validation"])
    except (OSError, ValueError, KeyError, AffectdError):
        return None
    if any(one.ndim != 2 or one.shape[1:] != (DIGEST_BYTES,) for one in (found.train, found.validation)):
        return None
    return found


def role_of(
    faces: FaceSet,
    split: Split,
    word: str,
    *,
    seen: Seen | None,
    record: TrainingRecord | None,
    files: Mapping[str, str],
    official: bool = False,
) -> tuple[Role, str]:
    """What a split was to the model's training, and a sentence on faces that it shares with it, or none.

    Where the training's digests are known, they decide. Else the split's name does, but only of the very files that the
    training was given, or of FER-2013's own rows; of faces from elsewhere nothing is known: they may be the same ones.

    Args:
        faces: the split's.
        split: which it is.
        word: the data's own for it.
        seen: the training's digests.
        record: the model's; None where nothing is known of its training.
        files: the data's, name to SHA-256.
        official: whether the data is in FER-2013's own form and split.
    """
    if seen is not None and faces.digests is not None and len(faces):
        trained, chosen = (float(_known(faces.digests, one).mean()) for one in (seen.train, seen.validation))
        counted = " and ".join(
            f"{round(share * len(faces)):,} of its {len(faces):,} pictures {how}"
            for share, how in ((trained, "were trained on"), (chosen, "were chosen on"))
            if share
        )
        if max(trained, chosen) < _MOST:
            return "blind", f"{word}: {counted}, to the pixel" if counted else ""
        return ("trained on" if trained >= chosen else "chosen on"), ""
    if record is None or not record.data.train or not record.data.validation:
        return "unknown", ""
    same = bool(files) and all(record.data.files.get(name) == digest for name, digest in files.items())
    if not same and not (official and _is_fer2013(record) and is_published(split, faces.labels)):
        return "unknown", ""
    for role, one in (("trained on", record.data.train), ("chosen on", record.data.validation)):
        if word == one.split or one.split.split(" for ")[0].endswith(f"of {word}"):
            return role, ""  # type: ignore[return-value]
    return "blind", ""


def mark_known(faces: FaceSet, training: FaceSet) -> FaceSet:
    """``faces`` grouped by whether their photograph, or a crop of it, is among ``training`` too.

    As they are where none is.
    """
    known = np.zeros(len(faces), bool)
    known[[copy.first for copy in near_copies(faces.images, training.images)]] = True
    if not known.any():
        return faces
    return replace(faces, groups={**faces.groups, ATTRIBUTE: np.where(known, KNOWN, NEW)})


def _known(digests: NDArray[np.uint8], among: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which of ``digests`` (n, 16) are ``among`` others, bool (n,)."""
    known = {one.tobytes() for one in among}
    return np.array([one.tobytes() in known for one in digests], bool)


def _is_fer2013(record: TrainingRecord) -> bool:
    found = record.data
    return {one.split for one in (found.train, found.validation) if one} <= set(SPLIT_OF_USAGE)
