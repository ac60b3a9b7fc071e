"""The record of a training, ``training.json``: written beside a Keras model, and read by all who use that model."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from device.contract.files import write_atomically
from device.contract.model_card import ModelCard, Share, Smoothing
from device.contract.preprocess import InputSpec
from device.errors import DataError

FILE = "training.json"
_MODEL = "model.keras"
SCHEMA = 1
"""The version of the record that is written and read here."""

_TRAIN_AGAIN = "keep the files of a training together, or train again with affectd-train fit"


class RecordPart(BaseModel):
    """The base of the record and its parts: frozen, typed without coercion, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class RecordedInput(RecordPart):
    """The input that the network was trained for; see ``InputSpec`` for units."""

    height: int
    width: int
    real_range: tuple[float, float]
    crop_margin: float

    @model_validator(mode="after")
    def _makes_an_input(self) -> Self:
        self.spec()
        return self

    @classmethod
    def of(cls, spec: InputSpec) -> Self:
        """The record's words for ``spec``."""
        return cls(height=spec.height, width=spec.width, real_range=spec.real_range, crop_margin=spec.crop_margin)

    def spec(self) -> InputSpec:
        """The input as preprocessing wants it."""
        return InputSpec(self.height, self.width, self.real_range, self.crop_margin)


class RecordedSplit(RecordPart):
    """A split: what the data calls it, and how many faces it has; empty and None where that was not written down."""

    split: str = ""
    faces: int | None = Field(default=None, ge=0)


class RecordedData(RecordPart):
    """The faces of a training.

    Attributes:
        form: what was recognised, in words.
        files: name to SHA-256: of a file's bytes, of a folder's names and sizes.
        train, validation, test: the splits; None where the data has none.
        notes: what a reader of results should know, a sentence each.
        unreadable: how many pictures were left out as such.
    """

    form: str = ""
    files: dict[str, str] = Field(default_factory=dict)
    train: RecordedSplit | None = None
    validation: RecordedSplit | None = None
    test: RecordedSplit | None = None
    notes: tuple[str, ...] = ()
    unreadable: int = Field(default=0, ge=0)


class RecordedMeasurement(RecordPart):
    """A figure of the float network; ``recall`` is label to the share of its faces that were named so."""

    metric: str
    split: str
    value: float
    count: int
    recall: dict[str, Share] = Field(default_factory=dict)


class RecordedCheck(RecordPart):
    """Which figure the labels in ``check.npz`` give, in the training's own words."""

    metric: str = "accuracy"
    split: str = "check"


class TrainingRecord(RecordPart):
    """``training.json``.

    Attributes:
        schema_version: written as ``schema``.
        labels: in the order of the network's outputs.
        recipe: as it was trained, ``{}`` where there was none.
        temperature: by which the logits were divided in the end.
        start, teachers: name and SHA-256 of the models that it began with and learnt from.
        measured: figures on the validation split.
        check: see ``RecordedCheck``.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    name: Annotated[str, Field(min_length=1)]
    labels: tuple[str, ...] = Field(min_length=2)
    input: RecordedInput
    recipe: dict[str, JsonValue] = Field(default_factory=dict)
    data: RecordedData = RecordedData()
    seed: int | None = None
    epochs: int | None = None
    kept_epoch: int | None = None
    temperature: float | None = None
    precision: str | None = None
    start: dict[str, str] | None = None
    teachers: Annotated[tuple[dict[str, str], ...], Field(strict=False)] = ()
    git_revision: str | None = None
    versions: dict[str, str] = Field(default_factory=dict)
    check: RecordedCheck = RecordedCheck()
    measured: tuple[RecordedMeasurement, ...] = ()
    smoothing: Smoothing = Smoothing()

    @classmethod
    def of_card(cls, card: ModelCard) -> Self:
        """What a converted model's card tells of the training; figures are the converted network's where it has them.

        Data that a card describes in words of its own is left out.
        """
        try:
            data = RecordedData.model_validate_json(json.dumps(card.training.data))
        except ValidationError:
            data = RecordedData()
        measured = [
            RecordedMeasurement(metric=one.metric, split=one.split, value=value, count=one.count, recall=one.recall)
            for one in card.accuracy
            if (value := one.float_value if one.converted_value is None else one.converted_value) is not None
        ]
        given = {name: getattr(card.training, name) for name in type(card.training).model_fields if name != "data"}
        return cls(
            name=card.name,
            labels=card.labels,
            input=RecordedInput.of(card.input.spec()),
            data=data,
            measured=tuple(measured),
            smoothing=card.smoothing,
            **given,
        )

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return self.model_dump(mode="json", by_alias=True)

    def write(self, folder: Path) -> None:
        """Write ``training.json`` into ``folder``."""
        text = json.dumps(self.as_dict(), indent=2, ensure_ascii=False)
        write_atomically(folder / FILE, f"{text}\n".encode())


def model_in(path: Path) -> Path:
    """The model's file where ``path`` is the folder of a training; else ``path`` itself."""
    return path / _MODEL if path.is_dir() else path


def read_record(path: Path) -> TrainingRecord:
    """The record at ``path``. Raises DataError when it is missing, something else, or says too little."""
    try:
        text = path.read_bytes()
        raw: Any = json.loads(text)
    except FileNotFoundError:
        raise DataError(f"{path.name} is expected beside the model, and {path} is not there", _TRAIN_AGAIN) from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}", _TRAIN_AGAIN) from error
    except ValueError as error:
        raise DataError(f"{path} is not JSON ({error})", _TRAIN_AGAIN) from error
    found = raw.get("schema") if isinstance(raw, dict) else None
    if found != SCHEMA:
        raise DataError(
            f"{path} has schema {found!r}, and schema {SCHEMA} is read here", "use affectd-train of the same version"
        )
    try:
        return TrainingRecord.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise DataError(f"{path}: {where}: {first['msg']}", _TRAIN_AGAIN) from error
