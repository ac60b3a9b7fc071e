"""The recipe as a whole."""

from typing import Literal

from pydantic import Field

from device.contract.preprocess import InputSpec
from trainer.datasets.settings import DataSettings
from trainer.recipe.learning import EarlyStopping, Loss, Optimizer, Schedule, Targets
from trainer.recipe.networks import Network
from trainer.recipe.part import Part


class Input(Part):
    """What the network reads; see ``device.contract.preprocess.InputSpec`` for the units."""

    height: int = Field(default=48, ge=8, le=1024)
    width: int = Field(default=48, ge=8, le=1024)
    real_range: tuple[float, float] = (0.0, 1.0)
    crop_margin: float = Field(default=0.1, ge=0, le=1)

    @property
    def spec(self) -> InputSpec:
        """What the device must feed a model that was trained so."""
        return InputSpec(self.height, self.width, self.real_range, self.crop_margin)


class Augmentation(Part):
    """How much each face is changed each time it is shown.

    Amounts of warp and light are drawn uniformly from plus or minus what is said; what corrupts a face as cameras do
    (``blur_px``, ``lowest_light``, ``noise``) is drawn uniformly between nothing and what is said.
    """

    rotation_deg: float = Field(default=0.0, ge=0, le=90)
    shift: float = Field(default=0.0, ge=0, le=0.5, description="share of the side")
    zoom: float = Field(default=0.0, ge=0, le=0.5, description="share of the scale")
    flip: bool = False
    surroundings_probability: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="how often patches lie beyond the edge of a warped picture, and not its edge again",
    )
    brightness: float = Field(default=0.0, ge=0, le=1, description="share of the full range")
    contrast: float = Field(default=0.0, ge=0, le=1, description="share of the distance from the mean")
    erase_probability: float = Field(default=0.0, ge=0, le=1)
    erase_area: float = Field(default=0.0, ge=0, le=0.5, description="largest share of the face that is blotted out")
    corrupt_probability: float = Field(
        default=0.0, ge=0, le=1, description="of each of the three that follow, by itself"
    )
    blur_px: float = Field(default=0.0, ge=0, le=5, description="largest standard deviation")
    lowest_light: float = Field(default=1.0, gt=0, le=1, description="the smallest share of the light that is left")
    noise: float = Field(default=0.0, ge=0, le=0.5, description="largest standard deviation, share of the full range")

    @property
    def warps(self) -> bool:
        """Whether pixels are moved at all."""
        return self.flip or max(self.rotation_deg, self.shift, self.zoom) > 0

    @property
    def corrupts(self) -> bool:
        """Whether faces are corrupted as cameras corrupt them."""
        return self.corrupt_probability > 0 and (self.blur_px > 0 or self.noise > 0 or self.lowest_light < 1)


class Published(Part):
    """The figure that others publish for this recipe.

    Attributes:
        figure: as they write it.
        measured_on: what it was measured on, as far as they say.
        by: who published it.
    """

    figure: str
    measured_on: str
    by: str


class Recipe(Part):
    """One training, see ``trainer/recipes/*.yaml``.

    ``choose_by`` says what the best epoch is chosen by, on the validation split: ``labels`` agreement with the data
    set's labels, ``majority`` agreement with the majority of votes (faces that have one).
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=60)
    about: str
    published: Published | None = None
    network: Network
    input: Input = Input()
    data: DataSettings = DataSettings()
    targets: Targets
    choose_by: Literal["labels", "majority"]
    loss: Loss = Loss()
    epochs: int = Field(ge=1)
    batch_size: int = Field(ge=1)
    optimizer: Optimizer
    schedule: Schedule
    early_stopping: EarlyStopping | None = None
    keep_epoch: Literal["best", "last"] = Field(
        default="best",
        description="whose weights are kept: those of the best epoch on the validation split, or of the last one",
    )
    augmentation: Augmentation = Augmentation()
    logit_adjustment: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="in the end, by how much labels that are rare on the validation split are named more often: "
        "1 as if all were equally frequent",
    )
    temperature_scaling: bool = Field(
        default=False, description="make confidence the share of right answers, on the validation split"
    )

    @property
    def wants_votes(self) -> bool:
        """Whether the data must come with votes."""
        return self.targets.learn != "labels" or self.choose_by == "majority"
