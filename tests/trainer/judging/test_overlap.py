import numpy as np

from trainer.datasets.faces import FaceSet
from trainer.judging.overlap import ATTRIBUTE, KNOWN, NEW, mark_known

PHOTOGRAPHS = (
    np.random.default_rng(1).integers(0, 256, (4, 8, 8, 1)).astype(np.uint8).repeat(6, axis=1).repeat(6, axis=2)
)


def _faces(images, **groups):
    return FaceSet(images, ("a", "b"), np.zeros(len(images), np.int64), groups=groups)


def test_faces_whose_photograph_is_in_training_too_are_a_group_even_in_another_light():
    darker = (PHOTOGRAPHS * 0.7).astype(np.uint8)
    marked = mark_known(_faces(darker[:3]), _faces(PHOTOGRAPHS[[3, 1]]))
    assert marked.groups[ATTRIBUTE].tolist() == [NEW, KNOWN, NEW]


def test_groups_that_the_data_names_stay():
    marked = mark_known(_faces(PHOTOGRAPHS[:1], age=np.array(["old"])), _faces(PHOTOGRAPHS))
    assert set(marked.groups) == {"age", ATTRIBUTE}


def test_where_no_photograph_is_known_nothing_is_grouped():
    faces = _faces(PHOTOGRAPHS[:2])
    assert mark_known(faces, _faces(PHOTOGRAPHS[2:])) is faces
