"""The composition root: a configuration becomes stages, signals become calls, and faults become exit codes."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from device import __version__
from device.capture.capture import build_capture
from device.capture.privacy_switch import PauseSwitch
from device.capture.sources import build_source
from device.capture.sources.colours import Colour
from device.capture.switched_capture import SwitchedCapture
from device.classify.classifier import TfliteClassifier
from device.classify.modelstore import give_up, open_model
from device.classify.schedule import ClassifySchedule
from device.config import Config, config_digest
from device.daemon import Daemon, Stages, broker_state
from device.detect import Detector, open_detector
from device.errors import EXIT_HANG, EXIT_OK, HangError
from device.events.derive import EventDeriver
from device.events.smooth import EmotionSmoother
from device.interfaces import Clock, FrameSource, Sink
from device.mqtt.payloads import DeviceInfo
from device.mqtt.sink import MqttSink
from device.overlay.sink import OverlaySink
from device.page.address import page_url
from device.page.password import has_password
from device.pipeline import Pipeline
from device.summary.database import SUMMARY_NAME
from device.summary.sink import SummarySink
from device.system.clock import SystemClock
from device.system.hang import HangCounter, leave
from device.system.heat import HeatGuard
from device.system.log import LastTrouble
from device.system.systemd import ServiceManager
from device.system.telemetry import Telemetry
from device.tools.page.build import PageParts, build_page
from device.tools.page.sources import DeviceView
from device.track.tracker import CentroidTracker

_ENDING_S = 5.0
_log = logging.getLogger(__name__)


def run(
    config: Config,
    check: Callable[[], object] = lambda: None,
    more_sinks: Sequence[Sink] = (),
    config_path: Path | None = None,
) -> int:
    """Build a device from ``config`` and run it until it ends, or SIGTERM or SIGINT ends it; returns the exit code.

    Under systemd SIGHUP takes a changed configuration: the process starts itself afresh where ``check`` does not raise
    AffectdError; else all stays as it is, and the log says why. ``more_sinks`` hear what the broker hears.
    ``config_path`` is where ``config`` is from, for the page to change it.
    """
    clock = SystemClock()
    service = ServiceManager(clock)
    changed = threading.Event()

    def on_reload() -> None:
        try:
            check()
        except Exception as error:  # noqa: BLE001 - whatever the new file holds, a daemon that runs goes on
            _log.error("the configuration stays as it was: %s", error)
        else:
            changed.set()
            daemon.stop()

    def give_up_model(reason: str) -> None:
        give_up(stages.classifier, reason, config.device.resolved_state_dir)
        _log.error("the model is given up, and the daemon starts afresh with the one that ships: %s", reason)
        changed.set()
        daemon.stop()
        time.sleep(_ENDING_S)  # this thread ends with the process; while the model hangs, the loop does not
        _leave_all_and_start_afresh(service)

    trouble = LastTrouble()
    page = PageParts(config_path, reload=lambda: daemon.reload())  # noqa: PLW0108 it is there later
    stages = build_stages(config, clock, trouble, more_sinks, page)
    daemon = Daemon(stages, clock, service, on_reload)
    _obey_signals(daemon, service)
    if not stages.classifier.ships:  # the one that ships has nothing to take its place
        stages.classifier.time_limit.watch(give_up_model)
    logging.getLogger().addHandler(trouble)
    try:
        daemon.run()
    except HangError as error:
        stages.hangs.add()
        service.set_status(str(error))
        print(f"affectd: {error}", file=sys.stderr)
        leave(error.exit_code)
    finally:
        logging.getLogger().removeHandler(trouble)
    if changed.is_set():
        _start_afresh(service, let_go=daemon.let_go)
    service.set_status("stopped")
    if not daemon.let_go:
        leave(EXIT_OK)
    return EXIT_OK


def _obey_signals(daemon: Daemon, service: ServiceManager) -> None:
    def on_signal(number: int, _: FrameType | None) -> None:
        # A second signal is not waited for: it does what it does by default.
        signal.signal(number, signal.SIG_DFL)
        service.stopping()
        daemon.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    if service.present:  # without it, the terminal's end is the daemon's
        signal.signal(signal.SIGHUP, lambda *_: daemon.reload())


def _start_afresh(service: ServiceManager, *, let_go: bool) -> NoReturn:
    """Become a new process under the same number; one whose camera hangs ends instead, for systemd to start another."""
    if not let_go:
        leave(EXIT_HANG)
    service.reloading()
    # Until the new one listens, another of these would end it.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    logging.shutdown()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 the very same program


def _leave_all_and_start_afresh(service: ServiceManager) -> NoReturn:
    """As ``_start_afresh``, from another thread while the loop hangs; the camera is let go of by the kernel."""
    service.reloading()
    logging.shutdown()
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 the very same program


def build_stages(
    config: Config,
    clock: Clock,
    trouble: LastTrouble,
    more_sinks: Sequence[Sink] = (),
    page_parts: PageParts | None = None,
) -> Stages:
    """All stages of one device, not started yet.

    Args:
        config: what to build.
        clock: the machine's.
        trouble: knows the latest warning, for the figures.
        more_sinks: beside the broker and the overlay.
        page_parts: what the page needs beside these.

    Raises:
        AffectdError: a stage cannot be built from its section of the configuration.
    """
    classifier = open_model(config.classifier, config.models, config.device.resolved_state_dir)
    detector = open_detector(config.detector, config.device.resolved_state_dir)
    colour: Colour = "whole" if config.overlay.wants_pictures else "small" if detector.wants_colour else "none"
    source = build_source(config.source, clock, colour=colour)
    switch = PauseSwitch(config.device.resolved_state_dir, config.device.resolved_runtime_dir)
    capture = build_capture(source, config.source, clock)
    heat = HeatGuard(config.heat, config.source.fps, clock)
    telemetry = Telemetry(clock, last_error=lambda: trouble.message, slowed_to_fps=lambda: heat.limit_fps)
    smoother = EmotionSmoother(config.smoothing.over(classifier.model_card.smoothing))
    mqtt = _build_mqtt(config, _describe(config, classifier, detector, source), clock, switch, smoother)
    overlay = _build_overlay(config, classifier, mqtt, clock, switch)
    switched = SwitchedCapture(capture, switch, clock, opening_s=config.source.open_timeout_s)
    page = None
    if config.page.enabled:
        parts = page_parts or PageParts()
        has_file = parts.config_path is not None
        view = DeviceView(config, has_file, classifier.labels, source.name, switched, mqtt, heat, trouble)
        page = build_page(view, parts, clock, lambda paused: switch.turn(paused=paused))
    summary = _build_summary(config, clock)
    sinks: list[Sink] = [*(sink for sink in (mqtt, overlay, page, summary) if sink), *more_sinks]
    return Stages(
        source_name=source.name,
        source_is_live=source.live,
        classifier=classifier,
        capture=switched,
        pipeline=build_pipeline(config, clock, classifier, telemetry, sinks, detector=detector, smoother=smoother),
        telemetry=telemetry,
        heat=heat,
        hangs=HangCounter(config.device.resolved_state_dir, config.source.reboot_after_hangs),
        mqtt=mqtt,
        overlay=overlay,
        page=page,
        summary=summary,
        stats_interval_s=config.mqtt.stats_interval_s,
    )


def build_pipeline(
    config: Config,
    clock: Clock,
    classifier: TfliteClassifier,
    telemetry: Telemetry,
    sinks: Sequence[Sink],
    *,
    detector: Detector | None = None,
    smoother: EmotionSmoother | None = None,
) -> Pipeline:
    """All stages between a frame and its sinks; a ``detector`` and a ``smoother`` that are given are taken as they are.

    Raises:
        AffectdError: ``config`` does not allow it.
    """
    detector = detector or open_detector(config.detector, config.device.resolved_state_dir)
    return Pipeline(
        finder=detector.finder(),
        tracker=CentroidTracker(config.tracker),
        classifier=classifier,
        turns=ClassifySchedule(config.classifier.interval_s, config.classifier.most_per_frame),
        input_spec=classifier.model_card.input.spec(),
        smoother=smoother or EmotionSmoother(config.smoothing.over(classifier.model_card.smoothing)),
        deriver=EventDeriver(clock),
        telemetry=telemetry,
        sinks=sinks,
    )


def _describe(config: Config, classifier: TfliteClassifier, detector: Detector, source: FrameSource) -> DeviceInfo:
    card = classifier.model_card
    return DeviceInfo(
        __version__,
        card.name,
        card.version,
        card.labels,
        source.name,
        config.device.name,
        lambda: detector.in_use,
        model_sha256=classifier.digest,
        config_sha256=config_digest(config),
        counts=config.summary.enabled,
        page_url=page_url(config.page, has_password=has_password(config.device.resolved_state_dir)),
    )


def _build_mqtt(
    config: Config, info: DeviceInfo, clock: Clock, switch: PauseSwitch, smoother: EmotionSmoother
) -> MqttSink | None:
    if not config.mqtt.enabled:
        return None
    return MqttSink(
        config.mqtt,
        config.device.resolved_id,
        config.device.resolved_state_dir,
        info,
        clock=clock,
        runtime_dir=config.device.resolved_runtime_dir,
        on_pause=lambda paused: switch.turn(paused=paused),
        smoothing=smoother.smoothing,
        on_smoothing=smoother.tune,
    )


def _build_summary(config: Config, clock: Clock) -> SummarySink | None:
    if not config.summary.enabled:
        return None
    return SummarySink(config.summary, config.device.resolved_state_dir / SUMMARY_NAME, clock=clock)


def _build_overlay(
    config: Config, classifier: TfliteClassifier, mqtt: MqttSink | None, clock: Clock, switch: PauseSwitch
) -> OverlaySink | None:
    if not config.overlay.enabled:
        return None
    config.overlay.require_known_labels(classifier.labels)

    return OverlaySink(
        config.overlay,
        clock,
        broker=lambda: broker_state(mqtt),
        on_pause=lambda paused: switch.turn(paused=paused),
    )
