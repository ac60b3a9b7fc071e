"""``affectd-convert keras``: a model file as a Keras model again, to train on from."""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from converters.commands.options import say
from converters.floating import to_keras
from converters.graph import read_graph
from device.contract import container
from device.contract.files import write_atomically
from device.contract.training_record import TrainingRecord, model_in
from device.errors import EXIT_OK, DataError


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "keras",
        help="make a Keras model of a model file, for a training to start from",
        description="Make a Keras model in float32 of a model file's network, which a training can start from "
        "(--from). The weights stay rounded to 8 bits.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL.tflite", help="a model file of one of the edge recipes")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder to write")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    model = container.read(options.model)
    options.out.mkdir(parents=True, exist_ok=True)
    file = model_in(options.out)
    if file.exists():
        raise DataError(f"{file} exists already", "name another folder")
    network = to_keras(read_graph(model.flatbuffer))
    with tempfile.TemporaryDirectory(prefix="affectd-") as folder:
        saved = Path(folder) / file.name
        network.save(saved)
        TrainingRecord.of_card(model.model_card).write(options.out)
        write_atomically(file, saved.read_bytes())
    say(f"wrote {file}")
    return EXIT_OK
