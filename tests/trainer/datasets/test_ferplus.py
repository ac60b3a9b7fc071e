import numpy as np
import pytest

from device.errors import DataError
from tests.trainer.files import FERPLUS_HEADER
from trainer.datasets.faces import majority
from trainer.datasets.ferplus import read_votes, votes_on_labels
from trainer.datasets.settings import DataSettings

SPLITS = np.array(["train", "validation"])


def _write(path, *rows, header=FERPLUS_HEADER):
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_votes_are_joined_by_row_in_the_order_of_our_labels(tmp_path):
    path = _write(
        tmp_path / "plus.csv", "Training,fer0.png,1,2,3,4,5,6,7,8,9,0", "PublicTest,fer1.png,10,0,0,0,0,0,0,0,0,0"
    )
    votes = votes_on_labels(read_votes(path, SPLITS), DataSettings().class_map())
    assert votes[0].tolist() == [5, 6, 7, 2, 4, 3, 1]
    assert votes[1].tolist() == [0, 0, 0, 0, 0, 0, 10]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["Training,a,1,0,0,0,0,0,0,0,0,0"], "has 1 rows for 2 faces"),
        (["PublicTest,a,1,0,0,0,0,0,0,0,0,0"], "plus.csv:2: Usage is 'PublicTest' where the faces have train"),
        (["Training,a,many,0,0,0,0,0,0,0,0,0"], "plus.csv:2: votes are whole numbers"),
        (
            ["Training,a,1,0,0,0,0,0,0,0,0,0", "PublicTest,b,1,0,0,0,0,0,0,0,0,0", "Training,c,1,0,0,0,0,0,0,0,0,0"],
            "plus.csv:4: Usage is 'Training' where the faces have no further row",
        ),
    ],
)
def test_votes_that_do_not_match_the_faces_are_refused(tmp_path, rows, message):
    with pytest.raises(DataError, match=message):
        read_votes(_write(tmp_path / "plus.csv", *rows), SPLITS)


def test_a_missing_column_of_votes_is_named(tmp_path):
    path = _write(tmp_path / "plus.csv", "Training,a,1", header="Usage,Image name,neutral")
    with pytest.raises(DataError, match="the columns anger, disgust, fear, happiness, sadness, surprise are missing"):
        read_votes(path, SPLITS)


def test_a_majority_is_more_than_half_of_the_votes_on_known_labels():
    votes = np.array([[6, 4], [5, 5], [0, 0], [0, 1]], np.float32)
    assert majority(votes).tolist() == [0, -1, -1, 1]
