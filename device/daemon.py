"""The loop that owns all stages of a device: frames in, events out, and everybody told how it goes."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from device.capture.switched_capture import SwitchedCapture
from device.classify.classifier import TfliteClassifier
from device.errors import SourceError
from device.interfaces import Clock
from device.mqtt.sink import MqttSink
from device.overlay.sink import OverlaySink
from device.page.sink import PageSink
from device.pipeline import Pipeline
from device.records import BrokerState, LeaveReason, SourceState
from device.summary.sink import SummarySink
from device.system.hang import HangCounter
from device.system.heat import HeatGuard
from device.system.systemd import ServiceManager, describe_work
from device.system.telemetry import Telemetry

_TURN_S = 0.25
_FIRST_STATS_S = 5.0
"""Frames are timed by then, and `affectd watch` need not show an earlier run's figures for long."""
_LEAVE_REASONS: dict[SourceState, LeaveReason] = {"lost": "source_lost", "pausing": "paused", "paused": "paused"}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stages:
    """What the loop drives, built and not started yet.

    Attributes:
        source_name: what a person calls the source.
        source_is_live: whether it is a camera or stream, which may come later.
        mqtt: None where nothing is published.
        overlay: None where nothing is shown.
        page: None where no browser is served.
        summary: None where nothing is counted.
        stats_interval_s: how often figures are published, seconds.
    """

    source_name: str
    source_is_live: bool
    classifier: TfliteClassifier
    capture: SwitchedCapture
    pipeline: Pipeline
    telemetry: Telemetry
    heat: HeatGuard
    hangs: HangCounter
    mqtt: MqttSink | None
    overlay: OverlaySink | None
    summary: SummarySink | None
    stats_interval_s: float
    page: PageSink | None = None


class Daemon:
    """Runs the stages of one device until told to stop.

    Args:
        stages: what to run; they are closed in the end.
        clock: the machine's.
        service: who started the daemon, and wants to know how it is.
        on_reload: called in the loop after `reload`.
    """

    def __init__(
        self, stages: Stages, clock: Clock, service: ServiceManager, on_reload: Callable[[], object] = lambda: None
    ) -> None:
        self._stages = stages
        self._clock = clock
        self._service = service
        self._on_reload = on_reload
        self._stop = threading.Event()
        self._reload = threading.Event()
        self._stats_due_s = 0.0
        self.let_go = True
        """Whether the camera was closed in the end; else it hangs in its driver."""

    def stop(self) -> None:
        """Ask the loop to end; may be called from a signal handler."""
        self._stop.set()

    def reload(self) -> None:
        """Ask the loop to call ``on_reload``; may be called from a signal handler."""
        self._reload.set()

    def run(self) -> None:
        """Watch until the source ends or ``stop`` is called.

        Raises:
            SourceError: the source is not there. A camera may be missing where systemd has started the daemon: it is
                waited for, and its loss is told.
            HangError: the camera hangs in its driver.
        """
        self._open()
        reason: LeaveReason = "stopped"
        try:
            told = self._stages.capture.state
            self._on_source_changed(told)
            if self._stages.mqtt:
                self._stages.mqtt.start()
            reason = self._loop(told)
        finally:
            self._finish(reason)

    def _open(self) -> None:
        capture = self._stages.capture
        try:
            capture.start()
        except SourceError as error:
            if not (self._service.present and self._stages.source_is_live):
                raise
            _log.error("%s; it is tried again", error)
            capture.start(must_open=False)

    def _loop(self, told: SourceState) -> LeaveReason:
        capture = self._stages.capture
        self._stats_due_s = self._clock.monotonic_s() + min(_FIRST_STATS_S, self._stages.stats_interval_s)
        while not self._stop.is_set():
            frame = capture.next(_TURN_S)
            if told != (told := capture.state):
                self._on_source_changed(told)
            self._look_after_the_others()
            if frame is not None:
                if self._stages.heat.admits(frame.time_s):
                    self._stages.pipeline.step(frame)
                self._stages.hangs.note_frame(frame.time_s)
                self._service.ready()
            elif capture.ended:
                return "source_ended"
            self._tell_service(told)
        return "stopped"

    def _look_after_the_others(self) -> None:
        mqtt = self._stages.mqtt
        if mqtt:
            mqtt.check()
            mqtt.set_paused(self._stages.capture.paused)
            if self._clock.monotonic_s() >= self._stats_due_s:
                mqtt.publish_stats(self._stages.telemetry.snapshot())
                self._stats_due_s += self._stages.stats_interval_s
        if self._stages.overlay:
            self._stages.overlay.check()
        if self._stages.page:
            self._stages.page.check()
        if self._stages.summary:
            self._stages.summary.check()
            self._tell_summary(self._stages.summary)
        self._stages.heat.check()

    def _tell_summary(self, summary: SummarySink) -> None:
        if self._stages.mqtt and (news := summary.news()):
            self._stages.mqtt.publish_summary(news)

    def _finish(self, reason: LeaveReason) -> None:
        self.let_go = self._stages.capture.close()
        if self._stages.overlay:
            self._stages.overlay.close()
        self._stages.pipeline.finish(reason)
        if self._stages.summary:
            self._stages.summary.close()
            self._tell_summary(self._stages.summary)
        if self._stages.mqtt:
            # What the broker retains outlives the daemon: nobody is in view any more.
            self._stages.mqtt.set_source_state("lost")
            self._stages.mqtt.publish_stats(self._stages.telemetry.snapshot())
            self._stages.mqtt.close()
        if self._stages.page:
            self._stages.page.close()

    def _tell_service(self, state: SourceState) -> None:
        self._service.feed_watchdog()
        if state != "ok":
            self._service.ready()
        mqtt, summary = self._stages.mqtt, self._stages.summary
        disk_troubles = [part.disk_trouble for part in (mqtt, summary) if part and part.disk_trouble]
        self._service.set_status(
            describe_work(
                self._stages.source_name,
                state,
                broker_state(mqtt),
                source_trouble=self._stages.capture.trouble,
                broker_trouble=mqtt.broker_trouble if mqtt else None,
                disk_trouble="; ".join(disk_troubles) or None,
                slowed_to_fps=self._stages.heat.limit_fps,
            )
        )
        if self._reload.is_set():
            self._reload.clear()
            self._on_reload()

    def _on_source_changed(self, state: SourceState) -> None:
        name = self._stages.source_name
        if state == "ok":
            _log.info("watching %s", name)
        elif state == "paused":
            _log.info("paused: %s is closed until the privacy switch is turned off", name)
        if state in _LEAVE_REASONS:
            self._stages.pipeline.finish(_LEAVE_REASONS[state])
        if self._stages.mqtt:
            self._stages.mqtt.set_source_state(state)
        if self._stages.overlay:
            self._stages.overlay.set_source_state(state)
        if self._stages.page:
            self._stages.page.set_source_state(state)
        if self._stages.summary:
            self._stages.summary.set_source_state(state)


def broker_state(mqtt: MqttSink | None) -> BrokerState:
    """Whether the broker answers, does not, or none is wanted."""
    return "off" if mqtt is None else "connected" if mqtt.connected else "away"
