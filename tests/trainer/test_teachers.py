import json

import numpy as np
import pytest

from device.errors import DataError
from trainer.trained import find_trained

keras = pytest.importorskip("keras", reason="networks need Keras: pip install 'affectd[train]'")

from trainer.teachers import LearnFromTeachers, answers_once, open_teachers  # noqa: E402 (wants Keras)

LABELS = ("happy", "sad")


def _mean_light(network_labels, low, high, size=16):
    """A network that takes light for the first label: the mean of its input, in 0 to 1."""
    inputs = keras.Input((size, size, 1))
    light = keras.layers.Rescaling(1 / (high - low), -low / (high - low))(inputs)
    light = keras.layers.GlobalAveragePooling2D()(light)
    scores = keras.layers.Dense(len(network_labels), kernel_initializer="zeros")(light)
    network = keras.Model(inputs, keras.layers.Softmax()(scores))
    network.layers[-2].set_weights([np.array([[8.0, -8.0]]), np.array([-4.0, 4.0])])
    return network


@pytest.fixture
def teacher(tmp_path):
    """Writes a teacher and finds it."""

    def write(labels=LABELS, low=0.0, high=1.0):
        _mean_light(labels, low, high).save(tmp_path / "model.keras")
        spec = {"height": 16, "width": 16, "real_range": [low, high], "crop_margin": 0.1}
        record = {"schema": 1, "name": "bright", "labels": list(labels), "input": spec}
        (tmp_path / "training.json").write_text(json.dumps(record), encoding="utf-8")
        return find_trained(tmp_path)

    return write


LIGHT_AND_DARK = np.stack([np.ones((16, 16, 1), np.float32), np.zeros((16, 16, 1), np.float32)])


@pytest.mark.parametrize("spec", [{}, {"low": -1.0}])
def test_a_teacher_sees_faces_in_the_range_and_size_of_its_own_training(teacher, spec):
    (ask,) = open_teachers([teacher(**spec)], LABELS)
    for faces in (LIGHT_AND_DARK, LIGHT_AND_DARK.repeat(3, axis=1).repeat(3, axis=2)):
        answers = keras.ops.convert_to_numpy(ask(faces))
        np.testing.assert_allclose(answers, [[1, 0], [0, 1]], atol=1e-3)


def test_a_teacher_answers_in_the_order_of_the_data(teacher):
    (ask,) = open_teachers([teacher(labels=("sad", "happy"))], LABELS)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(ask(LIGHT_AND_DARK)), [[0, 1], [1, 0]], atol=1e-3)


def test_a_mirrored_teacher_answers_a_face_and_its_mirror_image_alike(tmp_path, teacher):
    inputs = keras.Input((16, 16, 1))
    left = keras.layers.Flatten()(keras.layers.Cropping2D(((0, 15), (0, 15)))(inputs))
    scores = keras.layers.Dense(2)(left)
    trained = teacher()
    network = keras.Model(inputs, keras.layers.Softmax()(scores))
    network.layers[-2].set_weights([np.array([[8.0, -8.0]]), np.array([-4.0, 4.0])])
    network.save(tmp_path / "model.keras")
    half = np.zeros((1, 16, 16, 1), np.float32)
    half[:, :, :8] = 1
    (alone,) = open_teachers([trained], LABELS)
    (both,) = open_teachers([trained], LABELS, mirrored=True)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(alone(half)), [[1, 0]], atol=1e-3)
    for faces in (half, half[:, :, ::-1]):
        np.testing.assert_allclose(keras.ops.convert_to_numpy(both(faces)), [[0.5, 0.5]], atol=1e-3)


def test_a_teacher_of_other_labels_is_refused(teacher):
    with pytest.raises(DataError, match="tells happy, fear apart, and the data has happy, sad"):
        open_teachers([teacher(labels=("happy", "fear"))], LABELS)


def test_the_loss_is_the_share_of_the_distance_to_the_mean_of_all_teachers():
    teachers = [lambda _: np.array([[0.8, 0.2]], np.float32), lambda _: np.array([[0.4, 0.6]], np.float32)]
    layer = LearnFromTeachers(teachers, share=0.5)
    answers = np.array([[0.9, 0.1]], np.float32)
    passed = layer(LIGHT_AND_DARK[:1], answers)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(passed), answers)
    (loss,) = layer.losses
    assert float(loss) == pytest.approx(-0.5 * (0.6 * np.log(0.9) + 0.4 * np.log(0.1)), rel=1e-4)


def test_a_teacher_is_neither_trained_nor_saved_with_its_pupil(teacher):
    layer = LearnFromTeachers(open_teachers([teacher()], LABELS), share=0.5)
    layer(LIGHT_AND_DARK, np.array([[0.9, 0.1], [0.5, 0.5]], np.float32))
    assert layer.weights == []


def test_kept_answers_that_are_damaged_are_asked_for_again(tmp_path):
    faces, kept = np.full((3, 4, 4, 1), 255, np.uint8), tmp_path / "answers.npy"
    kept.write_bytes(b"\x93NUMPY")
    answers = answers_once([lambda seen: seen[:, 0, 0]], faces, kept)
    np.testing.assert_array_equal(answers, np.ones((3, 1)))
    np.testing.assert_array_equal(np.load(kept), answers)


def test_teachers_that_are_asked_once_answer_each_face_in_the_mean_and_are_not_asked_again(tmp_path):
    images = np.zeros((130, 4, 4, 1), np.uint8)
    images[129] = 255
    bright = [
        lambda faces: keras.ops.concatenate([faces[:, 0, 0], 1 - faces[:, 0, 0]], axis=1),
        lambda faces: 0.5 + 0 * keras.ops.concatenate([faces[:, 0, 0], faces[:, 0, 0]], axis=1),
    ]
    answers = answers_once(bright, images, tmp_path / "checkpoints" / "answers.npy")
    np.testing.assert_allclose(answers[[0, 128, 129]], [[0.25, 0.75], [0.25, 0.75], [0.75, 0.25]])
    np.testing.assert_array_equal(answers_once([], images, tmp_path / "checkpoints" / "answers.npy"), answers)


def test_two_teachers_of_one_recipe_whose_layers_have_the_same_names_answer_together(teacher, tmp_path):
    teachers = open_teachers([teacher(), teacher()], LABELS)
    faces = (LIGHT_AND_DARK * 255).astype(np.uint8)
    answers = answers_once(teachers, faces, tmp_path / "answers.npy")
    np.testing.assert_allclose(answers, [[1, 0], [0, 1]], atol=1e-3)
