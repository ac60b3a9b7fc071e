"""From a crop to scores, with the network of a model file."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from device.classify.interpreter import RUNTIMES, TfliteInterpreter, open_interpreter
from device.classify.interpreter.edgetpu import LIBRARY, EdgeTpu
from device.classify.probe import find_runtime
from device.classify.time_limit import TimeLimit
from device.contract import container
from device.contract.container import ModelFile
from device.contract.model_card import ModelCard
from device.contract.preprocess import InputSpec
from device.errors import AcceleratorError, ModelError
from device.records import Scores
from device.section import Section, WholePath, whole_path

BUNDLED_MODEL = Path(__file__).parents[1] / "models" / "emotion.tflite"
"""The model that is used where the configuration names no other."""

_log = logging.getLogger(__name__)


class ClassifierSettings(Section):
    """How faces are classified.

    Attributes:
        model: a model file of ``affectd-convert``; null takes the model of ``affectd model install``, or the bundled
            model.
        threads: how many the interpreter may use.
        interval_s: least time between two classifications of one face, seconds.
        most_per_frame: the most faces that are classified in one frame; the others have their turn in the next frame.
        edgetpu_library: the accelerator's library, for a model that was compiled for an Edge TPU; null takes
            libedgetpu.so.1.
        edgetpu_device: which accelerator: usb or pci, or usb:1 if there are several; null takes the first.
        fallback_model: the model that runs on the CPU if the accelerator cannot be used: a model file, or bundled; with
            null, that is an error.
    """

    model: WholePath | None = None
    threads: int = Field(1, ge=1, le=64)
    interval_s: float = Field(0.15, ge=0.0, le=10.0)
    most_per_frame: int = Field(2, ge=1, le=100)
    edgetpu_library: str | None = Field(None, min_length=1)
    edgetpu_device: str | None = Field(None, pattern=r"^(usb|pci)(:\d+)?$")
    fallback_model: Literal["bundled"] | WholePath | None = None

    @field_validator("edgetpu_library")
    @classmethod
    def _complete_the_library(cls, library: str | None) -> str | None:
        # A bare name is looked for where the system has its libraries.
        return str(whole_path(library)) if library and ("/" in library or "$" in library) else library

    @property
    def model_path(self) -> Path:
        """The file that is meant."""
        return self.model or BUNDLED_MODEL

    @property
    def fallback_path(self) -> Path | None:
        """The file that may stand in for it."""
        return BUNDLED_MODEL if self.fallback_model == "bundled" else self.fallback_model

    @property
    def edgetpu(self) -> EdgeTpu:
        """The accelerator, should the model want one."""
        return EdgeTpu(self.edgetpu_library or LIBRARY, self.edgetpu_device or "")


class TfliteClassifier:
    """``interfaces.Classifier`` over a model file.

    Args:
        card: the model's card.
        interpreter: its network.

    Attributes:
        digest: of the model's file, as `ModelFile.digest`; empty where the network came from no file.
        ships: whether the file is one of affectd's own.
        instead_of: why another model is not used, in words; None where this is the one that is meant.
        time_limit: notices faces that take too long.

    Raises:
        ModelError: the network does not give as many scores as there are labels, or other scores than the card says.
    """

    def __init__(self, card: ModelCard, interpreter: TfliteInterpreter) -> None:
        if interpreter.outputs != len(card.labels):
            raise ModelError(
                f"the network of {card.name} gives {interpreter.outputs} scores, its card has {len(card.labels)} labels"
            )
        self.model_card = card
        self.runtime = interpreter.runtime
        self.digest = ""
        self.ships = True
        self.instead_of: str | None = None
        self.time_limit = TimeLimit()
        self._interpreter = interpreter
        self._check_golden()

    @classmethod
    def load(
        cls,
        model: Path | ModelFile,
        threads: int = 1,
        *,
        edgetpu: EdgeTpu | None = None,
        runtimes: tuple[str, ...] | None = None,
    ) -> "TfliteClassifier":
        """Make the network of a model file ready; the only way from a file to a classifier.

        Args:
            model: the file, or what was read of it.
            threads: how many the interpreter may use.
            edgetpu: which accelerator to use where the model was compiled for one.
            runtimes: those that may be taken, the preferred one first. None for any; a model that did not ship with
                affectd is tried in a process of its own first then, see ``classify.probe``.

        Raises:
            ModelError: the file is missing, damaged or does not fit itself.
            AcceleratorError: it wants an Edge TPU that cannot be used.
            UnavailableError: no interpreter is installed that works.
        """
        file = container.read(model) if isinstance(model, Path) else model
        tpu = (edgetpu or EdgeTpu()) if file.model_card.conversion.accelerator == "edgetpu" else None
        if runtimes is None:
            runtimes = RUNTIMES if ships(model) else (find_runtime(file, threads, tpu),)
        spec = file.model_card.input.spec()
        try:
            interpreter = open_interpreter(file.flatbuffer, spec, threads, edgetpu=tpu, runtimes=runtimes)
            classifier = cls(file.model_card, interpreter)
        except ModelError as error:
            remedy = error.remedy or "convert the model again with affectd-convert"
            raise ModelError(f"{file.name}: {error.reason}", remedy) from error
        classifier.digest = file.digest
        classifier.ships = ships(model)
        return classifier

    @property
    def labels(self) -> tuple[str, ...]:
        """The model's labels, in the order of the scores."""
        return self.model_card.labels

    @property
    def input_spec(self) -> InputSpec:
        """The crops that ``classify`` takes."""
        return self.model_card.input.spec()

    def classify(self, crop: NDArray[np.uint8]) -> Scores:
        """Scores for one crop, uint8 (height, width, 1).

        Raises:
            ModelError: the network's answer is no set of probabilities.
        """
        with self.time_limit:
            outputs = self._interpreter.run(crop[np.newaxis])[0].astype(np.float64)
        total = float(outputs.sum())
        if not np.isfinite(total) or outputs.min() < 0.0 or total <= 0.0:
            raise ModelError(f"the network of {self.model_card.name} answered {outputs.tolist()}, no probabilities")
        # A quantised softmax adds up to 1 only within its rounding.
        return Scores(self.labels, tuple(float(share) for share in outputs / total))

    def _check_golden(self) -> None:
        golden = self.model_card.golden
        crops = np.stack([example.array(self.input_spec) for example in golden.examples])
        expected = np.array([example.scores for example in golden.examples], np.float32)
        differences = np.abs(self._interpreter.run(crops) - expected).max(axis=1)
        worst = int(np.argmax(differences))
        # Written so that not-a-number fails as well.
        if not differences.max() <= golden.tolerance:
            raise ModelError(
                f"on {self.runtime} the network of {self.model_card.name} answers golden input {worst + 1} by "
                f"{differences[worst]:.3f} away from its card, and {golden.tolerance} is allowed",
                "use another runtime (ai-edge-litert, tflite-runtime), or convert the model again on this one",
            )


