"""A recipe's ``data:`` section: which classes of the data become which labels, and what is left out."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from device.contract.labels import EMOTIONS
from device.errors import DataError
from device.records import NO_EMOTION, UNCERTAIN
from trainer.datasets.classes import ClassMap


class DataSettings(BaseModel):
    """What a recipe takes from a data set.

    Attributes:
        labels: the model's labels in their order; None for the seven of ``device.contract.labels``.
        classes: label to the names that its class has in the data, besides the label's own and its usual synonyms
            (angry and anger, say). Several names merge several classes.
        drop: classes of the data that are left out.
        validation_share: share of the training faces of each label that is chosen by, where the data has no validation
            split of its own, 0 to 1.
        test_share: the same for a test split; 0 for none.
        unreadable_limit: share of the pictures that may be unreadable before the data set is refused, 0 to 1.
        codes: what the codes 0, 1, … mean in a CSV in FER-2013's form, or in folders that are called so; None for
            FER-2013's own order.
        person: the column of a CSV of paths that says who is shown; all faces of a person go into one split.
        find_faces: whether pictures are photographs, in which the largest face is found and cropped as the device does.
        duplicates: ``drop`` leaves out of training every face that is an exact copy of an earlier one there, or of one
            in validation or test.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, coerce_numbers_to_str=True)

    labels: tuple[str, ...] | None = Field(default=None, min_length=2)
    classes: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    drop: tuple[str, ...] = ()
    validation_share: float = Field(default=0.1, gt=0, lt=1)
    test_share: float = Field(default=0.1, ge=0, lt=1)
    unreadable_limit: float = Field(default=0.02, ge=0, le=1)
    codes: tuple[str, ...] | None = Field(default=None, min_length=2)
    person: str | None = None
    find_faces: bool = False
    duplicates: Literal["keep", "drop"] = "keep"

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if kept := {UNCERTAIN, NO_EMOTION} & set(self.label_names):
            raise ValueError(f"{kept.pop()!r} is a word of the device itself, and cannot be a label")
        if self.validation_share + self.test_share >= 1:
            raise ValueError("validation_share and test_share leave nothing to train on")
        if self.codes and len(set(self.codes)) < len(self.codes):
            raise ValueError(f"codes names each code once, in order, not {', '.join(self.codes)}")
        try:
            self.class_map()
        except DataError as error:
            raise ValueError(str(error)) from error
        return self

    @property
    def label_names(self) -> tuple[str, ...]:
        """The model's labels in their order."""
        return EMOTIONS if self.labels is None else self.labels

    def class_map(self) -> ClassMap:
        """From the data's names of classes to the labels."""
        return ClassMap.of(self.label_names, self.classes, self.drop)
