import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from device.contract import container
from device.contract.preprocess import InputSpec, resize
from device.errors import DataError, ModelError, RecordError, UnavailableError
from trainer import predictor as module
from trainer.predictor import Predictor, load_predictor, model_record

ROOT = Path(__file__).parents[2]
BUNDLED = ROOT / "device" / "models" / "emotion.tflite"
FER2013 = ROOT.parent / "shared" / "data" / "fer2013"
RECORD = {
    "schema": 1,
    "name": "small",
    "labels": ["happy", "sad"],
    "input": {"height": 8, "width": 10, "real_range": [-1.0, 1.0], "crop_margin": 0.1},
}


def _predictor(answer, height=8, width=8):
    return Predictor("fake", Path("fake.keras"), "keras", ("happy", "sad"), InputSpec(height, width), answer)


def _left_half(faces):
    """Surer of happy the brighter the left half is; adds up to more than 1."""
    left = faces[:, :, : faces.shape[2] // 2].mean(axis=(1, 2, 3)) / 255
    return np.stack([left, 1 - left], axis=1) * 1.004


@pytest.fixture(scope="module")
def bundled():
    try:
        return load_predictor(BUNDLED)
    except UnavailableError as error:
        pytest.skip(str(error))


def _folder(tmp_path, record=RECORD, model=b"none"):
    (tmp_path / "model.keras").write_bytes(model)
    if record is not None:
        (tmp_path / "training.json").write_text(json.dumps(record))
    return tmp_path


def test_probabilities_add_up_to_1_however_the_network_rounds():
    faces = np.random.default_rng(1).integers(0, 256, (5, 8, 8, 1)).astype(np.uint8)
    shares = _predictor(_left_half).probabilities(faces)
    assert (shares.dtype, shares.shape) == (np.float32, (5, 2))
    assert shares.sum(axis=1) == pytest.approx(np.ones(5))


def test_with_flips_a_face_and_its_mirror_image_get_the_same_answer():
    faces = np.zeros((1, 8, 8, 1), np.uint8)
    faces[:, :, :4] = 255
    mirrored = np.ascontiguousarray(faces[:, :, ::-1])
    asked = _predictor(_left_half)
    assert asked.probabilities(faces)[0, 0] == pytest.approx(1.0)
    assert asked.probabilities(faces, flip=True)[0, 0] == pytest.approx(0.5)
    assert asked.probabilities(mirrored, flip=True) == pytest.approx(asked.probabilities(faces, flip=True))


def test_faces_of_another_size_are_resized_as_the_device_does():
    seen = []

    def answer(chunk):
        seen.append(chunk)
        return _left_half(chunk)

    faces = np.random.default_rng(1).integers(0, 256, (3, 48, 48, 1)).astype(np.uint8)
    asked = _predictor(answer, height=24, width=20)
    asked.probabilities(faces)
    assert np.array_equal(seen[0][2], resize(faces[2, ..., 0], asked.spec))


def test_many_faces_are_answered_in_their_order():
    faces = np.zeros((1200, 8, 8, 1), np.uint8)
    faces[:, :, :4] = (np.arange(1200) % 256).astype(np.uint8)[:, None, None, None]
    shares = _predictor(_left_half).probabilities(faces)
    assert shares[:, 0] == pytest.approx((np.arange(1200) % 256) / 255, abs=1e-6)


def test_no_faces_get_no_answers():
    assert _predictor(_left_half).probabilities(np.zeros((0, 8, 8, 1), np.uint8)).shape == (0, 2)


@pytest.mark.parametrize("answer", [[[-0.2, 1.2]], [[float("nan"), 0.5]], [[0.0, 0.0]]])
def test_an_answer_that_is_no_set_of_probabilities_is_refused(answer):
    with pytest.raises(ModelError, match="probabilities"):
        _predictor(lambda _: np.array(answer)).probabilities(np.zeros((1, 8, 8, 1), np.uint8))


def test_faces_of_another_type_are_refused():
    with pytest.raises(RecordError, match="uint8"):
        _predictor(_left_half).probabilities(np.zeros((1, 8, 8, 1), np.float32))


def test_a_keras_model_without_its_record_is_refused_by_what_is_missing(tmp_path):
    with pytest.raises(DataError, match=r"training\.json is not there"):
        load_predictor(_folder(tmp_path, record=None))


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"schema": 1, "name": "small", "labels": ["happy", "sad"]}, "input"),
        (RECORD | {"labels": ["happy"]}, "labels"),
        (RECORD | {"input": {"height": 8, "width": 10, "real_range": [1, 0], "crop_margin": 0.1}}, "range"),
    ],
)
def test_a_record_that_says_too_little_is_refused_by_what_it_lacks(tmp_path, record, said):
    with pytest.raises(DataError, match=said):
        load_predictor(_folder(tmp_path, record))


