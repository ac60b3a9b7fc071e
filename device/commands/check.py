"""``affectd check``: whether a configuration and its model are fit to run."""

import argparse
from typing import Any

from device.commands.options import add_config_option
from device.errors import EXIT_OK


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("check", help="check a configuration and its model, and say what is wrong")
    add_config_option(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from device.classify.modelstore import open_model
    from device.config import load_config
    from device.detect import HaarDetector

    config = load_config(options.config)
    print(f"ok: configuration {options.config} of device {config.device.resolved_id}")
    classifier = open_model(config)
    card = classifier.model_card
    answers = f"digest and {len(card.golden.examples)} golden answers"
    print(f"ok: model {card.name} ({card.version}): {answers}, {classifier.runtime}")
    config.smoothing.over(card.smoothing)
    HaarDetector(config.detector)
    print("ok: face cascade")
    config.overlay.require_known_labels(classifier.labels)
    return EXIT_OK
