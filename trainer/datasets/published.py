"""What is known of FER-2013 as it was published: by it copies, reorderings and other codes are recognised."""

import hashlib
import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from device.contract.labels import EMOTIONS
from trainer.datasets.faces import Split
from trainer.datasets.fer2013 import SPLIT_OF_USAGE, Fer2013
from trainer.datasets.listing import Listing

ROWS = {"Training": 28709, "PublicTest": 3589, "PrivateTest": 3589}
"""FER-2013's rows."""
CLASS_ROWS = {
    "Training": (3995, 436, 4097, 7215, 4830, 3171, 4965),
    "PublicTest": (467, 56, 496, 895, 653, 415, 607),
    "PrivateTest": (491, 55, 528, 879, 594, 416, 626),
}
"""FER-2013's rows of each label, in ``device.contract.labels``'s order."""
# SHA-256 over each row's label and pixels, a byte each, in the file's order; and, for folders, over the sorted SHA-256
# of the rows. PrivateTest's are left open: it is known by its counts, and by the bytes of the whole file.
ORDERED = {
    "Training": "675be6742c197e880aba9c2ef08c0dc2021300c869fa9f47edbcb47a658d10ae",
    "PublicTest": "4869a3c87e445033a21201865f10cacd38129320214d2145f976c8dfa37fbf34",
}
SORTED = {
    "Training": "bda9346ee38e2b865a5f6588031662ac985ad5ed2f4c717bc0f9ee85f5f1c8bf",
    "PublicTest": "ee16de4cf293b17b1082e03d579a19234baa82ea4e007ac0b1155ede687e032d",
}
OTHER_ORDERS = {
    "in the order of the alphabet": ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"),
    "in FER+'s order": ("neutral", "happy", "surprise", "sad", "angry", "disgust", "fear"),
    "in AffectNet's order": ("neutral", "happy", "sad", "surprise", "fear", "disgust", "angry"),
}
"""Orders in which the same seven are found elsewhere."""
_CLEARLY = math.log(1e6)


def published_rows(listing: Listing, labels: NDArray[np.uint8], chosen: NDArray[np.bool_]) -> list[bytes]:
    """Label and pixels of each chosen face, a byte each."""
    pixels = listing.pixels if listing.pixels is not None else np.empty((0, 48, 48, 1), np.uint8)
    return [bytes([labels[position]]) + pixels[position].tobytes() for position in np.flatnonzero(chosen)]


def sorted_digest(rows: list[bytes]) -> str:
    """Of rows in any order."""
    return hashlib.sha256(b"".join(sorted(hashlib.sha256(row).digest() for row in rows))).hexdigest()


def is_reordered(listing: Listing) -> bool:
    """Whether a part of FER-2013 is there to the pixel, but in another order."""
    if not set(listing.classes.tolist()) <= set(EMOTIONS):
        return False
    labels = np.array([EMOTIONS.index(name) for name in listing.classes.tolist()], np.uint8)
    for usage, ordered in ORDERED.items():
        chosen = listing.splits == SPLIT_OF_USAGE[usage]
        if int(chosen.sum()) != ROWS[usage]:
            continue
        rows = published_rows(listing, labels, chosen)
        if hashlib.sha256(b"".join(rows)).hexdigest() != ordered and sorted_digest(rows) == SORTED[usage]:
            return True
    return False


def is_published(split: Split, labels: NDArray[np.int64]) -> bool:
    """Whether a split of FER-2013's CSV has as many faces of each of the seven labels as was published."""
    usage = next(usage for usage, one in SPLIT_OF_USAGE.items() if one == split)
    return tuple(np.bincount(labels[labels >= 0], minlength=len(EMOTIONS)).tolist()) == CLASS_ROWS[usage]


def say_of_codes(rows: Fer2013) -> Iterator[str]:
    """What speaks against codes being FER-2013's, a sentence: how many faces each has."""
    counts = {
        usage: tuple(int(((rows.splits == split) & (rows.classes == name)).sum()) for name in EMOTIONS)
        for usage, split in SPLIT_OF_USAGE.items()
    }
    if all(found == CLASS_ROWS[usage] for usage, found in counts.items() if any(found)):
        return
    all_counts = np.sum(list(counts.values()), axis=0)
    shares = np.sum([CLASS_ROWS[usage] for usage in CLASS_ROWS], axis=0) / sum(ROWS.values())
    likely = float((all_counts * np.log(shares)).sum())
    order = ", ".join(f"{code} {name}" for code, name in enumerate(EMOTIONS))
    for words, names in OTHER_ORDERS.items():
        permuted = shares[[EMOTIONS.index(name) for name in names]]
        if float((all_counts * np.log(permuted)).sum()) > likely + _CLEARLY:
            yield (
                f"the codes are taken for FER-2013's ({order}), but their numbers of faces fit codes {words} better: "
                f"if they are, say --codes {','.join(names)}"
            )
            return
    yield (
        f"the codes are taken for FER-2013's ({order}), and these are not FER-2013's own rows: if the codes mean "
        "others, say so with --codes"
    )
