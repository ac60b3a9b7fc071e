import numpy as np
import pytest

from converters.edgetpu.limits import NEWEST_VERSIONS, map_operators
from converters.graph import Graph, Operator, Tensor


def _tensor(index, shape, dtype="INT8", values=None, **changes):
    data = b"" if values is None else np.asarray(values).tobytes()
    return Tensor(index, f"t{index}", shape, dtype, (0.1,), (0,), data, **changes)


def _graph(name, source=(1, 8, 8, 4), result=(1, 8, 8, 4), constants=(), options=None, version=1, **changes):
    """One operator from one computed tensor to another, with constants behind it."""
    tensors = [_tensor(0, source, **changes), _tensor(1, result, **changes)]
    tensors += [_tensor(2 + place, *constant) for place, constant in enumerate(constants)]
    inputs = (0, *range(2, len(tensors)))
    return Graph(tuple(tensors), (Operator(name, version, inputs, (1,), options or {}),), (0,), (1,))


def _reason(graph):
    (mapping,) = map_operators(graph)
    assert mapping.mapped == (not mapping.reason)
    return mapping.reason


WEIGHTS = ((4, 3, 3, 4), "INT8", np.ones((4, 3, 3, 4), np.int8))
AXES = {name: ((len(axes),), "INT32", np.array(axes, np.int32)) for name, axes in
        {"yx": (1, 2), "batch": (0,), "channels": (3,), "from behind": (-3, -2)}.items()}  # fmt: skip


@pytest.mark.parametrize(
    "graph",
    [
        _graph("CONV_2D", constants=[WEIGHTS], version=5),
        _graph("MAX_POOL_2D"),
        _graph("RELU6"),
        _graph("MEAN", result=(1, 4), constants=[AXES["yx"]]),
        _graph("MEAN", result=(1, 4), constants=[AXES["from behind"]]),
        _graph("MEAN", result=(1, 8, 8), constants=[AXES["channels"]]),
        _graph("SOFTMAX", (1, 7), (1, 7)),
        _graph("CONCATENATION", constants=[((1, 8, 8, 4), "INT8", np.zeros((1, 8, 8, 4), np.int8))]),
        _graph("PAD", constants=[((4, 2), "INT32", np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32))]),
    ],
    ids=lambda graph: graph.operators[0].name,
)
def test_what_the_documentation_allows_maps(graph):
    assert not _reason(graph)


@pytest.mark.parametrize(
    ("graph", "reason"),
    [
        (_graph("ELU"), "is not among the operators"),
        (_graph("HARD_SWISH"), "is not among the operators"),
        (_graph("CONV_2D", constants=[WEIGHTS], version=6), "has version 6, and compiler 16 knows up to 5"),
        (_graph("ADD", dtype="FLOAT32"), "works on float32, not on 8-bit integers"),
        (_graph("ADD", dtype="INT16"), "works on int16"),
        (_graph("ADD", static=False), "not known beforehand"),
        (_graph("ADD", (2, 8, 8, 4), (2, 8, 8, 4)), "more than three dimensions above one"),
        (_graph("CONV_2D", constants=[((1, 3, 3, 4), "INT8")]), "computed, not constant"),
        (
            _graph("CONV_2D", constants=[WEIGHTS], options={"dilationWFactor": 2, "dilationHFactor": 1}),
            "another dilation in x than in y",
        ),
        (_graph("MAX_POOL_2D", options={"fusedActivationFunction": 1}), "fused activation"),
        (_graph("MEAN", constants=[AXES["batch"]]), "reduces the batch dimension"),
        (_graph("MEAN", (1, 8, 8, 6), constants=[AXES["channels"]]), "averages over 6 channels"),
        (_graph("SOFTMAX", (1, 20_000), (1, 20_000)), "up to 16000 is supported"),
        (_graph("SOFTMAX", (1, 8, 7), (1, 8, 7)), "one dimension"),
        (
            _graph("CONCATENATION", constants=[((1, 8, 8, 4), "INT8", np.ones((1, 8, 8, 4), np.int8))]),
            "one tensor of zeros",
        ),
        (_graph("PAD", constants=[((4, 2), "INT32", np.ones((4, 2), np.int32))]), "pads the batch dimension"),
        (_graph("PRELU", constants=[((8, 8, 4), "INT8", np.ones((8, 8, 4), np.int8))]), "one per channel"),
        (_graph("PACK", options={"axis": 0}), "along the batch"),
        (_graph("FULLY_CONNECTED", options={"weightsFormat": 1}), "shuffled weights"),
        (_graph("FULLY_CONNECTED", result=(3, 7)), "one-dimensional output"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.operators[0].name,
)
def test_what_the_documentation_forbids_is_reported(graph, reason):
    assert reason in _reason(graph)


def test_a_dense_layer_that_is_quantised_per_channel_is_reported():
    graph = _graph("FULLY_CONNECTED", (1, 4), (1, 2), version=9)
    weights = Tensor(2, "w", (2, 4), "INT8", (0.1, 0.2), (0, 0), b"12345678")
    operator = Operator("FULLY_CONNECTED", 9, (0, 2), (1,), {})
    assert "per channel" in _reason(Graph((*graph.tensors, weights), (operator,), (0,), (1,)))


def _chain(*names):
    tensors = tuple(_tensor(index, (1, 8, 8, 4)) for index in range(len(names) + 1))
    operators = tuple(Operator(name, 1, (index,), (index + 1,), {}) for index, name in enumerate(names))
    return Graph(tensors, operators, (0,), (len(names),))


def test_what_comes_after_an_operator_on_the_cpu_stays_there_too():
    reasons = [one.reason for one in map_operators(_chain("RELU", "ELU", "RELU", "TANH"))]
    assert not reasons[0]
    assert "not among" in reasons[1]
    assert all("comes after ELU, which stays on the CPU" in reason for reason in reasons[2:])


def test_what_the_cpu_does_before_the_accelerator_begins_cuts_nothing_off():
    reasons = [one.reason for one in map_operators(_chain("ELU", "RELU", "TANH"))]
    assert [not reason for reason in reasons] == [False, True, True]


def test_every_operator_that_is_restricted_is_one_that_is_supported():
    from converters.edgetpu.limits import _RESTRICTIONS

    assert set(_RESTRICTIONS) <= set(NEWEST_VERSIONS)
