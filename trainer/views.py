"""Changed pictures of each face that teachers answer once, and that the training then shows in turn.

To answer each picture of each epoch anew, a teacher five times as slow as its pupil takes most of the time. Some views
of each face, shown again epochs later, teach nearly as much for a fraction of it.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from trainer.augment import Augment
from trainer.batches import Order
from trainer.recipe.whole import Augmentation
from trainer.targets import TrainingSet

_BATCH = 256
_AT_BOTH = frozenset({"flip"})
_AT_EACH_SHOWING = frozenset({"corrupt_probability", "blur_px", "lowest_light", "noise"})
"""What is drawn anew whenever a view is shown: blurred, it keeps the teachers' answer to the clear one."""


@dataclass(frozen=True, slots=True)
class Shares:
    """What changes a view for good, and what changes it anew at each showing."""

    once: Augmentation
    each_time: Augmentation

    @classmethod
    def of(cls, augmentation: Augmentation) -> "Shares":
        """``augmentation`` parted in two."""
        amounts = augmentation.model_dump()
        each_time = {name: amount for name, amount in amounts.items() if name in _AT_BOTH | _AT_EACH_SHOWING}
        once = {name: amount for name, amount in amounts.items() if name not in _AT_EACH_SHOWING}
        return cls(Augmentation(**once), Augmentation(**each_time))


def in_views(faces: TrainingSet, augmentation: Augmentation, count: int, seed: int, kept: Path) -> TrainingSet:
    """``count`` views of each of ``faces``: the first of all, then the second of all.

    They are kept in the file ``kept``, mapped into memory, and taken from there the next time.
    """
    images = _kept_views(faces.faces, augmentation, count, seed, kept)
    return replace(
        faces,
        faces=images,
        targets=np.tile(faces.targets, (count, 1)),
        weights=np.tile(faces.weights, count),
    )


def in_turn(order: Order, faces: int, views: int) -> Order:
    """``order`` of as many ``faces``, each epoch of the next of their ``views``."""
    return lambda epoch: order(epoch) + (epoch % views) * faces


def _kept_views(
    images: NDArray[np.uint8], augmentation: Augmentation, count: int, seed: int, kept: Path
) -> NDArray[np.uint8]:
    shape = (count * len(images), *images.shape[1:])
    if kept.exists():
        found: NDArray[np.uint8] = np.load(kept, mmap_mode="r", allow_pickle=False)
        if found.shape == shape:
            return found
    kept.parent.mkdir(parents=True, exist_ok=True)
    partial = kept.with_name(f".{kept.name}.partial")
    try:
        written = np.lib.format.open_memmap(partial, "w+", np.uint8, shape)
        _draw(images, Augment(augmentation, seed), written)
        written.flush()
        partial.replace(kept)
    finally:
        partial.unlink(missing_ok=True)
    views: NDArray[np.uint8] = np.load(kept, mmap_mode="r", allow_pickle=False)
    return views


def _draw(images: NDArray[np.uint8], changed: Any, into: NDArray[np.uint8]) -> None:
    for at in range(0, len(into), _BATCH):
        rows = np.arange(at, min(at + _BATCH, len(into))) % len(images)
        views = changed(images[rows].astype(np.float32) / 255, training=True)
        into[at : at + len(rows)] = np.rint(keras.ops.convert_to_numpy(views) * 255).astype(np.uint8)
