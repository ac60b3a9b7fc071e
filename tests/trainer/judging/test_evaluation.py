import json

import numpy as np
import pytest

from device.errors import RecordError
from tests.trainer.judging.answers import LABELS, answered, drawn_faces, evaluation
from trainer.datasets.faces import FaceSet
from trainer.judging.evaluation import judge, say_of_one_answer


def test_a_split_is_held_against_its_labels_and_against_people_s_majority():
    faces = drawn_faces()
    by_labels, by_majority = judge(answered(faces), faces, LABELS, "PublicTest").figures
    assert (by_labels.metric, by_labels.faces, by_labels.confusion.accuracy.value) == ("label_accuracy", 60, 50 / 60)
    assert (by_majority.metric, by_majority.faces) == ("majority_agreement", 50)
    assert by_majority.left_out == {"no majority of votes": 10}


def test_without_votes_there_is_no_majority():
    faces = drawn_faces(votes=False)
    assert [one.metric for one in judge(answered(faces), faces, LABELS, "test").figures] == ["label_accuracy"]


def test_one_answer_to_all_faces_is_reported():
    sad = np.tile(np.array([[0.1, 0.8, 0.1]], np.float32), (5, 1))
    assert say_of_one_answer(sad, LABELS) == ["the network says sad to each of 5 faces"]
    assert say_of_one_answer(sad[:1], LABELS) == []
    assert say_of_one_answer(answered(drawn_faces()), LABELS) == []


def test_mistakes_stand_from_the_surest_on_and_point_at_their_faces():
    faces = drawn_faces(votes=False)
    probabilities = answered(faces, wrong=3)
    probabilities[1] = (0.01, 0.02, 0.97)
    (figures,) = judge(probabilities, faces, LABELS, "test").figures
    assert [one.position for one in figures.mistakes] == [1, 0, 2]
    surest = figures.mistakes[0]
    assert (surest.truth, surest.answer) == ("sad", "fear")
    assert surest.confidence == pytest.approx(0.97)


def test_a_mistake_points_at_its_face_also_where_others_are_left_out():
    faces = FaceSet(np.zeros((3, 8, 8, 1), np.uint8), ("disgust", "happy", "sad"), np.array([0, 1, 2]))
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1]], np.float32)
    (figures,) = judge(probabilities, faces, ("happy", "sad"), "test").figures
    assert [one.position for one in figures.mistakes] == [2]
    assert figures.left_out == {"disgust": 1}


def test_a_split_that_has_no_face_the_model_knows_is_reported_as_empty():
    faces = FaceSet(np.zeros((2, 8, 8, 1), np.uint8), ("disgust", "happy", "sad"), np.array([0, 0]))
    (figures,) = judge(np.full((2, 2), 0.5, np.float32), faces, ("happy", "sad"), "test").figures
    assert figures.faces == 0
    assert json.dumps(figures.as_dict())


def test_answers_for_other_faces_are_refused():
    with pytest.raises(RecordError, match="probabilities"):
        judge(np.full((2, 3), 1 / 3, np.float32), drawn_faces(3), LABELS, "test")


def test_the_json_document_names_its_schema_and_holds_every_figure():
    document = json.loads(json.dumps(evaluation().as_dict()))
    assert document["schema"] == 1
    (split,) = document["splits"]
    assert (split["split"], split["role"], split["faces"]) == ("PublicTest", "chosen on", 60)
    by_labels = split["references"][0]
    assert by_labels["accuracy"]["value"] == pytest.approx(50 / 60, abs=1e-4)
    assert sum(map(sum, by_labels["confusion"]["counts"])) == 60
    assert {"precision", "recall", "f1"} == set(by_labels["macro"])
    assert by_labels["macro"]["recall"] == pytest.approx(by_labels["balanced_accuracy"]["value"])
    assert sum(one["count"] for one in by_labels["calibration"]["bins"]) == 60
