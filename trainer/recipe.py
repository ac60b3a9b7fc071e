"""A recipe: all that decides how a model is trained, but for the data's place and the seed."""

from importlib import resources
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from device.errors import DataError, UsageError


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class EdgeNetwork(_Part):
    """The ``edge`` network: a stem and stages of residual blocks, each stage (filters, blocks, stride)."""

    name: Literal["edge"]
    stem_filters: int = Field(ge=4, le=256)
    stem_stride: int = Field(ge=1, le=2)
    stages: tuple[tuple[int, int, int], ...] = Field(min_length=1, max_length=6)


class Augmentation(_Part):
    """How much each face is changed each time it is shown; every amount is drawn uniformly from plus or minus this."""

    rotation_deg: float = Field(ge=0, le=90)
    shift: float = Field(ge=0, le=0.5, description="share of the side")
    zoom: float = Field(ge=0, le=0.5, description="share of the scale")
    flip: bool
    brightness: float = Field(ge=0, le=1, description="share of the full range")
    contrast: float = Field(ge=0, le=1, description="share of the distance from the mean")
    erase_probability: float = Field(ge=0, le=1)
    erase_area: float = Field(ge=0, le=0.5, description="largest share of the face that is blotted out")


class Recipe(_Part):
    """One training, see ``trainer/recipes/*.yaml``.

    ``targets`` says what is learnt: ``labels`` the data set's own label, ``votes`` the share of people who chose each.
    ``metric`` says what the best epoch is chosen by, on the validation split: ``labels`` agreement with the data set's
    labels, ``majority`` agreement with the majority of votes (faces that have one).
    """

    name: str
    about: str
    network: EdgeNetwork
    targets: Literal["labels", "votes"]
    metric: Literal["labels", "majority"]
    epochs: int = Field(ge=1)
    batch_size: int = Field(ge=1)
    learning_rate: float = Field(gt=0, description="the peak, after the warm-up; a cosine takes it to zero")
    warmup_epochs: float = Field(ge=0)
    momentum: float = Field(ge=0, lt=1)
    weight_decay: float = Field(ge=0)
    label_smoothing: float = Field(ge=0, lt=1)
    ema_momentum: float = Field(ge=0, lt=1, description="of the weights' exponential moving average; 0 for none")
    crop_margin: float = Field(ge=0, le=1, description="how much the device widens the detector's box")
    augmentation: Augmentation

    @property
    def wants_votes(self) -> bool:
        """Whether the data must come with votes."""
        return self.targets == "votes" or self.metric == "majority"


def bundled_recipes() -> dict[str, Path]:
    """Name to file of the recipes that come with the trainer."""
    folder = Path(str(resources.files("trainer") / "recipes"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"), key=lambda path: path.stem)}


def load_recipe(name_or_path: str) -> Recipe:
    """A bundled recipe by its name, or any by the path of its YAML file.

    Raises:
        UsageError: when there is none.
        DataError: when it does not say what a recipe says.
    """
    bundled = bundled_recipes()
    path = bundled.get(name_or_path, Path(name_or_path))
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        known = ", ".join(bundled)
        raise UsageError(
            f"there is no recipe {name_or_path!r} ({error.strerror}); the bundled ones are {known}"
        ) from None
    try:
        return Recipe.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise DataError(f"{path} is not YAML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise DataError(f"{path}: {where}: {first['msg']}, found {first['input']!r}") from error
