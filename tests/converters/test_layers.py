import numpy as np
import pytest

from converters.calibrate import RepresentativeSet, representative_set
from converters.layers import compare_layers, worst
from converters.tflite import Target, convert
from device.contract import container
from device.errors import DataError
from tests.converters import nets, tiny


@pytest.fixture(scope="module")
def calibration(trained):
    return representative_set(trained.calibration, seed=0, count=20)


@pytest.fixture(scope="module")
def reference(trained, calibration):
    return convert(trained.network, trained.spec, Target("float32", "float32"), calibration)


def test_each_operator_is_compared_and_the_error_is_that_of_quantisation(reference, model_file, trained):
    faces, _ = tiny.pictures(4, seed=7)
    layers = compare_layers(reference, container.read(model_file).flatbuffer, faces, trained.spec)
    assert [one.operator for one in layers].count("CONV_2D") == 4
    assert {"ADD", "MEAN", "FULLY_CONNECTED"} <= {one.operator for one in layers}
    assert all(0 < one.error < 0.2 for one in layers)
    assert sum(one.added for one in layers) < 0.5


def test_a_network_does_not_differ_from_itself(reference, trained):
    faces, _ = tiny.pictures(2, seed=7)
    assert all(one.error == 0 for one in compare_layers(reference, reference, faces, trained.spec))


def test_the_layer_that_was_spoilt_is_the_one_that_adds_most(trained, calibration, reference):
    from converters.framework import load_keras

    spoilt = load_keras().models.clone_model(trained.network)
    spoilt.set_weights(trained.network.get_weights())
    victim = [layer for layer in spoilt.layers if type(layer).__name__ == "Conv2D"][1]
    victim.set_weights([weights * 1.5 for weights in victim.get_weights()])
    flatbuffer = convert(spoilt, trained.spec, Target("float32", "float32"), calibration)
    faces, _ = tiny.pictures(3, seed=7)
    layers = compare_layers(reference, flatbuffer, faces, trained.spec)
    (most,) = worst(layers, 1)
    assert victim.name in most.name
    first = layers[0]
    assert first.error < 1e-6


def test_networks_of_two_trainings_have_no_layer_in_common(reference):
    other, spec = nets.cnn4(0.05)
    face = np.zeros((1, 48, 48, 1), np.uint8)
    made = convert(other, spec, Target("float32", "float32"), RepresentativeSet(face, 0))
    with pytest.raises(DataError, match="no tensor in common"):
        compare_layers(reference, made, face, spec)
