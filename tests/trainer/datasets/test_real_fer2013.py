"""The readers on FER-2013 itself, where it is at hand."""

import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from device.contract.labels import EMOTIONS
from device.contract.preprocess import InputSpec
from trainer.datasets.duplicates import blank, digests, later_copies
from trainer.datasets.load import load
from trainer.datasets.settings import DataSettings
from trainer.datasets.stats import measure_data, read_all
from trainer.datasets.verify import check

SCRIPT = Path(__file__).parents[4] / "shared/data/fer2013/fer2013.py"
pytestmark = pytest.mark.skipif(not SCRIPT.is_file(), reason="FER-2013 is not at ../shared/data/fer2013")


@pytest.fixture(scope="module")
def fer2013():
    """Images (n, 48, 48), labels, usage and votes as they are kept beside the project."""
    script = runpy.run_path(str(SCRIPT))
    assert script["EMOTIONS"] == EMOTIONS
    return script["load"]()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """fer2013.csv and fer2013new.csv, whole."""
    folder = tmp_path_factory.mktemp("fer2013")
    for form, name in (("csv", "fer2013.csv"), ("ferplus", "fer2013new.csv")):
        subprocess.run([sys.executable, SCRIPT, form, folder / name], check=True)
    return folder / "fer2013.csv", folder / "fer2013new.csv"


def test_blank_pictures_are_the_ones_that_people_called_no_face(fer2013):
    images, _, usage, votes = fer2013
    found = blank(images[..., np.newaxis])
    assert (votes[found][:, 9] == 10).all()
    assert [int(found[usage == name].sum()) for name in ("Training", "PublicTest")] == [12, 1]


def test_copies_are_found_within_and_across_sides(fer2013):
    images, _, usage, _ = fer2013
    shows = ~blank(images[..., np.newaxis])
    keys = {name: digests(images[shows & (usage == name)]) for name in ("Training", "PublicTest")}
    assert later_copies(keys["Training"]).sum() == 1227
    assert later_copies(keys["PublicTest"]).sum() == 26
    judged = set(keys["PublicTest"])
    assert sum(key in judged for key in keys["Training"]) == 340


def test_some_rows_are_read_to_the_pixel(fer2013, tmp_path):
    images, labels, usage, _ = fer2013
    picks = np.r_[0:400, 28709:28909]
    path = tmp_path / "fer2013.csv"
    rows = (f"{labels[pick]},{' '.join(map(str, images[pick].ravel()))},{usage[pick]}" for pick in picks)
    path.write_text("emotion,pixels,Usage\n" + "\n".join(rows) + "\n")
    data = load(path, DataSettings())
    np.testing.assert_array_equal(data.train.images[..., 0], images[:400])
    np.testing.assert_array_equal(data.validation.images[..., 0], images[28709:28909])


@pytest.mark.slow
def test_the_whole_file_is_read_to_the_pixel_with_its_votes(fer2013, files):
    images, labels, usage, votes = fer2013
    data = load(files[0], DataSettings(), ferplus=files[1])
    shows = ~blank(images[..., np.newaxis])
    training = shows & (usage == "Training")
    np.testing.assert_array_equal(data.train.images[..., 0], images[training])
    np.testing.assert_array_equal(data.train.labels, labels[training])
    assert data.train.votes.sum() == votes[training][:, :7].sum()
    assert len(data.validation) == 3589


@pytest.mark.slow
def test_the_whole_file_is_known_but_for_the_rows_that_are_not_there(files):
    lines = check("fer2013", files[0]).lines
    assert "Training: 28,709 rows, pixels and labels are FER-2013's" in lines
    assert "PublicTest: 3,589 rows, pixels and labels are FER-2013's" in lines
    assert "Training: 28,709 rows, votes are FER+'s" in check("ferplus", files[1]).lines


@pytest.mark.slow
def test_folders_have_the_same_copies_and_photographs_on_both_sides(tmp_path):
    from trainer.datasets.forms import list_faces

    subprocess.run([sys.executable, SCRIPT, "folders", tmp_path / "faces"], check=True)
    listing = list_faces(tmp_path / "faces")
    stats = measure_data(*read_all(listing, InputSpec(), DataSettings()))
    assert stats.counts["disgust"] == {"train/": 436, "test/": 56}
    assert (stats.copies_across[0].first_faces, stats.copies_across[0].second_faces) == (340, 279)
    assert (stats.near_across[0].first_faces, stats.near_across[0].second_faces) == (659, 437)
    assert stats.contradictions == 47
