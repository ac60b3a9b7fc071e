import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from converters.commands import main
from device.classify.classifier import BUNDLED_MODEL
from device.contract import container
from device.errors import EXIT_DATA, EXIT_OK, EXIT_UNAVAILABLE

ROOT = Path(__file__).parents[3]


def test_the_shipped_model_maps_to_the_edge_tpu_as_a_whole(capsys):
    assert main(["inspect", str(BUNDLED_MODEL)]) == EXIT_OK
    said = capsys.readouterr().out
    assert "uint8 (1, 48, 48, 1), scale 0.00392156886, zero point 0" in said
    assert "digest right" in said
    assert "happy" in said
    assert re.search(r"Edge TPU \((\d+) of \1 map\)", said)


def test_json_has_all_and_the_whole_card(model_file, capsys):
    assert main(["inspect", str(model_file), "--json"]) == EXIT_OK
    described = json.loads(capsys.readouterr().out)
    assert described["sha256"] == hashlib.sha256(model_file.read_bytes()).hexdigest()
    assert described["inputs"][0]["dtype"] == "uint8"
    assert {one["name"]: one["count"] for one in described["operators"]}["CONV_2D"] == 4
    assert all(one["edgetpu"] and one["version"] >= 1 for one in described["operators"])
    assert described["multiply_adds"] == described["card"]["cost"]["multiply_adds"]
    assert described["peak_arena_bytes"] > 0
    assert described["card"]["labels"] == ["lying", "standing", "noisy"]


def test_a_bare_flatbuffer_is_shown_without_a_card(model_file, tmp_path, capsys):
    bare = tmp_path / "bare.tflite"
    bare.write_bytes(container.read(model_file).flatbuffer)
    assert main(["inspect", str(bare)]) == EXIT_OK
    said = capsys.readouterr().out
    assert "no card: a bare flatbuffer" in said
    assert "CONV_2D" in said


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (lambda data: data[:-3], EXIT_UNAVAILABLE, "does not end in a digest"),
        (lambda data: data[:2000] + b"\xff" + data[2001:], EXIT_UNAVAILABLE, "is damaged"),
        (lambda data: data[:3000], EXIT_DATA, "not a flatbuffer of TFLite"),
        (lambda _: b"", EXIT_UNAVAILABLE, "is not a TFLite model"),
        (lambda _: b"\x89PNG\r\n\x1a\n" + bytes(99), EXIT_UNAVAILABLE, "is not a TFLite model"),
    ],
    ids=["cut", "flipped", "half", "empty", "picture"],
)
def test_a_spoilt_file_is_one_line(model_file, tmp_path, capsys, change, code, message):
    path = tmp_path / "model.tflite"
    path.write_bytes(change(model_file.read_bytes()))
    assert main(["inspect", str(path)]) == code
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert message in lines[0]


def test_neither_tensorflow_nor_an_interpreter_is_needed(model_file):
    code = (
        "import sys; from converters.commands import main; main(sys.argv[1:]);"
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras', 'ai_edge_litert.interpreter')))"
    )
    command = [sys.executable, "-c", code, "inspect", str(model_file)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (0, "")
