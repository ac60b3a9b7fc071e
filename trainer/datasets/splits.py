"""Splits for faces whose data set has none: seeded, stratified, and the same whatever order a folder is read in."""

import hashlib

import numpy as np
from numpy.typing import NDArray


def share_out(
    names: list[str], labels: NDArray[np.int64], shares: dict[str, float], rest: str, seed: int
) -> NDArray[np.str_]:
    """Give each face a split.

    A face's place is decided by a digest of its name and the seed, so that a face added or lost moves hardly any other.

    Args:
        names: what each face is called; all different.
        labels: int64 (n,).
        shares: split to the share of each label's faces that it gets, 0 to 1: at least one of three or more.
        rest: the split of all the others.
        seed: another seed, another split.

    Returns:
        str (n,).
    """
    keys = [hashlib.sha256(f"{seed}\0{name}".encode(errors="surrogateescape")).digest() for name in names]
    splits = np.full(len(names), rest, dtype="<U10")
    for label in np.unique(labels):
        order = sorted(np.flatnonzero(labels == label).tolist(), key=keys.__getitem__)
        start = 0
        for split, share in shares.items():
            count = round(share * len(order))
            if share > 0 and len(order) >= 3:
                count = max(1, count)
            splits[order[start : start + count]] = split
            start += count
    return splits
