"""``affectd-train recipes``: what can be trained."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from device.errors import EXIT_OK, UnavailableError
from trainer.framework import load_keras
from trainer.recipe import Recipe, bundled_recipes, load_recipe
from trainer.recipe.files import copy_recipe
from trainer.recipe.networks import BackboneNetwork, DlibResNetNetwork, FaceMobileNetNetwork


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("recipes", help="list what can be trained", description="List what can be trained.")
    parser.add_argument("recipe", nargs="*", help="only these: a bundled recipe by its name, another by its file")
    parser.add_argument("--copy", metavar="NAME", help="write a bundled recipe to NAME.yaml here, for you to change")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    if options.copy:
        print(f"wrote {copy_recipe(options.copy, Path.cwd())}; train it with affectd-train fit {options.copy}.yaml")
        return EXIT_OK
    recipes = [load_recipe(name) for name in options.recipe or bundled_recipes()]
    lacking = _lacking()
    if lacking:
        print(f"affectd-train: no parameters and multiply-adds: {lacking}", file=sys.stderr)
    if options.json:
        described = [_described(recipe, counted=not lacking) for recipe in recipes]
        print(json.dumps(described, indent=2, ensure_ascii=False))
        return EXIT_OK
    print(f"{'recipe':<14} {'input':>9} {'parameters':>12} {'multiply-adds':>14}  published")
    for recipe in recipes:
        print("\n".join(_lines(recipe, counted=not lacking)), flush=True)
    return EXIT_OK


def _lacking() -> str:
    """Why networks cannot be built here, to count what they have; empty where they can."""
    try:
        load_keras()
    except UnavailableError as error:
        return str(error)
    return ""


def _lines(recipe: Recipe, *, counted: bool) -> list[str]:
    described = _described(recipe, counted=counted)
    size = f"{recipe.input.width} x {recipe.input.height}"
    figure = f"{recipe.published.figure} ({recipe.published.measured_on})" if recipe.published else "-"
    parameters = f"{described['parameters']:,}" if counted else "-"
    cost = f"{described['multiply_adds'] / 1e6:,.1f} M" if counted else "-"
    return [
        f"{recipe.name:<14} {size:>9} {parameters:>12} {cost:>14}  {figure}",
        f"{'':<14} {recipe.about}; {recipe.epochs} epochs",
    ]


def _described(recipe: Recipe, *, counted: bool) -> dict[str, Any]:
    """For programs; what is counted is null where Keras is missing."""
    parameters, multiply_adds = _counts(recipe) if counted else (None, None)
    return {
        "name": recipe.name,
        "about": recipe.about,
        "file": str(bundled_recipes().get(recipe.name, Path(recipe.name))),
        "parameters": parameters,
        "multiply_adds": multiply_adds,
        "published": recipe.published.model_dump() if recipe.published else None,
    }


def _counts(recipe: Recipe) -> tuple[int, int]:
    """How many parameters and multiply-adds the network has."""
    from device.contract.keras_models import multiply_adds
    from trainer.networks import build_network

    network = recipe.network
    if isinstance(network, BackboneNetwork | DlibResNetNetwork | FaceMobileNetNetwork):
        network = network.model_copy(update={"weights": "none"})  # to count them is no reason to fetch them
    built = build_network(network, recipe.input.spec, len(recipe.data.label_names))
    return built.count_params(), multiply_adds(built)
