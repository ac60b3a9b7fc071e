"""The verbs that watch and examine, as processes against a real broker."""

import json
import os
import pty
import signal
import subprocess
import sys

import pytest

from device.config import sample_config
from device.mqtt.schema import asyncapi_text
from tests.brokers import LOOPBACK, free_port, wait_until
from tests.device.mqtt.wire_format import check
from tests.integration.processes import ROOT, call_affectd, run_affectd

pytestmark = pytest.mark.integration

ENDLESS = {"pace": "real-time", "loop": True}
WATCH = [sys.executable, "-m", "device", "watch"]


@pytest.fixture
def start(request):
    """Starts a process whose output is read; it is ended with the test."""

    def make(*arguments, **options):
        settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
        process = subprocess.Popen([*WATCH, *arguments], cwd=ROOT, **settings)
        request.addfinalizer(process.kill)
        return process

    return make


def test_the_schema_is_the_description_of_the_topics():
    answer = run_affectd("schema")
    assert answer.returncode == 0
    assert answer.stdout == asyncapi_text()


def test_the_schema_into_a_pipe_that_closes_early_is_no_fault():
    command = f"{sys.executable} -m device schema | head -n 1"
    answer = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert answer.stdout == "asyncapi: 3.0.0\n"
    assert answer.stderr == ""


def test_watch_gives_every_message_of_every_device_as_a_line_of_json(broker, configure, daemon, start, tmp_path):
    for name in ("hall", "porch"):
        folders = {"id": name, "state_dir": str(tmp_path / name), "runtime_dir": str(tmp_path / f"run-{name}")}
        config = configure(broker.port, source=ENDLESS, device=folders, mqtt={"stats_interval_s": 1.0})
        daemon(config.rename(tmp_path / f"{name}.yaml"))
    watch = start("--json", "--broker", f"{LOOPBACK}:{broker.port}")
    seen = set()
    for text in watch.stdout:
        line = json.loads(text)
        assert line.keys() == {"topic", "device", "channel", "retained", "message"}
        check(line["channel"], line["message"])
        seen.add((line["device"], line["channel"]))
        if {channel for device, channel in seen if device == "porch"} >= {"info", "state", "events", "stats", "pause"}:
            break
    watch.send_signal(signal.SIGINT)
    _, complaints = watch.communicate(timeout=60)
    assert watch.returncode == 0
    assert complaints == ""
    assert {device for device, _ in seen} == {"hall", "porch"}


def test_watch_into_a_pipe_tells_events_in_words(broker, configure, daemon, start):
    daemon(configure(broker.port, source=ENDLESS))
    watch = start("--broker", f"{LOOPBACK}:{broker.port}")
    lines = []
    for line in watch.stdout:
        lines.append(line)
        if "leaves" in line:
            break
    watch.send_signal(signal.SIGTERM)
    watch.communicate(timeout=60)
    assert any("hall is online" in line for line in lines)
    assert any("hall  face" in line and "appears" in line for line in lines)


def test_watch_on_a_terminal_draws_a_table_and_gives_the_terminal_back(broker, configure, daemon, start):
    daemon(configure(broker.port, source=ENDLESS))
    ours, theirs = pty.openpty()
    watch = start(
        "--broker", f"{LOOPBACK}:{broker.port}", stdout=theirs, env=os.environ | {"COLUMNS": "100", "LINES": "30"}
    )
    os.close(theirs)
    shown = b""

    def read_until(marker):
        nonlocal shown
        while marker not in shown:
            shown += os.read(ours, 65536)

    read_until(b"DEVICE")
    read_until("█".encode())
    assert b"\x1b[?25l" in shown
    assert b"1 devices, 1 online" in shown
    watch.send_signal(signal.SIGINT)
    read_until(b"\x1b[?25h")
    assert watch.wait(60) == 0
    os.close(ours)


