"""``affectd-convert compare``: what float32, float16 and int8 of a network cost."""

import argparse
from pathlib import Path
from typing import Any

from converters.commands.options import say
from converters.comparison import compare_formats
from converters.trained import load_trained
from device.contract.keras_models import multiply_adds
from device.errors import EXIT_OK

_ROW = "{:<16}{:<9}{:>10}{:>10}{:>11}{:>12}{:>10}"


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "compare",
        help="size, accuracy and time of a network in float32, float16 and int8",
        description="Convert each network to float32, float16 and int8, ask them about the faces of check.npz, and "
        "time them by turns on one thread. Nothing is written.",
    )
    parser.add_argument(
        "models", type=Path, nargs="+", metavar="MODEL.keras", help="with the training's other files beside it"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the calibration (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=15, help="of timing (default: %(default)s)")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    rows, notes = [], []
    for path in options.models:
        say(f"reading {path}")
        trained = load_trained(path)
        check = trained.record.check
        notes.append(
            f"{trained.record.name}: {check.metric} on {check.split}, {len(trained.check.faces)} faces, "
            f"{multiply_adds(trained.network) / 1e6:.1f} million multiply-adds"
        )
        for one in compare_formats(trained, options.seed, max(1, options.rounds), say):
            accuracy = one.parity.converted_accuracy
            rows.append(
                _ROW.format(
                    trained.record.name[:15],
                    one.format,
                    f"{one.flatbuffer_bytes / 1000:.0f} kB",
                    "-" if accuracy is None else f"{accuracy:.2%}",
                    f"{one.parity.agreement:.2%}",
                    f"{1e3 * one.cpu_s:.2f} ms",
                    f"{one.of_float32:.2f}",
                )
            )
    say(_ROW.format("model", "format", "size", "accuracy", "as Keras", "CPU/face", "/float32"))
    for line in (*rows, *notes):
        say(line)
    return EXIT_OK
