"""The process that ``probe`` starts: request (a line of JSON) and network on stdin, the answer as JSON on stdout.

It is called with the runtime's name. Code is loaded first, while it may still be read; the network's bytes come after
root, memory and time were given up.
"""

import contextlib
import grp
import importlib
import json
import os
import sys
import time

import numpy as np
from numpy.typing import NDArray

from device.classify.classifier import TfliteClassifier
from device.classify.interpreter import module_name
from device.classify.interpreter.edgetpu import EdgeTpu
from device.classify.probe import CPU_S, MEMORY_MB
from device.classify.time_limit import MOST_FACE_S
from device.contract.container import ModelFile
from device.contract.model_card import ModelCard
from device.errors import AcceleratorError, AffectdError, ModelError, UnavailableError
from device.system.confinement import confine
from device.system.trial import MAX_OUTPUT_BYTES

_ACCELERATORS_GROUPS = ("plugdev", "apex")
_TIMES = 3


def main() -> None:
    """Open the network, hold its answers against the golden ones, and its time against the limit."""
    with contextlib.suppress(Exception):  # what is wrong with it is told when the network is opened
        importlib.import_module(f"{module_name(sys.argv[1])}.interpreter")
    confine(memory_mb=MEMORY_MB, cpu_s=CPU_S, written_bytes=MAX_OUTPUT_BYTES, groups=_groups())
    told: dict[str, str | None] = {"error": None}
    try:
        _try(sys.argv[1])
    except AffectdError as error:
        known = next((kind for kind in (AcceleratorError, UnavailableError) if isinstance(error, kind)), ModelError)
        told = {"error": known.__name__, "reason": error.reason, "remedy": error.remedy}
    print(json.dumps(told), flush=True)
    # Past whatever native code does at exit.
    os._exit(0)


def _try(runtime: str) -> None:
    request = json.loads(sys.stdin.buffer.readline())
    card = ModelCard.model_validate_json(json.dumps(request["card"]))
    model = ModelFile(request["name"], b"", sys.stdin.buffer.read(), card)
    edgetpu = EdgeTpu(**request["edgetpu"]) if request["edgetpu"] else None
    classifier = TfliteClassifier.load(model, request["threads"], edgetpu=edgetpu, runtimes=(runtime,))
    slowest_s = _slowest_s(classifier)
    if slowest_s > MOST_FACE_S:
        took = f"takes {slowest_s:.1f} s over one face on this machine, and {MOST_FACE_S:.0f} s is allowed"
        raise ModelError(f"{model.name} {took}", "convert a smaller network, or in int8")


def _slowest_s(classifier: TfliteClassifier) -> float:
    """The time over the slowest of some crops that are no golden inputs, or the first that is too slow.

    Each is read some times and the best is taken, for the machine may be busy.
    """
    spec = classifier.input_spec
    shape = (spec.height, spec.width, 1)
    grey = np.random.default_rng(1).integers(256, size=(4, *shape), dtype=np.uint8)
    ramp = np.broadcast_to(np.linspace(0, 255, spec.width).astype(np.uint8)[:, np.newaxis], shape)
    crops = (*grey, np.zeros(shape, np.uint8), np.full(shape, 255, np.uint8), ramp)

    slowest_s = 0.0
    for crop in crops:
        slowest_s = max(slowest_s, min(_seconds(classifier, crop) for _ in range(_TIMES)))
        if slowest_s > MOST_FACE_S:
            break
    return slowest_s


def _seconds(classifier: TfliteClassifier, crop: NDArray[np.uint8]) -> float:
    begun_s = time.perf_counter()
    classifier.classify(crop)
    return time.perf_counter() - begun_s


def _groups() -> list[int]:
    """Those whose members may use a Coral, as far as they are there."""
    found = []
    for name in _ACCELERATORS_GROUPS:
        with contextlib.suppress(KeyError):
            found.append(grp.getgrnam(name).gr_gid)
    return found


if __name__ == "__main__":
    main()
