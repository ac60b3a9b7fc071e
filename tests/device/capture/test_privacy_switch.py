"""The privacy switch holds over a restart and fails towards private; the capture behind it obeys."""

import errno
import logging
import threading

import pytest

from device.capture.capture import build_capture
from device.capture.privacy_switch import PauseSwitch, is_switched_on
from device.capture.sources.settings import SourceSettings
from device.capture.switched_capture import SwitchedCapture
from device.contract.files import write_atomically
from device.errors import HangError, SourceError
from tests.device.capture.played import LiveSource, Recording, until
from tests.fakes import frame

SETTINGS = SourceSettings(reopen_delay_s=0.001, reopen_delay_max_s=0.004)
OPENING_S = 10.0
PATIENCE_S = 30.0


@pytest.fixture
def switch(tmp_path):
    return PauseSwitch(tmp_path / "state", tmp_path / "run")


@pytest.fixture
def camera():
    return LiveSource()


@pytest.fixture
def capture(camera, switch, clock):
    made = SwitchedCapture(build_capture(camera, SETTINGS, clock), switch, clock, opening_s=OPENING_S)
    yield made
    camera.script.put(None)
    made.close()


def recorded(recording, switch, clock):
    inner = build_capture(recording, SourceSettings(pace="as-fast-as-possible"), clock)
    return SwitchedCapture(inner, switch, clock, opening_s=OPENING_S)


def pause(capture, camera, switch):
    """Turn the switch on and let the read that is under way return."""
    switch.turn(paused=True)
    closer = threading.Thread(target=capture.next, args=(0.01,))
    closer.start()
    until(capture._capture._stop.is_set)
    camera.script.put(frame(99))
    closer.join()


def test_a_new_device_is_not_paused(switch):
    assert not switch.paused


@pytest.mark.parametrize("turns", [[True], [True, False], [True, False, True]])
def test_the_switch_stands_after_a_restart_where_it_was_turned_last(tmp_path, turns):
    switch = PauseSwitch(tmp_path, tmp_path / "run")
    for paused in turns:
        switch.turn(paused=paused)
    assert PauseSwitch(tmp_path, tmp_path / "run").paused is turns[-1]


@pytest.mark.parametrize("content", [b"", b"on", b"OF\n", b"\x00" * 4])
def test_a_damaged_file_counts_as_on_and_a_turn_mends_it(tmp_path, content, caplog):
    (tmp_path / "pause").write_bytes(content)
    switch = PauseSwitch(tmp_path, tmp_path / "run")
    assert switch.paused
    assert "damaged and counts as ON" in caplog.text
    switch.turn(paused=False)
    assert not PauseSwitch(tmp_path, tmp_path / "run").paused


def test_a_file_that_cannot_be_read_counts_as_on(tmp_path, caplog):
    (tmp_path / "pause").mkdir()
    assert PauseSwitch(tmp_path, tmp_path / "run").paused
    assert "cannot be read and counts as ON" in caplog.text


