"""The composition root: a configuration becomes stages, and the stages run until told to stop."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from types import FrameType
from typing import NoReturn

from device import __version__
from device.capture.capture import build_capture
from device.capture.privacy_switch import PauseSwitch, SwitchedCapture
from device.capture.sources import build_source
from device.classify.classifier import TfliteClassifier
from device.classify.modelstore import open_model
from device.classify.schedule import ClassifySchedule
from device.config import Config
from device.detect import ScanningFinder
from device.errors import EXIT_HANG, EXIT_OK, AffectdError, HangError, SourceError
from device.events.derive import EventDeriver, LeaveReason
from device.events.smooth import EmotionSmoother
from device.interfaces import Clock, FrameSource, Sink
from device.mqtt.payloads import DeviceInfo
from device.mqtt.sink import MqttSink
from device.overlay.sink import OverlaySink
from device.pipeline import Pipeline
from device.records import BrokerState, SourceState
from device.system.clock import SystemClock
from device.system.hang import HangCounter, leave
from device.system.heat import HeatGuard
from device.system.log import LastTrouble
from device.system.systemd import ServiceManager, describe_work
from device.system.telemetry import Telemetry
from device.track.tracker import CentroidTracker

_TURN_S = 0.25
_LEAVE_REASONS: dict[SourceState, LeaveReason] = {"lost": "source_lost", "paused": "paused"}

_log = logging.getLogger(__name__)


class Daemon:
    """All stages of one device, and the loop that owns them.

    Args:
        config: what to build.
        clock: the machine's.
        service: who started the daemon, and wants to know how it is.
        on_reload: called in the loop after `reload`.

    Raises:
        AffectdError: a stage cannot be built from its section of the configuration.
    """

    def __init__(
        self,
        config: Config,
        clock: Clock,
        service: ServiceManager | None = None,
        on_reload: Callable[[], object] = lambda: None,
    ) -> None:
        self._clock = clock
        self._service = service or ServiceManager(clock, {})
        self._on_reload = on_reload
        self._stop = threading.Event()
        self._reload = threading.Event()
        self.hangs = HangCounter(config.device.resolved_state_dir, config.source.reboot_after_hangs)
        self.let_go = True
        """Whether the camera was closed in the end; else it hangs in its driver."""
        self._stats_interval_s = config.mqtt.stats_interval_s
        classifier = open_model(config)
        source = build_source(config.source, clock, colour=config.overlay.wants_pictures)
        self._source_name, self._is_live = source.name, source.live
        self._switch = PauseSwitch(config.device.resolved_state_dir)
        self._capture = SwitchedCapture(
            build_capture(source, config.source, clock), self._switch, clock, opening_s=config.source.open_timeout_s
        )
        self._trouble = LastTrouble()
        self._heat = HeatGuard(config.heat, config.source.fps, clock)
        self._telemetry = Telemetry(
            clock, last_error=lambda: self._trouble.message, slowed_to_fps=lambda: self._heat.limit_fps
        )
        self._mqtt = _build_mqtt(config, classifier, source, clock, self._switch)
        self._overlay = _build_overlay(config, classifier, self._mqtt, clock, self._switch)
        sinks: list[Sink] = [sink for sink in (self._mqtt, self._overlay) if sink]
        self._pipeline = build_pipeline(config, clock, classifier, self._telemetry, sinks)

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
        """
        logging.getLogger().addHandler(self._trouble)
        self._open()
        reason: LeaveReason = "stopped"
        try:
            self._on_source_changed(self._capture.state)
            if self._mqtt:
                self._mqtt.start()
            reason = self._loop()
        finally:
            logging.getLogger().removeHandler(self._trouble)
            self.let_go = self._capture.close()
            if self._overlay:
                self._overlay.close()
            self._pipeline.finish(reason)
            if self._mqtt:
                self._mqtt.publish_stats(self._telemetry.snapshot())
                self._mqtt.close()

    def _open(self) -> None:
        try:
            self._capture.start()
        except SourceError as error:
            if not (self._service.present and self._is_live):
                raise
            _log.error("%s; it is tried again", error)
            self._capture.start(must_open=False)

    def _loop(self) -> LeaveReason:
        stats_due_s = self._clock.monotonic_s() + self._stats_interval_s
        told = self._capture.state
        while not self._stop.is_set():
            frame = self._capture.next(_TURN_S)
            if told != (told := self._capture.state):
                self._on_source_changed(told)
            if self._mqtt:
                self._mqtt.check()
                self._mqtt.set_paused(self._capture.paused)
            if self._overlay:
                self._overlay.check()
            self._heat.check()
            if frame is not None:
                if self._heat.admits(frame.time_s):
                    self._pipeline.step(frame)
                self.hangs.note_frame(frame.time_s)
                self._service.ready()
            elif self._capture.ended:
                return "source_ended"
            if self._mqtt and self._clock.monotonic_s() >= stats_due_s:
                self._mqtt.publish_stats(self._telemetry.snapshot())
                stats_due_s += self._stats_interval_s
            self._tell_service(told)
        return "stopped"

    def _tell_service(self, state: SourceState) -> None:
        self._service.feed_watchdog()
        if state != "ok":
            self._service.ready()
        self._service.set_status(
            describe_work(
                self._source_name,
                state,
                _broker_state(self._mqtt),
                source_trouble=self._trouble.of(__name__, "device.capture.reader", "device.capture.capture"),
                broker_trouble=self._trouble.of("device.mqtt.attempts"),
                disk_trouble=self._mqtt.disk_trouble if self._mqtt else None,
                slowed_to_fps=self._heat.limit_fps,
            )
        )
        if self._reload.is_set():
            self._reload.clear()
            self._on_reload()

    def _on_source_changed(self, state: SourceState) -> None:
        if state == "ok":
            _log.info("watching %s", self._source_name)
        elif state == "paused":
            _log.info("paused: %s is closed until the privacy switch is turned off", self._source_name)
        if state in _LEAVE_REASONS:
            self._pipeline.finish(_LEAVE_REASONS[state])
        if self._mqtt:
            self._mqtt.set_source_state(state)
        if self._overlay:
            self._overlay.set_source_state(state)


