"""Several devices share the work of each batch: Keras's data parallelism, on JAX."""

import argparse
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from device.errors import UsageError

ALL = "all"
_UNEVEN = 257
"""A batch that no number of devices shares evenly, as it is a prime."""


@dataclass(frozen=True, slots=True)
class Devices:
    """What computes a training.

    The batch stays the recipe's: each device takes its part of it, and gradients and statistics are those of the
    whole. So the result is that of one device, but for the order in which sums are rounded.

    Attributes:
        count: how many share a batch.
        distribution: Keras's; None where one device does all.
    """

    count: int = 1
    distribution: Any = None

    def scope(self) -> AbstractContextManager[Any]:
        """What networks must be made and trained in."""
        return self.distribution.scope() if self.distribution else nullcontext()

    def batch_for(self, faces: int, most: int) -> int:
        """``most``, or about as many where not every batch of ``faces`` could be shared: then each computes them all.

        Keras decides by the first batch whether all are shared.
        """
        even = most % self.count == 0 and faces % most % self.count == 0
        return most if even or faces <= most else _UNEVEN


def wanted_devices(text: str) -> int | None:
    """What ``--devices`` says: a number, or None for ``all``."""
    if text == ALL:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a number from 1, or {ALL}, not {text!r}")
    return int(text)


def open_devices(keras: Any, wanted: int | None, batch_size: int) -> Devices:
    """The devices that are to share each batch.

    Args:
        keras: the module.
        wanted: how many; None for all there are.
        batch_size: the recipe's.

    Raises:
        UsageError: the backend is not JAX, there are fewer devices, or they cannot share a batch evenly.
    """
    if wanted == 1:
        return Devices()
    backend = keras.backend.backend()
    if backend != "jax":
        raise UsageError(
            f"several devices need JAX, and Keras runs on {backend}", "install jax, and set KERAS_BACKEND=jax"
        )
    found = keras.distribution.list_devices()
    count = len(found) if wanted is None else wanted
    if count > len(found):
        raise UsageError(f"{count} devices are asked for, and JAX finds {len(found)}: {', '.join(found[:8])}")
    if batch_size % count:
        even = -(-batch_size // count) * count
        raise UsageError(f"{count} devices cannot share a batch of {batch_size} evenly", f"--set batch_size={even}")
    return Devices(count, _evenly(keras, found[:count])) if count > 1 else Devices()


def _evenly(keras: Any, devices: list[str]) -> Any:
    class Evenly(keras.distribution.DataParallel):  # type: ignore[misc]
        """Shares what can be shared evenly; anything else is computed whole by every device."""

        def get_data_layout(self, data_shape: Any) -> Any:
            if data_shape[0] % len(devices):
                return keras.distribution.TensorLayout([None] * len(data_shape), self.device_mesh)
            return super().get_data_layout(data_shape)

    return Evenly(devices=devices)
