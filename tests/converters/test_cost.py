import pytest

from converters.framework import load_keras
from device.contract.keras_models import multiply_adds
from device.errors import DataError
from tests.converters import tiny


@pytest.fixture(scope="module")
def keras():
    pytest.importorskip("keras", reason=tiny.NEEDS)
    pytest.importorskip("tensorflow", reason=tiny.NEEDS)
    return load_keras()


def test_a_residual_network_costs_what_its_layers_say(trained):
    stem = 12 * 16 * 9 * 1 * 8
    block = 6 * 8 * (9 * 8 * 16 + 9 * 16 * 16 + 1 * 8 * 16)
    dense = 16 * 3
    assert multiply_adds(trained.network) == stem + block + dense


def test_each_kind_of_layer_is_counted_by_its_kernel_and_its_places(keras):
    layers = keras.layers
    image = keras.Input((10, 12, 4))
    expected = {
        layers.Conv2D(6, (3, 5), strides=2): 4 * 4 * 3 * 5 * 4 * 6,
        layers.Conv2D(8, 3, groups=2, padding="same"): 10 * 12 * 9 * 2 * 8,
        layers.DepthwiseConv2D(3, depth_multiplier=2): 8 * 10 * 9 * 4 * 2,
        layers.SeparableConv2D(7, 3): 8 * 10 * (9 * 4 + 4 * 7),
        layers.Dense(5): 10 * 12 * 4 * 5,
        layers.BatchNormalization(): 0,
        layers.MaxPooling2D(): 0,
    }
    for layer, count in expected.items():
        assert multiply_adds(keras.Model(image, layer(image))) == count, layer


def test_networks_inside_a_network_are_counted(keras):
    inner_input = keras.Input((8, 8, 1))
    inner = keras.Model(inner_input, keras.layers.Conv2D(2, 3)(inner_input))
    outer_input = keras.Input((8, 8, 1))
    outer = keras.Model(outer_input, keras.layers.Conv2D(3, 1)(inner(outer_input)))
    assert multiply_adds(outer) == 36 * 9 * 2 + 36 * 2 * 3


def test_a_layer_that_cannot_be_counted_is_named(keras):
    sequence = keras.Input((5, 3))
    with pytest.raises(DataError, match=r"layer odd \(GRU\) cannot be counted"):
        multiply_adds(keras.Model(sequence, keras.layers.GRU(2, name="odd")(sequence)))
