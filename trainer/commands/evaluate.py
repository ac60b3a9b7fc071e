"""``affectd-train evaluate``: how good a model is, on faces whose emotions are known."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from device.contract.files import check_folder, write_atomically
from device.errors import EXIT_OK, DataError
from trainer.commands.options import add_model_and_data, check_limit, codes_of
from trainer.datasets.faces import FaceSet, Split
from trainer.datasets.listing import printable

if TYPE_CHECKING:
    from trainer.curves import Epoch
    from trainer.judging.data import JudgedData
    from trainer.judging.evaluation import SplitFigures
    from trainer.predictor import Predictor


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "evaluate",
        help="measure a model",
        description="Measure a Keras or TFLite model on labelled faces. Each split is reported separately.",
    )
    add_model_and_data(parser, "measure on N random faces of each split")
    parser.add_argument(
        "--split",
        action="append",
        choices=get_args(Split),
        help="the split to measure on; may be given again (default: validation and test, if the data has them)",
    )
    parser.add_argument("--tta", choices=("flip",), help="average the answers to a face and to its mirror image")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures as JSON")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a report with pictures, in one file")
    parser.add_argument(
        "--without-faces", action="store_true", help="leave faces out of the report, so that you can publish it"
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from trainer.judging.data import read_data
    from trainer.judging.evaluation import Evaluation
    from trainer.judging.table import as_text
    from trainer.predictor import load_predictor
    from trainer.report.page import report

    check_limit(options)
    for file in filter(None, (options.json, options.html)):
        check_folder(file)
    predictor = load_predictor(options.model, describe=options.describe)
    data = read_data(options.data, predictor, options.ferplus, codes_of(options), find_faces=options.find_faces)
    log, said_of_log = _log_of(predictor.path) if options.html else ((), [])
    splits, faces, said_of_splits = _judged(predictor, data, options)
    evaluation = Evaluation(
        predictor.describe(),
        {
            "path": printable(str(options.data)),
            "ferplus": options.ferplus and printable(str(options.ferplus)),
            "form": data.form,
            "files": dict(data.files),
        },
        {"tta": options.tta, "limit": options.limit},
        tuple(splits),
        (*data.notes, *said_of_log, *said_of_splits),
    )
    # Before anything is printed: who reads that may close the pipe.
    if options.json:
        write_atomically(options.json, (json.dumps(evaluation.as_dict(), indent=1) + "\n").encode("utf-8"))
    if options.html:
        page = report(evaluation, {} if options.without_faces else faces, log)
        write_atomically(options.html, page.encode("utf-8"))
    print(as_text(evaluation))
    for file in filter(None, (options.json, options.html)):
        print(f"wrote {file}")
    return EXIT_OK


def _judged(
    predictor: "Predictor", data: "JudgedData", options: argparse.Namespace
) -> tuple[list["SplitFigures"], dict[str, FaceSet], list[str]]:
    """The figures of each split, its faces by the data's word for it, and what to say of them."""
    from trainer.judging.data import sample
    from trainer.judging.evaluation import judge, say_of_one_answer
    from trainer.judging.light import mark_light
    from trainer.judging.seen import mark_known, read_seen, role_of

    seen = read_seen(predictor.path, predictor.record)
    splits: list[SplitFigures] = []
    judged: dict[str, FaceSet] = {}
    notes: list[str] = []
    for split in _chosen(data.splits, options.split, options.data):
        word, whole = data.splits[split]
        role, shared = role_of(
            whole, split, word, seen=seen, record=predictor.record, files=data.files, official=data.official
        )
        notes += [shared] if shared else []
        faces = sample(whole, options.limit)
        if "train" in data.splits and split != "train":
            faces = mark_known(faces, data.splits["train"][1])
        faces = mark_light(faces)
        judged[word] = faces
        probabilities = predictor.probabilities(faces.images, flip=options.tta == "flip")
        notes += [f"{word}: {finding}" for finding in say_of_one_answer(probabilities, predictor.labels)]
        splits.append(judge(probabilities, faces, predictor.labels, word, role))
    return splits, judged, notes


def _chosen(splits: dict[Split, tuple[str, FaceSet]], wanted: list[Split] | None, path: Path) -> list[Split]:
    """The splits to measure on, those asked for or all but what models train on."""
    missing = [split for split in wanted or () if split not in splits]
    if missing:
        raise DataError(f"{path} has no faces for {', '.join(missing)}, but for {', '.join(splits)}")
    named = wanted or [split for split in splits if split != "train"]
    if not named:
        raise DataError(f"{path} has faces to train on alone", "name them with --split train to measure on these")
    return list(dict.fromkeys(named))


def _log_of(model: Path) -> tuple[tuple["Epoch", ...], list[str]]:
    """The epochs of the training that made ``model``, for the report's curves; what to say where they are damaged."""
    from trainer.curves import read_log

    try:
        return read_log(model.with_name("log.csv")), []
    except DataError as error:
        return (), [f"the report has no curves: {error}"]
