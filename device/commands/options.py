"""Options that several verbs share."""

import argparse
from pathlib import Path

DEFAULT_CONFIG = Path("/etc/affectd/config.yaml")


def add_config_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--config``."""
    parser.add_argument(
        "--config",
        type=Path,
        default=DEFAULT_CONFIG,
        metavar="FILE",
        help=f"the configuration (default: {DEFAULT_CONFIG})",
    )
