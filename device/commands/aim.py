"""``affectd aim``: where the faces are, live, for whoever mounts a camera on a device without a screen."""

import argparse
import logging
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device.commands.options import DEFAULT_CONFIG
from device.errors import EXIT_GATE, SourceError, UsageError

if TYPE_CHECKING:
    from device.capture.capture import Capture
    from device.commands.aim_view import AimView
    from device.config import Config
    from device.interfaces import Clock, FrameSource
    from device.system.log import LastTrouble
    from device.tools.aim import AimObserver

_TURN_S = 0.25
_ONCE_S = 5.0


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "aim",
        help="show in the terminal where the faces are and how well they can be read, to mount a camera by",
        description="Show in the terminal where the faces are, as the camera sees them, and how well they can be "
        "read. No picture is shown, sent or kept. Stop the service first: only one program can use a camera.",
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help=f"the configuration (default: {DEFAULT_CONFIG} if it is there)",
    )
    parser.add_argument(
        "--source", metavar="URI", help="instead of the configuration's: a camera, stream, file or folder"
    )
    parser.add_argument("--json", action="store_true", help="a line of JSON a second, for a pipe")
    parser.add_argument(
        "--once",
        type=float,
        nargs="?",
        const=_ONCE_S,
        metavar="SECONDS",
        help=f"watch for this long (default: {_ONCE_S:g}) and report once; the exit code is 0 if a good face was seen, "
        f"else {EXIT_GATE}",
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from device.capture.capture import build_capture
    from device.capture.sources import build_source
    from device.detect import open_detector
    from device.system.clock import SystemClock
    from device.system.log import LastTrouble
    from device.tools.aim import AimObserver
    from device.track.tracker import CentroidTracker

    if options.once is not None and not 0 < options.once < float("inf"):
        raise UsageError(f"--once is {options.once:g}, expected a number of seconds above 0")
    config = _config_of(options)
    clock = SystemClock()
    detector = open_detector(config.detector, config.device.resolved_state_dir)
    source = build_source(config.source, clock, colour="small" if detector.wants_colour else "none")
    _require_unpaused(config, source)
    observer = AimObserver(detector.finder(), CentroidTracker(config.tracker), clock)
    capture = build_capture(source, config.source, clock)
    # Instead of lines on stderr, in the midst of the view.
    trouble = LastTrouble()
    logging.getLogger().addHandler(trouble)
    view = _choose_view(options, config, source, trouble)
    # A plain kill, too, is to leave the terminal in order.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    _start(capture, config)
    try:
        return _watch(capture, observer, view, clock)
    finally:
        view.leave()
        capture.close()
        logging.getLogger().removeHandler(trouble)


def _config_of(options: argparse.Namespace) -> "Config":
    from device.config import Config, load_config, with_source

    path = options.config or (DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None)
    config = load_config(path) if path else Config()
    return config if options.source is None else with_source(config, options.source)


def _require_unpaused(config: "Config", source: "FrameSource") -> None:
    """Raises SourceError where the privacy switch is on: a camera that is to be closed stays so."""
    from device.capture.privacy_switch import is_switched_on

    if source.live and is_switched_on(config.device.resolved_state_dir, config.device.resolved_runtime_dir):
        raise SourceError(f"{source.name} is closed by the privacy switch", "turn it off with: affectd pause off")


def _start(capture: "Capture", config: "Config") -> None:
    from device.tools.aim.busy import explain_busy

    try:
        capture.start()
    except SourceError as error:
        raise explain_busy(error, config.source.uri) from error


def _watch(capture: "Capture", observer: "AimObserver", view: "AimView", clock: "Clock") -> int:
    """Feed ``view`` until it has enough or the source ends; returns the exit code."""
    while not view.done:
        frame = capture.next(_TURN_S)
        if frame is not None:
            view.show(observer.take(frame), frame.time_s)
        elif capture.ended:
            break
        if capture.state == "lost":
            observer.restart()
            view.lose()
        view.refresh(clock.monotonic_s())
    view.finish()
    return view.exit_code


def _choose_view(
    options: argparse.Namespace, config: "Config", source: "FrameSource", trouble: "LastTrouble"
) -> "AimView":
    from device.commands.aim_view import AimLines, AimScreen, OnceReport

    # Only a camera is asked for a rate; streams and recordings have their own.
    is_camera = source.live and "://" not in config.source.uri
    settings = (source.name, config.source.fps if is_camera else None, trouble)
    if options.once is not None:
        return OnceReport(*settings, as_json=options.json, watch_s=options.once)
    if options.json or not sys.stdout.isatty():
        return AimLines(*settings, as_json=options.json)
    return AimScreen(*settings)
