"""``affectd-train card``: a model's card, for people."""

import argparse
from pathlib import Path
from typing import Any

from device.contract.files import check_folder, write_atomically
from device.errors import EXIT_OK


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "card",
        help="write a model's card",
        description="Write the model card as Markdown with Hugging Face's metadata: "
        "what the model is, can do and must not be used for.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="a .keras or .tflite file, or a training's folder")
    parser.add_argument(
        "--evaluation",
        type=Path,
        action="append",
        metavar="JSON",
        help="figures that `affectd-train evaluate --json` wrote; may be given again "
        "(default: evaluation.json beside the model, else the training's own figures)",
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: model-card.md beside the model")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from trainer.model_card import CARD_FILE, evaluations_of, model_card
    from trainer.predictor import model_file, model_record

    out = options.out or model_file(options.model).with_name(CARD_FILE)
    check_folder(out)
    record = model_record(options.model)
    evaluations = evaluations_of(options.model, options.evaluation or ())
    write_atomically(out, model_card(record, evaluations).encode("utf-8"))
    print(f"wrote {out}")
    return EXIT_OK
