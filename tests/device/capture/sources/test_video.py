import os
import subprocess
import sys
from datetime import timedelta

import pytest

from device.capture.sources.video import VideoFile
from device.errors import SourceError
from tests.device.capture.sources.films import FPS, HEIGHT, WIDTH, film, level_of, read_all
from tests.fakes import FakeClock


@pytest.fixture
def clock():
    return FakeClock()


def test_every_frame_comes_in_order_with_its_number_and_then_the_end(tmp_path, clock):
    source = VideoFile(film(tmp_path / "film.avi", [0, 50, 100, 150]), clock)
    source.open()
    frames = read_all(source)
    assert [level_of(frame.grey) for frame in frames] == [0, 50, 100, 150]
    assert [frame.index for frame in frames] == [0, 1, 2, 3]
    assert (frames[0].width, frames[0].height) == (WIDTH, HEIGHT)
    assert source.read() is None


def test_frames_lie_in_time_as_the_film_says_however_slow_the_reading_is(tmp_path, clock):
    source = VideoFile(film(tmp_path / "film.avi", [0] * 4), clock)
    source.open()
    opened_s, opened_at = clock.monotonic_s(), clock.now()
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)
        clock.time_s += 7.0
    media_s = [number / FPS for number in range(4)]
    assert [frame.time_s - opened_s for frame in frames] == pytest.approx(media_s)
    assert [frame.taken_at - opened_at for frame in frames] == [timedelta(seconds=s) for s in media_s]


def test_colour_is_kept_only_when_it_is_asked_for(tmp_path, clock):
    path = film(tmp_path / "film.avi", [50])
    plain, colourful = VideoFile(path, clock), VideoFile(path, clock, colour=True)
    plain.open()
    colourful.open()
    assert plain.read().bgr is None
    assert colourful.read().bgr.shape == (HEIGHT, WIDTH, 3)


def test_a_looped_film_begins_again_and_time_and_numbers_go_on(tmp_path, clock):
    source = VideoFile(film(tmp_path / "film.avi", [0, 50, 100]), clock, loop=True)
    source.open()
    frames = [source.read() for _ in range(7)]
    assert [level_of(frame.grey) for frame in frames] == [0, 50, 100, 0, 50, 100, 0]
    assert [frame.index for frame in frames] == list(range(7))
    assert [frame.time_s - clock.time_s for frame in frames] == pytest.approx([number / FPS for number in range(7)])


def test_a_film_that_is_opened_again_begins_again_later_in_time(tmp_path, clock):
    source = VideoFile(film(tmp_path / "film.avi", [0, 50, 100]), clock)
    source.open()
    first = read_all(source)
    source.close()
    source.open()
    second = read_all(source)
    assert [level_of(frame.grey) for frame in second] == [0, 50, 100]
    assert second[0].time_s > first[-1].time_s
    assert second[0].taken_at > first[-1].taken_at


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("missing.mp4", None, "No such file"),
        ("empty.mp4", b"", "empty file"),
        ("letter.mkv", b"Dear reader, this is no video.\n" * 100, "no video"),
        ("letter.txt", b"Dear reader, this is no video.\n" * 100, "no video"),
    ],
)
def test_what_is_no_video_is_refused_with_its_name_and_what_to_do(tmp_path, clock, name, content, says):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=says) as refused:
        VideoFile(path, clock).open()
    assert str(path) in refused.value.reason
    assert "source.uri" in refused.value.remedy


def test_a_video_without_a_single_picture_is_refused_even_when_it_loops(tmp_path, clock):
    whole = film(tmp_path / "film.avi", [0, 50]).read_bytes()
    hollow = tmp_path / "hollow.avi"
    hollow.write_bytes(whole[: whole.index(b"movi") + 4])
    source = VideoFile(hollow, clock, loop=True)
    source.open()
    with pytest.raises(SourceError, match="no video"):
        source.read()


def test_a_video_that_is_cut_short_gives_what_it_has_and_says_so(tmp_path, clock, caplog):
    whole = film(tmp_path / "film.avi", [10 * number for number in range(20)]).read_bytes()
    cut = tmp_path / "cut.avi"
    cut.write_bytes(whole[: whole.index(b"movi") + (len(whole) - whole.index(b"movi")) // 2])
    source = VideoFile(cut, clock)
    source.open()
    frames = read_all(source)
    assert 0 < len(frames) < 20
    assert f"{cut} ended after {len(frames)} of about 20 frames" in caplog.text


def test_a_film_is_found_whatever_its_name_looks_like(tmp_path, clock, monkeypatch):
    film(tmp_path / "film.avi", [50]).rename(tmp_path / "part:1 %02d.avi")
    monkeypatch.chdir(tmp_path)
    source = VideoFile(next(tmp_path.iterdir()).relative_to(tmp_path), clock)
    source.open()
    assert level_of(source.read().grey) == 50


def test_reading_before_opening_and_after_closing_is_a_source_error_and_closing_twice_is_harmless(tmp_path, clock):
    source = VideoFile(film(tmp_path / "film.avi", [50]), clock)
    with pytest.raises(SourceError, match="not open"):
        source.read()
    source.open()
    source.close()
    source.close()
    with pytest.raises(SourceError, match="not open"):
        source.read()


def test_libraries_print_nothing_of_their_own_about_bad_input(tmp_path):
    (tmp_path / "bad.mp4").write_bytes(b"no video" * 100)
    (tmp_path / "bad.mkv").write_bytes(b"no video" * 100)
    script = """
import sys
from pathlib import Path
from device.system.clock import SystemClock
from device.errors import SourceError
from device.capture.sources import build_source
from device.capture.sources.settings import SourceSettings
for uri in sys.argv[1:]:
    try:
        build_source(SourceSettings(uri=uri), SystemClock()).open()
    except SourceError:
        print("refused", uri)
"""
    uris = [str(tmp_path / "bad.mp4"), str(tmp_path / "bad.mkv"), "/dev/null", "http://127.0.0.1:9/video"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENCV_")}
    done = subprocess.run(
        [sys.executable, "-c", script, *uris], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.splitlines() == [f"refused {uri}" for uri in uris]
    assert done.stderr == ""


def test_a_film_that_is_not_open_promises_no_number_of_frames(tmp_path, clock):
    film = VideoFile(tmp_path / "film.avi", clock)
    assert film.frame_count is None
