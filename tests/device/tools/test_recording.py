import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from device.config import parse_config
from device.errors import ConfigError, SourceError, StorageError, UsageError
from device.overlay.palette import FIELD
from device.overlay.settings import OverlaySettings
from device.records import Box, Frame, Observation, ObservedFace, Track
from device.tools.recording import _Artist, _Film, record
from tests.device.capture.sources.matroska import jpeg, matroska
from tests.device.overlay.scenes import CLIP_FPS, clip_picture
from tests.device.sightings import NOON, FakeClock
from tests.integration.processes import run_affectd

ROOT = Path(__file__).parents[3]


def _film(path: Path, pictures: list[np.ndarray], fps: float = 10.0) -> Path:
    height, width = pictures[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (width, height))
    for picture in pictures:
        writer.write(picture)
    writer.release()
    return path


def _even(count: int, size: tuple[int, int] = (96, 128)) -> list[np.ndarray]:
    """Pictures of one grey each, by which they are known again; dark on their right."""
    pictures = [np.full((*size, 3), 60 + 10 * number, np.uint8) for number in range(count)]
    for picture in pictures:
        picture[:, size[1] // 2 :] = 0
    return pictures


def _config(uri: object, **overlay: object):
    keys = "".join(f"  {key}: {value}\n" for key, value in {"privacy": "full", **overlay}.items())
    return parse_config(f'source:\n  uri: "{uri}"\n  fps: 10.0\noverlay:\n{keys}', "c.yaml")


def _read(path: Path) -> tuple[list[np.ndarray], float]:
    capture = cv2.VideoCapture(str(path))
    pictures = []
    while (answer := capture.read())[0]:
        pictures.append(answer[1])
    return pictures, capture.get(cv2.CAP_PROP_FPS)


def _level(picture: np.ndarray) -> int:
    return round(float(picture[:, : picture.shape[1] // 2 - 8].mean()) / 10) * 10


@pytest.fixture(scope="module")
def two_seconds(tmp_path_factory) -> Path:
    """The bundled clip from 3 s to 5 s, in which one face is in view."""
    pictures = [clip_picture(3.0 + number / CLIP_FPS + 0.01) for number in range(2 * CLIP_FPS)]
    return _film(tmp_path_factory.mktemp("films") / "face.avi", pictures, CLIP_FPS)


def test_a_film_keeps_its_size_rate_and_length_and_every_picture_its_place(tmp_path):
    out = tmp_path / "out.mp4"
    recorded = record(_config(_film(tmp_path / "in.avi", _even(8))), out, FakeClock())
    pictures, fps = _read(out)
    assert (recorded.pictures, recorded.size, recorded.fps, recorded.faces) == (8, (128, 96), 10.0, 0)
    assert [_level(picture) for picture in pictures] == [60 + 10 * number for number in range(8)]
    assert fps == pytest.approx(10.0)
    assert {picture.shape for picture in pictures} == {(96, 128, 3)}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.avi", "out.mp4"]
    assert out.stat().st_mode & 0o777 == 0o644


def test_faces_are_found_and_marked(tmp_path, two_seconds):
    out = tmp_path / "out.mp4"
    told = []
    recorded = record(_config(two_seconds), out, FakeClock(), lambda done, total: told.append((done, total)))
    changed = [
        np.abs(drawn.astype(int) - given).max(axis=2) > 100
        for drawn, given in zip(_read(out)[0], _read(two_seconds)[0], strict=True)
    ]
    assert recorded.faces == 1
    assert changed[-1].mean() > 0.01 > changed[0].mean(), "marked at the end, and not before it was confirmed"
    assert told == [(number, 30) for number in range(1, 31)]


def test_a_recording_is_no_mirror_although_the_display_is_one(tmp_path):
    out = tmp_path / "out.mp4"
    record(_config(_film(tmp_path / "in.avi", _even(2)), mirror="true"), out, FakeClock())
    picture = _read(out)[0][0]
    assert picture[:, :40].mean() > picture[:, -40:].mean() + 40


def test_a_recording_keeps_to_the_privacy_that_is_configured(tmp_path, two_seconds):
    out = tmp_path / "out.mp4"
    record(_config(two_seconds, privacy="boxes"), out, FakeClock())
    pictures = _read(out)[0]
    assert pictures[0].std() < 8
    assert all(np.median(np.abs(picture.astype(int) - FIELD)) < 8 for picture in pictures)


def test_a_folder_with_a_damaged_picture_keeps_its_length(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, picture in enumerate(_even(5)):
        cv2.imwrite(str(folder / f"{number}.png"), picture)
    (folder / "2.png").write_bytes(b"damaged")
    out = tmp_path / "out.mp4"
    assert record(_config(folder), out, FakeClock()).pictures == 5
    assert [_level(picture) for picture in _read(out)[0]] == [60, 70, 70, 90, 100]


def test_pictures_of_other_and_odd_sizes_fit_into_the_first_s(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, size in enumerate([(97, 129), (200, 100), (64, 300)]):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((*size, 3), 200, np.uint8))
    out = tmp_path / "out.mp4"
    assert record(_config(folder), out, FakeClock()).size == (128, 96)
    assert {picture.shape for picture in _read(out)[0]} == {(96, 128, 3)}


@pytest.mark.parametrize("uri", ["0", "/dev/video0", "rtsp://camera/live", "http://camera/live"])
def test_a_live_source_is_refused_and_nothing_is_written(tmp_path, uri):
    with pytest.raises(UsageError, match=r"files and folders only.*is live"):
        record(_config(uri), tmp_path / "out.mp4", FakeClock())
    assert not list(tmp_path.iterdir())


def test_another_kind_of_file_is_refused_with_the_name_that_will_do(tmp_path):
    with pytest.raises(UsageError, match=r"\.mp4 files, not out\.avi; name it out\.mp4"):
        record(_config("demo"), tmp_path / "out.avi", FakeClock())


def test_a_recording_never_replaces_its_own_source(tmp_path):
    source = _film(tmp_path / "in.avi", _even(2)).rename(tmp_path / "in.mp4")
    before = source.read_bytes()
    with pytest.raises(UsageError, match="write over its own source"):
        record(_config(source), tmp_path / "." / "in.mp4", FakeClock())
    assert source.read_bytes() == before


@pytest.mark.parametrize("fault", [KeyboardInterrupt, SourceError("the file broke"), MemoryError])
def test_whatever_stops_it_leaves_the_old_file_as_it_was_and_nothing_else(tmp_path, fault):
    source, out = _film(tmp_path / "in.avi", _even(5)), tmp_path / "out.mp4"
    out.write_bytes(b"of yesterday")

    def stop(done, _):
        if done == 3:
            raise fault

    with pytest.raises(BaseException) as raised:  # noqa: PT011 - whichever it is
        record(_config(source), out, FakeClock(), stop)
    assert raised.errisinstance(type(fault) if isinstance(fault, BaseException) else fault)
    assert out.read_bytes() == b"of yesterday"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.avi", "out.mp4"]


def test_a_file_that_is_missing_or_no_video_and_a_folder_that_is_not_there_are_told(tmp_path):
    for uri in (tmp_path / "none.mkv", __file__):
        with pytest.raises(SourceError):
            record(_config(uri), tmp_path / "out.mp4", FakeClock())
    with pytest.raises(StorageError, match="is not there"):
        record(_config("demo"), tmp_path / "none" / "out.mp4", FakeClock())
    assert not list(tmp_path.iterdir())


def test_a_word_for_an_unknown_emotion_is_told_before_the_work(tmp_path):
    with pytest.raises(ConfigError, match="did you mean `happy`"):
        record(_config("demo", labels="{hapy: froh}"), tmp_path / "out.mp4", FakeClock())


def test_where_faces_are_blurred_one_that_is_new_is_blurred_in_the_pictures_before_as_well():
    noise = np.random.default_rng(5).integers(0, 256, (480, 640, 3), np.uint8)
    artist = _Artist(OverlaySettings(privacy="blur"))
    drawn = []
    for index in range(20):
        time_s = 10.0 + index / 10
        frame = Frame(noise[..., 0].copy(), time_s, NOON + timedelta(seconds=time_s), index, bgr=noise)
        track = Track(1, Box(250, 150, 120, 120), first_seen_s=10.0, last_seen_s=time_s, visible=True)
        faces = (ObservedFace(track, None),) if index >= 10 else ()
        drawn += artist.draw(Observation(frame, faces))
    drawn += artist.rest()
    blurred = [not np.array_equal(picture[200:220, 300:320], noise[200:220, 300:320]) for picture, _ in drawn]
    assert len(drawn) == 20
    assert all(earlier < later for (_, earlier), (_, later) in pairwise(drawn))
    assert [index for index, is_so in enumerate(blurred) if is_so] == list(range(blurred.index(True), 20))
    assert blurred.index(True) in {3, 4}, "0.6 s before it was confirmed"


def test_where_faces_are_blurred_one_that_is_found_once_is_blurred_before_and_after():
    noise = np.random.default_rng(5).integers(0, 256, (480, 640, 3), np.uint8)
    artist = _Artist(OverlaySettings(privacy="blur"))
    drawn = []
    for index in range(20):
        time_s = 10.0 + index / 10
        frame = Frame(noise[..., 0].copy(), time_s, NOON + timedelta(seconds=time_s), index, bgr=noise)
        drawn += artist.draw(Observation(frame, (), found=(Box(250, 150, 120, 120),) if index == 10 else ()))
    drawn += artist.rest()
    clear = [index for index, (picture, _) in enumerate(drawn) if np.array_equal(picture, noise)]
    assert set(clear).isdisjoint(range(5, 15))
    assert {0, 1, 18, 19} <= set(clear)
    assert artist.faces == 0


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "device", "run", *arguments]


def test_a_film_whose_clock_jumps_is_recorded_as_long_as_it_is(tmp_path):
    pictures = [(100 * number, jpeg(50, (320, 240))) for number in range(20)]
    joined = pictures + [(36_000_000 + time_ms, content) for time_ms, content in pictures]
    (tmp_path / "film.mkv").write_bytes(matroska(joined, (320, 240), frame_ms=100))
    recorded = record(_config(tmp_path / "film.mkv"), tmp_path / "out.mp4", FakeClock())
    assert recorded.pictures == 40
    assert recorded.fps == pytest.approx(10.0)


def test_a_picture_that_stands_for_hours_is_cut_short_once_and_not_made_up_for(tmp_path):
    with _Film(tmp_path / "out.mp4", 10.0) as film:
        for time_s in (0.0, 0.1, 36_000.0, 36_000.1, 36_000.2):
            film.add(np.zeros((64, 64, 3), np.uint8), time_s)
        film.finish()
    assert film.pictures == 104


def test_names_that_are_not_utf_8_are_recorded_from_and_to(tmp_path, two_seconds, monkeypatch):
    folder = Path(os.fsdecode(bytes(tmp_path) + b"/\xff\xfe"))
    folder.mkdir()
    monkeypatch.chdir(folder)
    shutil.copy(two_seconds, folder / "film.avi")
    out = Path(os.fsdecode(b"out\xff.mp4"))
    assert record(_config(Path("film.avi")), out, FakeClock()).pictures > 0
    assert out.stat().st_size > 0


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path):
    out = tmp_path / "out.mp4"

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    answer = subprocess.run(
        _command("--source", "demo", "--record", str(out)),
        cwd=ROOT,
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == StorageError.exit_code
    assert "can be read back; check that the disk has room" in answer.stderr.splitlines()[-1]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_end_it_and_leave_nothing(tmp_path, number):
    folder = tmp_path / "films"
    folder.mkdir()
    command = _command("--source", "demo", "--record", str(folder / "out.mp4"))
    # A crash has been seen here once, under load: the next one says where.
    traced = {**os.environ, "PYTHONFAULTHANDLER": "1"}
    with (tmp_path / "stderr").open("w", encoding="utf-8") as stderr:
        process = subprocess.Popen(command, cwd=ROOT, stderr=stderr, env=traced)
    try:
        deadline_s = time.monotonic() + 60
        while not list(folder.iterdir()) and time.monotonic() < deadline_s:
            time.sleep(0.05)
        assert list(folder.iterdir()), "it never began to write"
        os.kill(process.pid, number)
        assert process.wait(60) == 130, (tmp_path / "stderr").read_text(encoding="utf-8")
    finally:
        process.kill()
        process.wait(10)
    assert not list(folder.iterdir())


def test_the_command_says_what_it_wrote_and_how_far_it_is(tmp_path):
    source, out = _film(tmp_path / "in.avi", _even(5)), tmp_path / "out.mp4"
    config = tmp_path / "c.yaml"
    config.write_text("log:\n  level: error\n", encoding="utf-8")
    answer = run_affectd("run", "--config", str(config), "--source", str(source), "--record", str(out))
    assert answer.returncode == 0
    assert f"{out}: 5 pictures, 0.5 s, 128 x 96 at 10 fps" in answer.stdout
    assert answer.stderr.split() == ["20%", "40%", "60%", "80%", "100%"]


def test_the_command_refuses_a_camera_with_one_line_and_exit_code_2(tmp_path):
    answer = run_affectd("run", "--source", "0", "--record", str(tmp_path / "out.mp4"))
    assert answer.returncode == 2
    assert len(answer.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())
