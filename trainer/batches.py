"""In which order faces are shown, epoch by epoch."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

Order = Callable[[int], NDArray[np.int64]]
"""From an epoch, counted from 0, to the positions of the faces it shows, int64 (n,)."""


class Batches(keras.utils.PyDataset):
    """Batches of (faces, targets, weights), for one epoch at a time.

    Faces stay where they are (in memory, or in a file mapped into it), and only a batch is copied. The order hangs
    on the seed and the epoch alone, so that a training that goes on shows what it would have shown.

    Args:
        faces: uint8 (n, height, width, 1).
        targets: float32 (n, labels).
        weights: float32 (n,), how much each face counts.
        order: see ``Order``; each epoch is as long as the first.
        batch_size: faces at a time; the last batch of an epoch may be smaller.
        shared_by: devices that share each batch; of the last one, what they cannot share evenly is not shown.
    """

    def __init__(
        self,
        faces: NDArray[np.uint8],
        targets: NDArray[np.float32],
        weights: NDArray[np.float32],
        order: Order,
        *,
        batch_size: int,
        shared_by: int = 1,
    ) -> None:
        super().__init__()
        self._faces, self._targets, self._weights = faces, targets, weights
        self._order, self._batch_size, self._shared_by = order, batch_size, shared_by
        self.turn_to(0)

    @property
    def num_batches(self) -> int:
        """Batches in an epoch."""
        return -(-len(self._positions) // self._batch_size)

    @property
    def faces_per_epoch(self) -> int:
        """Faces shown in an epoch, some more than once where classes are balanced so."""
        return len(self._positions)

    def __getitem__(self, batch: int) -> tuple[Any, ...]:
        positions = self._positions[batch * self._batch_size : (batch + 1) * self._batch_size]
        # A mapped file is read from front to back.
        positions = np.sort(positions) if isinstance(self._faces, np.memmap) else positions
        return np.asarray(self._faces[positions]), self._targets[positions], self._weights[positions]

    def turn_to(self, epoch: int) -> None:
        """Take up the order of ``epoch``; Keras's own hooks are called more than once an epoch."""
        positions = self._order(epoch)
        self._positions = positions[: len(positions) - len(positions) % self._batch_size % self._shared_by]


def shuffled(count: int, seed: int) -> Order:
    """Each of ``count`` faces once an epoch, in random order."""
    return lambda epoch: np.random.default_rng((seed, epoch)).permutation(count)


def oversampled(classes: NDArray[np.int64], seed: int) -> Order:
    """Each class as often as the most frequent one; ``classes`` is int64 (n,), the class of each face.

    A rarer class is shown whole as often as it fits, and the rest is drawn anew each epoch.
    """
    members = [np.flatnonzero(classes == one) for one in np.unique(classes)]
    most = max(len(positions) for positions in members)

    def order(epoch: int) -> NDArray[np.int64]:
        random = np.random.default_rng((seed, epoch))
        shown = [
            np.concatenate(
                [
                    np.tile(positions, most // len(positions)),
                    random.choice(positions, most % len(positions), replace=False),
                ]
            )
            for positions in members
        ]
        return random.permutation(np.concatenate(shown))

    return order
