"""``affectd-convert``: one file a verb."""

from collections.abc import Sequence

from converters.commands import compare, describe, edgetpu, inspect, keras, onnx, sign, tflite, upgrade, verify
from device.cli import run_program

_VERBS = (tflite, verify, compare, describe, inspect, edgetpu, onnx, keras, upgrade, sign)
COMMAND_LINE = ("affectd-convert", "Turn trained networks into model files.", _VERBS)
"""What it is called, what it is for, and its verbs."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    return run_program(*COMMAND_LINE, arguments)
