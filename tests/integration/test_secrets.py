"""Passwords are planted wherever a person may put one; whatever the programs write and publish is searched for them."""

import json
import signal
import socket
import threading
from contextlib import closing

import pytest

from tests.brokers import LOOPBACK
from tests.integration.processes import call_affectd

BROKER_PASSWORD = "Tr0ub4dor-broker"
CAMERA_PASSWORD = "Swordf1sh-camera"
PLANTED = (BROKER_PASSWORD, CAMERA_PASSWORD)

SOURCES = [
    "http://admin:Swordf1sh-camera@{where}/live?x=1",
    "http://{where}/user=admin&password=Swordf1sh-camera&channel=1&stream=0.sdp",
    "http://{where}/live;user=admin;pwd=Swordf1sh-camera",
    "http://{where}/live?token=Swordf1sh-camera",
    "rtsp://admin:Swordf1sh-camera@{where}/live",
]
REFUSED = [
    ("source", "uri", "rtsp:/admin:Swordf1sh-camera@cam/live"),
    ("source", "uri", "admin:Swordf1sh-camera@cam/live"),
    ("source", "uri", "http://admin:Swordf1sh-camera#1@cam/live"),
    ("mqtt", "host", "mqtt://admin:Tr0ub4dor-broker@hub"),
    ("mqtt", "host", "admin:Tr0ub4dor-broker@hub"),
    ("mqtt", "password_file", "Tr0ub4dor-broker"),
    ("mqtt", "password", "Tr0ub4dor-broker"),
]


@pytest.fixture
def systemd(tmp_path, monkeypatch):
    """All that systemd is told."""
    path = tmp_path / "notify"
    told = []
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as end:
        end.bind(str(path))
        end.settimeout(0.2)
        over = threading.Event()

        def listen():
            while not over.is_set():
                try:
                    told.append(end.recv(65536).decode())
                except TimeoutError:
                    continue

        thread = threading.Thread(target=listen)
        thread.start()
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        yield told
        over.set()
        thread.join()


def _refusing_server():
    """A port that answers every request with 401 and what it was asked for, as some cameras do."""
    server = socket.create_server((LOOPBACK, 0))

    def serve():
        while True:
            try:
                near, _ = server.accept()
            except OSError:
                return
            with near:
                near.settimeout(5)
                try:
                    asked = near.recv(4096)
                    near.sendall(b"HTTP/1.1 401 Unauthorized\r\nX-Asked: " + asked.split(b"\r\n")[0] + b"\r\n\r\n")
                except OSError:
                    continue

    threading.Thread(target=serve, daemon=True).start()
    return server


@pytest.mark.parametrize("source", SOURCES)
def test_a_daemon_writes_and_publishes_no_password(source, silent_broker, configure, daemon, listen, systemd, tmp_path):
    password_file = tmp_path / "password"
    password_file.write_text(BROKER_PASSWORD)
    password_file.chmod(0o600)
    silent_broker.start()
    listener = listen(silent_broker.port)
    with closing(_refusing_server()) as server:
        where = f"{LOOPBACK}:{server.getsockname()[1]}"
        config = configure(
            silent_broker.port,
            source={"uri": source.format(where=where), "open_timeout_s": 1.0, "reopen_delay_s": 0.2},
            mqtt={"username": "sensor", "password_file": str(password_file), "stats_interval_s": 1.0},
            log={"level": "debug"},
        )
        running = daemon(config)
        listener.wait_for(
            lambda heard: any(one.message["last_error"] for one in heard.on("stats")) and heard.on("info"), "an error"
        )
        examined = call_affectd("doctor", "--config", str(config))
        checked = call_affectd("check", "--config", str(config))
        running.signal(signal.SIGTERM)
        running.wait()
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path not in {config, password_file}]
    texts = {
        "log": running.told,
        "systemd": "\n".join(systemd),
        "doctor": examined.stdout + examined.stderr,
        "check": checked.stdout + checked.stderr,
        **{message.topic: message.payload.decode() for message in listener.received},
        **{str(path): path.read_bytes().decode("latin-1") for path in written},
    }
    assert "STATUS=" in texts["systemd"]
    assert "camera" in texts["doctor"]
    leaks = [place for place, text in texts.items() if any(secret in text for secret in PLANTED)]
    assert leaks == []


@pytest.mark.parametrize(("section", "key", "value"), REFUSED)
def test_a_password_in_the_wrong_place_is_refused_and_not_shown(section, key, value, tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps({section: {key: value}}), encoding="utf-8")
    for verb in ("check", "run", "doctor"):
        answer = call_affectd(verb, "--config", str(path))
        assert answer.returncode == 78
        assert not any(secret in answer.stdout + answer.stderr for secret in PLANTED)


def test_a_source_on_the_command_line_shows_no_password(configure, tmp_path):
    with closing(_refusing_server()) as server:
        source = f"http://admin:{CAMERA_PASSWORD}@{LOOPBACK}:{server.getsockname()[1]}/x"
        for arguments in (
            ["run", "--config", str(configure(1)), "--source", source],
            ["aim", "--once", "1", "--source", source],
            ["snapshot", source, str(tmp_path / "out.png")],
            ["run", "--record", str(tmp_path / "out.mp4"), "--source", source],
            ["run", "--recrod", source],
        ):
            answer = call_affectd(*arguments)
            assert answer.returncode not in {0, 70}
            assert CAMERA_PASSWORD not in answer.stdout + answer.stderr
