"""``affectd-convert verify``: holds two networks against each other, as a gate before a release."""

import argparse
from pathlib import Path
from typing import Any

from converters.calibrate import representative_set
from converters.commands.options import (
    add_threshold_options,
    in_words,
    print_parity,
    read_check_faces,
    say,
    thresholds_of,
)
from converters.layers import compare_layers, worst
from converters.networks import Network, describe, open_network
from converters.tflite import Target, convert
from converters.trained import LabelledFaces, load_network
from converters.verify import QUANTISED, SAME_ARITHMETIC, compare, require_parity
from device.errors import EXIT_OK, DataError

_LAYER_FACES = 32
_WORST = 3


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "verify",
        help="hold two networks against each other, as a gate before a release",
        description="Ask two networks about the same faces. The exit code is 3 if they differ by more than is allowed.",
    )
    parser.add_argument(
        "reference", type=Path, metavar="A", help="a .keras, .tflite or .onnx file, or a training's folder"
    )
    parser.add_argument("converted", type=Path, metavar="B", help="another file, made from the same network")
    parser.add_argument(
        "--data", type=Path, metavar="FILE", help="an .npz of faces and labels (default: check.npz beside A)"
    )
    parser.add_argument("--debug", action="store_true", help="compare layer by layer as well; B is a .tflite")
    add_threshold_options(
        parser, f"where one computes in 8 bits: {in_words(QUANTISED)}; else: {in_words(SAME_ARITHMETIC)}"
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    known = describe(options.reference) or describe(options.converted)
    reference, converted = (open_network(path, known) for path in (options.reference, options.converted))
    _check_alike(reference, converted)
    labels = reference.labels or ()
    data = options.data or reference.path.parent
    faces = read_check_faces(data, reference.spec, len(labels))
    say(f"comparing on {len(faces.faces)} faces of {data}")
    parity = compare(reference.score(faces.faces), converted.score(faces.faces), faces.labels)
    print_parity(parity, labels, "A", "B")
    if options.debug:
        _print_layers(reference, converted, faces)
    quantised = reference.quantised or converted.quantised
    thresholds = thresholds_of(options, QUANTISED if quantised else SAME_ARITHMETIC)
    require_parity(parity, thresholds, "" if options.debug else "--debug shows the layers where they part")
    say("within the gate")
    return EXIT_OK


def _check_alike(reference: Network, converted: Network) -> None:
    if reference.spec != converted.spec:
        raise DataError(f"the networks read {reference.spec} and {converted.spec}", "compare networks of one input")
    if reference.labels != converted.labels:
        raise DataError(f"the networks have the labels {reference.labels} and {converted.labels}")


def _print_layers(reference: Network, converted: Network, faces: LabelledFaces) -> None:
    if converted.flatbuffer is None:
        raise DataError(f"--debug compares with a .tflite, and B is {converted.path}")
    flatbuffer = reference.flatbuffer
    if reference.path.suffix == ".keras":
        # In float32 the calibration is of no account.
        target, unused = Target("float32", "float32"), representative_set(faces, seed=0, count=1)
        flatbuffer = convert(load_network(reference.path), reference.spec, target, unused)
    if flatbuffer is None:
        raise DataError(f"--debug compares with a .keras or .tflite, and A is {reference.path}")
    layers = compare_layers(flatbuffer, converted.flatbuffer, faces.faces[:_LAYER_FACES], reference.spec)
    marked = {one.name for one in worst(layers, _WORST)}
    say(f"  {'error':>9}{'added':>9}  operator          tensor (over {len(faces.faces[:_LAYER_FACES])} faces)")
    for one in layers:
        mark = "  <- adds most" if one.name in marked else ""
        say(f"  {one.error:>9.3%}{one.added:>+9.3%}  {one.operator:<18}{one.short_name}{mark}")
