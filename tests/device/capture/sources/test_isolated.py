"""A source in a process of its own gives what it gives here; whatever becomes of the process, a sentence is left."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from device.errors import SourceError
from tests.device.capture.sources.films import film, level_of, read_all
from tests.device.capture.sources.isolation import PATIENCE_S, make, process_of
from tests.device.capture.sources.matroska import jpeg, matroska
from tests.device.capture.sources.web import web
from tests.device.contract.test_picture_header import huge_jpeg

__all__ = ["make", "web"]


def is_gone(process):
    deadline_s = time.monotonic() + PATIENCE_S
    while process.exists() and time.monotonic() < deadline_s:
        if "State:\tZ" in (process / "status").read_text():
            return True
        time.sleep(0.01)
    return not process.exists()


def test_a_film_is_what_it_is_in_this_process(tmp_path, make):
    source = make(film(tmp_path / "film.avi", [0, 50, 100, 150]), colour="whole")
    assert not source.live
    source.open()
    assert (source.fps, source.frame_count) == (10.0, 4)
    frames = read_all(source)
    assert [level_of(frame.grey) for frame in frames] == [0, 50, 100, 150]
    assert [frame.index for frame in frames] == [0, 1, 2, 3]
    assert [frame.bgr.shape for frame in frames] == [(48, 64, 3)] * 4
    assert frames[1].time_s - frames[0].time_s == pytest.approx(0.1)
    assert frames[0].taken_at.tzinfo is not None
    assert source.read() is None


def test_closed_the_process_is_gone_and_opened_again_the_numbers_go_on(tmp_path, make):
    source = make(film(tmp_path / "film.avi", [0, 50, 100]))
    source.open()
    source.read()
    process = process_of(source)
    source.close()
    source.close()
    assert is_gone(process)
    with pytest.raises(SourceError, match="not open"):
        source.read()
    source.open()
    assert [frame.index for frame in read_all(source)] == [1, 2, 3]


def test_read_faster_than_it_plays_and_opened_again_a_films_time_goes_on(tmp_path, make):
    source = make(film(tmp_path / "film.avi", [128] * 400))  # 40 s
    source.open()
    last = read_all(source)[-1]
    source.open()
    first, second, *_ = read_all(source)
    assert first.time_s - last.time_s == pytest.approx(0.1)
    assert second.time_s - first.time_s == pytest.approx(0.1)
    assert (first.taken_at - last.taken_at).total_seconds() == pytest.approx(0.1, abs=0.01)


def test_a_process_that_lets_time_go_back_is_a_loss(tmp_path, make, monkeypatch):
    source = make(film(tmp_path / "film.avi", [0, 50, 100]))
    source.open()
    first = source.read()
    monkeypatch.setattr(source._memory, "frame", lambda *_: replace(first, index=1, time_s=first.time_s - 1))
    with pytest.raises(SourceError, match="frames go back"):
        source.read()
    assert source._process is None


def test_what_it_cannot_open_it_says_with_its_remedy(tmp_path, make):
    source = make(tmp_path / "missing.mp4")
    with pytest.raises(SourceError, match=r"cannot read the video .*missing.mp4: No such file") as refused:
        source.open()
    assert "check source.uri" in refused.value.remedy


def test_what_it_logs_stands_in_the_log(tmp_path, make, caplog):
    pictures = [(100 * number, jpeg(100) if number != 3 else b"damaged") for number in range(6)]
    (tmp_path / "film.mkv").write_bytes(matroska(pictures, (64, 48), frame_ms=100))
    source = make(tmp_path / "film.mkv")
    source.open()
    assert len(read_all(source)) == 5
    assert "film.mkv: 1 damaged pictures were left out" in caplog.text


def test_a_process_that_dies_is_a_loss_and_the_next_opening_has_another(tmp_path, make):
    source = make(film(tmp_path / "film.avi", [0, 50, 100]))
    source.open()
    os.kill(source._process.pid, signal.SIGSEGV)
    with pytest.raises(SourceError, match=r"what reads .*film.avi has ended \(signal 11\)"):
        source.read()
    source.open()
    assert len(read_all(source)) == 3


def test_a_film_whose_pictures_claim_more_than_its_header_cannot_take_the_memory(tmp_path, make):
    bomb = huge_jpeg(16_000, 16_000)
    (tmp_path / "bomb.mkv").write_bytes(matroska([(100 * number, bomb) for number in range(5)], (64, 48), frame_ms=100))
    source = make(tmp_path / "bomb.mkv", colour="whole")
    peaks_kb = []
    answers = source._ask

    def ask(*arguments):
        try:
            return answers(*arguments)
        finally:
            if source._process is not None:
                status = (process_of(source) / "status").read_text().splitlines()
                peaks_kb.extend(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

    source._ask = ask
    with pytest.raises(SourceError):  # at its opening or its first picture; what FFmpeg makes of it differs
        _play(source)
    assert max(peaks_kb) < 400_000


def _play(source):
    source.open()
    return read_all(source)


def test_a_server_that_says_nothing_is_a_loss_and_never_a_hung_driver(make):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for scheme in ("http", "rtsp"):
            source = make(f"{scheme}://me:hunter2@127.0.0.1:{port}/", open_timeout_s=0.5, stall_timeout_s=0.5)
            assert source.live
            with pytest.raises(SourceError) as lost:
                source.open()
            assert "hunter2" not in str(lost.value)


def test_a_process_that_is_stuck_is_ended_when_it_is_overdue(tmp_path, make, monkeypatch):
    monkeypatch.setattr("device.capture.sources.isolated._FILE_PATIENCE_S", 0.2)
    monkeypatch.setattr("device.capture.sources.isolated._GRACE_S", 0.1)
    source = make(film(tmp_path / "film.avi", [0, 50, 100]))
    source.open()
    process = process_of(source)
    os.kill(source._process.pid, signal.SIGSTOP)
    with pytest.raises(SourceError, match=r"has not given a frame for"):
        source.read()
    assert is_gone(process)


def test_nobody_who_lists_processes_sees_a_password_and_the_process_has_no_secrets(tmp_path, make, monkeypatch):
    monkeypatch.setenv("AFFECTD_MQTT_PASSWORD", "hunter2")
    source = make(film(tmp_path / "hunter2.avi", [0, 50, 100]))
    source.open()
    process = process_of(source)
    assert b"hunter2" not in (process / "cmdline").read_bytes()
    assert b"hunter2" not in (process / "environ").read_bytes()
    status = (process / "status").read_text()
    assert "NoNewPrivs:\t1" in status
    assert (process / "oom_score_adj").read_text() == "1000\n"


def test_it_ends_with_the_daemon_however_that_ends_and_whatever_it_waits_for(web):
    script = """
