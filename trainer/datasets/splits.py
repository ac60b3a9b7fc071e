"""Splits for faces whose data set has none: seeded, stratified, and the same whatever order a folder is read in."""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray


def share_out(
    names: Sequence[str],
    labels: NDArray[np.int64],
    shares: Mapping[str, float],
    rest: str,
    seed: int,
    *,
    people: NDArray[np.str_] | None = None,
) -> NDArray[np.str_]:
    """Give each face a split.

    A face's place is decided by a digest of its name and the seed, so that a face added or lost moves hardly any other.
    Where it is known who is shown, all faces of a person go where a digest of the person's name sends them.

    Args:
        names: what each face is called; all different.
        labels: int64 (n,).
        shares: split to the share of each label's faces that it gets, 0 to 1: at least one of three or more. With
            people, to the share of all faces, as near as whole people allow, and at least one person.
        rest: the split of all the others.
        seed: another seed, another split.
        people: who is shown, str (n,); an empty name is a person of its own.

    Returns:
        str (n,).
    """
    if people is not None:
        return _share_out_people(
            [person or name for person, name in zip(people, names, strict=True)], shares, rest, seed
        )
    keys = [_key(name, seed) for name in names]
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


def _share_out_people(people: list[str], shares: Mapping[str, float], rest: str, seed: int) -> NDArray[np.str_]:
    names, who = np.unique(np.array(people), return_inverse=True)
    faces = np.bincount(who)
    order = sorted(range(len(names)), key=lambda person: _key(str(names[person]), seed))
    split_of = np.full(len(names), rest, dtype="<U10")
    for split, share in shares.items():
        wanted, given = share * len(people), 0
        while order and share > 0 and given + faces[order[0]] / 2 < max(wanted, 1.0) and len(order) > 1:
            person = order.pop(0)
            split_of[person] = split
            given += int(faces[person])
    found: NDArray[np.str_] = split_of[who]
    return found


def _key(name: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\0{name}".encode(errors="surrogateescape")).digest()
