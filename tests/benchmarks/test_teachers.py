import numpy as np
import pytest

pytest.importorskip("keras", reason="what is judged are networks of Keras: pip install 'affectd[train]'")

from tests.benchmarks.teachers import report

TRUTH = np.array([0, 0, 1, -1])
SURE_OF_0 = np.array([[0.9, 0.1]] * 4, np.float32)
DOUBTS = np.array([[0.2, 0.8], [0.8, 0.2], [0.05, 0.95], [0.5, 0.5]], np.float32)


def test_a_models_row_counts_the_faces_that_have_a_majority():
    lines = report([("a", SURE_OF_0), ("b", DOUBTS)], TRUTH)
    assert lines[0].startswith("of 3 faces")
    assert lines[1].split() == ["a", "66.67%", "50.0%"]
    assert lines[2].split() == ["b", "66.67%", "75.0%"]


def test_the_mean_of_models_that_err_differently_is_right_where_one_is_surer():
    lines = report([("a", SURE_OF_0), ("b", DOUBTS)], TRUTH)
    assert lines[3].split()[-2:] == ["100.00%", "100.0%"]
    assert lines[4] == "right in the mean alone: 1, in the first model alone: 0 (McNemar, p = 1)"


def test_a_model_that_is_given_twice_counts_twice():
    even = [("a", SURE_OF_0), ("b", np.array([[0.05, 0.95]] * 4, np.float32))]
    assert report(even, TRUTH)[3].split()[-2] == "33.33%"
    assert report([even[0], *even], TRUTH)[4].split()[-2] == "66.67%"
