"""``affectd``: one file a verb."""

from collections.abc import Sequence

from device.cli import run_program
from device.commands import (
    aim,
    check,
    config,
    demo,
    detector,
    doctor,
    flash,
    homeassistant,
    model,
    page,
    pause,
    run,
    schema,
    snapshot,
    summary,
    watch,
)

_VERBS = (
    run,
    check,
    config,
    doctor,
    aim,
    watch,
    pause,
    snapshot,
    summary,
    model,
    detector,
    flash,
    page,
    homeassistant,
    schema,
    demo,
)
COMMAND_LINE = ("affectd", "An emotion sensor: camera in, MQTT out.", _VERBS)
"""What it is called, what it is for, and its verbs."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    return run_program(*COMMAND_LINE, arguments)
