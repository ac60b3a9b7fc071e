"""``affectd-train predict``: what a model says of pictures."""

import argparse
import json
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device.contract.files import check_folder, write_atomically
from device.errors import EXIT_OK, DataError
from trainer.commands.options import add_model

if TYPE_CHECKING:
    from trainer.photos import PhotoReader, PictureAnswer
    from trainer.predict import Table
    from trainer.sheet import Sheet
    from trainer.show import Window


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "predict",
        help="ask a model about pictures",
        description="Find the faces in photographs as the device does, and say what a model sees in each. A picture "
        "with the size of the model's input counts as a face itself.",
    )
    add_model(parser)
    parser.add_argument("pictures", type=Path, nargs="+", metavar="PICTURE", help="pictures, or folders of them")
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--faces", dest="reading", action="store_const", const="faces", help="look for faces in every picture"
    )
    form.add_argument("--crops", dest="reading", action="store_const", const="crops", help="every picture is a face")
    parser.add_argument("--tta", choices=("flip",), help="average the answers to a face and to its mirror image")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write a row for each face")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all probabilities")
    parser.add_argument("--annotate", type=Path, metavar="DIR", help="write each picture with its faces marked")
    parser.add_argument(
        "--sheet", type=Path, metavar="FILE", help="write all faces as one PNG, by what they are taken for"
    )
    parser.add_argument("--show", action="store_true", help="show them in a window, one after the other")
    parser.set_defaults(run=_run, reading="auto")


def _run(options: argparse.Namespace) -> int:
    from trainer.datasets.listing import printable
    from trainer.photos import PhotoReader, find_pictures
    from trainer.predict import Table, as_csv, as_dict
    from trainer.predictor import load_predictor
    from trainer.sheet import Sheet

    for file in filter(None, (options.csv, options.json, options.sheet)):
        check_folder(file)
    paths = list(find_pictures(options.pictures))
    predictor = load_predictor(options.model, describe=options.describe)
    reader = PhotoReader(predictor, options.reading, flip=options.tta == "flip")
    if options.annotate:
        options.annotate.mkdir(parents=True, exist_ok=True)
    with _window(wanted=options.show) as window:
        drawn = _Drawn(options.annotate, Sheet() if options.sheet else None, window)
        answers, unread = _read_all(reader, paths, drawn, Table(paths, predictor.labels))
    if options.csv:
        write_atomically(options.csv, as_csv(answers, predictor.labels).encode("utf-8"))
    if drawn.sheet:
        write_atomically(options.sheet, drawn.sheet.png())
    if options.json:
        model = {key: value for key, value in predictor.describe().items() if key != "training"}
        write_atomically(options.json, (json.dumps(as_dict(answers, model), indent=1) + "\n").encode("utf-8"))
    if unread:
        named = ", ".join(printable(str(path)) for path in unread[:5]) + (", …" if len(unread) > 5 else "")
        raise DataError(f"{len(unread)} of {len(paths)} pictures could not be read: {named}")
    return EXIT_OK


def _window(*, wanted: bool) -> "AbstractContextManager[Window | None]":
    if not wanted:
        return nullcontext()
    from trainer.show import open_window

    return open_window()


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Where pictures go as they are read; None for what is not wanted."""

    folder: Path | None
    sheet: "Sheet | None"
    window: "Window | None"


def _read_all(
    reader: "PhotoReader", paths: list[Path], drawn: _Drawn, table: "Table"
) -> tuple[list["PictureAnswer"], list[Path]]:
    """Tell, draw and show the answers as they come; returns them, and what could not be read."""
    from trainer.predict import annotated, encode, free_name

    answers: list[PictureAnswer] = []
    unread: list[Path] = []
    names: set[str] = set()
    print(table.head)
    for path in paths:
        try:
            answer, pixels = reader.read(path)
        except DataError as error:
            print(f"affectd-train: {error}", file=sys.stderr, flush=True)
            unread.append(path)
            continue
        answers.append(answer)
        print(*table.lines(answer), sep="\n", flush=True)
        if drawn.folder:
            write_atomically(drawn.folder / free_name(path, names), encode(annotated(answer, pixels)))
        if drawn.sheet:
            drawn.sheet.add(answer, pixels)
        if drawn.window:
            drawn.window.show(answer, pixels)
    return answers, unread