def ships(model: Path | ModelFile) -> bool:
    """Whether a model is one of those that come with affectd."""
    return isinstance(model, Path) and model.is_relative_to(BUNDLED_MODEL.parent)


def load_classifier(
    settings: ClassifierSettings,
    model: Path | ModelFile | None = None,
    read: Callable[[Path], ModelFile] = container.read,
) -> TfliteClassifier:
    """The classifier of a configuration, or its fallback where the accelerator cannot be used and one is named.

    Args:
        settings: the configuration's section.
        model: the one in use; the one that the section names, or the bundled one, when left out.
        read: opens a fallback that does not ship.

    Raises:
        AffectdError: see ``TfliteClassifier.load``.
    """
    try:
        classifier = TfliteClassifier.load(model or settings.model_path, settings.threads, edgetpu=settings.edgetpu)
    except AcceleratorError as error:
        fallback = settings.fallback_path
        if fallback is None:
            advice = "or name a model for the CPU in classifier.fallback_model"
            raise AcceleratorError(error.reason, f"{error.remedy}, {advice}") from error
        _log.warning("%s; %s runs on the CPU instead", error, fallback)
        classifier = TfliteClassifier.load(fallback if ships(fallback) else read(fallback), settings.threads)
    card = classifier.model_card
    _log.info("model %s (%s) on %s", card.name, card.version, classifier.runtime)
    return classifier
