import numpy as np
import pytest

from converters.trained import load_network, load_trained, read_any_faces, read_faces
from device.contract.preprocess import InputSpec
from device.errors import DataError
from tests.converters import tiny

SPEC = InputSpec(tiny.HEIGHT, tiny.WIDTH)
FACES = np.zeros((5, tiny.HEIGHT, tiny.WIDTH, 1), np.uint8)
LABELS = np.array([0, 1, 2, -1, 0])


@pytest.fixture
def keras():
    from converters.framework import load_keras

    pytest.importorskip("keras", reason=tiny.NEEDS)
    return load_keras()


def test_a_training_is_read_whole(trained):
    assert trained.record.labels == tiny.LABELS
    assert trained.spec == InputSpec(tiny.HEIGHT, tiny.WIDTH, (0.0, 1.0), 0.05)
    assert trained.calibration.faces.shape == (120, tiny.HEIGHT, tiny.WIDTH, 1)
    assert trained.check.labels.min() == -1
    assert trained.network.output_shape == (None, 3)


@pytest.mark.parametrize("name", ["model.keras", "calibration.npz", "check.npz", "training.json"])
def test_a_file_that_is_missing_is_named(own_training, name):
    (own_training / name).unlink()
    with pytest.raises(DataError, match=name):
        load_trained(own_training / "model.keras")


@pytest.mark.parametrize("name", ["model.keras", "calibration.npz", "check.npz", "training.json"])
@pytest.mark.parametrize(
    "content", [b"", b"not what it should be", b"PK\x03\x04 cut off"], ids=["empty", "text", "zip"]
)
def test_a_file_that_is_something_else_is_named(own_training, name, content):
    (own_training / name).write_bytes(content)
    with pytest.raises(DataError, match=name):
        load_trained(own_training / "model.keras")


@pytest.mark.parametrize("name", ["model.keras", "calibration.npz", "check.npz"])
def test_a_file_that_is_cut_off_is_named(own_training, name):
    whole = (own_training / name).read_bytes()
    (own_training / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=name):
        load_trained(own_training / "model.keras")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"faces": FACES}, "lacks an array.*labels"),
        ({"images": FACES, "labels": LABELS}, "lacks an array.*faces"),
        ({"faces": FACES.astype(np.float32), "labels": LABELS}, r"not float32 \(5, 24, 32, 1\)"),
        ({"faces": FACES[..., 0], "labels": LABELS}, r"not uint8 \(5, 24, 32\)"),
        ({"faces": FACES[:, :12], "labels": LABELS}, r"uint8 \(n, 24, 32, 1\), not uint8 \(5, 12, 32, 1\)"),
        ({"faces": FACES[:0], "labels": LABELS[:0]}, r"not uint8 \(0, 24, 32, 1\)"),
        ({"faces": FACES, "labels": LABELS[:4]}, r"labels are whole numbers \(5,\)"),
        ({"faces": FACES, "labels": LABELS / 2}, "not float64"),
        ({"faces": FACES, "labels": LABELS + 1}, "label 3 is beyond the 3 labels"),
        ({"faces": FACES, "labels": np.array([None] * 5)}, "is not an .npz archive of arrays"),
    ],
    ids=["no labels", "no faces", "type", "axes", "size", "none", "fewer", "halves", "beyond", "pickle"],
)
def test_arrays_that_do_not_fit_are_refused(tmp_path, arrays, message):
    np.savez(tmp_path / "check.npz", **arrays)
    with pytest.raises(DataError, match=message):
        read_faces(tmp_path / "check.npz", SPEC, labels=3)


def test_labels_of_another_spelling_are_matched_by_what_they_mean(tmp_path):
    names = np.array(["contempt", "Anger", "happiness"])
    np.savez(tmp_path / "faces.npz", faces=FACES, labels=np.array([1, 2, 0, -1, -2]), label_names=names)
    found = read_any_faces(tmp_path / "faces.npz", SPEC, ("happy", "angry"))
    assert found.labels.tolist() == [1, 0, -1, -1, -1]


def test_a_network_of_another_input_size_is_refused(own_training):
    tiny.write_record(own_training, input={"height": 48, "width": 48, "real_range": [0.0, 1.0], "crop_margin": 0.1})
    larger = np.zeros((3, 48, 48, 1), np.uint8)
    for name in ("calibration.npz", "check.npz"):
        np.savez(own_training / name, faces=larger, labels=np.arange(3))
    with pytest.raises(DataError, match=r"reads \(None, 24, 32, 1\), and training.json says \(None, 48, 48, 1\)"):
        load_trained(own_training / "model.keras")


def test_a_network_with_other_outputs_than_labels_is_refused(own_training):
    tiny.write_record(own_training, labels=["a", "b", "c", "d"])
    with pytest.raises(DataError, match=r"gives \(None, 3\), and training.json has 4 labels"):
        load_trained(own_training / "model.keras")


def test_a_network_with_layers_of_its_own_is_refused_in_one_line(tmp_path, keras):
    class Doubling(keras.layers.Layer):  # type: ignore[name-defined]
        def call(self, x):
            return 2 * x

    faces = keras.Input((8, 8, 1))
    keras.Model(faces, Doubling()(faces)).save(tmp_path / "model.keras")
    with pytest.raises(DataError, match=r"Keras cannot read .*Keras's own layers only") as raised:
        load_network(tmp_path / "model.keras")
    assert len(str(raised.value)) < 500


def test_a_network_that_computes_in_bfloat16_is_refused(tmp_path, keras):
    faces = keras.Input((8, 8, 1))
    network = keras.Model(faces, keras.layers.Conv2D(2, 3, dtype="mixed_bfloat16", name="half")(faces))
    network.save(tmp_path / "model.keras")
    with pytest.raises(DataError, match="layer half computes in bfloat16, not float32"):
        load_network(tmp_path / "model.keras")


def test_eight_outputs_for_seven_labels_are_counted(own_training, keras):
    names = list("abcdefg")
    tiny.write_record(own_training, labels=names)
    faces = keras.Input((tiny.HEIGHT, tiny.WIDTH, 1))
    answers = keras.layers.Dense(8, activation="softmax")(keras.layers.Flatten()(faces))
    keras.Model(faces, answers).save(own_training / "model.keras")
    with pytest.raises(DataError, match=r"gives \(None, 8\), and training.json has 7 labels"):
        load_trained(own_training / "model.keras")


def test_a_layer_of_somebody_s_own_is_refused_in_one_sentence(tmp_path, keras):
    odd = type("Odd", (keras.layers.Layer,), {"call": lambda _, inputs: inputs})
    faces = keras.Input((tiny.HEIGHT, tiny.WIDTH, 1))
    keras.Model(faces, odd()(faces)).save(tmp_path / "model.keras")
    with pytest.raises(DataError, match=r"cannot read .*Keras's own layers only") as raised:
        load_network(tmp_path / "model.keras")
    assert len(str(raised.value)) < 600


def test_a_lambda_is_refused_for_it_could_run_anything(tmp_path, keras):
    faces = keras.Input((tiny.HEIGHT, tiny.WIDTH, 1))
    keras.Model(faces, keras.layers.Lambda(lambda x: x)(faces)).save(tmp_path / "model.keras")
    with pytest.raises(DataError, match="cannot read"):
        load_network(tmp_path / "model.keras")
