"""Trained networks that a smaller one learns from, beside the data (Hinton et al., 2015).

A teacher sees each face as it is changed for the pupil and answers that very picture, as Beyer et al., "Knowledge
distillation: A good teacher is patient and consistent" (2021), found it best. Slow ones answer each face once.
"""

import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from device.contract.files import write_atomically
from device.errors import DataError
from trainer.predictor import open_keras
from trainer.trained import TrainedNetwork

Teacher = Callable[[Any], Any]
"""Float32 (n, height, width, 1) in 0 to 1, of any size, to probabilities (n, labels)."""

Progress = Callable[[int, int], None]

_BATCH = 128


def open_teachers(
    networks: Iterable[TrainedNetwork], labels: tuple[str, ...], *, mirrored: bool = False
) -> list[Teacher]:
    """``networks`` made ready to answer in the order of ``labels``.

    With ``mirrored``, an answer is the mean of those to a face and to its mirror image.

    Raises:
        DataError: one has other labels.
        ModelError: Keras cannot read the file.
    """
    teachers = [_open(network, labels) for network in networks]
    return [_with_mirror(teacher) for teacher in teachers] if mirrored else teachers


def _with_mirror(teacher: Teacher) -> Teacher:
    return lambda faces: (teacher(faces) + teacher(ops.flip(faces, axis=2))) / 2


def _open(trained: TrainedNetwork, labels: tuple[str, ...]) -> Teacher:
    if set(trained.labels) != set(labels):
        raise DataError(
            f"{trained.path} tells {', '.join(trained.labels)} apart, and the data has {', '.join(labels)}",
            "a teacher must know the same labels",
        )
    network, spec = _in_precision(open_keras(trained.path)), trained.spec
    low, high = spec.real_range
    columns = [trained.labels.index(label) for label in labels]

    def answer(faces: Any) -> Any:
        if tuple(faces.shape[1:3]) != (spec.height, spec.width):
            faces = ops.image.resize(faces, (spec.height, spec.width), interpolation="bilinear")
        return ops.take(network(faces * (high - low) + low, training=False), columns, axis=1)

    return answer


def _in_precision(network: Any) -> Any:
    """``network`` in the precision of the training, whose processor computes faster in it; its softmax in its own."""
    policy = keras.mixed_precision.global_policy()
    if policy.name == "float32":
        return network

    def cloned(layer: Any) -> Any:
        kept = isinstance(layer, keras.layers.Softmax | keras.Model)
        changed = {} if kept else {"dtype": policy.name}
        return type(layer).from_config({**layer.get_config(), **changed})

    quick = keras.models.clone_model(network, clone_function=cloned)
    quick.set_weights(network.get_weights())
    return quick


def answers_once(
    teachers: Sequence[Teacher], images: NDArray[np.uint8], kept: Path, progress: Progress = lambda _done, _total: None
) -> NDArray[np.float32]:
    """The teachers' mean answers to ``images`` as they are, uint8 (n, height, width, 1): float32 (n, labels).

    They are kept in the file ``kept``, and read from there the next time. ``progress`` is called with how
    many pictures are answered, of how many.
    """
    found = _kept_answers(kept)
    if found is not None and found.shape[:1] == images.shape[:1]:
        return found
    parts = []
    compiled = [_compiled(teacher, images.shape[1:]) for teacher in teachers]
    for at in range(0, len(images), _BATCH):
        progress(at, len(images))
        faces = images[at : at + _BATCH].astype(np.float32) / 255
        parts.append(np.mean([teacher.predict_on_batch(faces) for teacher in compiled], axis=0))
    progress(len(images), len(images))
    answers = np.concatenate(parts)
    buffer = io.BytesIO()
    np.save(buffer, answers)
    kept.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(kept, buffer.getvalue())
    return answers


def _kept_answers(kept: Path) -> NDArray[np.float32] | None:
    """The answers in a file; None where there is none, or a damaged one."""
    try:
        with kept.open("rb") as file:
            found: NDArray[np.float32] = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return found


def _compiled(teacher: Teacher, shape: tuple[int, ...]) -> Any:
    """A Keras model of its own from faces of ``shape`` to answers: in one model, two networks of a name are refused."""
    faces = keras.Input(shape)
    return keras.Model(faces, teacher(faces))


class LearnFromTeachers(keras.layers.Layer):
    """Passes a pupil's answers through, and adds to the loss how far they are from the teachers' mean answer.

    Args:
        teachers: are held as functions, so that their weights are neither trained nor saved with the pupil's.
        share: of this part in the loss, above 0 to 1; the data's own part is for others to weigh.
    """

    def __init__(self, teachers: list[Teacher], share: float) -> None:
        super().__init__(name="learn_from_teachers", dtype="float32")
        self._teachers = tuple(teachers)
        self._share = share

    def call(self, faces: Any, answers: Any) -> Any:
        """``answers`` (n, labels) of the pupil to ``faces`` (n, height, width, 1) in 0 to 1."""
        taught = ops.stop_gradient(sum(teacher(faces) for teacher in self._teachers) / len(self._teachers))
        self.add_loss(self._share * ops.mean(keras.losses.categorical_crossentropy(taught, answers)))
        return answers

    def compute_output_shape(self, faces_shape: Any, answers_shape: Any) -> Any:  # noqa: ARG002 (Keras names them)
        """That of the answers."""
        return answers_shape
