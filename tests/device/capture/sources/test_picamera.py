"""A Pi's camera: asked for what the settings say, read back as it gives it, closed whatever happens."""

import sys
from pathlib import Path

import numpy as np
import pytest

from device.capture.sources import build_source
from device.capture.sources.picamera import PiCamera
from device.capture.sources.settings import PicameraSettings, SourceSettings
from device.errors import SourceError
from tests.device.capture.sources.fake_picamera2 import Machine, Request, install
from tests.fakes import FakeClock

WIDTH, HEIGHT = 64, 64
BOOT_NS = 5_000_000_000_000


@pytest.fixture
def machine(monkeypatch):
    made = Machine()
    install(monkeypatch, made)
    return made


@pytest.fixture
def clock():
    return FakeClock()


def camera(clock, *, colour="none", number=0, **picamera):
    settings = SourceSettings(
        uri="picamera", width=WIDTH, height=HEIGHT, fps=20.0, picamera=PicameraSettings(**picamera)
    )
    return PiCamera(number, clock, settings, colour=colour, kernel_clocks_ns=(lambda: BOOT_NS,))


def luma(level: int, padding: int = 0) -> np.ndarray:
    """The buffer of a YUV picture of one level, its padding another."""
    rows = np.full((HEIGHT * 3 // 2, WIDTH + padding), level, np.uint8)
    rows[:, WIDTH:] = 255
    return rows.reshape(-1)


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_without_colour_the_luma_of_one_stream_is_the_frame(machine, clock):
    source = camera(clock)
    source.open()
    machine.requests = [Request({"main": luma(50)}), Request({"main": luma(60)})]
    first, second = source.read(), source.read()
    assert (first.grey == 50).all()
    assert (second.grey == 60).all()
    assert first.bgr is None
    assert (first.index, second.index) == (0, 1)
    (asked,) = machine.asked
    assert asked["main"] == {"format": "YUV420", "size": (WIDTH, HEIGHT)}
    assert asked["lores"] is None


def test_the_grey_is_asked_for_in_its_full_range(machine, clock):
    camera(clock).open()
    assert machine.asked[0]["colour_space"] == "sYCC"


def test_rows_that_are_padded_lose_their_padding(machine, clock):
    machine.padding = 32
    machine.requests = [Request({"main": luma(50, 32)})]
    source = camera(clock)
    source.open()
    frame = source.read()
    assert frame.grey.shape == (HEIGHT, WIDTH)
    assert (frame.grey == 50).all()


def test_with_colour_the_grey_is_the_small_streams_and_the_colours_are_the_large_ones(machine, clock):
    source = camera(clock, colour="whole", colour_scale=2.0)
    source.open()
    colours = np.tile(np.array([10, 20, 30], np.uint8), 4 * WIDTH * HEIGHT)
    machine.requests = [Request({"main": colours, "lores": luma(50)})]
    frame = source.read()
    assert (frame.grey == 50).all()
    assert frame.bgr.shape == (2 * HEIGHT, 2 * WIDTH, 3)
    assert (frame.bgr == [10, 20, 30]).all()
    (asked,) = machine.asked
    assert (asked["main"]["format"], asked["lores"]["format"]) == ("RGB888", "YUV420")


@pytest.mark.parametrize("given", ["YUV420", "NV12", "R8"])
def test_small_colours_come_from_the_one_stream_without_another(machine, clock, given):
    machine.formats = {"main": given}
    source = camera(clock, colour="small")
    source.open()
    machine.requests = [Request({"main": luma(128)})]
    frame = source.read()
    assert frame.bgr is None
    if given == "R8":
        assert frame.colours() is None
    else:
        assert (frame.colours() == np.full((HEIGHT // 2, WIDTH // 2, 3), 128)).all()
    (asked,) = machine.asked
    assert asked["lores"] is None


def test_a_camera_that_gives_something_else_is_believed(machine, clock):
    machine.formats = {"main": "NV12", "lores": "NV12"}
    source = camera(clock, colour="whole")
    source.open()
    machine.requests = [Request({"main": luma(128), "lores": luma(50)})]
    frame = source.read()
    assert (frame.grey == 50).all()
    assert frame.bgr.shape == (HEIGHT, WIDTH, 3)


def test_a_camera_with_one_stream_gives_both_from_it(machine, clock):
    machine.streams = 1
    source = camera(clock, colour="whole")
    source.open()
    machine.requests = [Request({"main": luma(128)})]
    frame = source.read()
    assert (frame.grey == 128).all()
    assert frame.bgr.shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("colour", ["none", "small", "whole"])
def test_a_format_that_is_not_understood_is_refused_and_the_camera_let_go(machine, clock, colour):
    machine.formats = {"main": "MJPEG"}
    with pytest.raises(SourceError, match="picamera gives MJPEG, which is not understood") as refused:
        camera(clock, colour=colour).open()
    assert "/dev/video0" in refused.value.remedy
    assert (machine.opened, machine.closed) == (1, 1)


def test_every_buffer_goes_back_and_no_frame_keeps_its_memory(machine, clock):
    source = camera(clock)
    source.open()
    request = Request({"main": luma(50)})
    machine.requests = [request]
    frame = source.read()
    assert request.released == 1
    assert (frame.grey == 50).all(), "the camera has written over the buffer by now"


def test_a_buffer_goes_back_even_when_it_is_no_good(machine, clock):
    source = camera(clock)
    source.open()
    request = Request({"main": np.zeros(10, np.uint8)})
    machine.requests = [request]
    with pytest.raises(SourceError, match="10 bytes"):
        source.read()
    assert request.released == 1


def test_rate_focus_exposure_and_flips_are_asked_for(machine, clock):
    camera(
        clock,
        autofocus="manual",
        lens_position=2.0,
        exposure_us=8000,
        gain=4.0,
        hflip=True,
        vflip=True,
        sensor_size=(1640, 1232),
    ).open()
    (asked,) = machine.asked
    assert asked["controls"] == {
        "FrameDurationLimits": (50_000, 50_000),
        "AfMode": 0,
        "LensPosition": 2.0,
        "ExposureTime": 8000,
        "AnalogueGain": 4.0,
    }
    assert (asked["transform"].hflip, asked["transform"].vflip) == (True, True)
    assert asked["sensor"] == {"output_size": (1640, 1232)}


def test_focus_once_starts_the_search(machine, clock):
    camera(clock, autofocus="once").open()
    assert machine.asked[0]["controls"] | {"AfMode": 1, "AfTrigger": 0} == machine.asked[0]["controls"]


def test_a_control_that_the_camera_lacks_is_left_out_and_told(machine, clock, caplog):
    machine.controls = ("FrameDurationLimits",)
    with caplog.at_level("INFO"):
        camera(clock, gain=4.0).open()
    assert machine.asked[0]["controls"] == {"FrameDurationLimits": (50_000, 50_000)}
    assert "AnalogueGain" in caplog.text


def test_that_a_camera_cannot_focus_is_nothing_to_tell(machine, clock, caplog):
    machine.controls = ("FrameDurationLimits",)
    with caplog.at_level("INFO"):
        camera(clock).open()
    assert "AfMode" not in caplog.text


def test_what_the_camera_gives_is_told_once_however_often_it_is_opened(machine, clock, caplog):
    machine.padding = 32
    source = camera(clock)
    with caplog.at_level("INFO"):
        source.open()
        source.open()
    assert [record.getMessage() for record in caplog.records] == ["picamera gives 64 x 64 as YUV420, rows of 96 bytes"]


def test_a_frame_carries_the_time_of_its_exposure(machine, clock):
    source = camera(clock)
    source.open()
    machine.requests = [Request({"main": luma(50)}, {"SensorTimestamp": BOOT_NS - 40_000_000})]
    frame = source.read()
    assert frame.time_s == pytest.approx(clock.monotonic_s() - 0.04)
    assert (clock.now() - frame.taken_at).total_seconds() == pytest.approx(0.04)


def test_a_capture_never_waits_for_ever(machine, clock):
    source = camera(clock)
    source.open()
    with pytest.raises(SourceError, match=r"picamera has given no frame for \d"):
        source.read()
    assert machine.waits == [SourceSettings().stall_timeout_s]
    source.close()
    assert machine.flushed == 1, "the capture that timed out would take the next frame"


def test_a_camera_that_is_not_there_is_told_and_not_tried(machine, clock):
    with pytest.raises(SourceError, match="no camera picamera:1: libcamera knows of 1") as refused:
        camera(clock, number=1).open()
    assert "rpicam-hello --list-cameras" in refused.value.remedy
    assert machine.opened == 0


def test_a_camera_that_another_program_has_is_told_and_costs_no_descriptor(machine, clock):
    machine.init_error = "Device or resource busy"
    before = open_descriptors()
    for _ in range(3):
        with pytest.raises(SourceError, match=r"cannot open picamera: .* Device or resource busy") as refused:
            camera(clock).open()
    assert "another program" in refused.value.remedy
    assert open_descriptors() == before


def test_a_camera_that_does_not_start_is_let_go(machine, clock):
    machine.start_error = "Failed to start camera"
    with pytest.raises(SourceError, match="picamera does not start: Failed to start camera"):
        camera(clock).open()
    assert (machine.opened, machine.closed) == (1, 1)


def test_opening_again_closes_first_and_closing_twice_is_harmless(machine, clock):
    source = camera(clock)
    source.open()
    source.open()
    source.close()
    source.close()
    assert (machine.opened, machine.closed) == (2, 2)
    with pytest.raises(SourceError, match="not open"):
        source.read()


def test_without_picamera2_it_says_what_to_install(monkeypatch, clock):
    monkeypatch.setitem(sys.modules, "libcamera", None)
    source = build_source(SourceSettings(uri="picamera"), clock)
    with pytest.raises(SourceError, match="needs Picamera2") as refused:
        source.open()
    assert "apt install python3-picamera2" in refused.value.remedy
    assert "--system-site-packages" in refused.value.remedy
