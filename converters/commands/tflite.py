"""``affectd-convert tflite``: from a trained Keras model to a model file in full int8."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converters.calibrate import representative_set
from converters.card import describe
from converters.golden import golden_set
from converters.tflite import EDGE_TPU_OPERATORS, to_int8
from converters.trained import Trained, load_trained
from converters.verify import Parity, compare, require_parity
from device.contract.container import attach
from device.contract.files import check_folder, write_atomically
from device.contract.metadata import ModelCard
from device.contract.preprocess import to_real
from device.errors import EXIT_OK, DataError
from device.interpreter import open_interpreter

SEED = 0


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "tflite",
        help="quantise a Keras model for the device",
        description="Quantise a Keras model to full int8, hold it against the float one, and write a model file.",
    )
    parser.add_argument(
        "model", type=Path, metavar="MODEL.keras", help="of affectd-train, with the training's other files beside it"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to (default: beside the model, as .tflite)")
    parser.add_argument("--name", help="of the model (default: the training's)")
    parser.add_argument(
        "--max-accuracy-loss", type=_share, default=0.003, metavar="SHARE", help="allowed (default: %(default)s)"
    )
    parser.add_argument(
        "--min-agreement",
        type=_share,
        default=0.98,
        metavar="SHARE",
        help="of the faces that both must name alike (default: %(default)s)",
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    out: Path = options.out or options.model.with_suffix(".tflite")
    check_folder(out)
    _say(f"reading {options.model}")
    trained = load_trained(options.model)
    float_scores = _float_scores(trained)
    calibration = representative_set(trained.calibration, SEED)
    _say(f"quantising on {len(calibration.faces)} faces")
    flatbuffer = to_int8(trained.network, trained.spec, calibration)
    interpreter = open_interpreter(flatbuffer, trained.spec)
    _say(f"comparing on {len(trained.check.faces)} faces, int8 by {interpreter.runtime}")
    parity = compare(float_scores, interpreter.run(trained.check.faces), trained.check.labels)
    card = describe(
        trained=trained,
        flatbuffer=flatbuffer,
        calibration=calibration,
        parity=parity,
        golden=golden_set(interpreter, trained.spec, SEED),
        name=options.name,
    )
    _print_table(card, parity)
    require_parity(parity, options.max_accuracy_loss, options.min_agreement)
    write_atomically(out, attach(flatbuffer, card))
    _say(f"wrote {out}: {card.name} {card.version}")
    return EXIT_OK


def _float_scores(trained: Trained) -> NDArray[np.float32]:
    real = to_real(trained.check.faces, trained.spec)
    scores: NDArray[np.float32] = trained.network.predict(real, batch_size=256, verbose=0)
    # Written so that not-a-number fails as well.
    if not (scores.min() >= 0 and np.abs(scores.sum(axis=1) - 1).max() < 1e-3):
        raise DataError(
            "the network's answers are no probabilities", "end it in a softmax and train it to finite weights"
        )
    return scores


def _print_table(card: ModelCard, parity: Parity) -> None:
    rows = [
        ("agreement", f"{parity.agreement:.2%} of {parity.faces} faces"),
        ("mean difference of a score", f"{parity.mean_difference:.4f}"),
        ("size", f"{card.cost.flatbuffer_bytes / 1000:.0f} kB"),
        ("multiply-adds", f"{card.cost.multiply_adds / 1e6:.2f} million"),
        ("parameters", f"{card.cost.parameters}"),
        ("operators", ", ".join(f"{count} {name}" for name, count in card.conversion.operators.items())),
    ]
    if parity.float_accuracy is not None and parity.int8_accuracy is not None:
        rows.insert(0, ("accuracy, float", f"{parity.float_accuracy:.2%} of {parity.labelled} faces"))
        rows.insert(1, ("accuracy, int8", f"{parity.int8_accuracy:.2%}"))
    foreign = sorted(set(card.conversion.operators) - EDGE_TPU_OPERATORS)
    if foreign:
        rows.append(("not for an Edge TPU", ", ".join(foreign)))
    for label, value in rows:
        _say(f"  {label:<28}{value}")


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"a share lies between 0 and 1, not {text}")
    return value


def _say(line: str) -> None:
    print(line, flush=True)
