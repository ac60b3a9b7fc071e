"""Opens the sources that stdin names, one a line, and says what became of each; a process that may be lost.

A line of the answer is ``frames N``, ``refused`` with the words, or ``FAULT`` with what should not have been raised.
"""

import resource
import sys
import traceback

from device.capture.sources import build_source
from device.capture.sources.settings import SourceSettings
from device.errors import SourceError
from device.system.clock import SystemClock

_MOST_FRAMES = 10
_MOST_BYTES = 4 * 2**30


def _read(uri: str) -> str:
    settings = SourceSettings(uri=uri, open_timeout_s=1.0, stall_timeout_s=0.5, pace="as-fast-as-possible")
    source = build_source(settings, SystemClock())
    frames = 0
    try:
        source.open()
        while frames < _MOST_FRAMES and source.read() is not None:
            frames += 1
    except SourceError as error:
        return f"frames {frames}, then {error}" if frames else f"refused {error}"
    finally:
        source.close()
    return f"frames {frames}"


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
    for line in sys.stdin:
        try:
            answer = _read(line.strip())
        except BaseException:  # noqa: BLE001 whoever asked is told
            answer = f"FAULT {traceback.format_exc()!r}"
        print(answer, flush=True)


main()
