import numpy as np
import pytest

from trainer.recipe import load_recipe

pytest.importorskip("keras", reason="augmentation needs Keras: pip install 'affectd[train]'")

STILL = {
    "rotation_deg": 0,
    "shift": 0,
    "zoom": 0,
    "flip": False,
    "surroundings_probability": 0,
    "brightness": 0,
    "contrast": 0,
    "erase_probability": 0,
    "corrupt_probability": 0,
}
CORRUPT_ALL = {"corrupt_probability": 1.0, "blur_px": 0, "lowest_light": 1, "noise": 0}


def _augmented(images, **amounts):
    from trainer.augment import Augment

    settings = load_recipe("edge").augmentation.model_copy(update=STILL | amounts)
    return np.asarray(Augment(settings, seed=1)(images, training=True))


@pytest.fixture
def faces():
    rows, columns = np.mgrid[0:48, 0:48] / 47.0
    smooth = 0.2 + 0.5 * rows + 0.2 * np.sin(6 * columns)
    return np.repeat(np.clip(smooth, 0, 1).astype(np.float32)[None, :, :, None], 32, axis=0)


def test_without_amounts_a_face_stays_as_it_is(faces):
    np.testing.assert_allclose(_augmented(faces), faces, atol=1e-5)


def test_outside_training_a_face_stays_as_it_is(faces):
    from trainer.augment import Augment

    layer = Augment(load_recipe("edge").augmentation, seed=1)
    np.testing.assert_array_equal(np.asarray(layer(faces)), faces)


def test_a_flip_mirrors_some_faces_and_leaves_others(faces):
    flipped = _augmented(faces, flip=True)
    mirrored = [np.allclose(one, face[:, ::-1], atol=1e-4) for one, face in zip(flipped, faces, strict=True)]
    kept = [np.allclose(one, face, atol=1e-4) for one, face in zip(flipped, faces, strict=True)]
    assert all(a or b for a, b in zip(mirrored, kept, strict=True))
    assert any(mirrored)
    assert any(kept)


@pytest.mark.parametrize(
    "amounts", [{"rotation_deg": 20}, {"shift": 0.1}, {"zoom": 0.2}, {"brightness": 0.2}, {"contrast": 0.5}]
)
def test_each_amount_changes_faces_each_in_its_own_way_and_keeps_the_range(faces, amounts):
    changed = _augmented(faces, **amounts)
    assert changed.min() >= 0.0
    assert changed.max() <= 1.0
    assert np.abs(changed - faces).mean() > 0.001
    assert np.abs(changed[0] - changed[1]).mean() > 0.001


def test_beyond_the_edge_of_a_face_that_is_made_smaller_lie_patches_as_often_as_is_asked_for():
    white = np.ones((256, 48, 48, 1), np.float32)
    shown = _augmented(white, zoom=0.4, surroundings_probability=0.5)
    np.testing.assert_allclose(shown[:, 16:32, 16:32], 1.0, atol=1e-5)
    surrounded = (shown < 0.999).any(axis=(1, 2, 3))
    # Half of the faces are made larger, where nothing beyond the edge is seen.
    assert 0.15 < surrounded.mean() < 0.35
    assert shown[surrounded, 0, 0].std() > 0.1
    assert shown.min() >= 0.0


def test_without_surroundings_a_faces_edge_goes_on_beyond_it():
    white = np.ones((64, 48, 48, 1), np.float32)
    np.testing.assert_allclose(_augmented(white, zoom=0.4, shift=0.1, rotation_deg=20), 1.0, atol=1e-5)


def test_erasing_blots_out_no_more_than_the_area_allowed(faces):
    erased = _augmented(faces, erase_probability=1.0, erase_area=0.15)
    shares = (np.abs(erased - faces) > 1e-6).mean(axis=(1, 2, 3))
    assert shares.max() <= 0.17
    assert (shares > 0).mean() > 0.9


def test_blur_takes_detail_and_leaves_the_light(faces):
    detailed = faces + np.float32(0.1) * (np.indices((48, 48)).sum(axis=0) % 2)[None, :, :, None].astype(np.float32)
    blurred = _augmented(detailed, **CORRUPT_ALL | {"blur_px": 1.5})
    assert blurred.mean() == pytest.approx(detailed.mean(), abs=0.005)

    def detail(images):
        return np.abs(np.diff(images, axis=2)).mean(axis=(1, 2, 3))

    assert (detail(blurred) < detail(detailed)).all()
    assert detail(blurred).min() < detail(detailed).min() / 3


def test_low_light_takes_light_from_all_pixels_alike_down_to_the_least(faces):
    dark = _augmented(faces, **CORRUPT_ALL | {"lowest_light": 0.2}) / faces
    assert np.ptp(dark, axis=(1, 2, 3)).max() < 1e-5
    assert 0.2 <= dark.min() < 0.4
    assert 0.8 < dark.max() <= 1.0


def test_noise_is_of_up_to_the_deviation_that_is_asked_for_and_keeps_the_range(faces):
    noisy = _augmented(faces, **CORRUPT_ALL | {"noise": 0.1})
    deviations = (noisy - faces).std(axis=(1, 2, 3))
    assert 0.06 < deviations.max() <= 0.105
    assert deviations.min() < 0.04
    assert noisy.min() >= 0.0
    assert noisy.max() <= 1.0


def test_only_the_share_of_faces_that_is_asked_for_is_corrupted(faces):
    many = np.repeat(faces, 8, axis=0)
    corrupted = _augmented(many, **CORRUPT_ALL | {"corrupt_probability": 0.25, "noise": 0.1})
    share = (np.abs(corrupted - many).max(axis=(1, 2, 3)) > 0).mean()
    assert 0.15 < share < 0.35
