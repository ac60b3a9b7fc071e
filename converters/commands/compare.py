"""``affectd-convert compare``: what formats of a network cost, or which of two models is better on the same faces."""

import argparse
from pathlib import Path
from typing import Any

from converters.commands.options import print_rows, say
from converters.comparison import compare_formats
from converters.networks import Network, open_network
from converters.paired import compare_paired
from converters.trained import keras_file, load_trained, read_any_faces
from device.cli import seed
from device.contract.keras_models import KERAS_SUFFIXES, multiply_adds
from device.errors import EXIT_OK, DataError, UsageError

_ROW = "{:<16}{:<9}{:>10}{:>10}{:>11}{:>12}{:>10}"


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "compare",
        help="size, accuracy and time of a network in float32, float16 and int8, or two models on the same faces",
        description="Convert each network to float32, float16 and int8, ask them about "
        "the faces of check.npz, and time them alternately on one thread. With two models and "
        "DATA: say whether one is better, with McNemar's test and a paired bootstrap. Other "
        "people's models work too. Nothing is written.",
        usage="%(prog)s [-h] [--seed SEED] [--rounds ROUNDS] MODEL.keras [MODEL.keras ...] | A B DATA",
    )
    parser.add_argument(
        "models",
        type=Path,
        nargs="+",
        metavar="MODEL",
        help="a .keras file, with the training's other files beside it. Or two models "
        "of any kind and DATA: an .npz of `affectd-train data convert` or a folder with check.npz",
    )
    parser.add_argument("--seed", type=seed, default=0, help="of the calibration (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=15, help="of timing (default: %(default)s)")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    *models, last = options.models
    folders = len(models) != 2 and all(path.is_dir() for path in options.models)
    if last.suffix in KERAS_SUFFIXES or folders:
        return _compare_formats(options)
    if len(models) != 2:
        raise UsageError(f"two models are compared on {last}, not {len(models)}", "affectd-convert compare A B DATA")
    data = last / "check.npz" if last.is_dir() else last
    if data.suffix != ".npz" or not data.is_file():
        raise DataError(
            f"faces are expected in an .npz, and {last} is none",
            f"affectd-train data convert {last} FACES.npz makes it",
        )
    return _compare_pair(models[0], models[1], data)


def _compare_pair(first: Path, second: Path, data: Path) -> int:
    networks = [open_network(path) for path in (first, second)]
    right, known = zip(*(_right(network, data) for network in networks), strict=True)
    both = known[0] & known[1]
    if not both.any():
        raise DataError(f"no face of {data} has a label that both models know")
    found = compare_paired(right[0][both], right[1][both])
    left = f", {(~both).sum()} without a label that both know" if (~both).any() else ""
    difference, low, high = (100 * one for one in (found.second - found.first, found.low, found.high))
    rows = [
        ("faces", f"{found.faces} of {data}{left}"),
        ("A", f"{found.first:.2%}  {first}"),
        ("B", f"{found.second:.2%}  {second}"),
        ("B less A", f"{difference:+.2f} points ({low:+.2f} to {high:+.2f})"),
        ("right in A alone, B alone", f"{found.only_first}, {found.only_second}"),
        ("McNemar's exact test", f"p = {found.p_value:.2g}"),
    ]
    print_rows(rows)
    say("in brackets: the 95% interval of a paired bootstrap")
    return EXIT_OK


def _right(network: Network, data: Path) -> tuple[Any, Any]:
    """Whether the network is right on each face, and whether the face has a label that it knows; bool (n,) each."""
    faces = read_any_faces(data, network.spec, network.labels or ())
    return network.score(faces.faces).argmax(axis=1) == faces.labels, faces.labels >= 0


def _compare_formats(options: argparse.Namespace) -> int:
    rows, notes = [], []
    for path in [keras_file(path) for path in options.models]:
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
