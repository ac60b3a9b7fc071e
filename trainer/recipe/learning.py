"""How a network learns: the loss, the optimizer, its rate over time, and when to stop."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from trainer.recipe.part import Part


class Targets(Part):
    """What a network is to give for a face.

    Attributes:
        learn: ``labels`` the data set's own label, ``majority`` the label that most people voted for (faces without
            one are left out), ``votes`` the share of people who chose each label, ``mix`` label and votes together.
        label_share: the label's share in a ``mix``; the votes have the rest.
        teachers_share: how much of the loss is the distance to what trained networks answer, see ``trainer.teachers``.
        teachers_mirrored: whether a teacher's answer is the mean of those to a face and to its mirror image.
        teachers_once: whether teachers answer each face once, before training and as it is in the data, and not each
            changed picture of it: for teachers that are slow.
        teachers_views: how many changed views of each face teachers answer before training, which then shows these in
            turn (see ``trainer.views``); 0 to change faces anew at each showing.
    """

    learn: Literal["labels", "majority", "votes", "mix"]
    label_share: float = Field(default=0.5, gt=0, lt=1)
    teachers_share: float = Field(default=0.0, ge=0, le=1)
    teachers_mirrored: bool = False
    teachers_once: bool = False
    teachers_views: int = Field(default=0, ge=0, le=100)

    @model_validator(mode="after")
    def _in_one_way(self) -> Self:
        if self.teachers_once and self.teachers_views:
            raise ValueError("teachers_once and teachers_views exclude each other: set one of them")
        return self


class Loss(Part):
    """What is minimised, and how rare classes are helped.

    Attributes:
        name: cross-entropy, or focal loss (Lin et al., "Focal Loss for Dense Object Detection", 2017).
        label_smoothing: share of each target that is spread over all classes.
        focal_gamma: how much less a face counts that is already classified well; of focal loss alone.
        balance: ``none``; ``class_weights`` weighs each face by how rare its class is; ``oversample`` shows rare
            classes again until all are shown equally often.
    """

    name: Literal["crossentropy", "focal"] = "crossentropy"
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    focal_gamma: float = Field(default=2.0, ge=0, le=10)
    balance: Literal["none", "class_weights", "oversample"] = "none"


class _Optimizer(Part):
    learning_rate: float = Field(gt=0, description="the highest; the schedule says how it falls")
    ema_momentum: float = Field(
        default=0.0, ge=0, lt=1, description="of the weights' exponential moving average; 0 for none"
    )
    weight_decay: float = Field(
        default=0.0, ge=0, description="decoupled from the gradient; of kernels alone, not of biases"
    )


class Sgd(_Optimizer):
    """Stochastic gradient descent with Nesterov's momentum."""

    name: Literal["sgd"]
    momentum: float = Field(default=0.9, ge=0, lt=1)


class Adam(_Optimizer):
    """Adam (Kingma and Ba, 2014), or Nadam, which looks ahead as Nesterov does (Dozat, 2016)."""

    name: Literal["adam", "nadam"]


class Constant(Part):
    """The same learning rate throughout."""

    name: Literal["constant"]


class Cosine(Part):
    """A rise from zero, then half a cosine down to zero at the last epoch."""

    name: Literal["cosine"]
    warmup_epochs: float = Field(default=0.0, ge=0)


class InverseTime(Part):
    """The rate divided by 1 + ``decay`` times the number of steps, which older Kerases called ``decay``."""

    name: Literal["inverse_time"]
    decay: float = Field(gt=0)


class Plateau(Part):
    """The rate times ``factor`` whenever validation has not improved for ``patience`` epochs."""

    name: Literal["plateau"]
    factor: float = Field(gt=0, lt=1)
    patience: int = Field(ge=1)
    lowest: float = Field(default=0.0, ge=0)


class EarlyStopping(Part):
    """Ends a training when validation has not improved by ``min_delta`` for ``patience`` epochs."""

    patience: int = Field(ge=1)
    min_delta: float = Field(default=0.0, ge=0)


Optimizer = Annotated[Sgd | Adam, Field(discriminator="name")]
Schedule = Annotated[Constant | Cosine | InverseTime | Plateau, Field(discriminator="name")]
