"""What a model loses, as text for a terminal, at most 100 characters wide."""

from collections.abc import Iterator
from itertools import groupby

from trainer.judging.intervals import Interval, wilson
from trainer.judging.table import TITLES, percent
from trainer.stress.camera import Seen
from trainer.stress.measure import OnCamera, Strain
from trainer.stress.scenes import FRAME_SIZE, SCALES


def as_text(split: str, strains: tuple[Strain, ...], seen: Seen | None, naive_share: float) -> str:
    """The tables.

    Args:
        split: in the data set's own word.
        strains: one for each reference.
        seen: what the device made of the faces; None where it was not asked.
        naive_share: of the same faces, how many the common settings of the cascade find.
    """
    return (
        "\n".join([*_seen(split, seen, naive_share), *(line for one in strains for line in _strain(split, one))]) + "\n"
    )


def _seen(split: str, seen: Seen | None, naive_share: float) -> Iterator[str]:
    if seen is None:
        return
    count = len(seen.found)
    height, width = FRAME_SIZE
    yield (
        f"{split}: {count:,} faces, enlarged {SCALES[0]:.0f} to {SCALES[1]:.0f} times, in as many frames of "
        f"{width} x {height}"
    )
    yield (
        f"found by the device {percent(wilson(int(seen.found.sum()), count))}, by the cascade as it is commonly used "
        f"{naive_share:.1%}"
    )
    yield f"found where no face is: {seen.strangers:,} in all"
    yield ""


def _strain(split: str, strain: Strain) -> Iterator[str]:
    title = f"{split}: {strain.count:,} faces by {TITLES.get(strain.metric, strain.metric)}"
    yield title
    yield "-" * len(title)
    yield f"accuracy {percent(strain.accuracy)}"
    if strain.camera:
        yield from _camera(strain.camera)
    yield ""
    yield "points lost (95% interval), from mild to strong"
    for name, levels in groupby(strain.corrupted, key=lambda one: one.name):
        each = list(levels)
        yield f"{name} ({each[0].unit})"
        for one in each:
            yield f"  {one.level:>5g}  {_points(one.lost):<24}  {one.accuracy:.1%}"
    yield ""


def _camera(camera: OnCamera) -> Iterator[str]:
    yield (
        f"of {camera.count:,} that the device found: as in the data {camera.direct:.1%}, as the device crops them "
        f"{camera.cropped:.1%}"
    )
    yield f"lost by that: {_points(camera.lost)} points"


def _points(lost: Interval) -> str:
    return f"{lost.value * 100:.1f} ({lost.low * 100:.1f} to {lost.high * 100:.1f})"
