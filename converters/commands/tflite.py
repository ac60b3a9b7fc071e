"""``affectd-convert tflite``: from a trained Keras model to a model file."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converters.calibrate import FACES, RepresentativeSet, representative_set
from converters.commands.options import add_threshold_options, in_words, print_parity, print_rows, say, thresholds_of
from converters.edgetpu.limits import map_operators
from converters.golden import golden_set
from converters.graph import read_graph
from converters.layers import LayerDifference, compare_layers, worst
from converters.model_card import describe
from converters.networks import keras_scorer
from converters.tflite import Target, convert, match_tensors
from converters.trained import Trained, keras_file, load_described, load_trained, require_probabilities
from converters.verify import QUANTISED, SAME_ARITHMETIC, compare, missed, require_parity
from device.classify.interpreter import open_interpreter
from device.cli import seed
from device.contract.container import attach
from device.contract.files import check_folder, write_atomically
from device.contract.keras_models import multiply_adds
from device.contract.model_card import ModelCard
from device.errors import EXIT_OK, GateError, UsageError

SEED = 0
_LAYER_FACES = 32
_PARITY_REMEDY = (
    "nothing was written; keep the layers that lose most out of it with --keep-float, train longer or wider, or "
    "allow more with the options of the gate"
)


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "tflite",
        help="make a model file of a Keras model, quantised for the device",
        description="Convert a Keras model, compare the result with it, and write a model file.",
    )
    parser.add_argument(
        "model",
        type=Path,
        metavar="MODEL",
        help="a training's folder, its .keras file with the other files beside it, or somebody else's .keras or .h5",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        help="where calibration.npz and check.npz are (default: beside the model); with --describe also an .npz",
    )
    parser.add_argument(
        "--describe", type=Path, metavar="YAML", help="of somebody else's .keras or .h5: its labels and its input"
    )
    _add_format(parser)
    parser.add_argument("--seed", type=seed, default=SEED, help="of what is random (default: %(default)s)")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the file to write (default: beside the model, as .tflite)"
    )
    parser.add_argument("--name", help="of the model (default: the training's)")
    parser.add_argument(
        "--allow-one-answer",
        action="store_true",
        help="write the file even if the network gives one answer to all faces",
    )
    add_threshold_options(parser, f"int8: {in_words(QUANTISED)}; floats: {in_words(SAME_ARITHMETIC)}")
    parser.set_defaults(run=_run)


def _add_format(parser: Any) -> None:
    parser.add_argument(
        "--format",
        choices=("int8", "float16", "float32"),
        default="int8",
        help="of the weights; with int8, activations are int8 too (default: %(default)s)",
    )
    parser.add_argument(
        "--io", choices=("uint8", "int8"), help="type of an int8 network's input and output (default: uint8)"
    )
    parser.add_argument(
        "--keep-float",
        action="append",
        default=[],
        metavar="NAME",
        help="leave tensors with this in their name in float32; may be given several times",
    )
    parser.add_argument(
        "--calibration-faces", type=_count, default=FACES, metavar="N", help="how many (default: %(default)s)"
    )


def _run(options: argparse.Namespace) -> int:
    model = keras_file(options.model)
    out: Path = options.out or model.with_suffix(".tflite")
    if options.format != "int8" and (options.io or options.keep_float):
        raise UsageError(f"--io and --keep-float are for int8, not for {options.format}")
    check_folder(out)
    trained = _read(model, options)
    reference = keras_scorer(trained.network, trained.spec)(trained.check.faces)
    require_probabilities(reference)
    calibration = representative_set(trained.calibration, options.seed, options.calibration_faces)
    target = _target(options, trained, calibration)
    on = f" on {len(calibration.faces)} faces" if target.format == "int8" else ""
    say(f"converting to {target.format}{on}")
    flatbuffer = convert(trained.network, trained.spec, target, calibration)
    interpreter = open_interpreter(flatbuffer, trained.spec)
    say(f"comparing on {len(trained.check.faces)} faces, {target.format} by {interpreter.runtime}")
    converted = interpreter.run(trained.check.faces)
    parity = compare(reference, converted, trained.check.labels)
    card = describe(
        trained=trained,
        flatbuffer=flatbuffer,
        target=target,
        calibration=calibration,
        parity=parity,
        golden=golden_set(interpreter, trained.spec, options.seed),
        name=options.name,
    )
    print_parity(parity, card.labels, "Keras", target.format)
    _print_weight(card, flatbuffer)
    _require_several_answers(converted, card.labels, allowed=options.allow_one_answer)
    thresholds = thresholds_of(options, QUANTISED if target.format == "int8" else SAME_ARITHMETIC)
    if missed(parity, thresholds) and target.format == "int8":
        _print_layers(worst(_layers(trained, calibration, flatbuffer), 5))
    require_parity(parity, thresholds, _PARITY_REMEDY)
    write_atomically(out, attach(flatbuffer, card))
    say(f"wrote {out}: {card.name} {card.version}")
    return EXIT_OK


def _read(model: Path, options: argparse.Namespace) -> Trained:
    say(f"reading {model}")
    if options.describe and not options.data:
        raise UsageError(
            "--describe wants faces: --data FACES.npz", "affectd-train data convert DATA FACES.npz writes them"
        )
    if options.describe:
        trained = load_described(model, options.describe, options.data)
    else:
        trained = load_trained(model, options.data)
    # Before TensorFlow sees it: over some layers its converter does not raise, but ends the process.
    multiply_adds(trained.network)
    return trained


def _require_several_answers(scores: NDArray[np.float32], labels: tuple[str, ...], *, allowed: bool) -> None:
    """Raises GateError for a network that gives one answer to all faces, unless that is ``allowed``."""
    given = np.unique(scores.argmax(axis=1))
    if len(given) > 1 or len(scores) == 1:
        return
    finding = f"the network says {labels[given[0]]} to each of {len(scores)} faces"
    if not allowed:
        raise GateError(
            finding, "nothing was written; train it longer, or write it all the same with --allow-one-answer"
        )
    say(f"warning: {finding}")


def _target(options: argparse.Namespace, trained: Trained, calibration: RepresentativeSet) -> Target:
    if options.format != "int8":
        return Target(options.format, "float32")
    target = Target("int8", options.io or "uint8")
    if not options.keep_float:
        return target
    whole = read_graph(convert(trained.network, trained.spec, target, calibration))
    return Target("int8", target.ends, match_tensors(whole, options.keep_float))


def _layers(trained: Trained, calibration: RepresentativeSet, flatbuffer: bytes) -> list[LayerDifference]:
    reference = convert(trained.network, trained.spec, Target("float32", "float32"), calibration)
    return compare_layers(reference, flatbuffer, trained.check.faces[:_LAYER_FACES], trained.spec)


def _print_layers(layers: list[LayerDifference]) -> None:
    say("  where int8 loses most, as shares of a tensor's own size:")
    for one in layers:
        say(f"    {one.added:+8.2%} to {one.error:7.2%}  {one.operator:<18}{one.short_name}")


def _print_weight(card: ModelCard, flatbuffer: bytes) -> None:
    foreign = [one.operator.name for one in map_operators(read_graph(flatbuffer)) if not one.mapped]
    rows = [
        ("size", f"{card.cost.flatbuffer_bytes / 1000:.0f} kB"),
        ("multiply-adds", f"{card.cost.multiply_adds / 1e6:.2f} million"),
        ("parameters", f"{card.cost.parameters}"),
        ("method", card.conversion.method),
        ("operators", ", ".join(f"{count} {name}" for name, count in card.conversion.operators.items())),
    ]
    if card.conversion.format == "int8":
        rows.append(("not for an Edge TPU", ", ".join(sorted(set(foreign))) or "none: all operators map to it"))
    print_rows(rows)


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"at least one face is wanted, not {text}")
    return value
