"""Weights that a training starts from instead of chance."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device.errors import DataError
from trainer.predictor import file_sha256, model_file, model_record, open_keras

_ANOTHER = "start from a model of a recipe with the same network"


@dataclass(frozen=True, slots=True)
class Start:
    """A trained model.

    Attributes:
        path: its ``.keras`` file.
        name: its own.
        labels: in the order of its answers.
        sha256: of the file, hexadecimal.
    """

    path: Path
    name: str
    labels: tuple[str, ...]
    sha256: str

    def as_dict(self) -> dict[str, str]:
        """For a training's record."""
        return {"name": self.name, "sha256": self.sha256}


def find_start(path: Path) -> Start:
    """The model at ``path``, a ``.keras`` file or a training's folder.

    Raises:
        ModelError: there is none.
        DataError: it is of another kind, or lacks its ``training.json``.
    """
    file = model_file(path)
    if file.suffix != ".keras":
        raise DataError(f"{file} has weights rounded for the device", "start from the .keras file of its training")
    record = model_record(file)
    return Start(file, str(record["name"]), tuple(record["labels"]), file_sha256(file))


def take_weights(network: Any, start: Start, labels: tuple[str, ...]) -> None:
    """Give ``network``, a Keras model, the weights of ``start``; those of the last layer if it has the same ``labels``.

    Raises:
        DataError: the networks differ.
        ModelError: Keras cannot read the file.
    """
    mine, theirs = (_with_weights(one) for one in (network, open_keras(start.path)))
    if len(mine) != len(theirs):
        raise DataError(
            f"{start.path} has {len(theirs)} layers with weights, and the recipe's network {len(mine)}", _ANOTHER
        )
    for position, (layer, source) in enumerate(zip(mine, theirs, strict=True)):
        last = position == len(mine) - 1
        if last and labels != start.labels:
            continue
        wanted, found = (tuple(weights.shape for weights in one.get_weights()) for one in (layer, source))
        if wanted != found:
            raise DataError(f"layer {layer.name} has weights {wanted}, and {start.path} has {found} there", _ANOTHER)
        layer.set_weights(source.get_weights())


def _with_weights(network: Any) -> list[Any]:
    return [layer for layer in network.layers if layer.weights]