def test_watch_goes_on_when_the_broker_was_away(broker, listen, start):
    watch = start("--json", "--broker", f"{LOOPBACK}:{broker.port}")
    listener = listen(broker.port)
    listener.say("affectd/hall/availability", "online", retain=True)
    assert json.loads(watch.stdout.readline())["message"] == "online"
    broker.stop()
    broker.start()
    again = json.loads(watch.stdout.readline())
    assert (again["message"], again["retained"]) == ("online", True)
    watch.send_signal(signal.SIGINT)
    _, complaints = watch.communicate(timeout=60)
    assert watch.returncode == 0
    assert "trying again" in complaints


def test_watch_with_nobody_who_reads_ends_quietly(broker, listen):
    listener = listen(broker.port)
    for number in range(20):
        listener.say(f"affectd/device-{number}/availability", "online", retain=True)
    command = f"{' '.join(WATCH)} --json --broker {LOOPBACK}:{broker.port} | head -n 1"
    answer = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert json.loads(answer.stdout)["message"] == "online"
    assert answer.stderr == ""


def test_watch_does_not_choke_on_what_others_say(broker, listen, start):
    listener = listen(broker.port)
    listener.say("affectd/hall/availability", "online", retain=True)
    listener.say("affectd/ha\u202ell/state", b"{\xff\x1b]0;", retain=True)
    listener.say("affectd/hall/events", b'{"type": "face_left"}', retain=True)
    watch = start("--broker", f"{LOOPBACK}:{broker.port}")
    awaited = {
        "hall is online",
        r"ha\u202ell has sent on state what does not fit",
        "hall has sent on events what does not fit",
    }
    lines = ""
    while not all(words in lines for words in awaited):
        line = watch.stdout.readline()
        assert line, lines
        lines += line
    watch.send_signal(signal.SIGINT)
    watch.communicate(timeout=60)
    assert watch.returncode == 0
    assert not {"\x1b", "\u202e"} & set(lines)


def test_watch_names_a_broker_that_is_not_there():
    answer = call_affectd("watch", "--broker", f"{LOOPBACK}:{free_port()}")
    assert answer.returncode == 69
    assert len(answer.stderr.splitlines()) == 1
    assert "Connection refused" in answer.stderr


def test_the_doctor_finds_a_running_device_well(broker, listen, configure, daemon):
    listener = listen(broker.port)
    config = configure(broker.port, source=ENDLESS)
    daemon(config)
    listener.wait_for(lambda heard: [m for m in heard.on("state") if m.message["source"] == "ok"], "frames")
    wait_until(lambda: "in use by the daemon" in call_affectd("doctor", "--config", str(config)).stdout, "the daemon")
    answer = call_affectd("doctor", "--config", str(config))
    subjects = [line.split()[1] for line in answer.stdout.splitlines() if not line.startswith(" ")]
    assert " ".join(subjects) == "config model detector permissions broker camera summary disk clock temperature"
    assert "WRONG" not in answer.stdout
    assert answer.returncode == 0
    for message in listener.on("doctor"):
        check("doctor", message.text)


def test_the_doctor_tells_each_fault_with_a_command_and_ends_with_69(configure):
    config = configure(free_port(), source={"uri": "/dev/video99"}, classifier={"model": "/nowhere/x.tflite"})
    answer = call_affectd("doctor", "--config", str(config))
    assert answer.returncode == 69
    assert answer.stdout.endswith("wrong: model, broker, camera\n")
    lines = answer.stdout.splitlines()
    for number, line in enumerate(lines):
        if line.startswith("WRONG"):
            assert lines[number + 1].lstrip().startswith("$ ")
    assert answer.stderr == ""


def test_the_doctor_ends_with_78_for_the_configuration_alone(tmp_path):
    answer = call_affectd("doctor", "--config", str(tmp_path / "none.yaml"))
    assert answer.returncode == 78
    assert f"$ sudo install -D -m 644 {sample_config()} /" in answer.stdout
