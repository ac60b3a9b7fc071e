"""A recipe: all that decides how a model is trained, but for the data's place and the seed."""

from trainer.recipe.files import bundled_recipes, load_recipe
from trainer.recipe.whole import Recipe

__all__ = ["Recipe", "bundled_recipes", "load_recipe"]
