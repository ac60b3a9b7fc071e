import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from device.classify.classifier import TfliteClassifier
from device.classify.interpreter import RUNTIMES, edgetpu
from device.classify.interpreter.edgetpu import Attached, EdgeTpu, find_attached
from device.contract import container
from device.errors import AcceleratorError
from tests.converters import tiny

SHARED = Path(__file__).parents[5] / "shared" / "testing" / "stub_delegate.c"


@pytest.fixture(scope="module")
def stub():
    """A delegate that delegates nothing; with FAKE_NO_TPU in the environment it finds no accelerator."""
    source = next((path for path in (SHARED, Path("../shared/testing/stub_delegate.c")) if path.is_file()), None)
    compiler = shutil.which("cc")
    if source is None or compiler is None:
        pytest.skip("needs ../shared/testing/stub_delegate.c and a C compiler")
    # As a library's is: everybody may read it, and the process that tries a model has given up root.
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        library = Path(folder) / "libedgetpu.so.1"
        subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
        yield str(library)


@pytest.fixture(scope="module")
def compiled_model(tmp_path_factory):
    """A model file that says it was compiled for an Edge TPU."""
    model = container.read(tiny.model_file())
    conversion = model.model_card.conversion.model_copy(update={"accelerator": "edgetpu"})
    path = tmp_path_factory.mktemp("compiled") / "model_edgetpu.tflite"
    path.write_bytes(container.attach(model.flatbuffer, model.model_card.model_copy(update={"conversion": conversion})))
    return path


def _refuse(error):
    def load_delegate(*_):
        raise error

    return load_delegate


def test_the_library_is_given_the_device_that_is_wanted():
    given = []
    EdgeTpu("libtpu.so", "usb:1").load(lambda library, options: given.append((library, options)))
    EdgeTpu("libtpu.so").load(lambda library, options: given.append((library, options)))
    assert given == [("libtpu.so", {"device": "usb:1"}), ("libtpu.so", {})]


def test_a_library_that_is_missing_is_named_with_its_package():
    error = OSError("libedgetpu.so.1: cannot open shared object file: No such file or directory")
    with pytest.raises(AcceleratorError, match=r"libedgetpu\.so\.1 cannot be loaded .*libedgetpu1-std"):
        EdgeTpu().load(_refuse(error))


def test_without_an_accelerator_it_is_said_that_none_is_attached(monkeypatch):
    monkeypatch.setattr(edgetpu, "find_attached", list)
    error = ValueError("Failed to load delegate from libedgetpu.so.1\nno edge tpu device")
    with pytest.raises(AcceleratorError, match=r"no Edge TPU is attached \(Failed .* no edge tpu device\); plug it in"):
        EdgeTpu().load(_refuse(error))


def test_an_accelerator_that_may_not_be_opened_is_a_matter_of_permission(tmp_path, monkeypatch):
    monkeypatch.setattr(edgetpu, "find_attached", lambda: [Attached("USB", tmp_path / "004")])
    monkeypatch.setattr(os, "access", lambda path, _: path != tmp_path / "004")
    with pytest.raises(AcceleratorError, match=r"may not use it: .*004 cannot be opened; .*plugdev"):
        EdgeTpu().load(_refuse(ValueError("")))


def test_an_accelerator_that_is_there_and_does_not_start_is_said_to(tmp_path, monkeypatch):
    monkeypatch.setattr(edgetpu, "find_attached", lambda: [Attached("USB", tmp_path)])
    with pytest.raises(AcceleratorError, match=r"attached by USB, and does not start \(busy\); end the process"):
        EdgeTpu().load(_refuse(ValueError("busy")))


def test_a_card_without_a_driver_is_said_to_have_none(monkeypatch):
    monkeypatch.setattr(edgetpu, "find_attached", lambda: [Attached("PCIe", None)])
    with pytest.raises(AcceleratorError, match="no driver has taken it; install gasket-dkms"):
        EdgeTpu().load(_refuse(ValueError("")))


def _usb(sys, name, vendor, product):
    folder = sys / "bus/usb/devices" / name
    folder.mkdir(parents=True)
    for file, text in (("idVendor", vendor), ("idProduct", product), ("busnum", "2"), ("devnum", "17")):
        (folder / file).write_text(f"{text}\n")


def test_accelerators_are_found_by_their_ids_with_firmware_and_without(tmp_path):
    _usb(tmp_path / "sys", "1-1", "18d1", "9302")
    _usb(tmp_path / "sys", "1-2", "1a6e", "089a")
    _usb(tmp_path / "sys", "1-3", "046d", "0825")
    node = tmp_path / "dev/bus/usb/002/017"
    assert find_attached(tmp_path / "sys", tmp_path / "dev") == [Attached("USB", node), Attached("USB", node)]


def test_cards_count_with_their_driver_and_without(tmp_path):
    for number in range(2):
        card = tmp_path / f"sys/bus/pci/devices/0000:0{number}:00.0"
        card.mkdir(parents=True)
        (card / "vendor").write_text("0x1ac1\n")
        (card / "device").write_text("0x089a\n")
    node = tmp_path / "dev/apex_0"
    node.parent.mkdir()
    node.touch()
    assert find_attached(tmp_path / "sys", tmp_path / "dev") == [Attached("PCIe", node), Attached("PCIe", None)]


def test_a_machine_without_any_has_none(tmp_path):
    assert find_attached(tmp_path, tmp_path) == []


def test_a_compiled_model_runs_through_the_delegate(stub, compiled_model):
    classifier = TfliteClassifier.load(compiled_model, edgetpu=EdgeTpu(stub))
    assert classifier.runtime.endswith(f"on the Edge TPU by {stub}")
    faces, _ = tiny.pictures(3, seed=8)
    plain = TfliteClassifier.load(tiny.model_file(), runtimes=RUNTIMES)
    # The delegate leaves all to TFLite's own kernels, which round otherwise than XNNPACK.
    assert classifier.classify(faces[0]).probabilities == pytest.approx(plain.classify(faces[0]).probabilities, abs=0.1)


def test_the_real_runtime_says_that_there_is_no_accelerator(stub, compiled_model, monkeypatch):
    monkeypatch.setenv("FAKE_NO_TPU", "1")
    with pytest.raises(AcceleratorError, match=r"no Edge TPU is attached .*no edge tpu device"):
        TfliteClassifier.load(compiled_model, edgetpu=EdgeTpu(stub), runtimes=RUNTIMES)


def test_the_real_runtime_says_that_there_is_no_library(compiled_model, tmp_path):
    missing = str(tmp_path / "libedgetpu.so.1")
    with pytest.raises(AcceleratorError, match=r"cannot be loaded \(.*cannot open shared object file"):
        TfliteClassifier.load(compiled_model, edgetpu=EdgeTpu(missing))


def test_a_model_for_the_cpu_never_asks_for_the_accelerator(tmp_path):
    missing = EdgeTpu(str(tmp_path / "libedgetpu.so.1"))
    assert "Edge TPU" not in TfliteClassifier.load(tiny.model_file(), edgetpu=missing, runtimes=RUNTIMES).runtime
