"""Networks, one file each: Keras's own layers, faces in 0 to 1 in, probabilities out."""

from typing import Any

from trainer.recipe import EdgeNetwork


def build_network(settings: EdgeNetwork, height: int, width: int, classes: int) -> Any:
    """The Keras model a recipe names: float32 (n, height, width, 1) in 0 to 1 to probabilities (n, classes)."""
    from trainer.networks.edge import edge

    return edge(settings, height, width, classes)