def run(config: Config, check: Callable[[], object] = lambda: None) -> int:
    """Build a device from ``config`` and run it until it ends, or SIGTERM or SIGINT ends it; returns the exit code.

    Under systemd SIGHUP takes a changed configuration: the process starts itself afresh where ``check`` does not raise
    AffectdError; else all stays as it is, and the log says why.
    """
    clock = SystemClock()
    service = ServiceManager(clock)
    changed = threading.Event()

    def on_reload() -> None:
        try:
            check()
        except AffectdError as error:
            _log.error("the configuration stays as it was: %s", error)
        else:
            changed.set()
            daemon.stop()

    daemon = Daemon(config, clock, service, on_reload)

    def on_signal(number: int, _: FrameType | None) -> None:
        # A second signal is not waited for: it does what it does by default.
        signal.signal(number, signal.SIG_DFL)
        service.stopping()
        daemon.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    if service.present:  # without it, the terminal's end is the daemon's
        signal.signal(signal.SIGHUP, lambda *_: daemon.reload())
    try:
        daemon.run()
    except HangError as error:
        daemon.hangs.add()
        service.set_status(str(error))
        print(f"affectd: {error}", file=sys.stderr)
        leave(error.exit_code)
    if changed.is_set():
        _start_afresh(service, let_go=daemon.let_go)
    service.set_status("stopped")
    if not daemon.let_go:
        leave(EXIT_OK)
    return EXIT_OK


def _start_afresh(service: ServiceManager, *, let_go: bool) -> NoReturn:
    """Become a new process under the same number; one whose camera hangs ends instead, for systemd to start another."""
    if not let_go:
        leave(EXIT_HANG)
    service.reloading()
    # Until the new one listens, another of these would end it.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    logging.shutdown()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 the very same program


def build_pipeline(
    config: Config, clock: Clock, classifier: TfliteClassifier, telemetry: Telemetry, sinks: Sequence[Sink]
) -> Pipeline:
    """All stages between a frame and its sinks. Raises AffectdError where ``config`` does not allow it."""
    return Pipeline(
        finder=ScanningFinder(config.detector),
        tracker=CentroidTracker(config.tracker),
        classifier=classifier,
        turns=ClassifySchedule(config.classifier.interval_s, config.classifier.most_per_frame),
        input_spec=classifier.model_card.input.spec(),
        smoother=EmotionSmoother(config.smoothing.over(classifier.model_card.smoothing)),
        deriver=EventDeriver(clock),
        telemetry=telemetry,
        sinks=sinks,
    )


def _build_mqtt(
    config: Config, classifier: TfliteClassifier, source: FrameSource, clock: Clock, switch: PauseSwitch
) -> MqttSink | None:
    if not config.mqtt.enabled:
        return None
    card = classifier.model_card
    info = DeviceInfo(__version__, card.name, card.version, card.labels, source.name)
    return MqttSink(
        config.mqtt,
        config.device.resolved_id,
        config.device.resolved_state_dir,
        info,
        clock=clock,
        runtime_dir=config.device.resolved_runtime_dir,
        on_pause=lambda paused: switch.turn(paused=paused),
    )


def _build_overlay(
    config: Config, classifier: TfliteClassifier, mqtt: MqttSink | None, clock: Clock, switch: PauseSwitch
) -> OverlaySink | None:
    if not config.overlay.enabled:
        return None
    config.overlay.require_known_labels(classifier.labels)

    return OverlaySink(
        config.overlay,
        clock,
        broker=lambda: _broker_state(mqtt),
        on_pause=lambda paused: switch.turn(paused=paused),
    )


def _broker_state(mqtt: MqttSink | None) -> BrokerState:
    return "off" if mqtt is None else "connected" if mqtt.connected else "away"