def test_a_record_that_is_no_json_is_refused(tmp_path):
    (_folder(tmp_path) / "training.json").write_text("{")
    with pytest.raises(DataError, match="is not JSON"):
        load_predictor(tmp_path)


@pytest.mark.parametrize("name", ["none.keras", "none.tflite"])
def test_a_model_that_is_not_there_is_said_to_be_missing(tmp_path, name):
    with pytest.raises(ModelError, match="there is none"):
        load_predictor(tmp_path / name)


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "model.pt").write_bytes(b"x")
    with pytest.raises(DataError, match=r"is none of \.keras, \.h5, .*export it as ONNX where it was trained"):
        load_predictor(tmp_path / "model.pt")


def test_somebody_else_s_model_that_nothing_describes_is_refused_with_how_to_describe_it(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"x")
    with pytest.raises(DataError, match=r"nothing says what the labels .*affectd-convert describe"):
        load_predictor(tmp_path / "model.onnx")


def test_a_keras_model_alone_may_be_ours_or_somebody_else_s(tmp_path):
    (tmp_path / "model.keras").write_bytes(b"x")
    with pytest.raises(DataError, match=r"put the training.json of its training beside it; .*affectd-convert describe"):
        load_predictor(tmp_path / "model.keras")


def test_a_bare_flatbuffer_answers_by_its_description_as_its_model_file_does(tmp_path, bundled):
    flatbuffer = container.read(BUNDLED).flatbuffer
    (tmp_path / "theirs.tflite").write_bytes(flatbuffer)
    described = {"labels": list(bundled.labels), "input": {"height": 48, "width": 48, "range": [0, 1]}}
    (tmp_path / "theirs.yaml").write_text(json.dumps(described), encoding="utf-8")
    faces = np.random.default_rng(1).integers(0, 256, (4, 48, 48, 1)).astype(np.uint8)
    theirs = load_predictor(tmp_path / "theirs.tflite")
    assert (theirs.name, theirs.record) == ("theirs", None)
    assert theirs.probabilities(faces) == pytest.approx(bundled.probabilities(faces), abs=1e-6)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"labels": ["a", "b"]}, "gives 7 scores, and 2 labels are described"),
        ({"input": {"height": 64, "width": 64, "range": [0, 1]}}, r"reads \(48, 48, 1\), and its description says"),
        ({"input": {"height": 48, "width": 48, "range": [1, 0]}}, "a range goes from low to high"),
        ({"colour": "grey"}, "colour: Extra inputs"),
    ],
)
def test_a_description_that_does_not_fit_is_refused_by_what_is_wrong(tmp_path, bundled, changed, message):
    (tmp_path / "theirs.tflite").write_bytes(container.read(BUNDLED).flatbuffer)
    described = {"labels": list(bundled.labels), "input": {"height": 48, "width": 48, "range": [0, 1]}}
    (tmp_path / "theirs.yaml").write_text(json.dumps(described | changed), encoding="utf-8")
    with pytest.raises(DataError, match=message):
        load_predictor(tmp_path / "theirs.tflite")


