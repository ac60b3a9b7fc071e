"""A file in the place of a model: what it claims costs no memory, and nothing of it is taken on trust."""

import hashlib
import io
import json
import os
import struct
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import pytest

from device.classify.classifier import BUNDLED_MODEL
from device.contract import container
from device.errors import ModelError
from tests.attacks.limited import run_limited

ROOT = Path(__file__).parents[2]
MODEL = container.read(BUNDLED_MODEL)
CARD = MODEL.model_card.to_json()


def sealed(*entries, compression=zipfile.ZIP_STORED, level=None, edit=lambda data: data):
    """A file with a true digest around an archive of ``entries``, whose bytes ``edit`` may change before."""
    buffer = io.BytesIO(MODEL.flatbuffer)
    with zipfile.ZipFile(buffer, "a", compression, compresslevel=level) as archive:
        for name, content in entries:
            archive.writestr(name, content)
        archive.comment = bytes(64)
    body = edit(buffer.getvalue()[:-64])
    return body + hashlib.sha256(body).hexdigest().encode()


def edited(offset, new):
    """Put ``new`` at ``offset`` from the end of the archive, before the seal."""
    return lambda body: body[: len(body) + offset] + new + body[len(body) + offset + len(new) :]


def a_card_that_grows():
    return sealed(("model.json", CARD[:1] + b" " * 400_000_000 + CARD[1:]), compression=zipfile.ZIP_DEFLATED, level=1)


def a_million_entries():
    """As an archive's end claims them; none of them is there."""
    record = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"x"
    body = MODEL.flatbuffer + record * 1_000_000
    body += struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, len(record) * 1_000_000, len(MODEL.flatbuffer), 64)
    return body + hashlib.sha256(body).hexdigest().encode()


HOSTILE = {
    "a card that grows": a_card_that_grows,
    "a million entries": a_million_entries,
    "nested without end": lambda: sealed(("model.json", b"[" * 1_000_000)),
    "a million lists": lambda: sealed(("model.json", b"[" + b"[]," * 1_000_000 + b"[]]")),
    "a number of a million digits": lambda: sealed(("model.json", b'{"schema": ' + b"9" * 1_000_000 + b"}")),
    "a card of 5 MB": lambda: sealed(("model.json", CARD[:1] + b" " * 5_000_000 + CARD[1:])),
    "a second file": lambda: sealed(("model.json", CARD), ("../../etc/cron.d/x", b"x")),
    "two cards": lambda: sealed(("model.json", CARD), ("model.json", CARD)),
    "another name": lambda: sealed(("MODEL.JSON", CARD)),
    "a wrong checksum": lambda: sealed(("model.json", CARD), edit=edited(-22 - 56 + 16, b"\0\0\0\0")),
    "a size beyond the file": lambda: sealed(("model.json", CARD), edit=edited(-22 - 56 + 20, b"\xff\xff\xff\x7f" * 2)),
    "a start beyond the file": lambda: sealed(("model.json", CARD), edit=edited(-22 - 56 + 42, b"\xff\xff\xff\x7f")),
    "a list beyond the file": lambda: sealed(("model.json", CARD), edit=edited(-22 + 16, b"\xff\xff\xff\x7f")),
    "64 bits": lambda: sealed(("model.json", CARD), edit=edited(-22 + 8, b"\xff" * 12)),
    "nothing but an end": lambda: b"\x1c\0\0\0TFL3" + hashlib.sha256(b"\x1c\0\0\0TFL3").hexdigest().encode(),
}


# One process that is given all of them, one after the other: what one took shows with it, and with those behind it.
INSTALL_EACH = """
import contextlib, io, json, resource, sys
from device.commands import main
state, *paths = sys.argv[1:]
for path in paths:
    with contextlib.redirect_stderr(io.StringIO()) as told:
        code = main(["model", "install", path, "--state-dir", state])
    print(json.dumps([code, told.getvalue(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]), flush=True)
"""


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    """By kind: its path, the exit code, what was said, and the most memory up to then, megabytes; and the state's."""
    folder = tmp_path_factory.mktemp("hostile")
    state = folder / "state"
    state.mkdir()
    paths = [folder / f"{number}.tflite" for number in range(len(HOSTILE))]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Duplicate name")
        for path, content in zip(paths, HOSTILE.values(), strict=True):
            path.write_bytes(content())
    ended = run_limited([sys.executable, "-c", INSTALL_EACH, str(state), *map(str, paths)], memory_mb=2000, cwd=ROOT)
    assert ended.returncode == 0, ended.stderr
    answers = map(json.loads, ended.stdout.splitlines())
    return {kind: (path, *answer) for kind, path, answer in zip(HOSTILE, paths, answers, strict=True)}, state


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_archive_is_refused_in_a_line_and_in_little_memory(refused, kind, record_property):
    path, code, told, peak_mb = refused[0][kind]
    record_property("peak_mb", peak_mb)
    assert code == 69, told
    assert told.count("\n") == 1
    assert str(path) in told
    assert peak_mb < 300


def test_nothing_of_a_hostile_archive_is_installed(refused):
    assert list(refused[1].iterdir()) == []


def test_a_file_without_end_is_refused_unread(tmp_path, record_property):
    path = tmp_path / "model.tflite"
    path.write_bytes(MODEL.flatbuffer)
    os.truncate(path, 20_000_000_000)
    ended = run_limited([sys.executable, "-m", "device", "model", "install", str(path)], memory_mb=2000)
    record_property("peak_mb", ended.peak_mb)
    assert (ended.returncode, ended.stderr.count("\n")) == (69, 1)
    assert "67,108,864 bytes are expected at most" in ended.stderr
    assert ended.peak_mb < 200


@pytest.mark.parametrize("path", ["fifo", "/dev/zero", "/dev/tty", "."])
def test_what_is_no_file_is_neither_waited_for_nor_read(tmp_path, path):
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(ModelError):
        container.read(tmp_path / path)


def test_code_beside_the_user_does_not_run_in_the_process_that_tries_a_model(tmp_path):
    trap = "import pathlib\npathlib.Path(__file__).with_name('sprung').touch()\nraise SystemExit(9)\n"
    for name in ("json", "argparse", "numpy", "cv2", "pydantic"):
        (tmp_path / f"{name}.py").write_text(trap)
    (tmp_path / "state").mkdir()
    (tmp_path / "hall.tflite").write_bytes(BUNDLED_MODEL.read_bytes())
    # As the installed command is: its own folder stands in the path, and not the user's.
    start = "import sys; sys.argv[0] = 'affectd'; from device.commands import main; sys.exit(main())"
    answer = subprocess.run(
        [sys.executable, "-P", "-c", start, "model", "install", "hall.tflite", "--state-dir", "state"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not (tmp_path / "sprung").exists()
    assert answer.returncode == 0, answer.stderr
