import os
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from device.capture.sources.video import VideoFile
from device.errors import SourceError
from tests.device.capture.sources.films import FPS, HEIGHT, WIDTH, film, level_of, read_all
from tests.device.capture.sources.matroska import jpeg, matroska
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
    plain, colourful = VideoFile(path, clock), VideoFile(path, clock, colour="whole")
    small = VideoFile(path, clock, colour="small")
    small.open()
    frame = small.read()
    assert frame.bgr is None
    assert frame.colours().shape == (HEIGHT, WIDTH, 3)
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
    assert f"{cut} ended after {len(frames) / FPS:.1f} of about 2.0 s" in caplog.text


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


def times_s(frames):
    return [frame.time_s - frames[0].time_s for frame in frames]


@pytest.fixture
def mkv(tmp_path, clock):
    """Opens a film of pictures at (milliseconds, level), and gives it with all its frames."""

    def opened(pictures, *, aspect=None, **options):
        content = [(time_ms, level if isinstance(level, bytes) else jpeg(level)) for time_ms, level in pictures]
        path = tmp_path / "film.mkv"
        path.write_bytes(matroska(content, (WIDTH, HEIGHT), **options))
        source = VideoFile(path, clock, aspect=aspect)
        source.open()
        return source, read_all(source)

    return opened


@pytest.mark.parametrize("jump_ms", [36_000_000, -36_000_000])
def test_two_films_in_one_file_follow_each_other_whatever_their_clocks_say(mkv, jump_ms):
    base_ms = 40_000_000
    one = [(base_ms + 100 * number, 50) for number in range(20)]
    other = [(base_ms + jump_ms + 100 * number, 100) for number in range(20)]
    _, frames = mkv(one + other, frame_ms=100)
    assert times_s(frames) == pytest.approx([number / 10 for number in range(40)], abs=0.001)


def test_a_gap_that_a_film_may_have_is_kept(mkv):
    _, frames = mkv([(0, 50), (100, 50), (200, 50), (9_000, 50), (9_100, 50)], frame_ms=100)
    assert times_s(frames) == pytest.approx([0.0, 0.1, 0.2, 9.0, 9.1], abs=0.001)


def test_a_damaged_picture_is_left_out_told_of_and_the_rest_is_played(mkv, caplog):
    pictures: list[tuple[int, int | bytes]] = [(100 * number, 10 * number) for number in range(20)]
    pictures[8] = (800, b"\xff\xd8\xff damaged")
    _, frames = mkv(pictures, frame_ms=100)
    assert [level_of(frame.grey) for frame in frames] == [10 * number for number in range(20) if number != 8]
    assert [frame.index for frame in frames] == [number for number in range(20) if number != 8]
    assert times_s(frames)[8] == pytest.approx(0.9, abs=0.001)
    assert "1 damaged pictures were left out" in caplog.text


def test_a_film_without_a_rate_as_browsers_record_it_has_the_rate_that_it_shows(mkv):
    source, frames = mkv([(33 * number + (number * 7) % 5, 100) for number in range(60)])
    assert 25.0 <= source.fps <= 40.0
    assert times_s(frames)[-1] == pytest.approx(33 * 59 / 1000, abs=0.01)


def test_a_film_of_varying_rates_is_not_called_damaged(mkv, caplog):
    pictures = [(100 * number, 100) for number in range(10)] + [(1000 + 2000 * number, 100) for number in range(10)]
    source, frames = mkv(pictures, duration_ms=19_100.0)
    assert len(frames) == 20
    assert caplog.text == ""
    assert source.fps < 15.0


@pytest.mark.parametrize(
    ("shown_size", "aspect", "size"),
    [(None, None, (64, 48)), ((128, 48), None, (128, 48)), ((64, 96), None, (64, 96)), ((128, 48), 4 / 3, (64, 48))],
)
def test_pixels_that_are_not_square_are_made_so(mkv, shown_size, aspect, size):
    _, frames = mkv([(0, 50), (100, 50)], frame_ms=100, shown_size=shown_size, aspect=aspect)
    assert (frames[0].width, frames[0].height) == size


def test_a_film_of_more_pixels_than_are_allowed_is_refused_by_name(tmp_path, clock):
    source = VideoFile(film(tmp_path / "film.avi", [50]), clock, max_pixels=WIDTH * HEIGHT - 1)
    with pytest.raises(
        SourceError, match=r"film.avi gives pictures of 64 x 48 pixels, more than source.max_megapixels"
    ):
        source.open()


def test_a_pipe_in_the_place_of_a_film_is_not_waited_for(tmp_path, clock):
    os.mkfifo(tmp_path / "film.avi")
    with pytest.raises(SourceError, match=r"film\.avi is not a file"):
        VideoFile(tmp_path / "film.avi", clock).open()


def test_a_film_whose_name_is_not_utf_8_is_played(tmp_path, clock):
    path = Path(os.fsdecode(bytes(tmp_path) + b"/\xff.avi"))
    film(tmp_path / "film.avi", [50]).rename(path)
    source = VideoFile(path, clock)
    source.open()
    assert level_of(source.read().grey) == 50


def test_a_playlist_in_the_place_of_a_film_reaches_no_server(tmp_path, clock):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/x.ts"
        (tmp_path / "film.m3u8").write_text(
            f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{address}\n#EXT-X-ENDLIST\n"
        )
        with pytest.raises(SourceError, match="no video"):
            VideoFile(tmp_path / "film.m3u8", clock).open()
        server.settimeout(0.0)
        with pytest.raises(BlockingIOError):
            server.accept()