def test_without_keras_a_keras_model_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "keras", None)
    with pytest.raises(UnavailableError, match="needs Keras"):
        load_predictor(_folder(tmp_path))


def test_a_network_that_does_not_fit_its_record_is_refused(tmp_path, monkeypatch):
    class Network:
        input_shape = (None, 8, 10, 3)
        output_shape = (None, 2)

    monkeypatch.setattr(module, "open_keras", lambda _: Network())
    with pytest.raises(ModelError, match=r"\(None, 8, 10, 3\)"):
        load_predictor(_folder(tmp_path))


def test_a_keras_model_is_given_real_values_of_its_range(tmp_path):
    keras = pytest.importorskip("keras", reason="training needs Keras: pip install 'affectd[train]'")
    pixels = keras.Input((8, 10, 1))
    mean = keras.layers.GlobalAveragePooling2D()(pixels)
    layer = keras.layers.Dense(2, activation="softmax")
    network = keras.Model(pixels, layer(mean))
    layer.set_weights([np.array([[1.0, -1.0]]), np.zeros(2)])
    network.save(_folder(tmp_path) / "model.keras")
    asked = load_predictor(tmp_path)
    faces = np.stack([np.full((8, 10, 1), level, np.uint8) for level in (0, 255)])
    # Black is -1 to this model and white is 1: a softmax of (-1, 1) and of (1, -1).
    sure = 1 / (1 + np.exp(-2.0))
    assert asked.probabilities(faces)[:, 0] == pytest.approx([1 - sure, sure], abs=1e-6)
    assert (asked.kind, asked.labels, asked.name) == ("keras", ("happy", "sad"), "small")


def test_a_damaged_keras_model_is_refused(tmp_path):
    pytest.importorskip("keras", reason="training needs Keras: pip install 'affectd[train]'")
    with pytest.raises(DataError, match="is not a Keras file"):
        load_predictor(_folder(tmp_path))


def test_the_bundled_model_answers_in_its_card_s_labels(bundled):
    faces = np.random.default_rng(2).integers(0, 256, (4, 48, 48, 1)).astype(np.uint8)
    shares = bundled.probabilities(faces)
    assert shares.shape == (4, len(bundled.labels)) == (4, 7)
    assert shares.sum(axis=1) == pytest.approx(np.ones(4), abs=1e-6)
    assert bundled.describe()["sha256"] == bundled.sha256
    assert json.dumps(bundled.describe())


def test_a_model_file_that_was_cut_off_is_refused(tmp_path):
    copy = tmp_path / "emotion.tflite"
    shutil.copyfile(BUNDLED, copy)
    copy.write_bytes(copy.read_bytes()[:-100])
    with pytest.raises(ModelError, match="digest"):
        load_predictor(copy)


def test_a_model_file_tells_where_it_comes_from_as_a_training_does():
    record = model_record(BUNDLED)
    assert record["data"]["validation"]["split"] == "PublicTest"
    assert {one["metric"] for one in record["measured"]} >= {"label_accuracy", "majority_agreement"}


@pytest.mark.skipif(not FER2013.is_dir(), reason="../shared/data/fer2013 is not there")
def test_on_real_faces_the_bundled_model_agrees_with_most_people(bundled):
    import importlib.util

    spec = importlib.util.spec_from_file_location("fer2013_data", FER2013 / "fer2013.py")
    assert spec
    data = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(data)
    images, _, usage, votes = data.load()
    chosen = np.flatnonzero(usage == "PublicTest")[:300]
    # FER+'s columns in the order of the model's labels.
    cast = votes[chosen][:, [4, 5, 6, 1, 3, 2, 0]].astype(np.float32)
    clear = cast.max(axis=1) * 2 > cast.sum(axis=1)
    answers = bundled.probabilities(images[chosen][..., None]).argmax(axis=1)
    assert (answers == cast.argmax(axis=1))[clear].mean() > 0.8
