import numpy as np

from trainer.datasets.faces import FaceSet
from trainer.judging.light import ATTRIBUTE, THIRDS, mark_light


def _faces(greys, edge=0):
    images = np.full((len(greys), 12, 12, 1), edge, np.uint8)
    images[:, 3:9, 3:9] = np.array(greys, np.uint8).reshape(-1, 1, 1, 1)
    return FaceSet(images, ("happy", "sad"), np.zeros(len(greys), np.int64), groups={"age": np.full(len(greys), "old")})


def test_faces_are_grouped_in_thirds_by_the_grey_of_their_middle():
    greys = np.random.default_rng(1).permutation(150)
    marked = mark_light(_faces(greys)).groups
    for third, name in enumerate(THIRDS):
        assert sorted(greys[marked[ATTRIBUTE] == name]) == list(range(third * 50, third * 50 + 50))


def test_what_lies_around_the_face_does_not_count():
    greys = list(range(150))
    faces = _faces(greys)
    faces.images[::2, 0] = 255
    np.testing.assert_array_equal(mark_light(faces).groups[ATTRIBUTE], mark_light(_faces(greys)).groups[ATTRIBUTE])


def test_faces_of_one_grey_are_still_thirds_and_other_groups_stay():
    marked = mark_light(_faces([90] * 152)).groups
    assert [int((marked[ATTRIBUTE] == name).sum()) for name in THIRDS] == [51, 51, 50]
    assert set(marked["age"]) == {"old"}


def test_so_few_faces_that_no_third_could_be_compared_are_not_grouped():
    faces = _faces([90] * 149)
    assert mark_light(faces) is faces
