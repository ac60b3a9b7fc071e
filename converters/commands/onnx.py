"""``affectd-convert onnx``: a trained Keras model for other runtimes."""

import argparse
from pathlib import Path
from typing import Any

from converters.commands.options import add_threshold_options, in_words, print_parity, print_rows, say, thresholds_of
from converters.networks import keras_scorer, onnx_scorer
from converters.onnx import open_session, to_onnx
from converters.trained import keras_file, load_trained
from converters.verify import SAME_ARITHMETIC, compare, require_parity
from device.contract.files import check_folder, write_atomically
from device.errors import EXIT_OK


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "onnx",
        help="export a Keras model as ONNX, for other runtimes",
        description="Export a Keras model as ONNX, compare it with Keras, and write it.",
    )
    parser.add_argument(
        "model",
        type=Path,
        metavar="MODEL",
        help="a training's folder, or its .keras file with the other files beside it",
    )
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="where check.npz is (default: beside the model)")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the file to write (default: beside the model, as .onnx)"
    )
    add_threshold_options(parser, in_words(SAME_ARITHMETIC))
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    model = keras_file(options.model)
    out: Path = options.out or model.with_suffix(".onnx")
    check_folder(out)
    say(f"reading {model}")
    trained = load_trained(model, options.data)
    labels = trained.record.labels
    data = to_onnx(trained.network, trained.spec, labels)
    faces = trained.check
    say(f"comparing on {len(faces.faces)} faces")
    parity = compare(
        keras_scorer(trained.network, trained.spec)(faces.faces),
        onnx_scorer(open_session(data), trained.spec)(faces.faces),
        faces.labels,
    )
    print_parity(parity, labels, "Keras", "ONNX")
    low, high = trained.spec.real_range
    print_rows([("size", f"{len(data) / 1000:.0f} kB"), ("input", f"float32, pixels from {low:g} to {high:g}")])
    require_parity(parity, thresholds_of(options, SAME_ARITHMETIC), "nothing was written; use simpler layers")
    write_atomically(out, data)
    say(f"wrote {out}")
    return EXIT_OK
