import numpy as np
import pytest

from converters.calibrate import RepresentativeSet, representative_set
from converters.edgetpu.limits import map_operators
from converters.framework import load_keras
from converters.graph import count_operators, read_graph
from converters.tflite import Target, convert, match_tensors
from device.classify.interpreter import open_interpreter
from device.contract import container
from device.errors import DataError, RecordError
from tests.converters import tiny

INT8 = Target()


@pytest.fixture(scope="module")
def calibration(trained):
    return representative_set(trained.calibration, seed=0, count=40)


@pytest.fixture(scope="module")
def graph(model_file):
    return read_graph(container.read(model_file).flatbuffer)


def test_batch_normalisation_and_activations_are_folded_into_convolutions(graph):
    assert count_operators(graph) == {
        "QUANTIZE": 2,
        "CONV_2D": 4,
        "ADD": 1,
        "MEAN": 1,
        "FULLY_CONNECTED": 1,
        "SOFTMAX": 1,
    }


def test_a_residual_network_has_only_operators_that_an_edge_tpu_runs(graph):
    assert all(one.mapped for one in map_operators(graph))


def test_no_tensor_is_float_and_every_shape_is_static(graph):
    for tensor in graph.tensors:
        assert tensor.dtype in {"UINT8", "INT8", "INT32"}, tensor.name
        assert tensor.static, tensor.name
        assert 0 not in tensor.shape, tensor.name
    assert graph.tensors[graph.inputs[0]].shape == (1, 24, 32, 1)


def test_the_ends_are_bytes_in_255ths_and_256ths(graph):
    for index, scale in ((graph.inputs[0], 1 / 255), (graph.outputs[0], 1 / 256)):
        tensor = graph.tensors[index]
        assert tensor.dtype == "UINT8"
        assert tensor.scales == pytest.approx([scale], rel=1e-6)
        assert tensor.zero_points == (0,)


def test_convolutions_have_a_scale_per_channel_and_dense_layers_one(graph):
    for operator in graph.operators:
        if operator.name in {"CONV_2D", "FULLY_CONNECTED"}:
            weights = graph.input(operator, 1)
            channels = weights.shape[0] if operator.name == "CONV_2D" else 1
            assert len(weights.scales) == channels


def test_int8_ends_say_the_same_as_uint8_ends(trained, calibration):
    faces, _ = tiny.pictures(12, seed=6)
    made = {
        ends: convert(trained.network, trained.spec, Target("int8", ends), calibration) for ends in ("uint8", "int8")
    }
    graph = read_graph(made["int8"])
    assert [graph.tensors[end].dtype for end in (*graph.inputs, *graph.outputs)] == ["INT8", "INT8"]
    assert [graph.tensors[end].zero_points for end in (*graph.inputs, *graph.outputs)] == [(-128,), (-128,)]
    uint8, int8 = (open_interpreter(flatbuffer, trained.spec).run(faces) for flatbuffer in made.values())
    assert np.array_equal(uint8, int8)


@pytest.mark.parametrize(("target", "largest"), [("float32", 1e-5), ("float16", 5e-3)])
def test_float_networks_say_what_keras_says(trained, calibration, target, largest):
    faces, _ = tiny.pictures(12, seed=6)
    flatbuffer = convert(trained.network, trained.spec, Target(target, "float32"), calibration)
    expected = trained.network.predict(faces.astype(np.float32) / 255, verbose=0)
    assert np.abs(open_interpreter(flatbuffer, trained.spec).run(faces) - expected).max() < largest


def test_a_layer_that_is_kept_in_float_is_left_out_of_the_quantisation(trained, calibration, graph):
    last = next(operator for operator in graph.operators if operator.name == "FULLY_CONNECTED")
    kept = match_tensors(graph, [graph.output(last).name])
    made = read_graph(convert(trained.network, trained.spec, Target("int8", "uint8", kept), calibration))
    types = {operator.name: made.output(operator).dtype for operator in made.operators}
    assert types["FULLY_CONNECTED"] == "FLOAT32"
    assert types["CONV_2D"] == "INT8"
    assert made.tensors[made.outputs[0]].dtype == "UINT8"


def test_a_layer_to_keep_that_is_not_there_is_named(graph):
    with pytest.raises(DataError, match=r"no tensor .* has 'gru' in its name"):
        match_tensors(graph, ["Mean", "gru"])


@pytest.mark.parametrize(
    "wrong", [("int8", "float32"), ("float16", "uint8"), ("float32", "int8"), ("float32", "float32", ("a",))], ids=str
)
def test_formats_and_ends_that_do_not_fit_are_refused(wrong):
    with pytest.raises(RecordError):
        Target(*wrong)


def test_faces_that_do_not_reach_the_full_range_are_noticed(trained):
    dim = RepresentativeSet(np.clip(trained.calibration.faces[:8], 60, 180), seed=0)
    with pytest.raises(DataError, match="came out with scale and zero point"):
        convert(trained.network, trained.spec, INT8, dim)


def test_a_network_that_does_not_end_in_a_softmax_is_refused(trained, calibration):
    network = load_keras().Model(trained.network.inputs, trained.network.layers[-2].output)
    with pytest.raises(DataError, match="end in a softmax"):
        convert(network, trained.spec, INT8, calibration)
