"""From a Keras model to a flatbuffer in full int8, of the kind that CPUs and Edge TPUs both run."""

import tempfile
import warnings
from collections import Counter
from typing import Any

from converters.calibrate import RepresentativeSet
from converters.framework import load_keras, load_tensorflow
from device.contract.preprocess import InputSpec
from device.errors import AffectdError, DataError, UnavailableError
from device.interpreter.native_stderr import captured_stderr

METHOD = "post-training, full int8, uint8 ends, per-channel convolutions"

OUTPUT_QUANTIZATION = (1 / 256, 0)
"""TFLite fixes a softmax's scale and zero point."""

EDGE_TPU_OPERATORS = frozenset(
    {
        "ADD",
        "AVERAGE_POOL_2D",
        "CONCATENATION",
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "FULLY_CONNECTED",
        "LOGISTIC",
        "MAXIMUM",
        "MAX_POOL_2D",
        "MEAN",
        "MINIMUM",
        "MUL",
        "PAD",
        "QUANTIZE",
        "RELU",
        "RELU6",
        "RELU_N1_TO_1",
        "RESHAPE",
        "SOFTMAX",
        "SUB",
        "SUM",
        "TANH",
    }
)
"""Of Coral's list (https://coral.ai/docs/edgetpu/models-intro/#supported-operations) what a classifier may need."""


def to_int8(network: Any, spec: InputSpec, calibration: RepresentativeSet) -> bytes:
    """Quantise a Keras model: uint8 in and out, a batch of one, weights and activations int8.

    The model is exported with a batch of one first, for an Edge TPU wants every shape to be static, and one of -1 from
    ``from_keras_model`` stays in the flatbuffer. Dense layers are quantised per tensor: compilers for accelerators do
    not know the per-channel operator.

    Raises:
        DataError: TensorFlow cannot convert it, or the result reads or answers in another way than is wanted.
    """
    keras, tensorflow = load_keras(), load_tensorflow()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="affectd-") as folder,
            warnings.catch_warnings(action="ignore"),
            captured_stderr(),
        ):
            signature = [keras.InputSpec(shape=(1, spec.height, spec.width, 1), dtype="float32", name="face")]
            network.export(folder, format="tf_saved_model", verbose=False, input_signature=signature)
            flatbuffer: bytes = _configured(tensorflow, folder, spec, calibration).convert()
    except (AffectdError, OSError):
        raise
    except Exception as error:  # TensorFlow's converter raises whatever its layers raise
        first = " ".join(str(error).split())[:200]
        raise DataError(f"TensorFlow cannot convert the network to int8 ({first})", "use simpler layers") from error
    _check_ends(flatbuffer, spec)
    return flatbuffer


def _configured(tensorflow: Any, folder: str, spec: InputSpec, calibration: RepresentativeSet) -> Any:
    converter = tensorflow.lite.TFLiteConverter.from_saved_model(folder)
    converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: calibration.batches(spec)
    converter.target_spec.supported_ops = [tensorflow.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tensorflow.uint8
    converter.inference_output_type = tensorflow.uint8
    option = "_experimental_disable_per_channel_quantization_for_dense_layers"
    if not hasattr(converter, option):
        raise UnavailableError(
            f"TensorFlow {tensorflow.__version__} cannot quantise Dense per tensor", "install 2.19 or later"
        )
    setattr(converter, option, True)
    return converter


def count_operators(flatbuffer: bytes) -> dict[str, int]:
    """How often each of TFLite's operators stands in the network, by name, in the order of the first use."""
    schema = _schema()
    names = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(flatbuffer, 0))
    # Codes above 127 stand in the newer of two fields, the others in both or in the older one alone.
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
    return dict(
        Counter(names[codes[operator.opcodeIndex]] for graph in model.subgraphs for operator in graph.operators)
    )


def _check_ends(flatbuffer: bytes, spec: InputSpec) -> None:
    """Make sure of what the device relies on: bytes that need no arithmetic in, a softmax's out."""
    schema = _schema()
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(flatbuffer, 0))
    graph = model.subgraphs[0]
    low, high = spec.real_range
    scale = (high - low) / 255.0
    wanted = [(graph.inputs[0], scale, round(-low / scale)), (graph.outputs[0], *OUTPUT_QUANTIZATION)]
    for index, scale, zero_point in wanted:
        tensor = graph.tensors[index]
        found = (float(tensor.quantization.scale[0]), int(tensor.quantization.zeroPoint[0]))
        if tensor.type != schema.TensorType.UINT8 or abs(found[0] / scale - 1) > 1e-4 or found[1] != zero_point:
            raise DataError(
                f"tensor {tensor.name.decode()} came out with scale and zero point {found}, not {scale, zero_point}",
                "the network must read all of its range and end in a softmax",
            )


def _schema() -> Any:
    load_tensorflow()
    from tensorflow.lite.python import schema_py_generated

    return schema_py_generated
