import importlib
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from device.classify.interpreter import RUNTIMES, TfliteInterpreter, open_interpreter
from device.contract import container
from device.contract.preprocess import InputSpec
from device.errors import ModelError, RecordError, UnavailableError
from tests.converters import tiny

SPEC = InputSpec(8, 8)
LEVELS = np.arange(64, dtype=np.uint8).reshape(1, 8, 8, 1) * 4
UINT8_INPUT = {"dtype": np.uint8, "quantization": (1 / 255, 0)}
UINT8_OUTPUT = {"dtype": np.uint8, "quantization": (1 / 256, 0)}


class FakeNative:
    """A native interpreter that remembers what it was given and answers what it was told."""

    def __init__(self, given, answered, answer, shape=(1, 8, 8, 1), **_):
        self.given, self.answered = given, answered
        self.answer = np.asarray(answer, answered["dtype"])
        self.shape = shape
        self.seen = []

    def allocate_tensors(self):
        pass

    def get_input_details(self):
        return [{"name": "in", "index": 0, "shape": np.array(self.shape), **self.given}]

    def get_output_details(self):
        return [{"name": "out", "index": 1, "shape": np.array([1, len(self.answer)]), **self.answered}]

    def set_tensor(self, tensor_index, value):
        assert tensor_index == 0
        assert value.dtype == self.given["dtype"]
        self.seen.append(np.array(value))

    def invoke(self):
        pass

    def get_tensor(self, tensor_index):
        assert tensor_index == 1
        return self.answer[np.newaxis]


def test_pixels_reach_a_uint8_network_of_their_own_scale_as_they_are():
    native = FakeNative(UINT8_INPUT, UINT8_OUTPUT, [64, 192])
    scores = TfliteInterpreter(native, "fake", SPEC).run(LEVELS)
    assert np.array_equal(native.seen[0], LEVELS)
    assert scores.dtype == np.float32
    assert scores.tolist() == [[0.25, 0.75]]


def test_pixels_are_shifted_for_an_int8_network():
    native = FakeNative(
        {"dtype": np.int8, "quantization": (1 / 255, -128)},
        {"dtype": np.int8, "quantization": (1 / 256, -128)},
        [-64, 64],
    )
    scores = TfliteInterpreter(native, "fake", SPEC).run(LEVELS)
    assert np.array_equal(native.seen[0].astype(int), LEVELS.astype(int) - 128)
    assert scores.tolist() == [[0.25, 0.75]]


def test_pixels_become_real_values_for_a_float_network():
    unquantised = {"dtype": np.float32, "quantization": (0.0, 0)}
    native = FakeNative(unquantised, unquantised, [0.25, 0.75])
    scores = TfliteInterpreter(native, "fake", InputSpec(8, 8, real_range=(-1.0, 1.0))).run(LEVELS)
    assert native.seen[0] == pytest.approx(LEVELS / 127.5 - 1.0, abs=1e-6)
    assert scores.tolist() == [[0.25, 0.75]]


def test_a_network_with_another_input_scale_gets_the_same_real_values():
    native = FakeNative({"dtype": np.uint8, "quantization": (2 / 255, 10)}, UINT8_OUTPUT, [64, 192])
    TfliteInterpreter(native, "fake", SPEC).run(LEVELS)
    assert np.array_equal(native.seen[0], np.rint(LEVELS / 2).astype(int) + 10)


def test_each_crop_has_its_own_row_of_scores():
    native = FakeNative(UINT8_INPUT, UINT8_OUTPUT, [64, 192])
    scores = TfliteInterpreter(native, "fake", SPEC).run(np.concatenate([LEVELS, 255 - LEVELS]))
    assert scores.shape == (2, 2)
    assert np.array_equal(native.seen[1], 255 - LEVELS)


@pytest.mark.parametrize("crops", [LEVELS[0], LEVELS[:, :7], LEVELS.astype(np.float32)], ids=["one", "size", "type"])
def test_crops_of_another_shape_or_type_are_refused(crops):
    interpreter = TfliteInterpreter(FakeNative(UINT8_INPUT, UINT8_OUTPUT, [64, 192]), "fake", SPEC)
    with pytest.raises(RecordError, match="crops are uint8"):
        interpreter.run(crops)


