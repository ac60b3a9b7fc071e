import json

import numpy as np
import pytest

from device.contract.preprocess import InputSpec
from device.errors import DataError, ModelError
from trainer.start import take_weights
from trainer.trained import TrainedNetwork, find_trained

keras = pytest.importorskip("keras", reason="networks need Keras: pip install 'affectd[train]'")

from trainer.networks.edge import edge  # noqa: E402 (wants Keras)
from trainer.recipe.networks import EdgeNetwork  # noqa: E402

LABELS = ("happy", "sad")


def _network(labels=2, units=4, depth=1):
    inputs = keras.Input((3,))
    x = inputs
    for _ in range(depth):
        x = keras.layers.Dense(units, activation="relu")(x)
    return keras.Model(inputs, keras.layers.Softmax()(keras.layers.Dense(labels, name="logits")(x)))


@pytest.fixture
def source(tmp_path):
    network = _network()
    network.save(tmp_path / "model.keras")
    record = {
        "schema": 1,
        "name": "first",
        "labels": list(LABELS),
        "input": {"height": 48, "width": 48, "real_range": [0.0, 1.0], "crop_margin": 0.1},
    }
    (tmp_path / "training.json").write_text(json.dumps(record), encoding="utf-8")
    return network


@pytest.mark.usefixtures("source")
def test_a_start_is_found_by_its_file_or_its_folder_and_says_what_it_is(tmp_path):
    by_folder, by_file = find_trained(tmp_path), find_trained(tmp_path / "model.keras")
    assert by_folder == by_file
    assert (by_file.name, by_file.labels, len(by_file.sha256)) == ("first", LABELS, 64)


def test_all_weights_are_taken_where_the_labels_are_the_same(source, tmp_path):
    network = _network()
    take_weights(network, find_trained(tmp_path), LABELS)
    for one, other in zip(network.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("labels", [("sad", "happy"), ("happy", "sad", "fear")])
def test_with_other_labels_the_last_layer_is_left_to_chance(source, tmp_path, labels):
    network = _network(len(labels))
    before = network.get_layer("logits").get_weights()
    take_weights(network, find_trained(tmp_path), labels)
    np.testing.assert_array_equal(network.layers[1].get_weights()[0], source.layers[1].get_weights()[0])
    np.testing.assert_array_equal(network.get_layer("logits").get_weights()[0], before[0])


@pytest.mark.usefixtures("source")
@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"units": 5}, r"has weights \[\(3, 5\), \(5,\)\], and .* has \[\(3, 4\), \(4,\)\] there"),
        ({"depth": 2}, r"has weights \[\(4, 4\), \(4,\)\], and .* has none there"),
    ],
)
def test_another_network_is_refused(tmp_path, other, message):
    with pytest.raises(DataError, match=message):
        take_weights(_network(**other), find_trained(tmp_path), LABELS)


@pytest.mark.usefixtures("source")
def test_a_file_that_is_no_start_is_refused(tmp_path):
    (tmp_path / "model.tflite").write_bytes(b"x")
    with pytest.raises(DataError, match="weights rounded for the device"):
        find_trained(tmp_path / "model.tflite")
    with pytest.raises(ModelError, match="there is none"):
        find_trained(tmp_path / "none.keras")
    (tmp_path / "model.keras").write_bytes(b"x")
    with pytest.raises(DataError, match="is not a Keras file"):
        take_weights(_network(), TrainedNetwork(tmp_path / "model.keras", "first", LABELS, InputSpec(), "ab"), LABELS)


def _residual(stages, labels=2):
    settings = EdgeNetwork(name="edge", stem_filters=16, stem_stride=1, stages=stages)
    return edge(settings, 16, 16, labels)


@pytest.fixture
def shallow(tmp_path, source):  # noqa: ARG001 (writes the record that this model goes by)
    network = _residual([(16, 1, 2), (32, 2, 2)])
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):  # as after a training
            layer.set_weights([1 + 0.2 * np.sin(np.arange(len(weights))) for weights in layer.get_weights()])
    network.save(tmp_path / "model.keras")
    return network


@pytest.mark.parametrize("stages", [[(16, 2, 2), (32, 2, 2)], [(16, 1, 2), (32, 4, 2)], [(16, 3, 2), (32, 3, 2)]])
def test_a_deeper_network_answers_at_first_as_the_one_it_starts_from(shallow, tmp_path, stages):
    faces = np.random.default_rng(1).random((4, 16, 16, 1)).astype(np.float32)
    network = _residual(stages)
    take_weights(network, find_trained(tmp_path), LABELS)
    wanted = np.asarray(shallow(faces))
    assert np.ptp(wanted, axis=0).max() > 1e-4
    np.testing.assert_allclose(np.asarray(network(faces)), wanted, atol=1e-5)


@pytest.mark.usefixtures("shallow")
@pytest.mark.parametrize(
    "stages", [[(16, 1, 2), (32, 1, 2)], [(16, 1, 2), (24, 2, 2)], [(16, 1, 2), (32, 2, 2), (64, 1, 2)]]
)
def test_a_network_that_is_not_just_deeper_is_refused(tmp_path, stages):
    with pytest.raises(DataError, match="a layer of the recipe's network has weights"):
        take_weights(_residual(stages), find_trained(tmp_path), LABELS)


def test_a_start_without_statistics_tells_which_normalisations_lack_them(shallow, tmp_path):
    network = _residual([(16, 2, 2), (32, 2, 2)])
    assert take_weights(network, find_trained(tmp_path), LABELS) == []
    for layer in shallow.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            gamma, beta, mean, _ = layer.get_weights()
            layer.set_weights([gamma, beta, 0 * mean, 0 * mean + 1])
    shallow.save(tmp_path / "model.keras")
    unmeasured = take_weights(network, find_trained(tmp_path), LABELS)
    assert len(unmeasured) == 1 + 2 * 3 + 2  # the stem, three blocks, two projections; not the block that is new
