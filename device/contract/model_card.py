"""The card inside a model file: all that a device must know of a model beside its numbers."""

import base64
import binascii
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from device.contract.preprocess import InputSpec
from device.records import NO_EMOTION, UNCERTAIN

SCHEMA = 2
"""The version of the card that is written and read here; ``affectd-convert upgrade`` brings older ones up to it."""

_KEPT = {UNCERTAIN: "faces without a sure label", NO_EMOTION: "a view without a face that was read"}
_EVERY = 0.999
"""Of a label's faces; some measured figures are rounded."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class CardPart(BaseModel):
    """The base of the card and its parts: frozen, typed without coercion, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class InputCard(CardPart):
    """What the network reads; see ``InputSpec`` for units."""

    height: int = Field(ge=8, le=1024)
    width: int = Field(ge=8, le=1024)
    colour: Literal["grey"] = "grey"
    real_range: tuple[float, float]
    crop_margin: Share

    @model_validator(mode="after")
    def _range_goes_up(self) -> Self:
        self.spec()
        return self

    @classmethod
    def of(cls, spec: InputSpec) -> Self:
        """The card's words for ``spec``."""
        return cls(height=spec.height, width=spec.width, real_range=spec.real_range, crop_margin=spec.crop_margin)

    def spec(self) -> InputSpec:
        """The input as preprocessing wants it."""
        return InputSpec(self.height, self.width, self.real_range, self.crop_margin)


class Smoothing(CardPart):
    """How this model's scores are best smoothed over time, where the configuration does not say otherwise.

    Attributes:
        time_constant_s: of the exponential average of a track's scores, seconds.
        enter_threshold: the smoothed probability at which an emotion begins.
        exit_threshold: the one below which it ends; not above ``enter_threshold``.
        min_dwell_s: how long a new emotion must hold before it is told, seconds.
    """

    time_constant_s: float = Field(default=0.6, gt=0.0, le=60.0)
    enter_threshold: Annotated[float, Field(gt=0.0, le=1.0)] = 0.5
    exit_threshold: Share = 0.35
    min_dwell_s: float = Field(default=0.5, ge=0.0, le=60.0)

    @model_validator(mode="after")
    def _exit_is_not_above_enter(self) -> Self:
        if self.exit_threshold > self.enter_threshold:
            raise ValueError(f"exit_threshold {self.exit_threshold} is above enter_threshold {self.enter_threshold}")
        return self

    def turned(self, enter_threshold: float, min_dwell_s: float) -> "Smoothing":
        """With these; an ``exit_threshold`` that would be above goes down to ``enter_threshold``."""
        return Smoothing(
            time_constant_s=self.time_constant_s,
            enter_threshold=enter_threshold,
            exit_threshold=min(self.exit_threshold, enter_threshold),
            min_dwell_s=min_dwell_s,
        )


class GoldenExample(CardPart):
    """One input and what the network answered when it was converted.

    Attributes:
        pixels: base64 of the crop's bytes, row by row.
        scores: the network's own outputs as real numbers, one per label, before they are made to add up to 1.
    """

    pixels: str
    scores: tuple[float, ...]

    @classmethod
    def of(cls, pixels: NDArray[np.uint8], scores: NDArray[np.float32]) -> Self:
        """From uint8 (height, width, 1) and float32 (labels,)."""
        text = base64.b64encode(np.ascontiguousarray(pixels).tobytes()).decode("ascii")
        return cls(pixels=text, scores=tuple(round(float(score), 6) for score in scores))

    def array(self, spec: InputSpec) -> NDArray[np.uint8]:
        """The crop, uint8 (height, width, 1). Raises ValueError when the bytes are not as many as pixels."""
        try:
            data = base64.b64decode(self.pixels, validate=True)
        except binascii.Error as error:
            raise ValueError(f"a golden input is not base64: {error}") from error
        if len(data) != spec.height * spec.width:
            raise ValueError(f"a golden input has {len(data)} bytes, not {spec.height} by {spec.width}")
        return np.frombuffer(data, np.uint8).reshape(spec.height, spec.width, 1)


