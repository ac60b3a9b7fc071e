"""What other people's models do not say of themselves, in a small YAML file: labels, and what pixels stand for."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from device.contract.preprocess import InputSpec
from device.errors import DataError
from device.yaml_text import MOST_BYTES, YamlTextError, read_yaml

SUFFIX = ".yaml"
"""Of the description beside a model: ``model.yaml`` beside ``model.onnx``."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class DescribedInput(_Part):
    """The picture that a network reads.

    Attributes:
        height, width: pixels.
        range: the values that black and white stand for.
        colour: grey, or three channels in this order; a grey face is given to all three.
        layout: channels last or first.
        crop_margin: by how much the face's box was widened for training, as a share of its side.
    """

    height: int = Field(ge=8, le=1024)
    width: int = Field(ge=8, le=1024)
    range: tuple[float, float]
    colour: Literal["grey", "rgb", "bgr"] = "grey"
    layout: Literal["nhwc", "nchw"] = "nhwc"
    crop_margin: float = Field(default=0.0, ge=0, le=1)

    @model_validator(mode="after")
    def _makes_an_input(self) -> Self:
        self.spec()
        return self

    def spec(self) -> InputSpec:
        """The input as preprocessing wants it."""
        return InputSpec(self.height, self.width, self.range, self.crop_margin)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of one picture, in the network's layout."""
        channels = 1 if self.colour == "grey" else 3
        return (self.height, self.width, channels) if self.layout == "nhwc" else (channels, self.height, self.width)


class ModelDescription(_Part):
    """A model of other people's making.

    Attributes:
        labels: in the order of its outputs.
        output: whether a softmax is yet to come.
        network: for a file of weights alone, the bundled recipe whose network they are of; for ``affectd-train``.
    """

    name: Annotated[str, Field(min_length=1, max_length=200)] = "model"
    labels: tuple[str, ...] = Field(min_length=2)
    input: DescribedInput
    output: Literal["probabilities", "logits"] = "probabilities"
    network: str | None = None

    @model_validator(mode="after")
    def _labels_differ(self) -> Self:
        if len(set(self.labels)) < len(self.labels):
            raise ValueError(f"labels are named once each, not {', '.join(self.labels)}")
        return self


def description_of(model: Path, given: Path | None = None) -> ModelDescription | None:
    """What ``given`` says of a model, or the YAML of its name beside it; None where there is neither.

    Raises:
        DataError: it cannot be read, or says too little.
    """
    path = given or model.with_suffix(SUFFIX)
    if given is None and not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            raw: Any = read_yaml(file.read(MOST_BYTES).decode("utf-8")).data
        return ModelDescription.model_validate({"name": model.stem, **raw} if isinstance(raw, dict) else raw)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text", "save it as UTF-8") from error
    except YamlTextError as error:
        where = path if error.line is None else f"{path}:{error.line}"
        raise DataError(f"{where}: {error.reason}", error.remedy) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise DataError(
            f"{path}: {where}: {first['msg']}, found {first['input']!r}", "affectd-convert describe MODEL drafts one"
        ) from error


def write_draft(description: ModelDescription, remarks: list[str]) -> str:
    """The description as YAML, with what is to be checked by hand in front."""
    text = yaml.safe_dump(description.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    return "".join(f"# {remark}\n" for remark in remarks) + text
