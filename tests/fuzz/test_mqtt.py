"""Whatever others publish where a program of ours listens leaves it alive, and its output what it promises to be."""

import json
import random
import signal
import subprocess
import sys
import time
from typing import cast

import pytest
from hypothesis import strategies as st

from device.commands.table import render
from device.commands.watch import _JsonLines, _lines
from device.mqtt.checkup import _source
from device.mqtt.client import Connection, Received
from device.mqtt.fleet import CHANNELS, Fleet
from tests.brokers import LOOPBACK, broker, listen, silent_broker
from tests.fuzz.fuzzing import BUDGET_S, hammer, mutated, outcome_of, seeds
from tests.integration.processes import ROOT, Daemon, write_config

__all__ = ["broker", "listen", "silent_broker"]

REAL = tuple(
    json.dumps(message).encode()
    for message in (
        {"schema": 1, "time": "2026-11-20T15:42:23.123Z", "source": "ok", "face_count": 1, "dominant_emotion": "happy",
         "faces": [{"track": 1, "emotion": "happy", "confidence": 0.9, "box": {"x": 0, "y": 0, "w": 1, "h": 1}}]},
        {"schema": 1, "id": "x", "seq": 1, "type": "emotion_changed", "track": 1, "emotion": "happy", "previous": None,
         "confidence": 0.9, "duration_s": 3.2, "reason": None, "replayed": False},
        {"schema": 1, "type": "face_left", "track": 1, "emotion": None, "previous": None, "confidence": None,
         "duration_s": None, "reason": "lost", "replayed": True},
        {"schema": 1, "fps": 15.0, "queue": 0, "temperature_c": None, "last_error": None},
    )
)  # fmt: skip
ODD = (
    *(b"", b"ON", b"OFF", b"on", b"online", b"offline", b"NaN", b"{", b"\xff\xfe", b"\0", b"\x1b[2J", b"\xe2\x80\xae"),
    *(b'{"a":NaN}', b'{"a":1e999}', b'"\\ud800"', b'{"a":"\\ud800"}', b'{"fps":1e308,"queue":-1}'),
    *(b"[" * 3000, b'{"a":' * 3000),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda parts: st.one_of(st.lists(parts, max_size=3), st.dictionaries(st.text(max_size=8), parts, max_size=4)),
    max_leaves=8,
).map(lambda value: json.dumps(value).encode())
PAYLOADS = st.one_of(st.sampled_from(ODD), mutated(*REAL), JSON, st.binary(max_size=64))
LEAVES = (*CHANNELS, "pause/set", "doctor", "", "a/b")
_LONGEST = 8000
"""A daemon gives up a topic of longer messages than 16 kB; here the switch is to work in the end."""
MESSAGES = st.tuples(st.sampled_from(LEAVES), PAYLOADS)


class Silent:
    """Takes what is printed and looks whether it is one line of JSON."""

    def write(self, text):
        if text.strip():
            json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))

    def flush(self):
        pass


def check(message: tuple[str, bytes]) -> str:
    leaf, payload = message
    fleet = Fleet("affectd")
    heard = Received(cast("Connection", None), f"affectd/hall/{leaf}", payload, retained=False)

    def use() -> None:
        before, sys.stdout = sys.stdout, Silent()
        try:
            _JsonLines(fleet).show(heard)
        finally:
            sys.stdout = before
        lines = _lines(fleet, heard)
        drawn = render(fleet, "here", lines, width=80, height=24)
        assert all(line.isprintable() for line in [*lines, *drawn])
        _source(payload)

    return outcome_of(use)


@pytest.mark.parametrize("data", seeds("mqtt"))
def test_what_once_failed_is_dealt_with(data):
    for leaf in LEAVES:
        check((leaf, data))


@pytest.mark.slow
def test_whatever_is_published_can_be_watched():
    assert set(hammer("mqtt", MESSAGES, check)) == {"taken"}


@pytest.mark.slow
def test_a_daemon_and_a_watcher_outlive_whatever_is_published_to_them(broker, listen, tmp_path, request):
    source = {"uri": "demo", "loop": True, "pace": "real-time"}
    daemon = Daemon(write_config(tmp_path, broker.port, source=source), tmp_path / "stderr")
    request.addfinalizer(daemon.end)
    command = [sys.executable, "-m", "device", "watch", "--json", "--broker", f"{LOOPBACK}:{broker.port}"]
    with (tmp_path / "watched").open("wb") as out, (tmp_path / "complaints").open("wb") as complaints:
        watcher = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=complaints)
    request.addfinalizer(watcher.kill)
    listener = listen(broker.port)
    listener.wait_for(lambda heard: heard.on("state"), "the daemon")
    chance, sent, until_s = random.Random(), 0, time.monotonic() + BUDGET_S
    topics = [*(f"affectd/hall/{leaf}" for leaf in (*CHANNELS, "pause/set", "doctor")), "homeassistant/status"]
    while time.monotonic() < until_s:
        payload = bytearray(chance.choice((*REAL, *ODD)))
        for _ in range(chance.randrange(4)):
            place = chance.randrange(len(payload) + 1)
            payload[place:place] = chance.randbytes(chance.choice([1, 1, 4, 64, 4000]))
        del payload[_LONGEST:]
        listener.say(chance.choice(topics), bytes(payload), retain=chance.random() < 0.3)
        sent += 1
    listener.say("affectd/hall/pause/set", "ON")
    listener.wait_for(lambda heard: any(one.payload == b"ON" for one in heard.on("pause")), "the switch to work still")
    assert daemon.process.poll() is None
    assert watcher.poll() is None
    print(f"\nmqtt, to a daemon and a watcher: {sent} messages sent", file=sys.stderr)
    daemon.signal(signal.SIGTERM)
    assert daemon.wait() == 0
    watcher.terminate()  # not SIGINT, which whoever runs tests in the background has ignored
    watcher.wait(60)
    assert "Traceback" not in daemon.told + (tmp_path / "complaints").read_text(encoding="utf-8")
    whole, _, _ = (tmp_path / "watched").read_text(encoding="utf-8", errors="ignore").rpartition("\n")
    for line in whole.split("\n"):
        json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
