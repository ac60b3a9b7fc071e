from types import SimpleNamespace

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="networks need Keras: pip install 'affectd[train]'")

from trainer.normalisation import _can_be_fused, measure, with_fused_normalisation  # noqa: E402

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="is for Keras on TensorFlow")


def _network(**settings):
    faces = keras.Input((8, 8, 1))
    x = keras.layers.Conv2D(4, 3, use_bias=False)(faces)
    x = keras.layers.BatchNormalization(**settings)(x)
    x = keras.layers.ReLU()(x)
    x = keras.layers.Dense(6)(keras.layers.GlobalAveragePooling2D()(x))
    x = keras.layers.BatchNormalization()(x)
    return keras.Model(faces, keras.layers.Dense(3, activation="softmax")(x))


def _fused(network):
    return [layer for layer in network.layers if "trainer" in type(layer).__module__]


def _train(network, steps=5):
    random = np.random.default_rng(1)
    network.compile(keras.optimizers.SGD(0.1), "categorical_crossentropy")
    for _ in range(steps):
        faces = random.normal(3, 2, (16, 8, 8, 1)).astype(np.float32)
        network.train_on_batch(faces, np.eye(3, dtype=np.float32)[np.arange(16) % 3])
    return network.get_weights()


@pytest.mark.parametrize("settings", [{}, {"scale": False}, {"center": False}, {"momentum": 0.5, "epsilon": 0.01}])
def test_a_training_ends_with_the_weights_and_averages_of_keras_s_own(settings):
    network = _network(**settings)
    quick = with_fused_normalisation(network)
    assert len(_fused(quick)) == 1  # what follows a dense layer is Keras's
    before = network.get_weights()
    expected, found = _train(network), _train(quick)
    assert any(np.abs(now - then).max() > 0.01 for now, then in zip(expected, before, strict=True))
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_allclose(other, one, atol=2e-5)


def test_weights_are_those_of_the_network_and_can_be_given_back():
    network = _network()
    quick = with_fused_normalisation(network)
    faces = np.random.default_rng(1).normal(size=(4, 8, 8, 1)).astype(np.float32)
    np.testing.assert_allclose(quick.predict(faces, verbose=0), network.predict(faces, verbose=0), atol=1e-6)
    _train(quick)
    network.set_weights(quick.get_weights())
    np.testing.assert_allclose(quick.predict(faces, verbose=0), network.predict(faces, verbose=0), atol=1e-6)


def test_a_state_written_by_either_is_read_by_the_other(tmp_path):
    network = _network()
    quick = with_fused_normalisation(network)
    expected = _train(quick)
    quick.save_weights(tmp_path / "state.weights.h5")
    network.compile(keras.optimizers.SGD(0.1), "categorical_crossentropy")
    network.load_weights(tmp_path / "state.weights.h5")
    for one, other in zip(expected, network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_frozen_layer_s_averages_stay_as_they_are():
    network = _network()
    network.layers[2].trainable = False
    quick = with_fused_normalisation(network)
    (frozen,) = _fused(quick)
    before = frozen.get_weights()
    _train(quick)
    for one, other in zip(before, frozen.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_network_without_any_is_left_as_it_is():
    faces = keras.Input((4,))
    network = keras.Model(faces, keras.layers.Dense(2, activation="softmax")(faces))
    assert with_fused_normalisation(network) is network


def test_a_keras_that_knows_no_renormalisation_is_fused_as_well():
    layer = SimpleNamespace(axis=-1, input=SimpleNamespace(ndim=4), epsilon=0.01)  # as before Keras 3.14
    assert _can_be_fused(layer)


def test_statistics_that_are_measured_change_no_answer_and_let_a_training_begin_there():
    network = _network()
    normalisation = network.layers[2]
    random = np.random.default_rng(1)
    normalisation.set_weights([random.uniform(0.5, 2, 4), random.normal(size=4), np.zeros(4), np.ones(4)])
    faces = random.normal(3, 2, (192, 8, 8, 1)).astype(np.float32)
    wanted = network.predict(faces, verbose=0)
    until_there = keras.Model(network.input, normalisation.output)
    clear = np.asarray(until_there(faces))
    assert np.abs(np.asarray(until_there(faces, training=True)) - clear).max() > 0.5
    normalisation.set_weights([*normalisation.get_weights()[:2], np.zeros(4), np.ones(4)])  # training moved them
    measure(network, [normalisation], faces)
    np.testing.assert_allclose(network.predict(faces, verbose=0), wanted, atol=1e-5)
    np.testing.assert_allclose(np.asarray(until_there(faces, training=True)), clear, atol=1e-3)
    np.testing.assert_allclose(
        normalisation.moving_mean, _seen(network, normalisation, faces).mean((0, 1, 2)), atol=1e-2
    )


def _seen(network, layer, faces):
    return np.asarray(keras.Model(network.input, layer.input)(faces))