import sys, time
from device.capture.sources import isolated_colours
from device.capture.sources.isolated import IsolatedSource
from device.capture.sources.isolated_channel import Request
from device.capture.sources.isolated_colours import ColourLine
from device.capture.sources.settings import SourceSettings
from device.system.clock import SystemClock
source = IsolatedSource(SourceSettings(uri=sys.argv[1], stall_timeout_s=300.0), SystemClock(), colour="none")
source.open()
source.read()
source._channel.send(Request("read"))
print(source._process.pid, flush=True)
time.sleep(600)
"""

    def fall_silent(page):
        page.send_response(200)
        page.send_header("Content-Type", "multipart/x-mixed-replace; boundary=b")
        page.end_headers()
        page.wfile.write(b"--b\r\n\r\n" + jpeg(90) + b"\r\n--b\r\n")
        threading.Event().wait()

    web.answers["/"] = fall_silent
    daemon = subprocess.Popen([sys.executable, "-c", script, web.url], stdout=subprocess.PIPE, text=True)
    process = Path(f"/proc/{int(daemon.stdout.readline())}")
    daemon.kill()
    daemon.communicate()
    assert is_gone(process)


def test_a_folder_whose_name_is_not_utf_8_ends_nothing(tmp_path, make, monkeypatch):
    folder = Path(os.fsdecode(bytes(tmp_path) + b"/\xff\xfe"))
    folder.mkdir()
    film(tmp_path / "film.avi", [0, 50, 100]).rename(folder / "film.avi")
    monkeypatch.chdir(folder)
    source = make("film.avi")
    source.open()
    assert len(read_all(source)) == 3
