"""The most confident mistakes, each face with what it was taken for."""

import base64
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.judging.evaluation import Mistake
from trainer.report.text import percent, text

SHOWN = 24
_LARGEST_PX = 96


def mistakes(found: Sequence[Mistake], images: NDArray[np.uint8]) -> str:
    """A contact sheet of the first mistakes; ``images`` uint8 (n, h, w, 1) are those of their split."""
    return f'<div class="sheet">{"".join(_figure(one, images[one.position]) for one in found[:SHOWN])}</div>'


def _figure(one: Mistake, image: NDArray[np.uint8]) -> str:
    where = one.name or f"face {one.position + 1} of the split"
    sure = percent(one.confidence, 0)
    return (
        f'<figure><img src="data:image/png;base64,{_png(image)}" width="88" height="88" '
        f'alt="{text(where)}, labelled {text(one.truth)}, taken for {text(one.answer)}" title="{text(where)}">'
        f"<figcaption><b>{text(one.answer)}</b> {sure}<br>is {text(one.truth)}</figcaption></figure>"
    )


def _png(image: NDArray[np.uint8]) -> str:
    height, width = image.shape[:2]
    share = _LARGEST_PX / max(height, width)
    if share < 1:
        size = max(1, round(width * share)), max(1, round(height * share))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    _, encoded = cv2.imencode(".png", image)
    return base64.b64encode(encoded.tobytes()).decode("ascii")