class GoldenSet(CardPart):
    """Inputs whose scores are known; ``tolerance`` is the greatest difference per score that still passes."""

    tolerance: float = Field(gt=0.0, le=0.25)
    examples: tuple[GoldenExample, ...] = Field(min_length=1, max_length=64)


class Measurement(CardPart):
    """One figure over ``count`` faces, of the float network and of the converted one; None where it was not measured.

    ``recall`` is the float network's: label to the share of its faces that were named so.
    """

    metric: Text
    split: Text
    count: int = Field(ge=0)
    float_value: float | None = None
    converted_value: float | None = None
    recall: dict[str, Share] = Field(default_factory=dict)


class Training(CardPart):
    """Where the network comes from.

    ``data`` says which set and how many faces, ``recipe`` what was learnt of them, ``start`` the name and SHA-256 of
    the model whose weights were the first ones; None for chance; ``teachers`` those whose answers it learnt.
    """

    recipe: dict[str, JsonValue]
    data: dict[str, JsonValue]
    seed: int | None = None
    epochs: int | None = Field(default=None, ge=0)
    kept_epoch: int | None = Field(default=None, ge=0)
    precision: str | None = None
    start: dict[str, str] | None = None
    teachers: tuple[dict[str, str], ...] = ()
    git_revision: str | None = None
    versions: dict[str, str] = Field(default_factory=dict)


class Calibration(CardPart):
    """The faces by which activations were measured: how they were drawn, how many, and by which seed."""

    method: Text
    faces: int = Field(ge=1)
    seed: int


class Conversion(CardPart):
    """How the network was made small.

    Attributes:
        method: in words.
        format: the type of its weights; int8 has activations of it too.
        ends: the type of its input and of its output.
        calibration: None where nothing was quantised.
        kept_float: tensors that were left in float32, by TFLite's name.
        accelerator: what the network was compiled for and cannot run without; None for any CPU.
        versions: of the packages and programs that took part.
        operators: how many there are of each, by TFLite's name.
    """

    method: Text
    format: Literal["int8", "float16", "float32"]
    ends: Literal["uint8", "int8", "float32"]
    calibration: Calibration | None = None
    kept_float: tuple[str, ...] = ()
    accelerator: Literal["edgetpu"] | None = None
    versions: dict[str, str]
    operators: dict[str, int]


class Cost(CardPart):
    """What the network weighs: the flatbuffer's bytes, and multiply-adds for one face."""

    flatbuffer_bytes: int = Field(ge=1)
    multiply_adds: int = Field(ge=0)
    parameters: int = Field(ge=0)


class ModelCard(CardPart):
    """The card, ``model.json``.

    Attributes:
        schema_version: written as ``schema``.
        version: tells one set of weights from another.
        labels: in the order of the network's outputs.
    """

    schema_version: Literal[2] = Field(default=2, alias="schema")
    name: Text
    version: Text
    labels: tuple[Text, ...] = Field(min_length=2, max_length=64)
    input: InputCard
    smoothing: Smoothing = Smoothing()
    golden: GoldenSet
    training: Training
    conversion: Conversion
    accuracy: tuple[Measurement, ...] = ()
    cost: Cost

    @model_validator(mode="after")
    def _parts_fit_each_other(self) -> Self:
        if len(set(self.labels)) != len(self.labels):
            raise ValueError(f"labels are named once each, not {', '.join(self.labels)}")
        for kept, meaning in _KEPT.items():
            if kept in self.labels:
                raise ValueError(f"{kept!r} is kept for {meaning} and cannot be a label itself")
        for example in self.golden.examples:
            example.array(self.input.spec())
            if len(example.scores) != len(self.labels):
                raise ValueError(f"a golden input has {len(example.scores)} scores for {len(self.labels)} labels")
        return self

    @property
    def only_answer(self) -> str | None:
        """The label that the network gives to every face it was measured on; None where it tells faces apart."""
        for figure in self.accuracy:
            named = [label for label, share in figure.recall.items() if share > 0]
            if len(figure.recall) > 1 and len(named) == 1 and figure.recall[named[0]] >= _EVERY:
                return named[0]
        return None

    def to_json(self) -> bytes:
        """UTF-8 JSON, the same bytes for the same card."""
        return (self.model_dump_json(by_alias=True, indent=1) + "\n").encode("utf-8")
