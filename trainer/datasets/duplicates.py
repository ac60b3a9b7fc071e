"""Pictures that say nothing, pictures that are there twice, and what of both is left out of training."""

import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from device.errors import DataError
from trainer.datasets.faces import FaceSet, Split
from trainer.datasets.memory import keep

BLANK_LEVELS = 4
"""Fewest grey levels between the darkest and the lightest pixel of a picture that shows something. FER-2013 has twelve
pictures that are black all over and one that goes from 127 to 130; the next weakest picture spans 101."""
NEAR_BITS = 8
"""Most bits of 64 in which the difference hashes of two near copies differ."""
NEAR_CORRELATION = 0.92
"""Least correlation of the pixels of two near copies. Of 64 pairs of FER-2013 looked at between 0.92 and 0.96 all
showed one photograph, cropped or lit differently; of 32 between 0.90 and 0.92 two did not."""
_BLOCK = 1024
_HASH_SIDE = 8


@dataclass(frozen=True, slots=True)
class NearCopy:
    """Two faces, as positions in the sets compared, and how alike they are.

    Attributes:
        first, second: positions in either set.
        correlation: of their pixels, -1 to 1.
    """

    first: int
    second: int
    correlation: float


def blank(images: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which pictures, uint8 (n, height, width, 1), are a single grey level, a compression's ripple aside; bool (n,)."""
    pixels = images.reshape(len(images), -1)
    found: NDArray[np.bool_] = pixels.max(axis=1) - pixels.min(axis=1) < BLANK_LEVELS
    return found


def digests(images: NDArray[np.uint8]) -> list[bytes]:
    """A digest of each picture's pixels; equal pixels, equal digest."""
    return [hashlib.blake2b(image.tobytes(), digest_size=16).digest() for image in images]


def later_copies(keys: list[bytes]) -> NDArray[np.bool_]:
    """Which of the pictures equal an earlier one; bool (n,)."""
    seen: set[bytes] = set()
    found = np.zeros(len(keys), bool)
    for position, key in enumerate(keys):
        found[position] = key in seen
        seen.add(key)
    return found


def difference_hashes(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The signs of 8 x 8 horizontal differences of each picture reduced to 9 x 8: float32 (n, 64), each -1 or 1.

    This is dHash (Krawetz, "Kind of Like That", 2013).
    """
    down, across = _area_weights(images.shape[1], _HASH_SIDE), _area_weights(images.shape[2], _HASH_SIDE + 1)
    signs = np.empty((len(images), _HASH_SIDE * _HASH_SIDE), np.float32)
    for start in range(0, len(images), _BLOCK):
        small = down @ images[start : start + _BLOCK, :, :, 0].astype(np.float32) @ across.T
        rising = small[:, :, 1:] > small[:, :, :-1]
        signs[start : start + _BLOCK] = np.where(rising, 1.0, -1.0).reshape(len(small), -1)
    return signs


def _area_weights(length: int, reduced: int) -> NDArray[np.float32]:
    """What each of ``length`` pixels adds to each of ``reduced``: float32 (reduced, length)."""
    edges = np.linspace(0, length, reduced + 1)
    pixels = np.arange(length)
    covered = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    weights: NDArray[np.float32] = (np.clip(covered, 0, None) * reduced / length).astype(np.float32)
    return weights


def near_copies(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> list[NearCopy]:
    """Pairs of a picture of ``first`` and one of ``second`` that show the same photograph, exact copies among them.

    Candidates are pairs whose difference hashes are alike; the pixels decide.
    """
    hashes, others = difference_hashes(first), difference_hashes(second)
    found: list[NearCopy] = []
    for start in range(0, len(first), _BLOCK):
        # The product of signs is 64 less twice the number of bits that differ.
        agreement = hashes[start : start + _BLOCK] @ others.T
        rows, columns = np.divmod(np.flatnonzero(agreement >= 64 - 2 * NEAR_BITS), len(second))
        for low in range(0, len(rows), _BLOCK):
            ours, theirs = rows[low : low + _BLOCK] + start, columns[low : low + _BLOCK]
            alike = _correlation(first[ours], second[theirs])
            found += [
                NearCopy(int(ours[one]), int(theirs[one]), round(float(alike[one]), 4))
                for one in np.flatnonzero(alike >= NEAR_CORRELATION)
            ]
    return found


def _correlation(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Of the pixels of picture and picture, float32 (n,)."""
    a, b = _standardised(first), _standardised(second)
    product: NDArray[np.float32] = (a * b).sum(axis=1)
    return product


def _standardised(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    pixels = images.reshape(len(images), -1).astype(np.float32)
    pixels -= pixels.mean(axis=1, keepdims=True)
    length = np.linalg.norm(pixels, axis=1, keepdims=True)
    standard: NDArray[np.float32] = pixels / np.maximum(length, 1e-6)
    return standard


def clean(divided: dict[Split, FaceSet], duplicates: Literal["keep", "drop"]) -> tuple[dict[Split, FaceSet], list[str]]:
    """Leave blank pictures, and exact copies where that is asked, out of the training split.

    Returns:
        The splits, of which only ``train`` may differ, and what was done, in words.
    """
    train = divided["train"]
    if not len(train):
        raise DataError("there is no face to train on", "give data with a training split")
    kept = ~blank(train.images)
    notes = []
    if not kept.all():
        notes.append(f"left out of training as blank (one grey level): {int((~kept).sum()):,}")
    if duplicates == "drop":
        keys = digests(train.images)
        judged = set(digests(divided["validation"].images)) | set(digests(divided["test"].images))
        copies = later_copies(keys) & kept
        leaked = np.array([key in judged for key in keys]) & kept
        notes.append(
            f"left out of training as exact copies: {int((copies | leaked).sum()):,} ({int(copies.sum()):,} of earlier "
            f"faces, {int(leaked.sum()):,} of faces that are judged by)"
        )
        kept &= ~(copies | leaked)
    if kept.all():
        return divided, notes
    return {**divided, "train": train.with_images(keep(train.images, kept), kept)}, notes
