"""The card of a converted network: what the training left, and what the conversion found."""

import hashlib

from converters import calibrate
from converters.calibrate import RepresentativeSet
from converters.graph import Graph, count_operators, read_graph
from converters.tflite import Target
from converters.trained import Trained
from converters.verify import Parity
from device.contract.keras_models import multiply_adds
from device.contract.model_card import (
    Calibration,
    Conversion,
    Cost,
    GoldenSet,
    InputCard,
    Measurement,
    ModelCard,
    Training,
)
from device.contract.training_record import TrainingRecord
from device.contract.versions import library_versions

_VERSIONED = ("affectd", "keras", "numpy", "tensorflow")


def describe(
    *,
    trained: Trained,
    flatbuffer: bytes,
    target: Target,
    calibration: RepresentativeSet,
    parity: Parity,
    golden: GoldenSet,
    name: str | None,
) -> ModelCard:
    """Put the card together; ``name`` stands in for the training's where given.

    The version is the start of the flatbuffer's SHA-256: two models of one version compute the same.
    """
    record, graph = trained.record, read_graph(flatbuffer)
    return ModelCard(
        name=name or record.name,
        version=hashlib.sha256(flatbuffer).hexdigest()[:12],
        labels=record.labels,
        input=InputCard.of(trained.spec),
        smoothing=record.smoothing,
        golden=golden,
        training=_training(record),
        conversion=Conversion(
            method=target.method + _left_in_float(graph, target),
            format=target.format,
            ends=target.ends,
            calibration=_calibration(calibration) if target.format == "int8" else None,
            kept_float=target.keep_float,
            versions=library_versions(_VERSIONED),
            operators=count_operators(graph),
        ),
        accuracy=_accuracy(record, parity),
        cost=Cost(
            flatbuffer_bytes=len(flatbuffer),
            multiply_adds=multiply_adds(trained.network),
            parameters=int(trained.network.count_params()),
        ),
    )


def _left_in_float(graph: Graph, target: Target) -> str:
    """In words, what TFLite computes in float32 for want of an 8-bit kernel, as it does with ELU."""
    names = {one.name for one in graph.operators if graph.output(one).dtype == "FLOAT32"} - {"DEQUANTIZE"}
    return f", {' and '.join(sorted(names))} in float32" if names and target.format == "int8" else ""


def _calibration(chosen: RepresentativeSet) -> Calibration:
    return Calibration(method=calibrate.METHOD, faces=len(chosen.faces), seed=chosen.seed)


def _training(record: TrainingRecord) -> Training:
    return Training(
        recipe=record.recipe,
        data=record.data.model_dump(mode="json", exclude_defaults=True),
        seed=record.seed,
        epochs=record.epochs,
        kept_epoch=record.kept_epoch,
        precision=record.precision,
        start=record.start,
        teachers=record.teachers,
        git_revision=record.git_revision,
        versions=record.versions,
    )


def _accuracy(record: TrainingRecord, parity: Parity) -> tuple[Measurement, ...]:
    """The training's figures; the one that ``check.npz`` gives was measured anew, on both networks."""
    check = record.check
    recorded = {(one.metric, one.split): one for one in record.measured}
    again = recorded.pop((check.metric, check.split), None) if parity.labelled else None
    measured = [
        Measurement(metric=one.metric, split=one.split, count=one.count, float_value=one.value, recall=one.recall)
        for one in recorded.values()
    ]
    if parity.labelled:
        both = Measurement(
            metric=check.metric,
            split=check.split,
            count=parity.labelled,
            float_value=_rounded(parity.reference_accuracy),
            converted_value=_rounded(parity.converted_accuracy),
            recall=again.recall if again else {},
        )
        measured.append(both)
    equal = _rounded(parity.agreement)
    return (
        *measured,
        Measurement(metric="equal_decisions", split=check.split, count=parity.faces, converted_value=equal),
    )


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
