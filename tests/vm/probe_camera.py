"""Inside the machine: what our adapter makes of a V4L2 camera, as JSON.

Usage: python probe_camera.py SOURCE...    Each is the configuration's section ``source`` as JSON.
"""

import json
import logging
import sys
from typing import Any

import numpy as np

from device.capture.sources import build_source
from device.capture.sources.settings import SourceSettings
from device.system.clock import SystemClock


def probe(settings: SourceSettings) -> dict[str, Any]:
    """Five frames: the size, the times, and the levels of the last one's eight upright bars."""
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    source = build_source(settings, SystemClock())
    source.open()
    try:
        frames = [source.read() for _ in range(5)]
    finally:
        source.close()
    taken = [frame for frame in frames if frame is not None]
    bars = np.array_split(taken[-1].grey, 8, axis=1)
    return {
        "said": said,
        "size": [taken[-1].width, taken[-1].height],
        "times_s": [frame.time_s for frame in taken],
        "bars": [float(np.median(bar[:, bar.shape[1] // 4 : -bar.shape[1] // 4])) for bar in bars],
    }


if __name__ == "__main__":
    print(json.dumps([probe(SourceSettings.model_validate_json(text)) for text in sys.argv[1:]]))
