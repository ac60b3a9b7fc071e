"""Every kind of network that a training may name converts, costs what it says, and keeps its answers."""

import numpy as np
import pytest

from converters.calibrate import representative_set
from converters.edgetpu.limits import map_operators
from converters.framework import load_keras
from converters.golden import draw
from converters.graph import graph_multiply_adds, read_graph
from converters.tflite import Target, convert
from converters.trained import LabelledFaces
from device.classify.interpreter import open_interpreter
from device.contract.keras_models import multiply_adds
from device.contract.preprocess import to_real
from tests.converters import nets, tiny

SMALL = {
    "cnn4": lambda: nets.cnn4(0.1),
    "vgg-elu": lambda: nets.vgg_elu(0.1),
    "mini-xception": lambda: nets.mini_xception(0.5, labels=5),
}
AS_IN_USE = {
    "cnn4": nets.cnn4,
    "vgg-elu": nets.vgg_elu,
    "mini-xception": nets.mini_xception,
    "resnet-18": nets.resnet,
    "resnet-50": lambda: nets.resnet(blocks=(3, 4, 6, 3), labels=5, bottleneck=True),
    "mobilenet-v2": lambda: nets.backbone(side=224),
    "efficientnet-b0": lambda: nets.backbone(name="EfficientNetB0", labels=5),
}
STAYS_ON_THE_CPU = {"vgg-elu": "ELU"}


@pytest.fixture(autouse=True)
def keras():
    pytest.importorskip("keras", reason=tiny.NEEDS)
    pytest.importorskip("tensorflow", reason=tiny.NEEDS)
    load_keras().utils.set_random_seed(1)


def _hold_together(name, network, spec):
    faces = draw(spec, 1, 16)
    calibration = representative_set(LabelledFaces(faces, np.arange(16) % 4), seed=0, count=16)
    flatbuffer = convert(network, spec, Target(), calibration)
    graph = read_graph(flatbuffer)
    assert graph_multiply_adds(graph) == multiply_adds(network)
    expected = network.predict(to_real(faces[:3], spec), verbose=0)
    assert np.abs(open_interpreter(flatbuffer, spec).run(faces[:3]) - expected).max() < 0.05
    left = [one for one in map_operators(graph) if not one.mapped]
    if name in STAYS_ON_THE_CPU:
        assert STAYS_ON_THE_CPU[name] in {one.operator.name for one in left}
    else:
        assert not left, left[0]


@pytest.mark.parametrize("name", SMALL)
def test_a_small_one_converts_and_keeps_its_answers(name):
    _hold_together(name, *SMALL[name]())


@pytest.mark.slow
@pytest.mark.parametrize("name", AS_IN_USE)
def test_one_as_in_use_converts_and_keeps_its_answers(name):
    _hold_together(name, *AS_IN_USE[name]())


def test_pixels_from_minus_one_to_one_are_met_within_half_a_step():
    network, spec = nets.mini_xception(0.25)
    faces = draw(spec, 1, 8)
    calibration = representative_set(LabelledFaces(faces, np.arange(8) % 4), seed=0)
    graph = read_graph(convert(network, spec, Target(), calibration))
    (scale,), (zero_point,) = graph.tensors[graph.inputs[0]].scales, graph.tensors[graph.inputs[0]].zero_points
    levels = np.arange(256)
    real = to_real(levels.astype(np.uint8), spec)
    assert np.abs(np.clip(np.rint(real / scale) + zero_point, 0, 255) - levels).max() <= 1
