"""What it costs when nobody is there, against one face."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np

from device.records import Frame
from tests.benchmarks.clips import bundled_clip
from tests.benchmarks.contenders import Ours

_ROUNDS = 4
_FPS = 15.0
_NOISE_GREY = 3.0  # a cheap camera's in a room's light
_WITH_ONE = slice(45, 75)
_WITHOUT = slice(0, 15)


def quiet_ratio(make: Callable[[], Ours] = Ours) -> float:
    """CPU per frame with nobody in view as a share of that with one face: the bundled clip, with a sensor's noise."""
    frames = bundled_clip("small").frames
    rng = np.random.default_rng(1)
    one, none = (frames[part] for part in (_WITH_ONE, _WITHOUT))
    there_and_back = one + one[::-1]
    seconds = []
    for shots in (there_and_back, none):
        pipeline = make()
        shown = [_noisy(shots[number % len(shots)], number, rng) for number in range(_ROUNDS * len(there_and_back))]
        for frame in shown[: len(there_and_back)]:
            pipeline.step(frame)
        begun_s = time.process_time()
        for frame in shown[len(there_and_back) :]:
            pipeline.step(frame)
        seconds.append(time.process_time() - begun_s)
    return seconds[1] / seconds[0]


def _noisy(shot: Frame, number: int, rng: np.random.Generator) -> Frame:
    noise = rng.normal(0.0, _NOISE_GREY, shot.grey.shape)
    grey = np.clip(shot.grey + noise, 0, 255).astype(np.uint8)
    return Frame(grey, number / _FPS, datetime.now(UTC), number, small_bgr=shot.small_bgr)
