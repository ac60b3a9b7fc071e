import hashlib

import numpy as np
import pytest

from device.errors import DataError, UsageError
from tests.trainer.files import fer2013_row, picture, write_faces, write_fer2013
from trainer.datasets import published, verify
from trainer.datasets.convert import convert
from trainer.datasets.forms import list_faces
from trainer.datasets.verify import check

USAGES = {"Training": 14, "PublicTest": 7, "PrivateTest": 7}


def _faces():
    labels = [(index % 7, usage) for usage, count in USAGES.items() for index in range(count)]
    return [(label, usage, picture(label, seed)) for seed, (label, usage) in enumerate(labels)]


def _row_bytes(usage):
    return [bytes([label]) + drawn.tobytes() for label, used, drawn in _faces() if used == usage]


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A data set of 28 faces, published in this test."""
    monkeypatch.setattr(verify, "ROWS", USAGES)
    monkeypatch.setattr(verify, "CLASS_ROWS", {usage: (count // 7,) * 7 for usage, count in USAGES.items()})
    for usage in ("Training", "PublicTest"):
        rows = _row_bytes(usage)
        monkeypatch.setitem(published.ORDERED, usage, hashlib.sha256(b"".join(rows)).hexdigest())
        ordered = b"".join(sorted(hashlib.sha256(row).digest() for row in rows))
        monkeypatch.setitem(published.SORTED, usage, hashlib.sha256(ordered).hexdigest())
    rows = [fer2013_row(label, usage, drawn) for label, usage, drawn in _faces()]
    return write_fer2013(tmp_path / "fer2013.csv", rows)


def test_the_published_rows_are_known_whatever_the_line_endings(small):
    assert check("fer2013", small).genuine
    small.write_bytes(small.read_bytes().replace(b"\n", b"\r\n"))
    found = check("fer2013", small)
    assert found.genuine
    assert "other bytes than Kaggle's files have" in found.lines[1]
    assert found.lines[2] == "Training: 14 rows, pixels and labels are FER-2013's"
    assert found.lines[4] == "PrivateTest: 7 rows, as many of each class as published; its pixels cannot be checked"


def test_a_missing_row_is_reported(small):
    lines = small.read_text().splitlines()
    small.write_text("\n".join(lines[:-1]) + "\n")
    found = check("fer2013", small)
    assert not found.genuine
    assert found.lines[-1] == "PrivateTest: 6 rows, expected 7"


def test_a_pixel_that_differs_is_reported(small):
    small.write_text(small.read_text().replace(f" {picture(0, 0)[0, 1]} ", " 0 ", 1))
    found = check("fer2013", small)
    assert not found.genuine
    assert found.lines[2] == "Training: 14 rows, as many of each class as published, but other pixels"


def test_another_label_is_reported(small):
    lines = small.read_text().splitlines()
    lines[1] = "6" + lines[1][1:]
    small.write_text("\n".join(lines) + "\n")
    assert "expected per class [2, 2, 2, 2, 2, 2, 2], found [1, 2, 2, 2, 2, 2, 3]" in check("fer2013", small).lines[2]


def test_another_order_is_reported_for_votes_would_not_fit(small):
    lines = small.read_text().splitlines()
    small.write_text("\n".join([lines[0], *lines[7:0:-1], *lines[8:]]) + "\n")
    found = check("fer2013", small)
    assert not found.genuine
    assert "another order: FER+ votes do not fit" in found.lines[2]


def test_folders_made_of_it_are_known_too(small, tmp_path):
    convert(list_faces(small), tmp_path / "three", "folders")
    found = check("fer2013", tmp_path / "three")
    assert found.genuine
    assert "Training: 14 rows, pixels and labels are FER-2013's" in found.lines
    convert(list_faces(small), tmp_path / "two", "two")
    both = check("fer2013", tmp_path / "two")
    assert both.genuine
    assert both.lines[-1].startswith("PublicTest + PrivateTest: 14 rows, as many of each class as published")


def test_the_bytes_of_kaggle_s_own_file_are_known(small, monkeypatch):
    monkeypatch.setitem(
        verify.KAGGLE_MD5, hashlib.md5(small.read_bytes(), usedforsecurity=False).hexdigest(), "fer2013.csv"
    )
    found = check("fer2013", small)
    assert found.lines[1] == "Kaggle's own fer2013.csv, to the byte"
    assert found.lines[-1] == "PrivateTest: 7 rows, as many of each class as published"


def test_votes_are_checked_by_their_counts(tmp_path, monkeypatch):
    _, ferplus = write_faces(tmp_path, train=14, validation=7)
    monkeypatch.setattr(verify, "ROWS", {"Training": 14, "PublicTest": 7})
    assert check("ferplus", ferplus).lines[-1] == "PublicTest: 7 rows, other votes or another order"
    rows = [line.split(",") for line in ferplus.read_text().splitlines()[1:]]
    for usage in ("Training", "PublicTest"):
        counts = np.array([row[2:] for row in rows if row[0] == usage]).astype(np.uint8)
        monkeypatch.setitem(verify.VOTES, usage, hashlib.sha256(counts.tobytes()).hexdigest())
    assert check("ferplus", ferplus).genuine
    assert check("ferplus", ferplus).lines[-1] == "PublicTest: 7 rows, votes are FER+'s"
    monkeypatch.delitem(verify.VOTES, "PublicTest")
    assert check("ferplus", ferplus).lines[-1] == "PublicTest: 7 rows, its votes cannot be checked"


def test_votes_of_another_usage_are_refused(tmp_path):
    path = tmp_path / "plus.csv"
    path.write_text("Usage,neutral\nLater,1\n")
    with pytest.raises(DataError, match="Usage is 'Later'"):
        check("ferplus", path)


def test_what_nothing_is_known_of_cannot_be_checked(tmp_path):
    with pytest.raises(UsageError, match="no digest or count is known to check rafdb by"):
        check("rafdb", tmp_path)