@pytest.mark.parametrize(
    ("native", "message"),
    [
        (FakeNative(UINT8_INPUT, UINT8_OUTPUT, [1, 2], shape=(1, 9, 8, 1)), "reads .1, 9, 8, 1., and its card says"),
        (FakeNative(UINT8_INPUT, UINT8_OUTPUT, [1, 2], shape=(4, 8, 8, 1)), "reads .4, 8, 8, 1."),
        (FakeNative(UINT8_INPUT, UINT8_OUTPUT, [1, 2], shape=(1, 8, 8, 3)), "reads .1, 8, 8, 3."),
        (FakeNative({"dtype": np.uint8, "quantization": (0.0, 0)}, UINT8_OUTPUT, [1, 2]), "tensor in cannot be used"),
        (FakeNative(UINT8_INPUT, {"dtype": np.int16, "quantization": (1.0, 0)}, [1, 2]), "tensor out cannot be used"),
    ],
    ids=["height", "batch", "colour", "scale", "type"],
)
def test_a_network_that_does_not_fit_is_refused(native, message):
    with pytest.raises(ModelError, match=message):
        TfliteInterpreter(native, "fake", SPEC)


def test_a_runtime_that_gives_up_in_the_middle_is_told_as_the_networks_fault():
    class GivesUp(FakeNative):
        def invoke(self):
            raise RuntimeError("Input tensor 2 lacks data")

    interpreter = TfliteInterpreter(GivesUp(UINT8_INPUT, UINT8_OUTPUT, [64, 192]), "fake", SPEC)
    with pytest.raises(ModelError, match=r"fails while it runs \(Input tensor 2 lacks data\)"):
        interpreter.run(LEVELS)


def _install(monkeypatch, **runtimes):
    """Let only these runtimes be there: module name to what building does."""

    def load(name):
        if name not in runtimes:
            raise ImportError(name)
        return types.SimpleNamespace(Interpreter=runtimes[name], load_delegate=None)

    monkeypatch.setattr(importlib, "import_module", lambda name: load(name.partition(".")[0]))
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "1.0")


def _works(**_):
    return FakeNative(UINT8_INPUT, UINT8_OUTPUT, [64, 192])


def _fails(error):
    def build(**_):
        raise error

    return build


def test_the_preferred_runtime_is_taken_where_both_work(monkeypatch):
    _install(monkeypatch, ai_edge_litert=_works, tflite_runtime=_works)
    assert open_interpreter(b"network", SPEC).runtime == "ai-edge-litert 1.0"


def test_a_runtime_that_is_there_alone_is_taken(monkeypatch):
    _install(monkeypatch, tflite_runtime=_works)
    assert open_interpreter(b"network", SPEC).runtime == "tflite-runtime 1.0"


def test_a_runtime_that_imports_and_does_not_build_is_passed_over(monkeypatch):
    _install(monkeypatch, ai_edge_litert=_fails(SystemError("_ARRAY_API not found")), tflite_runtime=_works)
    assert open_interpreter(b"network", SPEC).runtime == "tflite-runtime 1.0"


def test_without_a_runtime_the_packages_are_named(monkeypatch):
    _install(monkeypatch)
    with pytest.raises(UnavailableError, match="pip install ai-edge-litert") as raised:
        open_interpreter(b"network", SPEC)
    assert all(f"{name} is not installed" in raised.value.reason for name in RUNTIMES)


def test_a_runtime_that_does_not_fit_numpy_says_so(monkeypatch):
    _install(monkeypatch, tflite_runtime=_fails(SystemError("returned a result with an exception set")))
    with pytest.raises(UnavailableError, match="numpy<2"):
        open_interpreter(b"network", SPEC)


def test_a_network_that_a_working_runtime_refuses_is_the_models_fault(monkeypatch):
    _install(monkeypatch, ai_edge_litert=_fails(ValueError("Didn't find op for builtin opcode 'CONV_2D' version '9'")))
    with pytest.raises(ModelError, match=r"CONV_2D.*update the runtime, or convert the model again"):
        open_interpreter(b"network", SPEC)


def test_the_real_runtime_refuses_what_is_no_network():
    with pytest.raises(ModelError, match="no TFLite runtime opens the network"):
        open_interpreter(b"\x1c\x00\x00\x00TFL3" + bytes(100), SPEC)


def test_the_real_runtime_runs_a_network_with_any_number_of_threads():
    model = container.read(tiny.model_file())
    spec = model.model_card.input.spec()
    faces, _ = tiny.pictures(6, seed=5)
    one = open_interpreter(model.flatbuffer, spec, threads=1).run(faces)
    two = open_interpreter(model.flatbuffer, spec, threads=2).run(faces)
    assert one.shape == (6, len(tiny.LABELS))
    assert np.array_equal(one, two)


def test_the_real_runtime_prints_nothing():
    code = (
        "import sys, pathlib; from device.classify.classifier import TfliteClassifier;"
        " TfliteClassifier.load(pathlib.Path(sys.argv[1]));"
        " assert 'tensorflow' not in sys.modules"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, str(tiny.model_file())],
        cwd=Path(__file__).parents[4],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
