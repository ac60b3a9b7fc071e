"""Small colours are made in the process that reads, and only when somebody looks."""

import os
import signal
import threading

from device.capture.sources import isolated_colours
from tests.brokers import wait_until
from tests.device.capture.sources.films import film, level_of, read_all
from tests.device.capture.sources.isolation import PATIENCE_S, make, process_of
from tests.device.capture.sources.web import camera_jpeg, web

__all__ = ["make", "web"]


def test_small_colours_are_made_in_the_process_once_somebody_looks(tmp_path, make):
    source = make(film(tmp_path / "film.avi", [0, 50, 100, 150, 200, 250]), colour="small")
    source.open()
    first, second, *later = read_all(source)
    assert second.bgr is None
    assert level_of(later[0].colours()) == 100
    assert level_of(later[-1].colours()) == 250
    assert later[0].colours().shape == (48, 64, 3)
    assert first.colours() is second.colours() is None  # that long ago nothing is kept


def test_a_web_cameras_small_colours_come_from_its_process_too(make, web):
    web.answers["/"] = lambda page: page.give(camera_jpeg(90), "image/jpeg")
    source = make(web.url, colour="small", fps=100.0)
    source.open()
    colours = source.read().colours()
    assert (level_of(colours), colours.shape) == (90, (48, 64, 3))


def test_after_a_reopening_the_colours_are_those_of_the_new_frames(tmp_path, make):
    source = make(film(tmp_path / "film.avi", [50, 100]), colour="small")
    source.open()
    old = read_all(source)[0]
    source.open()
    new = source.read()
    assert (new.index, level_of(new.colours())) == (2, 50)
    assert old.colours() is None


def test_a_look_at_a_process_that_is_gone_is_one_in_grey(tmp_path, make):
    source = make(film(tmp_path / "film.avi", [0, 50]), colour="small")
    source.open()
    frame = source.read()
    os.kill(source._process.pid, signal.SIGKILL)
    source._process.wait(PATIENCE_S)
    assert frame.colours() is None
    source.close()
    assert frame.colours() is None


def test_a_process_that_does_not_tell_colours_in_time_is_asked_no_more(tmp_path, make, monkeypatch):
    monkeypatch.setattr(isolated_colours, "_PATIENCE_S", 0.01)
    source = make(film(tmp_path / "film.avi", [0, 50]), colour="small")
    source.open()
    frame = source.read()
    os.kill(source._process.pid, signal.SIGSTOP)
    wait_until(lambda: "State:\tT" in (process_of(source) / "status").read_text(), "the process to stop")
    assert frame.colours() is None
    os.kill(source._process.pid, signal.SIGCONT)
    assert frame.colours() is None
    assert level_of(source.read().grey) == 50


def test_a_look_while_the_next_frame_is_waited_for_does_not_wait_for_it(make, web):
    goes_on = threading.Event()

    def answer(page):
        if len(web.asked) > 2:
            goes_on.wait(PATIENCE_S)
        page.give(camera_jpeg(90), "image/jpeg")

    web.answers["/"] = answer
    source = make(web.url, colour="small", fps=100.0, stall_timeout_s=PATIENCE_S)
    source.open()
    frames = [source.read(), source.read()]
    reader = threading.Thread(target=lambda: frames.append(source.read()))
    reader.start()
    wait_until(lambda: len(web.asked) > 2, "the third picture to be asked for")
    assert frames[1].colours() is not None
    assert len(frames) == 2
    goes_on.set()
    reader.join(PATIENCE_S)
    assert len(frames) == 3
