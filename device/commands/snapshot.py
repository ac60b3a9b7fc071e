"""``affectd snapshot``: an annotated picture of a photo, or of a moment of a video."""

import argparse
import math
from pathlib import Path
from typing import Any

from device.commands.options import DEFAULT_CONFIG
from device.errors import EXIT_OK


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "snapshot",
        help="mark the faces in a photo, or at one moment of a video",
        description="Find and read the faces of one picture as the daemon does, and "
        "write the picture with boxes and labels. Nothing is published. Cameras and streams are "
        "refused, because no picture of a camera is ever kept.",
    )
    parser.add_argument("file", metavar="FILE", help="a photo, a video, or demo for the bundled clip")
    parser.add_argument("out", metavar="OUT.png", type=Path, help="the picture to write (.png or .jpg)")
    parser.add_argument(
        "--at", type=_seconds, metavar="S", help="which moment of a video, seconds (default: its first picture)"
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help=f"the configuration (default: {DEFAULT_CONFIG} if it is there)",
    )
    parser.set_defaults(run=_run)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds >= 0):
        raise argparse.ArgumentTypeError(f"expected seconds from the beginning, found {text!r}")
    return seconds


def _run(options: argparse.Namespace) -> int:
    from device.config import Config, load_config
    from device.system.clock import SystemClock
    from device.tools.snapshot import snapshot

    path = options.config or (DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None)
    config = load_config(path) if path else Config()
    faces = snapshot(config, options.file, options.out, options.at, SystemClock())
    print(f"{options.out}: {len(faces)} {'face' if len(faces) == 1 else 'faces'}")
    for face in faces:
        sure = f" ({face.scores.top[1]:.0%} {face.scores.top[0]})" if face.scores else ""
        print(f"  {face.track_id}  {face.emotion}{sure}")
    return EXIT_OK
