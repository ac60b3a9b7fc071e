import importlib
import json

import numpy as np
import pytest

from converters import onnx as onnx_export
from converters.commands import main
from device.errors import EXIT_GATE, EXIT_OK, EXIT_UNAVAILABLE
from tests.converters import tiny

NEEDS = "needs ONNX: pip install 'affectd[onnx]'"


@pytest.fixture
def packages():
    for name in ("onnx", "tf2onnx", "onnxruntime"):
        pytest.importorskip(name, reason=NEEDS)


@pytest.mark.usefixtures("packages")
def test_the_export_says_what_keras_says_and_what_its_input_is(own_training, capsys):
    assert main(["onnx", str(own_training / "model.keras")]) == EXIT_OK
    said = capsys.readouterr()
    assert said.err == ""
    assert "accuracy, ONNX" in said.out
    session = onnx_export.open_session((own_training / "model.onnx").read_bytes())
    described = {key: json.loads(value) for key, value in session.get_modelmeta().custom_metadata_map.items()}
    assert described["labels"] == list(tiny.LABELS)
    assert (described["real_range"], described["crop_margin"]) == ([0.0, 1.0], 0.05)
    faces = np.zeros((3, tiny.HEIGHT, tiny.WIDTH, 1), np.float32)
    (scores,) = session.run(None, {"face": faces})
    assert scores.shape == (3, 3)
    assert main(["verify", str(own_training / "model.keras"), str(own_training / "model.onnx")]) == EXIT_OK


@pytest.mark.usefixtures("packages")
def test_an_export_beyond_the_gate_is_not_written(own_training, capsys):
    assert (
        main(["onnx", str(own_training / "model.keras"), "--min-agreement", "1", "--max-difference", "0"]) == EXIT_GATE
    )
    assert "nothing was written" in capsys.readouterr().err
    assert not (own_training / "model.onnx").exists()


@pytest.mark.parametrize("missing", ["onnx", "tf2onnx"])
def test_without_the_packages_the_extra_is_named(own_training, capsys, monkeypatch, missing):
    real = importlib.import_module

    def load(name):
        if name == missing:
            raise ImportError(f"No module named {name!r}")
        return real("json") if name in {"onnx", "tf2onnx"} else real(name)

    monkeypatch.setattr(importlib, "import_module", load)
    assert main(["onnx", str(own_training / "model.keras")]) == EXIT_UNAVAILABLE
    assert f"ONNX needs the package {missing} (No module" in (said := capsys.readouterr().err)
    assert said.endswith("pip install 'affectd[onnx]'\n")
