"""The loop tells everybody of the source, whenever that changes."""

from types import SimpleNamespace
from typing import Any, cast

from device.daemon import Daemon, Stages
from device.system.systemd import ServiceManager
from tests.fakes import FakeClock


class Capture:
    """Is lost when it has been started, and gives frames when it is asked for the state the second time."""

    def __init__(self):
        self.states = ["lost"]
        self.ended = True
        self.paused = False
        self.trouble = None

    @property
    def state(self):
        return self.states.pop() if self.states else "ok"

    def start(self, *, must_open=True):
        pass

    def next(self, _):
        return None

    def close(self):
        return True


class Sink:
    """Notes what it is told of the source, and is content with all else."""

    def __init__(self):
        self.told = []
        self.connected = True

    def set_source_state(self, state):
        self.told.append(state)

    def __getattr__(self, name):
        return lambda *_, **__: None


def test_a_source_that_comes_while_everything_starts_is_told_of():
    mqtt, clock = Sink(), FakeClock()
    nothing = cast("Any", Sink())
    stages = Stages(
        source_name="camera",
        source_is_live=True,
        classifier=nothing,
        capture=cast("Any", Capture()),
        pipeline=nothing,
        telemetry=nothing,
        heat=cast("Any", SimpleNamespace(check=lambda: None, limit_fps=None)),
        hangs=nothing,
        mqtt=cast("Any", mqtt),
        overlay=None,
        stats_interval_s=60.0,
    )
    Daemon(stages, clock, ServiceManager(clock, {})).run()
    assert mqtt.told[:2] == ["lost", "ok"]