def test_a_switch_that_cannot_be_kept_still_turns_and_says_so(switch, monkeypatch, caplog):
    def write(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("device.capture.privacy_switch.write_atomically", write)
    switch.turn(paused=True)
    switch.close(PATIENCE_S)
    assert switch.paused
    assert "will not survive a restart" in caplog.text
    assert "a killed daemon would forget" in caplog.text


class SlowDisk:
    """Takes a write when it is allowed to; what goes to memory is written at once."""

    def __init__(self, monkeypatch, state_dir):
        self.allowed = threading.Event()
        self.written = []
        self._state_dir = state_dir
        monkeypatch.setattr("device.capture.privacy_switch.write_atomically", self)

    def __call__(self, path, content):
        if path.parent == self._state_dir:
            assert self.allowed.wait(PATIENCE_S)
            self.written.append(content)
        write_atomically(path, content)


@pytest.fixture
def disk(monkeypatch, tmp_path):
    slow = SlowDisk(monkeypatch, tmp_path / "state")
    yield slow
    slow.allowed.set()


def test_a_slow_disk_holds_up_nobody_and_a_killed_daemon_has_not_forgotten(switch, disk, tmp_path):
    switch.turn(paused=True)
    assert not switch.wait_off(0.0)
    assert disk.written == []
    assert is_switched_on(tmp_path / "state", tmp_path / "run")


def test_the_disk_has_it_in_the_end_for_a_machine_that_loses_its_memory(switch, disk, tmp_path):
    switch.turn(paused=True)
    assert not is_switched_on(tmp_path / "state", tmp_path / "empty")
    disk.allowed.set()
    switch.close(PATIENCE_S)
    assert is_switched_on(tmp_path / "state", tmp_path / "empty")


def test_of_many_turns_the_disk_sees_few_and_the_last(switch, disk, tmp_path):
    for number in range(100):
        switch.turn(paused=number % 2 == 0)
    switch.turn(paused=True)
    disk.allowed.set()
    switch.close(PATIENCE_S)
    assert len(disk.written) <= 2
    assert is_switched_on(tmp_path / "state", tmp_path / "empty")


def test_daemons_with_state_folders_of_their_own_have_switches_of_their_own(tmp_path):
    PauseSwitch(tmp_path / "one", tmp_path / "run").turn(paused=True)
    assert is_switched_on(tmp_path / "one", tmp_path / "run")
    assert not is_switched_on(tmp_path / "other", tmp_path / "run")


def test_a_note_in_memory_that_is_damaged_counts_as_on(switch, tmp_path):
    switch.turn(paused=True)
    switch.turn(paused=False)
    (note,) = (tmp_path / "run").iterdir()
    note.write_bytes(b"")
    assert is_switched_on(tmp_path / "state", tmp_path / "run")


def test_turning_it_to_where_it_stands_writes_nothing(tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        PauseSwitch(tmp_path, tmp_path / "run").turn(paused=False)
    assert list(tmp_path.iterdir()) == []
    assert caplog.text == ""


def test_whoever_waits_for_it_to_be_off_is_woken(switch):
    switch.turn(paused=True)
    assert not switch.wait_off(0.0)
    waiting = threading.Thread(target=switch.turn, kwargs={"paused": False})
    waiting.start()
    assert switch.wait_off(30.0)
    waiting.join()


def test_paused_the_camera_is_closed_and_gives_nothing(capture, camera, switch):
    capture.start()
    camera.script.put(frame(0))
    assert capture.next(30.0).index == 0
    assert (capture.state, capture.paused) == ("ok", False)
    pause(capture, camera, switch)
    until(lambda: camera.closed == 1)
    assert (capture.state, capture.paused) == ("paused", True)
    assert capture.next(0.0) is None
    assert not capture.ended
    assert camera.opened == 1


def test_not_a_frame_taken_while_the_switch_was_turned_gets_through(capture, camera, switch):
    capture.start()
    camera.script.put(frame(0))
    until(lambda: camera.reads == 2)
    switch.turn(paused=True)
    camera.script.put(frame(1))
    assert capture.next(1.0) is None
    assert capture.next(0.0) is None


def test_a_frame_that_was_waited_for_while_the_switch_was_turned_does_not_get_through(switch, clock):
    class TurnedMeanwhile(Recording):
        def read(self):
            switch.turn(paused=True)
            return super().read()

    capture = recorded(TurnedMeanwhile(), switch, clock)
    capture.start()
    assert capture.next(1.0) is None
    assert not capture.ended


def test_turned_off_again_the_camera_is_opened_and_counts_as_paused_until_it_gives_frames(capture, camera, switch):
    capture.start()
    pause(capture, camera, switch)
    switch.turn(paused=False)
    assert capture.next(0.0) is None
    until(lambda: camera.opened == 2)
    assert (capture.state, capture.paused) == ("paused", False)
    camera.script.put(frame(5))
    assert capture.next(30.0).index == 5
    assert capture.state == "ok"


def test_a_camera_that_does_not_come_back_is_lost_after_a_while(capture, camera, switch, clock):
    capture.start()
    pause(capture, camera, switch)
    switch.turn(paused=False)
    for _ in range(3):
        camera.openings.put(SourceError("no camera"))
    capture.next(0.0)
    assert capture.state == "paused"
    clock.time_s += OPENING_S
    assert capture.state == "lost"


def test_paused_at_the_start_the_camera_is_not_even_looked_for(capture, camera, switch):
    switch.turn(paused=True)
    capture.start()
    assert capture.next(0.0) is None
    assert (camera.opened, capture.state, capture.paused) == (0, "paused", True)


def test_a_stuck_camera_is_not_opened_a_second_time(camera, switch, clock, monkeypatch):
    inner = build_capture(camera, SETTINGS, clock)
    capture = SwitchedCapture(inner, switch, clock, opening_s=OPENING_S)
    capture.start()
    until(lambda: camera.reads == 1)
    switch.turn(paused=True)
    close = inner.close
    monkeypatch.setattr(inner, "close", lambda: close(0.01))
    assert capture.next(0.0) is None
    switch.turn(paused=False)
    assert capture.next(0.0) is None
    assert (capture.state, capture.paused) == ("pausing", False)
    assert camera.opened == 1
    camera.script.put(frame(1))
    until(lambda: camera.closed == 1)
    capture.next(0.0)
    until(lambda: camera.opened == 2)
    camera.script.put(None)
    close()


def test_on_is_told_once_the_camera_is_closed_and_pausing_until_then(capture, camera, switch, monkeypatch, caplog):
    capture.start()
    until(lambda: camera.reads == 1)
    switch.turn(paused=True)
    close = capture._capture.close
    monkeypatch.setattr(capture._capture, "close", lambda: close(0.01))
    for _ in range(3):
        assert capture.next(0.0) is None
        assert (capture.state, capture.paused, camera.closed) == ("pausing", False, 0)
    assert caplog.text.count("the camera is still open, for it does not answer") == 1
    camera.script.put(frame(1))
    until(lambda: camera.closed == 1)
    until(lambda: not capture._capture._thread.is_alive())
    assert capture.next(0.0) is None
    assert (capture.state, capture.paused) == ("paused", True)
    monkeypatch.undo()


def test_a_camera_that_hangs_while_it_is_to_be_private_ends_the_process(capture, camera, switch, clock, monkeypatch):
    capture.start()
    until(lambda: camera.reads == 1)
    switch.turn(paused=True)
    close = capture._capture.close
    monkeypatch.setattr(capture._capture, "close", lambda: close(0.01))
    assert capture.next(0.0) is None
    clock.time_s += SETTINGS.stall_timeout_s + SETTINGS.hang_timeout_s + 0.1
    with pytest.raises(HangError, match="hangs in its driver"):
        capture.next(0.0)
    monkeypatch.undo()


def test_a_recording_is_closed_and_begins_anew(switch, clock):
    recording = Recording()
    capture = recorded(recording, switch, clock)
    capture.start()
    assert capture.next(1.0).index == 0
    switch.turn(paused=True)
    assert capture.next(0.0) is None
    assert recording.frames == []
    assert not capture.ended
    switch.turn(paused=False)
    assert [capture.next(1.0).index for _ in range(3)] == [0, 1, 2]
    assert capture.next(1.0) is None
    assert capture.ended
