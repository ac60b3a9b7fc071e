"""``affectd-train stress``: what a model loses when faces come as a camera gives them."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from device.cli import seed
from device.contract.files import check_folder, write_atomically
from device.errors import EXIT_OK, DataError
from trainer.commands.options import add_model_and_data, check_limit, codes_of
from trainer.datasets.faces import FaceSet, Split
from trainer.judging.intervals import DECIMALS
from trainer.terminal import ProgressLine

if TYPE_CHECKING:
    from trainer.predictor import Predictor
    from trainer.stress.camera import Seen

_SEED = 1


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "stress",
        help="measure what blur, noise, darkness and the device's own crops cost a model",
        description="Corrupt faces in known ways, put them before a simulated camera, "
        "and say how much accuracy is lost.",
    )
    add_model_and_data(parser, "measure on N random faces")
    parser.add_argument(
        "--split", choices=get_args(Split), default="validation", help="the split to measure on (default: %(default)s)"
    )
    parser.add_argument(
        "--without-camera", action="store_true", help="leave out the faces in frames, which take longer"
    )
    parser.add_argument(
        "--detector", type=Path, metavar="FILE.onnx", help="find the faces with this network instead of Haar cascades"
    )
    parser.add_argument("--seed", type=seed, default=_SEED, help="of what is random (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures as JSON")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from trainer.judging.data import read_data, sample
    from trainer.predictor import load_predictor
    from trainer.stress.measure import SCHEMA, strains
    from trainer.stress.table import as_text

    check_limit(options)
    if options.json:
        check_folder(options.json)
    predictor = load_predictor(options.model, describe=options.describe)
    data = read_data(options.data, predictor, options.ferplus, codes_of(options), find_faces=options.find_faces)
    if options.split not in data.splits:
        raise DataError(f"{options.data} has no faces for {options.split}, but for {', '.join(data.splits)}")
    word, faces = data.splits[options.split]
    faces = sample(faces, options.limit)
    seen, naive_share = (None, 0.0) if options.without_camera else _look(faces, predictor, options)
    found = strains(predictor, faces, seen, options.seed, ProgressLine("corrupting faces"))
    if options.json:
        record = {
            "schema": SCHEMA,
            "model": predictor.describe(),
            "split": word,
            "faces": len(faces),
            "seed": options.seed,
            "found": seen and {**seen.as_dict(), "naive_share": round(naive_share, DECIMALS)},
            "references": [one.as_dict() for one in found],
        }
        write_atomically(options.json, (json.dumps(record, indent=1) + "\n").encode("utf-8"))
    print(as_text(word, found, seen, naive_share), end="")
    if options.json:
        print(f"wrote {options.json}")
    return EXIT_OK


def _look(faces: FaceSet, predictor: "Predictor", options: argparse.Namespace) -> tuple["Seen", float]:
    """The faces before a simulated camera; and the share of them that the common way finds."""
    from trainer.stress.camera import device_finder, look_at, naive_finder

    finder = device_finder(options.detector and options.detector.resolve())
    seen = look_at(faces.images, predictor.spec, finder, options.seed, ProgressLine("faces before the camera"))
    progress = ProgressLine("the same for the common way")
    return seen, look_at(faces.images, predictor.spec, naive_finder(), options.seed, progress).share
