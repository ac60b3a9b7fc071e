"""Splits for faces whose data set has none: seeded, stratified, and the same whatever order a folder is read in."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.datasets.faces import SPLITS, Split
from trainer.datasets.listing import Listing
from trainer.datasets.settings import DataSettings


@dataclass(frozen=True, slots=True, eq=False)
class SplitAssignment:
    """A listing's faces in splits.

    Attributes:
        splits: each face's split, str (n,).
        words: split to what it is called, or how it came about.
        notes: what to say of the people in them.
    """

    splits: NDArray[np.str_]
    words: Mapping[Split, str]
    notes: tuple[str, ...] = ()


def assign_splits(listing: Listing, labels: NDArray[np.int64], settings: DataSettings, seed: int) -> SplitAssignment:
    """Share out the splits that a training wants and the data has not.

    Args:
        listing: the faces.
        labels: int64 (n,), -1 for a face that is left out.
        settings: how large the shares are.
        seed: see ``share_out``.
    """
    splits = listing.splits.astype("<U10")
    words = dict(listing.words)
    unsplit = splits == ""
    # Faces without a split beside faces with one are to be trained on, as the splits named are there to judge by.
    splits[unsplit] = "train"
    words.setdefault("train", "all faces" if unsplit.all() else "the rest")
    shares: dict[str, float] = {}
    if not (splits == "validation").any():
        shares["validation"] = settings.validation_share
    if not (splits == "test").any() and not listing.official and "test" not in listing.unlabelled:
        shares["test"] = settings.test_share
    pool = np.flatnonzero((splits == "train") & (labels >= 0))
    people = None if listing.people is None else listing.people[pool]
    names = [listing.names[position] for position in pool]
    splits[pool] = share_out(names, labels[pool], shares, "train", seed, people=people)
    source = words["train"]
    for split in SPLITS:
        if split in shares:
            words[split] = f"{shares[split]:.0%} of {source} for {split}, seed {seed}"
    if shares:
        words["train"] = f"{1 - sum(shares.values()):.0%} of {source} for training, seed {seed}"
    return SplitAssignment(splits, words, tuple(_say_of_people(listing, splits, labels >= 0)))


def _say_of_people(listing: Listing, splits: NDArray[np.str_], used: NDArray[np.bool_]) -> list[str]:
    if listing.people is None:
        return []
    within: dict[str, set[str]] = {
        str(split): set(listing.people[used & (splits == split)].tolist()) - {""} for split in SPLITS
    }
    several = [
        f"{len(within[first] & within[second]):,} of them in both {first} and {second}"
        for first, second in (("train", "validation"), ("train", "test"), ("validation", "test"))
        if within[first] & within[second]
    ]
    counts = ", ".join(f"{len(found):,} in {split}" for split, found in within.items() if found)
    return [f"people: {counts}; {' and '.join(several) or 'none in two splits'}"]


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
