import importlib.util
from dataclasses import replace

import pytest

from device.classify import probe
from device.classify.classifier import ClassifierSettings, TfliteClassifier, load_classifier
from device.classify.interpreter.edgetpu import EdgeTpu
from device.classify.probe import find_runtime
from device.contract import container
from device.contract.model_card import GoldenSet
from device.errors import AcceleratorError, ModelError, UnavailableError
from tests.converters import tiny

CRASHES = "import os, signal\ndef Interpreter(**_):\n    os.kill(os.getpid(), signal.SIGSEGV)\n"
CRASHES += "def load_delegate(*_):\n    os.kill(os.getpid(), signal.SIGSEGV)\n"
HANGS = "import time\ndef Interpreter(**_):\n    time.sleep(60)\n"
EXITS = "import os\nos.write(1, b'abandon ship\\n')\nos._exit(9)\n"


@pytest.fixture(scope="module")
def model_file():
    return container.read(tiny.model_file())


@pytest.fixture
def runtimes(tmp_path, monkeypatch):
    """Put other runtimes in the place of the real ones: package name to source; None is not installed."""

    def put(**sources):
        real = importlib.util.find_spec

        def find_spec(name):
            return None if sources.get(name, "") is None else real("json" if sources.get(name) else name)

        for package, source in sources.items():
            if source:
                (tmp_path / package).mkdir()
                (tmp_path / package / "__init__.py").touch()
                (tmp_path / package / "interpreter.py").write_text(source)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setattr(importlib.util, "find_spec", find_spec)

    return put


def test_a_good_model_is_given_the_runtime_that_runs_it(model_file):
    assert find_runtime(model_file, 1, None) == "ai-edge-litert"


def test_a_runtime_that_crashes_takes_its_own_process_only(model_file, runtimes):
    runtimes(ai_edge_litert=CRASHES, tflite_runtime=None)
    with pytest.raises(ModelError, match=r"ai-edge-litert crashed \(SIGSEGV\) over .*model.*damaged or forged"):
        find_runtime(model_file, 1, None)


def test_an_accelerator_s_library_that_crashes_is_told_as_a_mismatch(model_file, runtimes):
    runtimes(ai_edge_litert=CRASHES, tflite_runtime=None)
    with pytest.raises(AcceleratorError, match=r"Edge TPU's library crashed \(SIGSEGV\).*made for each other"):
        find_runtime(model_file, 1, EdgeTpu())


def test_where_one_runtime_fails_the_next_is_taken(model_file, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: "installed")
    answers = {"ai-edge-litert": ModelError("crashed"), "tflite-runtime": None}
    monkeypatch.setattr(probe, "_ask_child", lambda request, *_: answers[request["runtime"]])
    assert find_runtime(model_file, 1, None) == "tflite-runtime"
    answers["tflite-runtime"] = ModelError("crashed too")
    with pytest.raises(ModelError, match=r"^crashed$"):
        find_runtime(model_file, 1, None)


def test_one_that_never_answers_is_given_up(model_file, runtimes):
    runtimes(ai_edge_litert=HANGS, tflite_runtime=None)
    with pytest.raises(ModelError, match="does not answer within 2 s"):
        find_runtime(model_file, 1, None, timeout_s=2.0)


def test_one_that_ends_the_process_is_told_by_its_code(model_file, runtimes):
    runtimes(ai_edge_litert=EXITS, tflite_runtime=None)
    with pytest.raises(ModelError, match="ended with code 9"):
        find_runtime(model_file, 1, None)


def test_without_any_runtime_the_packages_are_named(model_file, runtimes):
    runtimes(ai_edge_litert=None, tflite_runtime=None)
    with pytest.raises(UnavailableError, match="pip install ai-edge-litert"):
        find_runtime(model_file, 1, None)


def test_what_the_child_finds_out_comes_back_as_its_own_error():
    model = container.read(tiny.model_file())
    golden = model.model_card.golden.examples
    turned = tuple(one.model_copy(update={"scores": one.scores[::-1]}) for one in golden)
    card = model.model_card.model_copy(update={"golden": GoldenSet(tolerance=0.01, examples=turned)})
    with pytest.raises(ModelError, match=r"^hall: on ai-edge-litert .* answers golden input"):
        find_runtime(replace(model, name="hall", model_card=card), 1, None)


def test_a_file_that_ships_is_not_tried_first(monkeypatch):
    monkeypatch.setattr("device.classify.classifier.find_runtime", lambda *_: pytest.fail("a process was started"))
    load_classifier(ClassifierSettings())


def test_a_file_that_a_user_names_is_tried_first(monkeypatch):
    asked = []

    def find_runtime(model, *_):
        asked.append(model.name)
        return "ai-edge-litert"

    monkeypatch.setattr("device.classify.classifier.find_runtime", find_runtime)
    load_classifier(ClassifierSettings(model=tiny.model_file()))
    assert asked == [str(tiny.model_file())]


@pytest.fixture
def compiled(tmp_path):
    """A model file for an Edge TPU, under settings whose library is not there."""
    model = container.read(tiny.model_file())
    conversion = model.model_card.conversion.model_copy(update={"accelerator": "edgetpu"})
    path = tmp_path / "model_edgetpu.tflite"
    path.write_bytes(container.attach(model.flatbuffer, model.model_card.model_copy(update={"conversion": conversion})))
    return {"model": path, "edgetpu_library": str(tmp_path / "libedgetpu.so.1")}


def test_without_leave_to_fall_back_a_missing_accelerator_is_an_error_that_says_how(compiled):
    with pytest.raises(AcceleratorError, match=r"cannot be loaded .*classifier\.fallback_model"):
        load_classifier(ClassifierSettings(**compiled))


def test_with_leave_the_model_for_the_cpu_runs_and_the_log_says_why(compiled, caplog):
    classifier = load_classifier(ClassifierSettings(**compiled, fallback_model=tiny.model_file()))
    assert classifier.model_card.conversion.accelerator is None
    assert "cannot be loaded" in caplog.text
    assert "runs on the CPU instead" in caplog.text


def test_a_damaged_file_is_never_replaced_by_the_fallback(compiled):
    compiled["model"].write_bytes(compiled["model"].read_bytes()[:-9])
    with pytest.raises(ModelError, match="does not end in a digest"):
        load_classifier(ClassifierSettings(**compiled, fallback_model="bundled"))


def test_a_model_for_an_accelerator_is_not_verified_without_one(compiled):
    with pytest.raises(AcceleratorError, match="cannot be loaded"):
        TfliteClassifier.load(compiled["model"], edgetpu=ClassifierSettings(**compiled).edgetpu)


@pytest.mark.parametrize("device", ["gpu", "usb:", "usb:x", ""])
def test_a_device_that_libedgetpu_does_not_know_is_refused(device):
    with pytest.raises(ValueError, match="edgetpu_device"):
        ClassifierSettings(edgetpu_device=device)


def test_the_classifier_is_usable_after_the_probe():
    faces, _ = tiny.pictures(1, seed=3)
    assert TfliteClassifier.load(tiny.model_file()).classify(faces[0]).labels == tiny.LABELS
