"""What is in a data set, and what of it a training would leave out."""

from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.contract.labels import EMOTIONS
from device.contract.preprocess import InputSpec
from device.errors import DataError
from trainer.datasets.duplicates import blank, digests, later_copies, near_copies
from trainer.datasets.faces import SPLITS, Split, majority
from trainer.datasets.ferplus import votes_on_labels
from trainer.datasets.listing import Listing
from trainer.datasets.load import read_faces
from trainer.datasets.rows import Progress
from trainer.datasets.settings import DataSettings

UNSPLIT = "no split"


@dataclass(frozen=True, slots=True)
class Overlap:
    """Pictures that two splits share.

    Attributes:
        first, second: the splits, in the data's words.
        first_faces, second_faces: how many faces of either split are in the other as well.
        names: some of the pairs.
    """

    first: str
    second: str
    first_faces: int
    second_faces: int
    names: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Stats:
    """Figures of a data set before any recipe.

    Attributes:
        form: what was recognised, in words.
        faces: how many there are.
        counts: class to split to faces.
        blank: split to the names of pictures of one grey level.
        unreadable: ``name: reason`` each.
        empty: classes without a picture.
        copies_within: split to faces that equal an earlier one of that split.
        copies_across: exact copies between two splits.
        near_across: the same photograph on two splits, cropped or lit differently, exact copies among them.
        contradictions: pictures that are there several times under several classes.
        dropped_always: training faces that every training leaves out (blank ones).
        dropped_on_request: further ones that ``duplicates: drop`` leaves out.
        votes: label to split to faces that more than half of FER+'s voters gave it.
        notes, files: as in ``DataSet``.
    """

    form: str
    faces: int
    counts: dict[str, dict[str, int]]
    blank: dict[str, list[str]]
    unreadable: list[str]
    empty: list[str]
    copies_within: dict[str, int]
    copies_across: list[Overlap]
    near_across: list[Overlap]
    contradictions: int
    dropped_always: int
    dropped_on_request: int
    votes: dict[str, dict[str, int]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def read_all(
    listing: Listing, spec: InputSpec, settings: DataSettings, progress: Progress | None = None
) -> tuple[Listing, list[str]]:
    """The listing with its readable pictures in it, and the others, ``name: reason`` each.

    Raises:
        DataError: none can be read.
    """
    order = np.arange(len(listing))
    unlimited = settings.model_copy(update={"unreadable_limit": 1.0})
    found = read_faces(listing, order, spec, unlimited, progress)
    if not found.readable.any():
        first, reason = next(iter(found.skipped.items()))
        raise DataError(f"none of {len(listing)} pictures can be read", f"{listing.names[first]}: {reason}")
    filled = replace(
        listing.take(order[found.readable]),
        pixels=found.images,
        paths=None,
        boxes=None,
        notes=(*listing.notes, *found.notes),
    )
    return filled, [f"{listing.names[position]}: {reason}" for position, reason in found.skipped.items()]


def measure_data(listing: Listing, unreadable: list[str]) -> Stats:
    """Count and compare the faces of a listing that ``read_all`` has filled."""
    images = listing.pixels if listing.pixels is not None else np.empty((0, 8, 8, 1), np.uint8)
    splits = {split: np.flatnonzero(listing.splits == split) for split in (*SPLITS, "")}
    splits = {split: positions for split, positions in splits.items() if len(positions)}
    words = {split: split_word(listing, split) for split in splits}
    empty_picture = blank(images)
    keys = digests(images)
    # Blank pictures all look alike, and are counted as blank alone.
    seen = {split: positions[~empty_picture[positions]] for split, positions in splits.items()}
    pairs = [(first, second) for first, second in combinations(seen, 2) if first and second]
    return Stats(
        form=listing.form,
        faces=len(listing),
        counts=_counts(listing, words),
        blank={
            words[split]: [listing.names[position] for position in positions[empty_picture[positions]]]
            for split, positions in splits.items()
        },
        unreadable=unreadable,
        empty=list(listing.empty),
        copies_within={
            words[split]: int(later_copies([keys[position] for position in positions]).sum())
            for split, positions in seen.items()
        },
        copies_across=[_exact(listing, keys, words, seen, pair) for pair in pairs],
        near_across=[_near(listing, images, words, seen, pair) for pair in pairs],
        contradictions=_contradictions(listing, keys, np.concatenate(list(seen.values()))),
        dropped_always=int(empty_picture[splits.get("train", splits.get("", np.arange(0)))].sum()),
        dropped_on_request=_dropped_on_request(keys, seen),
        notes=list(listing.notes),
        files=dict(listing.files),
        votes=_majorities(listing, words),
    )


def split_word(listing: Listing, split: str) -> str:
    """What the data calls a split."""
    return UNSPLIT if not split else {str(one): word for one, word in listing.words.items()}.get(split, split)


def _counts(listing: Listing, words: dict[str, str]) -> dict[str, dict[str, int]]:
    counted = Counter(zip(listing.classes.tolist(), listing.splits.tolist(), strict=True))
    classes = sorted(set(listing.classes.tolist()) | {name.rpartition("/")[2] for name in listing.empty})
    return {name: {word: counted[name, split] for split, word in words.items()} for name in classes}


def _majorities(listing: Listing, words: dict[str, str]) -> dict[str, dict[str, int]]:
    """Label to split to faces that most voters gave it; ``no majority`` for the others; empty without votes."""
    if listing.votes is None:
        return {}
    best = majority(votes_on_labels(listing.votes, DataSettings().class_map()))
    names = [*EMOTIONS, "no majority"]  # the last is what index -1 means
    return {
        name: {word: int((best[listing.splits == split] == index).sum()) for split, word in words.items()}
        for name, index in zip(names, [*range(len(EMOTIONS)), -1], strict=True)
    }


def _exact(
    listing: Listing,
    keys: list[bytes],
    words: dict[str, str],
    seen: dict[str, NDArray[np.int64]],
    pair: tuple[str, str],
) -> Overlap:
    by_key: dict[bytes, int] = {keys[position]: int(position) for position in reversed(seen[pair[1]])}
    ours = [int(position) for position in seen[pair[0]] if keys[position] in by_key]
    shared = {keys[position] for position in ours}
    theirs = sum(keys[position] in shared for position in seen[pair[1]])
    some = tuple((listing.names[position], listing.names[by_key[keys[position]]]) for position in ours[:5])
    return Overlap(words[pair[0]], words[pair[1]], len(ours), theirs, some)


def _near(
    listing: Listing,
    images: NDArray[np.uint8],
    words: dict[str, str],
    seen: dict[str, NDArray[np.int64]],
    pair: tuple[str, str],
) -> Overlap:
    first, second = seen[pair[0]], seen[pair[1]]
    found = near_copies(images[first], images[second])
    some = tuple((listing.names[first[one.first]], listing.names[second[one.second]]) for one in found[:5])
    ours, theirs = {one.first for one in found}, {one.second for one in found}
    return Overlap(words[pair[0]], words[pair[1]], len(ours), len(theirs), some)


def _contradictions(listing: Listing, keys: list[bytes], positions: NDArray[np.int64]) -> int:
    classes: defaultdict[bytes, set[str]] = defaultdict(set)
    for position in positions:
        classes[keys[position]].add(str(listing.classes[position]))
    return sum(len(names) > 1 for names in classes.values())


def _dropped_on_request(keys: list[bytes], seen: dict[str, NDArray[np.int64]]) -> int:
    train = [keys[position] for position in seen.get("train", seen.get("", np.arange(0)))]
    judged: set[bytes] = set()
    splits: tuple[Split, ...] = ("validation", "test")
    for split in splits:
        judged |= {keys[position] for position in seen.get(split, [])}
    leaked = np.array([key in judged for key in train], bool)
    return int((later_copies(train) | leaked).sum())
