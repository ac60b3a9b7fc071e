"""Pictures a training leaves as PNG: its curves, and the mistakes it was surest of."""

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from device.contract.files import write_atomically
from device.errors import RecordError, UnavailableError
from trainer.curves import Epoch
from trainer.judging.evaluation import Figures

_DPI = 110
_INK, _SOFT, _RULE, _BLUE, _RED = "#1d2327", "#5c666d", "#dedcd6", "#2b6a99", "#c4562a"
_ACROSS = 8
_CELL_IN = 1.12
_CAPTION_IN = 0.42


def write_curves(path: Path, rows: Sequence[Epoch], kept_epoch: int | None = None) -> None:
    """``curves.png``: loss and accuracy over the epochs, of training and of validation.

    Args:
        path: the file.
        rows: at least one epoch, as ``trainer.curves.read_log`` gives them.
        kept_epoch: the one whose weights were kept, from 1.

    Raises:
        UnavailableError: matplotlib is not installed.
    """
    if not rows:
        raise RecordError("curves are drawn of at least one epoch")
    figure = _figure(9.0, 3.6)
    epochs = [row.number for row in rows]
    pairs = (
        ("loss", [row.loss for row in rows], [row.val_loss for row in rows]),
        ("accuracy", [row.accuracy for row in rows], [row.val_accuracy for row in rows]),
    )
    for axes, (title, training, validation) in zip(figure.subplots(1, 2), pairs, strict=True):
        axes.plot(epochs, training, color=_SOFT, linestyle=(0, (4, 2)), label="training faces, as augmented")
        axes.plot(epochs, validation, color=_BLUE, linewidth=1.8, label="validation faces")
        if kept_epoch:
            axes.axvline(kept_epoch, color=_INK, linewidth=0.8, linestyle=":", label=f"epoch {kept_epoch}, kept")
        axes.set_title(title, loc="left", color=_INK, fontsize=11)
        axes.set_xlabel("epoch", color=_SOFT)
        axes.set_xlim(1, max(2, epochs[-1]))
        axes.set_ylim(0, 1 if title == "accuracy" else None)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(axis="y", color=_RULE, linewidth=0.8)
        axes.tick_params(colors=_SOFT, length=0)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.spines["bottom"].set_color(_SOFT)
    figure.axes[0].legend(frameon=False, fontsize=8.5, labelcolor=_INK)
    write_atomically(path, _png(figure))


def write_mistakes(path: Path, figures: Figures, images: NDArray[np.uint8], most: int = 24) -> None:
    """``mistakes.png``: the faces that were named wrongly with most confidence, each with what it was taken for.

    Args:
        path: the file.
        figures: of the split that ``images`` are, see ``trainer.judging.evaluation.judge``.
        images: uint8 (n, h, w, 1).
        most: how many at most.

    Raises:
        UnavailableError: matplotlib is not installed.
    """
    shown = figures.mistakes[:most]
    captions = [(f"{one.answer} {one.confidence:.0%}", f"is {one.truth}") for one in shown]
    data = contact_sheet(
        np.stack([images[one.position] for one in shown]) if shown else images[:0],
        captions,
        title=f"The {len(shown)} mistakes it was surest of",
    )
    write_atomically(path, data)


def contact_sheet(images: NDArray[np.uint8], captions: Sequence[tuple[str, str]], title: str = "") -> bytes:
    """A PNG of pictures, eight across, with two lines of words below each.

    Args:
        images: uint8 (n, h, w, 1).
        captions: n pairs; the first line stands out.
        title: above all.

    Raises:
        UnavailableError: matplotlib is not installed.
    """
    if len(images) != len(captions):
        raise RecordError(f"{len(captions)} captions for {len(images)} pictures")
    rows = max(1, math.ceil(len(images) / _ACROSS))
    cell_in = _CELL_IN + _CAPTION_IN
    width, height = _ACROSS * _CELL_IN + 0.3, rows * cell_in + 0.55
    figure = _figure(width, height, layout=None)
    figure.text(0.15 / width, 1 - 0.32 / height, title, color=_INK, fontsize=11, va="baseline")
    for place, (image, (first, second)) in enumerate(zip(images, captions, strict=True)):
        row, column = divmod(place, _ACROSS)
        left = 0.15 + column * _CELL_IN
        top = height - 0.5 - row * cell_in
        side = _CELL_IN - 0.12
        axes = figure.add_axes((left / width, (top - side) / height, side / width, side / height))
        axes.imshow(image[..., 0], cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axes.set_axis_off()
        for line, (words, colour) in enumerate(((first, _RED), (second, _SOFT))):
            below = top - side - 0.14 - line * 0.14
            figure.text(left / width, below / height, words, color=colour, fontsize=7.5, va="baseline")
    return _png(figure)


def _figure(width_in: float, height_in: float, layout: Literal["constrained"] | None = "constrained") -> Any:
    """An empty figure of its own, which no state of matplotlib's knows of."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UnavailableError(f"this picture needs matplotlib ({error})", "pip install 'affectd[train]'") from error
    figure = Figure(figsize=(width_in, height_in), dpi=_DPI, layout=layout, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
