"""``affectd-train recipes``: what can be trained."""

import argparse
from typing import Any

from device.errors import EXIT_OK
from trainer.recipe import bundled_recipes, load_recipe


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("recipes", help="list the bundled recipes")
    parser.set_defaults(run=_run)


def _run(_: argparse.Namespace) -> int:
    for name in bundled_recipes():
        print(f"{name:<16} {load_recipe(name).about}")
    return EXIT_OK
