import numpy as np
import pytest

from trainer.recipe import load_recipe
from trainer.targets import TrainingSet

pytest.importorskip("keras", reason="views are drawn by Keras: pip install 'affectd[train]'")

from trainer.batches import shuffled
from trainer.views import Shares, in_turn, in_views


@pytest.fixture
def faces():
    images = np.random.default_rng(3).integers(0, 256, (5, 12, 12, 1), dtype=np.uint8)
    return TrainingSet(images, np.eye(5, dtype=np.float32), np.arange(1, 6, dtype=np.float32))


WARP = load_recipe("edge-deeper").augmentation


def test_each_view_keeps_its_faces_target_and_weight_and_is_another_picture(tmp_path, faces):
    views = in_views(faces, Shares.of(WARP).once, 3, 1, tmp_path / "new" / "views.npy")
    assert views.faces.shape == (15, 12, 12, 1)
    for view in range(3):
        here = slice(view * 5, view * 5 + 5)
        np.testing.assert_array_equal(views.targets[here], faces.targets)
        np.testing.assert_array_equal(views.weights[here], faces.weights)
        for other in range(view):
            assert (views.faces[here] != views.faces[other * 5 : other * 5 + 5]).mean() > 0.5


def test_views_are_drawn_once_and_taken_from_their_file_when_a_training_goes_on(tmp_path, faces):
    amounts, kept = Shares.of(WARP).once, tmp_path / "views.npy"
    first = np.array(in_views(faces, amounts, 2, 1, kept).faces)
    np.testing.assert_array_equal(in_views(faces, amounts, 2, 99, kept).faces, first)
    assert len(in_views(faces, amounts, 3, 1, kept).faces) == 15  # a file of another training is not taken
    assert [path.name for path in tmp_path.iterdir()] == ["views.npy"]


def test_a_view_is_corrupted_and_mirrored_whenever_it_is_shown():
    shares = Shares.of(WARP)
    assert (shares.once.corrupts, shares.each_time.corrupts) == (False, True)
    assert shares.each_time.flip
    assert (shares.once.zoom, shares.each_time.zoom) == (WARP.zoom, 0)
    assert (shares.once.erase_probability, shares.each_time.erase_probability) == (WARP.erase_probability, 0)


def test_epochs_show_the_views_of_each_face_in_turn():
    order = in_turn(shuffled(5, 1), 5, 2)
    for epoch, first in enumerate((0, 5, 0)):
        assert sorted(order(epoch)) == list(range(first, first + 5))


def test_teachers_answer_either_faces_or_views():
    targets = "targets={learn: votes, teachers_share: 0.5, teachers_once: true, teachers_views: 4}"
    with pytest.raises(Exception, match="exclude each other"):
        load_recipe("edge-deeper", [targets])
