"""Five people who cross each other's way and come back, drawn: no two seeds, paces, heights and sizes are the same."""

import random

from tests.benchmarks.crowd import Figure
from tests.clip.portraits import COLLINS, HOPPER

PEOPLE = 5
SECONDS = 8.0
_LEFT, _RIGHT = -100.0, 740.0


def crossing(seed: int) -> tuple[Figure, ...]:
    """Who walks across and back: at one height if ``seed`` is odd, slower if it is a multiple of three."""
    draw = random.Random(seed)
    return tuple(_walker(draw, seed, number) for number in range(PEOPLE))


def _walker(draw: random.Random, seed: int, number: int) -> Figure:
    side = draw.uniform(44, 100)
    y = draw.uniform(150, 190) if seed % 2 else draw.uniform(110, 260)
    begin, end = (_LEFT, _RIGHT) if number % 2 == 0 else (_RIGHT, _LEFT)
    begin_s = draw.uniform(0.0, 1.5)
    across_s = draw.uniform(2.5, 6.0) * (1.6 if seed % 3 == 0 else 1.0)
    there_s, back_s = begin_s + across_s, begin_s + across_s + 0.3
    path = (
        (0.0, begin, y, side, 0.0),
        (begin_s, begin, y, side, 0.0),
        (there_s, end, y + draw.uniform(-40, 40), side * draw.uniform(0.8, 1.3), 0.0),
        (back_s, end, y, side, 0.0),
        (back_s + across_s, begin, y, side, 0.0),
        (back_s + across_s + 10.0, begin, y, side, 0.0),
    )
    portrait, light, mirrored = draw.choice([COLLINS, HOPPER]), draw.uniform(0.85, 1.1), draw.random() < 0.5
    return Figure(f"p{number}", portrait, light, path, mirrored=mirrored)
