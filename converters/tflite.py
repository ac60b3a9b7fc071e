"""From a Keras model to a flatbuffer: in full int8, of the kind that CPUs and Edge TPUs both run, or in floats."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from converters.calibrate import RepresentativeSet
from converters.framework import load_keras, load_tensorflow
from converters.graph import Graph, read_graph
from device.classify.interpreter.native_stderr import captured_stderr
from device.contract.preprocess import InputSpec
from device.errors import AffectdError, DataError, RecordError, StorageError, UnavailableError

Format = Literal["int8", "float16", "float32"]
Ends = Literal["uint8", "int8", "float32"]

OUTPUT_SCALE = 1 / 256
"""TFLite fixes a softmax's scale, and its zero point at the lowest byte."""

_METHODS = {
    "int8": "post-training, full int8, {ends} ends, per-channel convolutions",
    "float16": "weights in float16, computed in float32",
    "float32": "not quantised",
}
_PER_TENSOR_DENSE = "_experimental_disable_per_channel_quantization_for_dense_layers"


@dataclass(frozen=True, slots=True)
class Target:
    """What to make.

    Attributes:
        format: the type of the weights; int8 has activations of it too.
        ends: the type of input and output, which is float32 where ``format`` is no int8.
        keep_float: tensors that are left in float32, by TFLite's name.
    """

    format: Format = "int8"
    ends: Ends = "uint8"
    keep_float: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.format == "int8") == (self.ends == "float32"):
            raise RecordError(f"a network in {self.format} cannot have {self.ends} ends")
        if self.keep_float and self.format != "int8":
            raise RecordError(f"a network in {self.format} has no int8 of which something could be kept out")

    @property
    def method(self) -> str:
        """In words, for the card."""
        kept = f", {len(self.keep_float)} tensors kept in float32" if self.keep_float else ""
        return _METHODS[self.format].format(ends=self.ends) + kept


def convert(network: Any, spec: InputSpec, target: Target, calibration: RepresentativeSet) -> bytes:
    """Convert a Keras model, a batch of one; ``calibration`` counts where ``target`` is int8.

    The model is exported with a batch of one first, for an Edge TPU wants every shape to be static, and one of -1 from
    ``from_keras_model`` stays in the flatbuffer. Dense layers are quantised per tensor: compilers for accelerators do
    not know the per-channel operator.

    Raises:
        DataError: TensorFlow cannot convert it, or the result reads or answers in another way than is wanted.
    """
    tensorflow = load_tensorflow()
    with _exported(network, spec) as folder:

        def configured(wanted: Target) -> Any:
            return _configured(tensorflow, folder, spec, wanted, calibration)

        if target.keep_float:
            flatbuffer = _convert_selectively(tensorflow, configured, target, spec, calibration)
        else:
            flatbuffer = bytes(configured(target).convert())
    _check_ends(read_graph(flatbuffer), spec, target)
    return flatbuffer


def match_tensors(graph: Graph, parts: list[str]) -> tuple[str, ...]:
    """The operators' outputs whose names contain one of ``parts``. Raises DataError when one matches nothing."""
    outputs = [graph.output(operator).name for operator in graph.operators]
    for part in parts:
        if not any(part in name for name in outputs):
            raise DataError(
                f"no tensor of the int8 network has {part!r} in its name; there are {', '.join(outputs[:5])}, …",
                "affectd-convert verify MODEL.keras MODEL.tflite --debug names them",
            )
    return tuple(name for name in outputs if any(part in name for part in parts))


@contextmanager
def _exported(network: Any, spec: InputSpec) -> Iterator[str]:
    """The network as a SavedModel in a folder; what goes wrong inside the block is reported as the network's fault."""
    keras = load_keras()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="affectd-") as folder,
            warnings.catch_warnings(action="ignore"),
            captured_stderr(),
        ):
            signature = [keras.InputSpec(shape=(1, spec.height, spec.width, 1), dtype="float32", name="face")]
            network.export(folder, format="tf_saved_model", verbose=False, input_signature=signature)
            yield folder
    except (AffectdError, OSError):
        raise
    except Exception as error:  # TensorFlow's converter raises whatever its layers raise
        if "No space left" in str(error):
            raise StorageError(
                f"the folder for temporary files, {tempfile.gettempdir()}, is full",
                "make room, or set TMPDIR to another",
            ) from error
        first = " ".join(str(error).split())[:200]
        raise DataError(f"TensorFlow cannot convert the network ({first})", "use simpler layers") from error


def _configured(tensorflow: Any, folder: str, spec: InputSpec, target: Target, calibration: RepresentativeSet) -> Any:
    converter = tensorflow.lite.TFLiteConverter.from_saved_model(folder)
    if target.format == "float32":
        return converter
    converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
    if target.format == "float16":
        converter.target_spec.supported_types = [tensorflow.float16]
        return converter
    converter.representative_dataset = lambda: calibration.batches(spec)
    converter.target_spec.supported_ops = [tensorflow.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = getattr(tensorflow, target.ends)
    converter.inference_output_type = getattr(tensorflow, target.ends)
    if not hasattr(converter, _PER_TENSOR_DENSE):
        raise UnavailableError(
            f"TensorFlow {tensorflow.__version__} cannot quantise Dense per tensor", "install 2.19 or later"
        )
    setattr(converter, _PER_TENSOR_DENSE, True)
    return converter


def _convert_selectively(
    tensorflow: Any, configured: Any, target: Target, spec: InputSpec, calibration: RepresentativeSet
) -> bytes:
    """With TensorFlow's quantisation debugger, which can leave tensors out by name, and leaves the ends in floats."""
    from tensorflow.lite.python.util import modify_model_io_type

    lite = tensorflow.lite.experimental
    debugger = lite.QuantizationDebugger(
        converter=configured(target),
        debug_dataset=lambda: calibration.batches(spec),
        debug_options=lite.QuantizationDebugOptions(denylisted_nodes=list(target.keep_float)),
    )
    ends = getattr(tensorflow, target.ends)
    return bytes(modify_model_io_type(debugger.get_nondebug_quantized_model(), ends, ends))


def _check_ends(graph: Graph, spec: InputSpec, target: Target) -> None:
    """Make sure of what the device relies on: bytes that stand for the pixels in, a softmax's out."""
    low, high = spec.real_range
    scale = (high - low) / 255.0
    lowest = -128 if target.ends == "int8" else 0
    for index, step, zero_point in (
        (graph.inputs[0], scale, -low / scale + lowest),
        (graph.outputs[0], OUTPUT_SCALE, lowest),
    ):
        tensor = graph.tensors[index]
        if tensor.dtype != target.ends.upper():
            raise DataError(f"tensor {tensor.name} came out as {tensor.dtype.lower()}, not {target.ends}")
        if target.ends == "float32":
            continue
        found = (tensor.scales[0], tensor.zero_points[0])
        # From -1 to 1, zero lies half way between two pixels, and either will do.
        if abs(found[0] / step - 1) > 1e-4 or abs(found[1] - zero_point) > 0.51:
            raise DataError(
                f"tensor {tensor.name} came out with scale and zero point {found}, not {step, zero_point}",
                "the network must read all of its range and end in a softmax",
            )
