"""Curves of loss and accuracy over the epochs, and what they say."""

import math
from collections.abc import Callable, Sequence

from trainer.curves import Epoch, say_when_curves_part
from trainer.report.axes import Axes, picture
from trainer.report.text import percent, text

_WIDTH, _HEIGHT = 440.0, 300.0


def training(log: Sequence[Epoch], kept_epoch: int | None) -> str:
    """Two plots side by side and a sentence; ``kept_epoch`` counts from 1."""
    last = log[-1].number
    highest = max((value for row in log for value in (row.loss, row.val_loss) if math.isfinite(value)), default=1.0)
    loss = _plot(
        log,
        kept_epoch,
        title="loss",
        pair=lambda row: (row.loss, row.val_loss),
        y_range=(0.0, highest * 1.05),
        write=lambda value: f"{value:.2g}",
    )
    accuracy = _plot(
        log,
        kept_epoch,
        title="accuracy",
        pair=lambda row: (row.accuracy, row.val_accuracy),
        y_range=(0.0, 1.0),
        write=lambda value: percent(value, 0),
    )
    kept = f"Epoch {kept_epoch} of {last} was kept. " if kept_epoch else ""
    parted = say_when_curves_part(log)
    said = f"{parted[0].upper()}{parted[1:]}." if parted else "Validation loss does not rise while training loss falls."
    return (
        f'<div class="pair">{loss}{accuracy}</div><p class="key"><span class="line train"></span>training faces, as '
        'augmentation shows them<span class="line validation"></span>validation faces</p>'
        f"<p>{kept}{text(said)}</p>"
    )


def _plot(
    log: Sequence[Epoch],
    kept_epoch: int | None,
    *,
    title: str,
    pair: Callable[[Epoch], tuple[float, float]],
    y_range: tuple[float, float],
    write: Callable[[float], str],
) -> str:
    first, last = log[0].number, log[-1].number
    axes = Axes(64, 14, 360, 230, (first, max(last, first + 1)), y_range)
    y_ticks = [(value, write(value)) for value in _round_values(y_range[1])]
    ticks = sorted({first, last, *(number for number in range(first, last) if number % _step(last) == 0)})
    x_ticks = [(float(number), str(number)) for number in ticks if number == last or last - number >= _step(last) / 2]
    parts = [axes.grid(x_ticks, y_ticks, "epoch", title)]
    if kept_epoch:
        x = axes.x(kept_epoch)
        parts.append(
            f'<line class="ideal" x1="{x}" x2="{x}" y1="{axes.top}" y2="{axes.top + axes.height}"/>'
            f'<text class="note" x="{x - 6}" y="{axes.top + 12}" text-anchor="end">kept</text>'
        )
    for side, kind in enumerate(("train", "validation")):
        values = [(float(row.number), pair(row)[side]) for row in log if math.isfinite(pair(row)[side])]
        parts.append(f'<polyline class="curve {kind}" points="{axes.points(values)}"/>')
    described = (
        f"{title} over {last} epochs: training from {write(pair(log[0])[0])} to {write(pair(log[-1])[0])}, "
        f"validation from {write(pair(log[0])[1])} to {write(pair(log[-1])[1])}"
    )
    return picture(_WIDTH, _HEIGHT, described, "".join(parts))


def _round_values(highest: float) -> list[float]:
    """From 0 to ``highest`` in five steps or fewer, each a round number."""
    power = 10.0 ** math.floor(math.log10(highest))
    step = next(
        size * scale for scale in (power / 10, power) for size in (1, 2, 2.5, 5) if highest / (size * scale) <= 5.01
    )
    return [step * count for count in range(int(highest / step + 1e-9) + 1)]


def _step(last: int) -> int:
    """A round distance of ticks that gives at most seven."""
    return next(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 10**9) if last / step <= 7)
