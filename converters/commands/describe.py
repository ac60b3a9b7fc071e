"""``affectd-convert describe``: a draft of what a model does not say of itself."""

import argparse
from pathlib import Path
from typing import Any

from converters.framework import load_keras
from converters.networks import describe
from device.classify.interpreter.foreign import ForeignNetwork, open_foreign
from device.contract.described import DescribedInput, ModelDescription, write_draft
from device.contract.labels import EMOTIONS
from device.contract.training_record import model_in
from device.errors import EXIT_OK, DataError

_UNKNOWN_SIZE = 48


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "describe",
        help="draft the description that somebody else's model needs",
        description="Print a draft in YAML for a .tflite, .onnx, .keras or .h5. It "
        "holds what the file says, and names what you must fill in. Put it beside the model, as "
        "MODEL.yaml.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    model: Path = model_in(options.model)
    known = describe(model)
    if known:
        raise DataError(
            f"{model} is a model of affectd, whose labels and input are known: {', '.join(known.labels)}",
            "it needs no description",
        )
    description, remarks = draft(open_foreign(model, load_keras), model.stem)
    print(write_draft(description, remarks), end="")
    return EXIT_OK


def draft(network: ForeignNetwork, name: str) -> tuple[ModelDescription, list[str]]:
    """What can be said of a network, and what is to be checked by hand. Raises DataError where it reads no picture."""
    layout, (height, width, channels) = _layout(network.shape)
    remarks = []
    if not network.outputs or network.outputs < 2:
        raise DataError(f"the network gives {network.outputs or 'an unknown number of'} scores, not one for each label")
    labels = EMOTIONS if network.outputs == len(EMOTIONS) else tuple(f"label{n}" for n in range(network.outputs))
    remarks.append("labels: in the order of the outputs; a guess, which nothing in the file confirms")
    if 0 in (height, width):
        remarks.append("height and width: the network takes any; write those that it was trained with")
    found_range = network.integer_range or (0.0, 1.0)
    if network.integer_range is None:
        remarks.append("range: the values of black and white in training, as [0, 1], [-1, 1] or [0, 255]; a guess")
    colour = "grey" if channels == 1 else "rgb"
    if network.ends_in_softmax is None:
        remarks.append("output: probabilities, or logits where no softmax ends the network")
    return (
        ModelDescription(
            name=name,
            labels=labels,
            input=DescribedInput(
                height=height or _UNKNOWN_SIZE,
                width=width or _UNKNOWN_SIZE,
                range=tuple(round(one, 3) for one in found_range),
                colour=colour,
                layout=layout,
            ),
            output="logits" if network.ends_in_softmax is False else "probabilities",
        ),
        remarks,
    )


def _layout(shape: tuple[int, ...]) -> tuple[str, tuple[int, int, int]]:
    """The layout, and height, width and channels."""
    if len(shape) == 3 and shape[2] in (1, 3):
        return "nhwc", (shape[0], shape[1], shape[2])
    if len(shape) == 3 and shape[0] in (1, 3):
        return "nchw", (shape[1], shape[2], shape[0])
    raise DataError(f"the network reads {shape}, and a picture of one or three channels is expected")
