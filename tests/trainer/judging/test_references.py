import numpy as np
import pytest

from device.errors import DataError
from trainer.datasets.faces import FaceSet
from trainer.judging.references import NO_MAJORITY, references


def _faces(names, labels, votes=None):
    return FaceSet(np.zeros((len(labels), 8, 8, 1), np.uint8), names, np.array(labels), votes)


def test_labels_are_matched_by_name_whatever_their_order():
    (reference,) = references(_faces(("sad", "happy"), [0, 1, 1]), ("happy", "sad"))
    assert reference.truth.tolist() == [1, 0, 0]
    assert reference.left_out == {}


def test_faces_with_a_label_that_the_model_lacks_are_left_out_and_counted():
    (reference,) = references(_faces(("happy", "disgust", "sad"), [0, 1, 1, 2]), ("happy", "sad"))
    assert reference.truth.tolist() == [0, -1, -1, 1]
    assert reference.left_out == {"disgust": 2}


def test_labels_that_the_data_lacks_are_no_rows():
    (reference,) = references(_faces(("sad", "happy"), [0, 1]), ("happy", "fear", "sad"))
    assert reference.rows == ("happy", "sad")
    assert reference.truth.tolist() == [2, 0]


def test_the_majority_is_that_of_all_labels_of_the_data():
    # Of happy and sad alone the second face would be happy; of all three nobody has more than half.
    votes = np.array([[6, 4, 0], [5, 3, 2], [0, 1, 9]], np.float32)
    _, reference = references(_faces(("happy", "sad", "disgust"), [0, 0, 0], votes), ("happy", "sad"))
    assert reference.truth.tolist() == [0, -1, -1]
    assert reference.left_out == {NO_MAJORITY: 1, "disgust": 1}


def test_a_model_and_data_with_hardly_a_label_in_common_are_refused():
    with pytest.raises(DataError, match="fewer than two are shared"):
        references(_faces(("joy", "anger"), [0, 1]), ("happy", "anger"))
