"""``affectd-convert inspect``: what is in a ``.tflite``."""

import argparse
import json
from pathlib import Path
from typing import Any

from converters.arena import METHOD
from converters.commands.options import print_rows, say
from converters.inspection import End, Inspection, inspect_file
from device.contract.model_card import Measurement, ModelCard
from device.errors import EXIT_OK


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "inspect",
        help="show what is in a .tflite, and whether it suits an Edge TPU",
        description="Show a .tflite's input, output, operators, cost and card, and "
        "which operators map to the Edge TPU. The network is not run.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL.tflite", help="a model file, or a bare flatbuffer")
    parser.add_argument("--json", action="store_true", help="as JSON, with the whole card")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    found = inspect_file(options.model)
    if options.json:
        print(json.dumps(found.to_json(), indent=1))
        return EXIT_OK
    sealed = "no card: a bare flatbuffer" if found.model_card is None else "digest right"
    say(f"{found.path}: {found.size_bytes} bytes, {sealed}")
    print_rows(
        [
            ("SHA-256 of the file", found.sha256),
            *[("input", _described(end)) for end in found.inputs],
            *[("output", _described(end)) for end in found.outputs],
            ("size of the flatbuffer", f"{found.flatbuffer_bytes} bytes, {found.weight_bytes} of them weights"),
            ("multiply-adds", f"{found.multiply_adds} for one face"),
            ("peak arena", f"{found.peak_arena_bytes} bytes, {METHOD}"),
        ]
    )
    if found.model_card:
        _print_card(found.model_card)
    _print_operators(found)
    return EXIT_OK


def _described(end: End) -> str:
    quantised = "" if end.scale is None else f", scale {end.scale:.9g}, zero point {end.zero_point}"
    return f"{end.name}: {end.dtype} {end.shape}{quantised}"


def _print_card(card: ModelCard) -> None:
    size = f"{card.input.width} by {card.input.height} pixels, {card.input.colour}"
    low, high = card.input.real_range
    smoothing, conversion = card.smoothing, card.conversion
    limits = f"begins at {smoothing.enter_threshold:g}, ends at {smoothing.exit_threshold:g}"
    smoothed = f"{smoothing.time_constant_s:g} s, {limits}, held for {smoothing.min_dwell_s:g} s"
    rows = [
        ("model", f"{card.name}, version {card.version}, card of schema {card.schema_version}"),
        ("labels", ", ".join(card.labels)),
        ("face", f"{size}, {low:g} to {high:g}, crop widened by {card.input.crop_margin:.0%}"),
        ("smoothing", smoothed),
        ("golden inputs", f"{len(card.golden.examples)}, tolerance {card.golden.tolerance:g}"),
        ("trained by", f"recipe {card.training.recipe.get('name', '?')}, seed {card.training.seed}"),
        ("of revision", str(card.training.git_revision)),
        ("converted", conversion.method),
    ]
    if conversion.calibration:
        drawn = conversion.calibration
        rows.append(("calibrated on", f"{drawn.faces} faces, seed {drawn.seed}: {drawn.method}"))
    if conversion.accelerator:
        rows.append(("runs on", conversion.accelerator))
    rows.append(("with", ", ".join(f"{name} {version}" for name, version in conversion.versions.items())))
    print_rows(rows + [_measured(one) for one in card.accuracy])


def _measured(one: Measurement) -> tuple[str, str]:
    values = [
        f"{name} {value:.2%}"
        for name, value in (("float", one.float_value), ("converted", one.converted_value))
        if value is not None
    ]
    return one.metric, f"{', '.join(values)} of {one.count} faces of {one.split}"


def _print_operators(found: Inspection) -> None:
    mapped = sum(one.count for one in found.operators if one.edgetpu)
    total = sum(one.count for one in found.operators)
    say(f"  {'operator':<22}{'version':>7}{'count':>7}  Edge TPU ({mapped} of {total} map)")
    for one in found.operators:
        say(f"  {one.name:<22}{one.version:>7}{one.count:>7}  {'maps' if one.edgetpu else one.reason}")
