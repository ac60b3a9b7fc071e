import numpy as np
import pytest

from converters.calibrate import RepresentativeSet, representative_set
from converters.framework import load_keras
from converters.tflite import EDGE_TPU_OPERATORS, count_operators, to_int8
from device.contract import container
from device.errors import DataError


@pytest.fixture(scope="module")
def flatbuffer(model_file):
    return container.read(model_file).flatbuffer


@pytest.fixture(scope="module")
def graph(flatbuffer):
    """The first and only subgraph, as TFLite's schema names its parts."""
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(flatbuffer, 0))
    names = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}
    assert len(model.subgraphs) == 1
    for operator in model.subgraphs[0].operators:
        operator.name = names[model.operatorCodes[operator.opcodeIndex].builtinCode]
    model.subgraphs[0].types = schema.TensorType
    return model.subgraphs[0]


def test_batch_normalisation_and_activations_are_folded_into_convolutions(flatbuffer):
    assert count_operators(flatbuffer) == {
        "QUANTIZE": 2,
        "CONV_2D": 4,
        "ADD": 1,
        "MEAN": 1,
        "FULLY_CONNECTED": 1,
        "SOFTMAX": 1,
    }


def test_a_residual_network_has_only_operators_that_an_edge_tpu_runs(flatbuffer):
    assert set(count_operators(flatbuffer)) <= EDGE_TPU_OPERATORS


def test_no_tensor_is_float_and_every_shape_is_static(graph):
    integers = {graph.types.UINT8, graph.types.INT8, graph.types.INT32}
    for tensor in graph.tensors:
        assert tensor.type in integers, tensor.name
        assert tensor.shapeSignature is None or -1 not in tensor.shapeSignature, tensor.name
        assert 0 not in tensor.shape, tensor.name
    assert graph.tensors[graph.inputs[0]].shape.tolist() == [1, 24, 32, 1]


def test_the_ends_are_bytes_in_255ths_and_256ths(graph):
    for index, scale in ((graph.inputs[0], 1 / 255), (graph.outputs[0], 1 / 256)):
        tensor = graph.tensors[index]
        assert tensor.type == graph.types.UINT8
        assert tensor.quantization.scale == pytest.approx([scale], rel=1e-6)
        assert tensor.quantization.zeroPoint.tolist() == [0]


def test_convolutions_have_a_scale_per_channel_and_dense_layers_one(graph):
    for operator in graph.operators:
        if operator.name in {"CONV_2D", "FULLY_CONNECTED"}:
            weights = graph.tensors[operator.inputs[1]]
            channels = weights.shape[0] if operator.name == "CONV_2D" else 1
            assert len(weights.quantization.scale) == channels


def test_faces_that_do_not_reach_the_full_range_are_noticed(trained):
    dim = RepresentativeSet(np.clip(trained.calibration.faces[:8], 60, 180), seed=0)
    with pytest.raises(DataError, match="came out with scale and zero point"):
        to_int8(trained.network, trained.spec, dim)


def test_a_network_that_does_not_end_in_a_softmax_is_refused(trained):
    network = load_keras().Model(trained.network.inputs, trained.network.layers[-2].output)
    with pytest.raises(DataError, match="end in a softmax"):
        to_int8(network, trained.spec, representative_set(trained.calibration, seed=0))
