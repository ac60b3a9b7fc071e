import numpy as np

from tests.trainer.judging.answers import LABELS, answered, drawn_faces, evaluation
from trainer.datasets.faces import FaceSet
from trainer.judging.evaluation import Evaluation, judge
from trainer.judging.groups import group_figures
from trainer.judging.table import _grouping, as_text
from trainer.terminal import WIDTH


def test_the_table_fits_a_terminal_of_100_columns():
    text = as_text(evaluation(notes=("a note that goes on and on " * 8,)))
    assert max(map(len, text.splitlines())) <= WIDTH


def test_the_table_tells_accuracy_with_its_interval_and_what_was_left_out():
    text = as_text(evaluation())
    assert "accuracy           83.3% (72.0 to 90.7)" in text
    assert "left out: 10 no majority of votes" in text
    assert "the model was chosen on it" in text


def test_the_table_of_eleven_long_labels_fits_as_well():
    labels = tuple(f"a very long emotion {number}" for number in range(11))
    truth = np.arange(33) % 11
    faces = FaceSet(np.zeros((33, 8, 8, 1), np.uint8), labels, truth)
    split = judge(np.eye(11, dtype=np.float32)[truth], faces, labels, "test", "blind")
    text = as_text(Evaluation(evaluation().model, {"path": "x"}, {}, (split,)))
    assert max(map(len, text.splitlines())) <= WIDTH
    assert "blind" in text


def test_splits_are_reported_one_after_the_other():
    faces = drawn_faces(votes=False)
    splits = tuple(judge(answered(faces), faces, LABELS, name) for name in ("PublicTest", "PrivateTest"))
    text = as_text(Evaluation(evaluation().model, {"path": "x"}, {"tta": "flip"}, splits))
    assert text.index("PublicTest: 60 faces") < text.index("PrivateTest: 60 faces")
    assert "mirror" in text


def test_groups_are_reported_with_their_gap():
    membership = np.array(["young"] * 60 + ["old"] * 60)
    truth = np.zeros(120, np.int64)
    answers = np.concatenate([np.zeros(60, np.int64), np.ones(60, np.int64)])
    lines = list(_grouping(group_figures("age", membership, truth, answers, ("happy", "sad"))))
    assert any("gap of young over old: 100.0 points" in line for line in lines)
