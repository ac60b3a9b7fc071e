import numpy as np
import pytest

from converters.arena import peak_arena_bytes
from converters.graph import Graph, Operator, Tensor, graph_multiply_adds, read_graph
from device.contract import container
from device.contract.keras_models import multiply_adds
from device.errors import DataError


@pytest.fixture(scope="module")
def flatbuffer(model_file):
    return container.read(model_file).flatbuffer


def test_operators_stand_in_the_order_in_which_they_run(flatbuffer):
    graph = read_graph(flatbuffer)
    assert [operator.name for operator in graph.operators][:3] == ["QUANTIZE", "CONV_2D", "CONV_2D"]
    assert graph.operators[-2].name == "SOFTMAX"
    assert graph.subgraphs == 1
    known = set(graph.inputs) | {tensor.index for tensor in graph.tensors if tensor.constant}
    for operator in graph.operators:
        assert {index for index in operator.inputs if index >= 0} <= known
        known.update(operator.outputs)


def test_weights_are_constants_with_their_values(flatbuffer):
    graph = read_graph(flatbuffer)
    convolution = graph.operators[1]
    kernel = graph.input(convolution, 1)
    assert kernel.values().shape == kernel.shape == (8, 3, 3, 1)
    assert kernel.values().dtype == np.int8
    assert [tensor.name for tensor in graph.computed_inputs(convolution)] == [graph.tensors[convolution.inputs[0]].name]
    assert graph.input(convolution, 7) is None


@pytest.mark.parametrize("data", [b"", b"TFL3", b"\x1c\x00\x00\x00TFL3" + bytes(100), b"\xff" * 400], ids=len)
def test_what_is_no_flatbuffer_is_refused_in_a_line(data):
    with pytest.raises(DataError, match=r"not a flatbuffer of TFLite|has no operators"):
        read_graph(data)


def test_a_flatbuffer_that_is_cut_off_is_refused(flatbuffer):
    with pytest.raises(DataError):
        read_graph(flatbuffer[: len(flatbuffer) // 2])


def test_multiply_adds_are_the_same_before_and_after_conversion(flatbuffer, trained):
    assert graph_multiply_adds(read_graph(flatbuffer)) == multiply_adds(trained.network)


def _net(sizes, *steps):
    """Tensors of ``sizes`` bytes, and operators as (inputs, output)."""
    tensors = tuple(Tensor(index, str(index), (size,), "INT8") for index, size in enumerate(sizes))
    operators = tuple(Operator("ADD", 1, inputs, (output,), {}) for inputs, output in steps)
    return Graph(tensors, operators, (0,), (len(sizes) - 1,))


def test_the_arena_of_a_chain_holds_two_tensors_at_a_time():
    assert peak_arena_bytes(_net([640, 640, 640, 640], ((0,), 1), ((1,), 2), ((2,), 3))) == 1280


def test_a_shortcut_keeps_its_tensor_alive():
    assert peak_arena_bytes(_net([640, 640, 640, 640], ((0,), 1), ((1,), 2), ((0, 2), 3))) == 1920


def test_a_small_tensor_fills_a_gap_that_a_dead_one_left():
    assert peak_arena_bytes(_net([1024, 64, 512, 64], ((0,), 1), ((1,), 2), ((2,), 3))) == 1088


def test_tensors_start_at_multiples_of_64_bytes():
    assert peak_arena_bytes(_net([100, 50], ((0,), 1))) == 128 + 50


def test_the_arena_is_at_least_what_any_one_operator_needs(flatbuffer):
    graph = read_graph(flatbuffer)
    largest = max(
        sum(graph.tensors[index].size_bytes for index in (*operator.outputs, *operator.inputs)
            if index >= 0 and not graph.tensors[index].constant)
        for operator in graph.operators
    )  # fmt: skip
    assert largest <= peak_arena_bytes(graph) <= sum(tensor.size_bytes for tensor in graph.tensors)
