"""A network that was made to do harm: the process that tries it is all that it gets."""

import json
import os
import sys
import time

import pytest

from device.classify import probe
from device.classify.classifier import BUNDLED_MODEL
from device.classify.modelstore import GIVEN_UP_NAME, INSTALLED_NAME
from device.classify.probe import find_runtime
from device.contract import container
from device.errors import AffectdError, ModelError
from tests.attacks.limited import run_limited
from tests.attacks.networks import hostile
from tests.integration.processes import Daemon, write_config

MODEL = container.read(BUNDLED_MODEL)
TELLS = """
import json, os, resource, sys
def Interpreter(**_):
    told = {"uid": os.getuid(), "euid": os.geteuid(), "groups": os.getgroups(), "environment": sorted(os.environ)}
    told |= {name: resource.getrlimit(getattr(resource, name))[1] for name in LIMITS}
    told["new privileges"] = "NoNewPrivs:\\t1" not in open("/proc/self/status").read()
    raise ValueError(json.dumps(told))
LIMITS = "RLIMIT_DATA", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_CORE"
"""
TALKS = "import os\ndef Interpreter(**_):\n    while True:\n        os.write({}, b'x' * 65536)\n"
WRITES = "def Interpreter(**_):\n    open({!r}, 'wb').write(b'x' * 1_000_000)\n"
TAKES = "def Interpreter(**_):\n    return bytearray(1_000_000_000)\n"


@pytest.fixture
def runtime(tmp_path, monkeypatch):
    """Put native code of a stranger's in the place of the runtime."""

    def put(source):
        for folder in (tmp_path, *tmp_path.parents[:2]):
            folder.chmod(0o755)
        package = tmp_path / "ai_edge_litert"
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "interpreter.py").write_text(source)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setattr(probe, "RUNTIMES", ("ai-edge-litert",))

    return put


def test_it_has_neither_root_nor_the_environment_nor_more_than_its_limits(runtime, monkeypatch):
    monkeypatch.setenv("AFFECTD_MQTT_PASSWORD", "secret")
    runtime(TELLS)
    with pytest.raises(ModelError) as raised:
        find_runtime(MODEL, 1, None)
    told = json.loads(raised.value.reason[raised.value.reason.index("{") : raised.value.reason.rindex("}") + 1])
    expected = 65534 if os.geteuid() == 0 else os.getuid()
    assert (told["uid"], told["euid"]) == (expected, expected)
    assert 0 not in told["groups"] or os.geteuid() != 0
    assert set(told["environment"]) <= {"LC_CTYPE", "LD_LIBRARY_PATH"}
    assert told["new privileges"] is False
    assert (told["RLIMIT_CPU"], told["RLIMIT_FSIZE"], told["RLIMIT_NOFILE"], told["RLIMIT_CORE"]) == (50, 65536, 64, 0)
    assert told["RLIMIT_DATA"] < 2**31


@pytest.mark.parametrize("descriptor", [1, 2])
def test_one_that_talks_without_end_costs_its_parent_nothing(runtime, descriptor):
    runtime(TALKS.format(descriptor))
    with pytest.raises(AffectdError) as raised:
        find_runtime(MODEL, 1, None)
    assert len(str(raised.value)) < 1000


def test_one_that_writes_files_fills_no_disk(runtime, tmp_path):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    runtime(WRITES.format(str(tmp_path / "open" / "file")))
    with pytest.raises(AffectdError):
        find_runtime(MODEL, 1, None)
    assert sum(path.stat().st_size for path in (tmp_path / "open").iterdir()) <= 65536


def test_one_that_takes_memory_gets_none(runtime):
    runtime(TAKES)
    with pytest.raises(ModelError, match="out of memory"):
        find_runtime(MODEL, 1, None)


def _install(path, state_dir, **options):
    command = [sys.executable, "-m", "device", "model", "install", str(path), "--state-dir", str(state_dir)]
    return run_limited(command, memory_mb=6000, **options)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "told"),
    [("endless", "does not"), ("slow", "over one face on this machine"), ("large", "no TFLite runtime")],
)
def test_a_network_that_hangs_dawdles_or_swells_is_not_installed(tmp_path, kind, told, record_property):
    pytest.importorskip("tensorflow", reason="needs TensorFlow: pip install 'affectd[convert]'")
    path, state_dir = tmp_path / "hostile.tflite", tmp_path / "state"
    state_dir.mkdir()
    path.write_bytes(hostile(kind))
    ended = _install(path, state_dir)
    record_property("peak_mb", ended.peak_mb)
    assert (ended.returncode, ended.stderr.count("\n")) == (69, 1), ended.stderr
    assert told in ended.stderr
    assert ended.peak_mb < 400
    assert list(state_dir.iterdir()) == []


@pytest.mark.slow
def test_a_daemon_whose_model_hangs_at_a_face_goes_on_with_the_one_that_ships(tmp_path, request):
    pytest.importorskip("tensorflow", reason="needs TensorFlow: pip install 'affectd[convert]'")
    config = write_config(tmp_path, 1, source={"uri": "demo", "loop": True}, mqtt={"enabled": False})
    state_dir = tmp_path / "state"
    state_dir.mkdir()
    (state_dir / INSTALLED_NAME).write_bytes(hostile("endless at a face"))
    process = Daemon(config, tmp_path / "stderr")
    request.addfinalizer(process.end)
    pid = process.process.pid
    until_s = time.monotonic() + 120.0
    while "the model that ships is used instead" not in process.told and time.monotonic() < until_s:
        time.sleep(0.2)
    assert "the model is given up, and the daemon starts afresh with the one that ships" in process.told
    assert "the model that ships is used instead" in process.told
    assert (process.process.pid, process.process.poll()) == (pid, None)
    assert "it has been at one face for" in (state_dir / GIVEN_UP_NAME).read_text()
    assert _install(state_dir / INSTALLED_NAME, state_dir).returncode == 69
