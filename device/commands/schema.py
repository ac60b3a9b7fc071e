"""``affectd schema``: the description of the topics and messages."""

import argparse
import sys
from typing import Any

from device.errors import EXIT_OK


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("schema", help="print the description of all topics and messages (AsyncAPI, JSON Schema)")
    parser.set_defaults(run=_run)


def _run(_: argparse.Namespace) -> int:
    from device.mqtt.schema import asyncapi_text

    sys.stdout.write(asyncapi_text())
    sys.stdout.flush()
    return EXIT_OK
