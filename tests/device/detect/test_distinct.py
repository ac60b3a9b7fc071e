from device.detect.distinct import distinct
from device.records import Box, Face


def _face(x: float, side: float = 100.0, score: float = 1.0) -> Face:
    return Face(Box(x, 50, side, side), score)


def test_of_faces_that_overlap_the_surest_is_kept():
    weak, sure = _face(100, score=2.0), _face(110, score=7.0)
    assert distinct([weak, sure]) == [sure]


def test_a_face_inside_a_larger_one_is_the_same():
    assert distinct([_face(100, side=100, score=3.0), _face(120, side=40, score=2.0)]) == [_face(100, score=3.0)]


def test_faces_apart_are_all_kept_the_surest_first():
    faces = [_face(100, score=1.0), _face(160, score=3.0), _face(400, score=2.0)]
    assert [face.score for face in distinct(faces)] == [3.0, 2.0, 1.0]


def test_of_a_row_of_overlapping_faces_those_that_overlap_no_kept_one_stay():
    row = [_face(100, score=2.0), _face(140, score=3.0), _face(180, score=1.0), _face(195, score=0.5)]
    assert [face.score for face in distinct(row)] == [3.0, 0.5]


def test_of_no_faces_there_are_none():
    assert distinct([]) == []
