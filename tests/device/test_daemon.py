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
        self.broker_trouble = self.disk_trouble = None

    def set_source_state(self, state):
        self.told.append(state)

    def __getattr__(self, name):
        return lambda *_, **__: None


class TickingCapture(Capture):
    """Gives no frame for 40 s."""

    def __init__(self, clock):
        super().__init__()
        self.clock = clock
        self.ended = False

    def next(self, _):
        self.clock.time_s += 1.0
        self.ended = self.clock.time_s >= 140.0


def daemon(capture, mqtt, clock, stats_interval_s):
    nothing = cast("Any", Sink())
    stages = Stages(
        source_name="camera",
        source_is_live=True,
        classifier=nothing,
        capture=cast("Any", capture),
        pipeline=nothing,
        telemetry=nothing,
        heat=cast("Any", SimpleNamespace(check=lambda: None, limit_fps=None)),
        hangs=nothing,
        mqtt=cast("Any", mqtt),
        overlay=None,
        stats_interval_s=stats_interval_s,
        summary=None,
    )
    return Daemon(stages, clock, ServiceManager(clock, {}))


def test_a_source_that_comes_while_everything_starts_is_told_of():
    mqtt, clock = Sink(), FakeClock()
    daemon(Capture(), mqtt, clock, 60.0).run()
    assert mqtt.told[:2] == ["lost", "ok"]


def test_figures_are_published_seconds_after_the_start_then_at_their_interval_and_at_the_end(monkeypatch):
    mqtt, clock = Sink(), FakeClock()
    published_s = []
    monkeypatch.setattr(mqtt, "publish_stats", lambda _: published_s.append(clock.time_s - 100.0), raising=False)
    daemon(TickingCapture(clock), mqtt, clock, 30.0).run()
    assert published_s == [5.0, 35.0, 40.0]
