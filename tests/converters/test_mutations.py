"""Thousands of damaged and foreign files in the place of the shipped model, and what becomes of each.

``make test-mutations`` prints the table. Those whose digest is right again are forged, not damaged: a digest does not
show that, and a process of its own takes what the native interpreter does with them.
"""

import io
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from device.classify.classifier import BUNDLED_MODEL, TfliteClassifier
from device.commands import main
from device.contract import container
from device.errors import EXIT_UNAVAILABLE, AffectdError, ModelError

ROOT = Path(__file__).parents[2]
DAMAGED = {
    "truncated": 500,
    "bits flipped": 600,
    "bytes overwritten": 300,
    "zeroed": 200,
    "inserted": 150,
    "removed": 150,
}
DAMAGED |= {"parts swapped": 150, "tail appended": 150}
FORGED = 120

pytestmark = pytest.mark.slow


def _mutate(kind: str, whole: bytes, rng: np.random.Generator) -> bytes:
    place = int(rng.integers(len(whole)))
    size = int(rng.choice([1, 4, 64, 512, 65_536]))
    data = bytearray(whole)
    if kind == "truncated":
        return whole[:place]
    if kind == "bits flipped":
        for bit in rng.integers(8 * len(whole), size=int(rng.choice([1, 1, 1, 2, 16]))):
            data[bit // 8] ^= 1 << bit % 8
    elif kind == "bytes overwritten":
        data[place : place + size] = rng.bytes(len(data[place : place + size]))
    elif kind == "zeroed":
        data[place : place + size] = bytes(len(data[place : place + size]))
    elif kind == "inserted":
        data[place:place] = rng.bytes(size)
    elif kind == "removed":
        del data[place : place + size]
    elif kind == "parts swapped":
        other = int(rng.integers(len(whole)))
        data = bytearray(whole[place:] + whole[:place]) if other % 2 else bytearray(whole[::-1])
    elif kind == "tail appended":
        data += rng.bytes(size)
    return bytes(data)


def _foreign() -> dict[str, bytes]:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("model.json", "{}")
    flatbuffer = container.read(BUNDLED_MODEL).flatbuffer
    return {
        "empty": b"",
        "one byte": b"\0",
        "zeroes": bytes(100_000),
        "png": b"\x89PNG\r\n\x1a\n" + bytes(500),
        "jpeg": b"\xff\xd8\xff\xe0" + bytes(500),
        "html": b"<!DOCTYPE html><html><body>404</body></html>",
        "lfs pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 745337\n",
        "zip": archive.getvalue(),
        "elf": b"\x7fELF" + bytes(500),
        "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(500),
        "onnx": b"\x08\x08\x12\x08tf2onnx" + bytes(500),
        "python": Path(__file__).read_bytes(),
        "bare flatbuffer": flatbuffer,
        "identifier alone": b"\x1c\0\0\0TFL3",
        "identifier and noise": b"\x1c\0\0\0TFL3" + np.random.default_rng(1).bytes(5000),
        "flatbuffer and foreign archive": flatbuffer + archive.getvalue(),
    }


def _outcome(path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What a user sees of ``affectd check``: one line, and the code of a model that is not there."""
    config = path.with_name("config.yaml")
    config.write_text(f"classifier: {{model: {path}}}\n", encoding="utf-8")
    assert main(["check", "--config", str(config)]) == EXIT_UNAVAILABLE
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith(f"affectd: {path} ")
    kinds = ("is empty", "is not a TFLite model", "does not end in a digest", "is damaged")
    return next(kind for kind in kinds if kind in lines[0])


@pytest.fixture
def no_interpreter(monkeypatch):
    """Neither this process nor another one may open a network."""
    monkeypatch.setattr(
        "device.classify.classifier.open_interpreter", lambda *_, **__: pytest.fail("the interpreter was built")
    )
    monkeypatch.setattr("device.classify.classifier.find_runtime", lambda *_: pytest.fail("a process was started"))


@pytest.mark.usefixtures("no_interpreter")
def test_no_damaged_or_foreign_file_reaches_the_interpreter(tmp_path, capsys):
    whole = BUNDLED_MODEL.read_bytes()
    rng = np.random.default_rng(20_261_120)
    outcomes: Counter[tuple[str, str]] = Counter()
    path = tmp_path / "model.tflite"
    for kind, count in DAMAGED.items():
        for _ in range(count):
            data = _mutate(kind, whole, rng)
            if data == whole:
                outcomes[kind, "came out unchanged"] += 1
                continue
            path.write_bytes(data)
            outcomes[kind, _outcome(path, capsys)] += 1
    for data in _foreign().values():
        path.write_bytes(data)
        outcomes["foreign", _outcome(path, capsys)] += 1
    refused = sum(count for (_, outcome), count in outcomes.items() if outcome != "came out unchanged")
    with capsys.disabled():
        print(f"\n{refused} damaged and foreign files, none of which reached an interpreter:")
        for (kind, outcome), count in sorted(outcomes.items()):
            print(f"  {kind:<20}{outcome:<28}{count:>6}")
    assert refused >= 2000


@pytest.mark.parametrize("verb", ["check", "run"])
@pytest.mark.parametrize("kind", DAMAGED)
def test_a_real_process_says_it_in_one_line(tmp_path, verb, kind):
    path, config = tmp_path / "model.tflite", tmp_path / "config.yaml"
    path.write_bytes(_mutate(kind, BUNDLED_MODEL.read_bytes(), np.random.default_rng(5)))
    config.write_text(f"device: {{state_dir: {tmp_path}}}\nclassifier: {{model: {path}}}\n", encoding="utf-8")
    command = [sys.executable, "-m", "device", verb, "--config", str(config)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert answer.returncode == EXIT_UNAVAILABLE
    assert len(answer.stderr.splitlines()) == 1, answer.stderr
    assert "Traceback" not in answer.stderr


def _forgery(outcome: str) -> str:
    for kind in (
        "crashed",
        "does not answer",
        "golden input",
        "no TFLite runtime opens",
        "fails while it runs",
        "ended with code",
    ):
        if kind in outcome:
            return kind
    return outcome


def test_a_forged_network_takes_no_process_with_it_but_the_one_that_tries_it(tmp_path, capsys):
    model = container.read(BUNDLED_MODEL)
    rng = np.random.default_rng(7)
    path = tmp_path / "model.tflite"
    outcomes: Counter[str] = Counter()
    for turn in range(FORGED):
        data = bytearray(model.flatbuffer)
        # Offsets and tables stand before and behind the weights, at which most mutations would otherwise aim.
        span = (8, 4000) if turn % 2 else (len(data) - 30_000, len(data))
        for place in rng.integers(*span, size=int(rng.choice([1, 4, 16]))):
            data[place] = int(rng.integers(256))
        path.write_bytes(container.attach(bytes(data), model.model_card))
        try:
            TfliteClassifier.load(path)
        except ModelError as error:
            outcomes[_forgery(error.reason)] += 1
        except AffectdError as error:
            outcomes[f"{type(error).__name__}: {error.reason}"] += 1
        else:
            outcomes["runs, and gives the golden answers"] += 1
    with capsys.disabled():
        print(f"\n{FORGED} networks changed under a digest that is right again:")
        for outcome, count in outcomes.most_common():
            print(f"  {outcome:<40}{count:>6}")
    assert sum(outcomes.values()) == FORGED
