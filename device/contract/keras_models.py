"""Keras models, read and counted in one way by all who make and use them; Keras itself is the caller's to bring."""

import math
import zipfile
from pathlib import Path
from typing import Any

from device.errors import DataError

_FREE = frozenset({"BatchNormalization", "LayerNormalization", "Normalization", "PReLU"})
_KERNELS = ("kernel", "depthwise_kernel", "pointwise_kernel")
_COUNTED = frozenset({"Conv2D", "Dense", "DepthwiseConv2D", "SeparableConv2D"})
_HDF5_SUFFIXES = (".h5", ".hdf5")
_HDF5_START = b"\x89HDF\r\n\x1a\n"
KERAS_SUFFIXES = (".keras", *_HDF5_SUFFIXES)
_WEIGHTS_ALONE = (
    "build its network in Keras, load_weights, and save it whole: model.save('model.keras'); to measure it alone, "
    "affectd-train evaluate takes it with `network: cnn4`, or another recipe's network, in its YAML"
)
_OWN_LAYERS = "save the network in float32 with Keras's own layers only (model.save('model.keras'))"


def read_keras_model(keras: Any, path: Path) -> Any:
    """The Keras model at ``path``, not compiled; ``keras`` is the module.

    Raises:
        DataError: it is no such file, or Keras cannot read it.
    """
    if not path.is_file():
        raise DataError(f"a Keras model is expected at {path}, and there is none", "name the .keras file of a training")
    if path.suffix in _HDF5_SUFFIXES:
        return _read_hdf5(keras, path)
    if not zipfile.is_zipfile(path):
        raise DataError(f"{path} is not a Keras file (.keras is an archive)", _OWN_LAYERS)
    try:
        network = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # layers raise whatever they raise
        raise DataError(f"Keras cannot read {path} ({_first_sentence(error)})", _OWN_LAYERS) from error
    if not isinstance(network, keras.Model):
        raise DataError(f"{path} holds a {type(network).__name__}, not a model", _OWN_LAYERS)
    return network


def _read_hdf5(keras: Any, path: Path) -> Any:
    """A whole model as Keras 2 saved it; a file of weights alone says nothing of its layers."""
    with path.open("rb") as file:
        if file.read(len(_HDF5_START)) != _HDF5_START:
            raise DataError(f"{path} is not an HDF5 file, or a damaged one", "fetch it again")
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        told = _first_sentence(error)
        weights = "No model config found" in told
        raise DataError(
            f"{path} holds weights alone, not a model" if weights else f"Keras cannot read {path} ({told})",
            _WEIGHTS_ALONE if weights else _OWN_LAYERS,
        ) from error


def multiply_adds(network: Any) -> int:
    """Multiply-adds of a Keras model for one face: of convolutions and dense layers, as papers count them.

    Normalisation is folded into the convolutions; sums, pooling and activations are left out. A layer counts once.

    Raises:
        DataError: a layer has weights and it is not known how often they are used.
    """
    return sum(_of_layer(layer) for layer in network.layers)


def _of_layer(layer: Any) -> int:
    kind = type(layer).__name__
    if hasattr(layer, "layers"):
        return multiply_adds(layer)
    if kind not in _COUNTED:
        if layer.weights and kind not in _FREE:
            raise DataError(
                f"the multiply-adds of layer {layer.name} ({kind}) cannot be counted",
                "build the network of Conv2D, DepthwiseConv2D, SeparableConv2D and Dense",
            )
        return 0
    kernels = [getattr(layer, name) for name in _KERNELS if getattr(layer, name, None) is not None]
    # Every weight is used once at each place of the output; grouped kernels are smaller by themselves.
    places = math.prod(int(size) for size in layer.output.shape[1:-1])
    return places * sum(math.prod(int(size) for size in kernel.shape) for kernel in kernels)


def _first_sentence(error: Exception) -> str:
    """Of a message that may go on for pages."""
    sentence = " ".join(str(error).split()).split(". ")[0]
    return sentence if len(sentence) <= 200 else f"{sentence[:200]}…"
