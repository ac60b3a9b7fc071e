"""``affectd-train recipes``: what can be trained."""

import argparse
import json
from pathlib import Path
from typing import Any

from device.errors import EXIT_OK
from trainer.framework import load_keras
from trainer.recipe import Recipe, bundled_recipes, load_recipe
from trainer.recipe.files import copy_recipe
from trainer.recipe.networks import BackboneNetwork, DlibResNetNetwork


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
    if options.json:
        print(json.dumps([_described(recipe) for recipe in recipes], indent=2, ensure_ascii=False))
        return EXIT_OK
    print(f"{'recipe':<14} {'input':>9} {'parameters':>12} {'multiply-adds':>14}  published")
    for recipe in recipes:
        told = _described(recipe)
        size = f"{recipe.input.width} x {recipe.input.height}"
        figure = f"{recipe.published.figure} ({recipe.published.measured_on})" if recipe.published else "-"
        cost = f"{told['multiply_adds'] / 1e6:,.1f} M"
        print(f"{recipe.name:<14} {size:>9} {told['parameters']:>12,} {cost:>14}  {figure}", flush=True)
        print(f"{'':<14} {recipe.about}; {recipe.epochs} epochs")
    return EXIT_OK


def _described(recipe: Recipe) -> dict[str, Any]:
    load_keras()
    from device.contract.keras_models import multiply_adds
    from trainer.networks import build_network

    network = recipe.network
    if isinstance(network, BackboneNetwork | DlibResNetNetwork):
        network = network.model_copy(update={"weights": "none"})  # to count them is no reason to fetch them
    built = build_network(network, recipe.input.spec, len(recipe.data.label_names))
    return {
        "name": recipe.name,
        "about": recipe.about,
        "file": str(bundled_recipes().get(recipe.name, Path(recipe.name))),
        "parameters": built.count_params(),
        "multiply_adds": multiply_adds(built),
        "published": recipe.published.model_dump() if recipe.published else None,
    }
