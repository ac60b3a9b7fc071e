import json

import numpy as np
import pytest

from device.contract.preprocess import InputSpec
from device.errors import DataError, UnavailableError
from trainer.recipe.networks import DlibResNetNetwork

keras = pytest.importorskip("keras", reason="networks need Keras: pip install 'affectd[train]'")

from trainer.networks import build_network  # noqa: E402
from trainer.networks.dlib_resnet import _BLOCKS  # noqa: E402
from trainer.networks.tfjs import read_manifest  # noqa: E402

SPEC = InputSpec(112, 112)


def _weights(name, kernel, *, scaled=True):
    """The arrays of one convolution, as published: 8 bit where ``scaled``."""
    rounded = {"dtype": "uint8", "scale": 0.001, "min": -0.1} if scaled else None
    shapes = {"conv/filters": kernel, **dict.fromkeys(("conv/bias", "scale/weights", "scale/biases"), kernel[-1:])}
    for part, shape in shapes.items():
        yield {"name": f"{name}/{part}", "shape": list(shape), "dtype": "float32", "quantization": rounded}


@pytest.fixture
def manifest(tmp_path):
    """Writes weights in dlib's names and shapes, of chance, and gives their manifest."""

    def write(missing="", cut=0):
        arrays = [*_weights("conv32_down", (7, 7, 3, 32))]
        channels = 32
        for name, filters in _BLOCKS:
            arrays += _weights(f"{name}/conv1", (3, 3, channels, filters), scaled=filters != 64)
            arrays += _weights(f"{name}/conv2", (3, 3, filters, filters))
            channels = filters
        arrays = [one for one in arrays if one["name"] != missing]
        size = sum(int(np.prod(one["shape"])) * (1 if one["quantization"] else 4) for one in arrays)
        drawn = np.random.default_rng(1).integers(0, 60, size).astype(np.uint8)
        (tmp_path / "weights.bin").write_bytes(drawn.tobytes()[: size - cut])
        path = tmp_path / "manifest.json"
        path.write_text(json.dumps([{"paths": ["weights.bin"], "weights": arrays}]), encoding="utf-8")
        return path

    return write


def _built(path):
    return build_network(DlibResNetNetwork(name="dlib-resnet", weights=str(path)), SPEC, 7)


def test_the_stem_sees_grey_as_dlib_sees_a_grey_face_in_colour(manifest):
    path = manifest()
    network, arrays = _built(path), read_manifest(path)
    grey = np.random.default_rng(2).random((1, 112, 112, 1)).astype(np.float32)
    colours = (np.repeat(grey, 3, axis=3) * 255 - np.array([122.782, 117.001, 104.298], np.float32)) / 256
    wanted = keras.ops.conv(colours, arrays["conv32_down/conv/filters"], strides=2, padding="valid")
    wanted = (wanted + arrays["conv32_down/conv/bias"]) * arrays["conv32_down/scale/weights"]
    wanted = keras.ops.relu(wanted + arrays["conv32_down/scale/biases"])
    np.testing.assert_allclose(network.get_layer("conv32_down")(grey), wanted, atol=1e-4)


def test_weights_of_eight_bits_are_scaled_and_others_taken_as_they_are(manifest):
    arrays = read_manifest(manifest())
    assert arrays["conv32_down/conv/filters"].min() >= np.float32(-0.1)
    assert arrays["conv32_down/conv/filters"].max() <= -0.1 + 59 * 0.001 + 1e-6
    assert arrays["conv64_down/conv1/conv/filters"].dtype == np.float32


def test_without_a_file_one_line_says_where_the_weights_are_to_be_had():
    with pytest.raises(UnavailableError, match=r"no file of them is named.*npm pack.*network\.weights=none"):
        build_network(DlibResNetNetwork(name="dlib-resnet"), SPEC, 7)


def test_it_can_start_from_chance():
    network = build_network(DlibResNetNetwork(name="dlib-resnet", weights="none"), SPEC, 7)
    # 5.6 million as dlib's, less two colours of the stem, with a last layer of seven.
    assert network.count_params() == 5_573_383


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ({"missing": "conv64_2/conv1/conv/bias"}, "no weights of dlib's face recognition: 'conv64_2/conv1/conv/bias'"),
        ({"cut": 5}, r"need \d+ bytes, and their files have \d+"),
    ],
)
def test_weights_that_are_not_dlib_s_are_refused(manifest, damage, message):
    with pytest.raises(DataError, match=message):
        _built(manifest(**damage))


@pytest.mark.parametrize("text", ["", "{}", '[{"paths": [], "weights": [{"name": "a"}]}]'])
def test_what_is_no_manifest_is_refused(tmp_path, text):
    path = tmp_path / "manifest.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"no weight manifest of TensorFlow\.js"):
        read_manifest(path)


def test_a_manifest_that_is_missing_is_reported(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_manifest(tmp_path / "none.json")
