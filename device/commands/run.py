"""``affectd run``: the daemon, or with ``--record`` an annotated video of a file."""

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device.cli import terminal
from device.commands.options import DEFAULT_CONFIG, add_config_option
from device.errors import EXIT_OK, AffectdError

if TYPE_CHECKING:
    from device.config import Config


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("run", help="watch a camera and publish emotion events until told to stop")
    add_config_option(parser)
    parser.add_argument(
        "--source", metavar="URI", help="instead of the configuration's: a camera, stream, file or folder"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--overlay",
        action="store_true",
        help="show what is seen on an attached display; h at the display tells the keys",
    )
    where.add_argument(
        "--record",
        type=Path,
        metavar="OUT.mp4",
        help="write a video with faces marked instead; of files and folders only, as fast as it goes, and nothing is "
        "published",
    )
    parser.add_argument("--quiet", action="store_true", help="no line for each change on a terminal")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    try:
        return _start(options)
    except AffectdError as error:
        # What `systemctl status` shows of a daemon that has ended.
        from device.system.clock import SystemClock
        from device.system.systemd import ServiceManager

        ServiceManager(SystemClock()).set_status(str(error))
        raise


def _start(options: argparse.Namespace) -> int:
    # Not at the top: the other verbs need none of OpenCV and the interpreter behind these.
    from device.system.log import set_up_logging

    config = _load(options)
    set_up_logging(config.log.level)
    if options.record is not None:
        return _record(config, options.record)
    # What the daemon writes is for itself and root, whoever starts it; a recording is as its user has files.
    os.umask(0o077)
    from device.app import run
    from device.commands.console import console_sinks

    return run(config, lambda: _try_out(options, config), console_sinks(quiet=options.quiet), options.config)


def _load(options: argparse.Namespace) -> "Config":
    from device.config import Config, load_config, with_overlay, with_source

    # A recording is made on any computer, where nobody has set up a device.
    is_optional = options.record is not None and options.config == DEFAULT_CONFIG and not DEFAULT_CONFIG.exists()
    config = Config() if is_optional else load_config(options.config)
    if options.source is not None:
        config = with_source(config, options.source)
    return with_overlay(config) if options.overlay else config


def _try_out(options: argparse.Namespace, running: "Config") -> None:
    """Raises AffectdError where the daemon would not start anew with what the file holds now."""
    from device.preflight import try_out
    from device.system.lock import FolderLock

    config = _load(options)
    for _ in try_out(config):
        pass
    folder = config.device.resolved_state_dir
    if folder != running.device.resolved_state_dir and folder.is_dir():
        FolderLock(folder).release()


def _record(config: "Config", out: Path) -> int:
    from device.system.clock import SystemClock
    from device.tools.recording import record

    # As Ctrl-C does: what was begun is taken away again.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    progress = _Progress()
    recorded = record(config, out, SystemClock(), progress.show)
    progress.end()
    width, height = recorded.size
    faces = "1 face" if recorded.faces == 1 else f"{recorded.faces} faces"
    print(
        f"{out}: {recorded.pictures} pictures, {recorded.pictures / recorded.fps:.1f} s,"
        f" {width} x {height} at {recorded.fps:g} fps, {out.stat().st_size / 1e6:.1f} MB, {faces}"
    )
    return EXIT_OK


class _Progress:
    """How far it is: one line that changes on a terminal, a line for every tenth elsewhere."""

    def __init__(self) -> None:
        self._told = ""
        self._live = sys.stderr.isatty()

    def show(self, done: int, total: int | None) -> None:
        """``done`` pictures of about ``total``."""
        if total is None:
            text = f"{done // 100 * 100} pictures"
        else:
            share = min(1.0, done / total)
            text = f"{share:4.0%}" if self._live else f"{int(share * 10) * 10:3d}%"
        if text != self._told:
            self._told = text
            line = f"\r{text}" if self._live else f"{text}\n"
            print(line, end="", file=terminal(sys.stderr), flush=True)

    def end(self) -> None:
        """Leave the terminal's line empty."""
        if self._live:
            print("\r\x1b[K", end="", file=terminal(sys.stderr), flush=True)
