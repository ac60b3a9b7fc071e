"""A recipe for larger batches."""

import math

from trainer.recipe.learning import Adam
from trainer.recipe.whole import Recipe


def with_larger_batches(recipe: Recipe, times: int) -> Recipe:
    """``recipe`` with batches ``times`` as large, and the learning rate that goes with them.

    SGD's rate rises as the batch does, as fewer and surer steps go the same way (Goyal and others, 2017); Adam divides
    its steps by the gradients' size already, and its rate rises with the square root (Malladi and others, 2022).
    """
    optimizer = recipe.optimizer
    factor = math.sqrt(times) if isinstance(optimizer, Adam) else float(times)
    scaled = optimizer.model_copy(update={"learning_rate": optimizer.learning_rate * factor})
    return recipe.model_copy(update={"batch_size": recipe.batch_size * times, "optimizer": scaled})
