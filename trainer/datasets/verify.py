"""Whether what was downloaded is what it should be: rows, pixels and labels, rather than bytes."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from device.contract.preprocess import InputSpec
from device.errors import DataError, UsageError
from trainer.datasets.fer2013 import SPLIT_OF_USAGE
from trainer.datasets.ferplus import VOTE_COLUMNS, read_votes
from trainer.datasets.forms import list_faces
from trainer.datasets.listing import Listing, file_digest
from trainer.datasets.load import labels_of
from trainer.datasets.published import CLASS_ROWS, ORDERED, ROWS, SORTED, published_rows, sorted_digest
from trainer.datasets.rows import Progress, csv_rows
from trainer.datasets.settings import DataSettings
from trainer.datasets.stats import read_all

# SHA-256 over each row's ten counts, a byte each, in the file's order of columns.
VOTES = {
    "Training": "393ef0b1b83c4ae5df1b669f24d10ca252435d9e59fbb1faf2ac0c8230219701",
    "PublicTest": "ec30065c4ddfb30767a1db2dc4d5810f0551d5376601b6019308cf0f4383ee10",
}
KAGGLE_MD5 = {
    "f8428a1edbd21e88f42c73edd2a14f95": "fer2013.csv",
    "b114b9e04e6949e5fe8b6a98b3892b1d": "icml_face_data.csv",
}
"""MD5 of Kaggle's own files, as torchvision's ``FER2013`` states them."""


@dataclass(frozen=True, slots=True)
class Check:
    """What a check found: a line each, and whether everything is as it should be."""

    lines: tuple[str, ...]
    genuine: bool


def check(name: str, path: Path, progress: Progress | None = None) -> Check:
    """Hold a file or folder against what is known of the data set ``name``.

    Raises:
        DataError: when it cannot be read as such.
        UsageError: when nothing is known to hold it against.
    """
    if name == "fer2013":
        return _check_fer2013(path, progress)
    if name == "ferplus":
        return _check_ferplus(path)
    raise UsageError(
        f"no digest or count is known to check {name} by", f"`affectd-train data stats {path}` counts what is there"
    )


def _check_fer2013(path: Path, progress: Progress | None) -> Check:
    listing = list_faces(path, None, progress)
    if listing.pixels is None:
        listing, unreadable = read_all(listing, InputSpec(), DataSettings(), progress)
        lines = [f"{path}: {len(listing):,} pictures" + (f", {len(unreadable)} unreadable" if unreadable else "")]
        in_order, whole = False, False
    else:
        lines, whole = _bytes_of(path)
        in_order = True
    seven = DataSettings().class_map()
    if others := seven.unknown(listing.classes.tolist()):
        return Check((*lines, f"classes that FER-2013 has not: {', '.join(others[:5])}"), genuine=False)
    labels = labels_of(listing, seven).astype(np.uint8)
    good = []
    for usage, split in _usages(listing, labels).items():
        chosen = listing.splits == split
        rows = published_rows(listing, labels, chosen)
        line, right = _judge(usage, labels[chosen], rows, in_order=in_order, whole=whole)
        lines.append(line)
        good.append(right)
    return Check(tuple(lines), all(good))


def _usages(listing: Listing, labels: NDArray[np.uint8]) -> dict[str, str]:
    """The published parts to look for, and the split that each is in: folders may hold two parts in one."""
    tests = labels[listing.splits == "test"]
    if "validation" in listing.splits.tolist() or (listing.official and not len(tests)):
        return dict(SPLIT_OF_USAGE)
    if len(tests) != ROWS["PublicTest"]:
        return {"Training": "train", "PublicTest + PrivateTest": "test"}
    private = tuple(np.bincount(tests, minlength=7).tolist()) == CLASS_ROWS["PrivateTest"]
    return {
        "Training": "train",
        "PublicTest": "validation" if private else "test",
        "PrivateTest": "test" if private else "validation",
    }


def _judge(
    usage: str, labels: NDArray[np.uint8], rows: list[bytes], *, in_order: bool, whole: bool
) -> tuple[str, bool]:
    """What to say of one part's rows, and whether they are as published; ``whole`` for a file known by its bytes."""
    parts = usage.split(" + ")
    count = sum(ROWS[part] for part in parts)
    expected = np.sum([CLASS_ROWS[part] for part in parts], axis=0).tolist()
    found = np.bincount(labels, minlength=len(expected)).tolist()
    start = f"{usage}: {len(labels):,} rows"
    if len(labels) != count:
        return f"{start}, expected {count:,}", False
    if found != expected:
        return f"{start}, expected per class {expected}, found {found}", False
    if usage not in ORDERED:
        return f"{start}, as many of each class as published" + (
            "" if whole else "; its pixels cannot be checked"
        ), True
    finding, right = _judge_pixels(usage, rows, in_order=in_order)
    return f"{start}, {finding}", right


def _judge_pixels(usage: str, rows: list[bytes], *, in_order: bool) -> tuple[str, bool]:
    if in_order and hashlib.sha256(b"".join(rows)).hexdigest() == ORDERED[usage]:
        return "pixels and labels are FER-2013's", True
    if sorted_digest(rows) != SORTED[usage]:
        return "as many of each class as published, but other pixels", False
    if in_order:
        return "FER-2013's in another order: FER+ votes do not fit them", False
    return "pixels and labels are FER-2013's", True


def _check_ferplus(path: Path) -> Check:
    usages = [row["Usage"].strip() for _, row in csv_rows(path, ("Usage",))]
    unknown = sorted(set(usages) - set(SPLIT_OF_USAGE))
    if unknown:
        raise DataError(f"{path}: Usage is {unknown[0]!r}, expected one of {', '.join(SPLIT_OF_USAGE)}")
    votes = read_votes(path, np.array([SPLIT_OF_USAGE[usage] for usage in usages]))
    table = np.stack([votes[column] for column in VOTE_COLUMNS], axis=1).astype(np.uint8)
    lines, good = _bytes_of(path)[0], []
    for usage, rows in ROWS.items():
        chosen = np.array(usages) == usage
        digest = hashlib.sha256(table[chosen].tobytes()).hexdigest()
        right = int(chosen.sum()) == rows and VOTES.get(usage, digest) == digest
        finding = "votes are FER+'s" if usage in VOTES else "its votes cannot be checked"
        if not right:
            finding = "other votes or another order" if int(chosen.sum()) == rows else f"expected {rows:,}"
        lines.append(f"{usage}: {int(chosen.sum()):,} rows, {finding}")
        good.append(right)
    return Check(tuple(lines), all(good))


def _bytes_of(path: Path) -> tuple[list[str], bool]:
    """Size and digests in words, and whether the bytes are Kaggle's own."""
    with path.open("rb") as file:
        md5 = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    lines = [f"{path}: {path.stat().st_size:,} bytes, SHA-256 {file_digest(path)}, MD5 {md5}"]
    if md5 in KAGGLE_MD5:
        lines.append(f"Kaggle's own {KAGGLE_MD5[md5]}, to the byte")
    elif path.suffix == ".csv" and "new" not in path.stem:
        lines.append("other bytes than Kaggle's files have (line endings, or a copy): the rows are compared instead")
    return lines, md5 in KAGGLE_MD5
