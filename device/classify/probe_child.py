"""The process that ``probe`` starts: request (a line of JSON) and network on stdin, the answer as JSON on stdout."""

import json
import os
import sys

from device.classify.classifier import TfliteClassifier
from device.classify.interpreter.edgetpu import EdgeTpu
from device.contract.container import ModelFile
from device.contract.model_card import ModelCard
from device.errors import AcceleratorError, AffectdError, UnavailableError


def main() -> None:
    """Open the network and hold its answers against the golden ones, as the daemon is about to."""
    request = json.loads(sys.stdin.buffer.readline())
    card = ModelCard.model_validate_json(json.dumps(request["card"]))
    model = ModelFile(request["name"], b"", sys.stdin.buffer.read(), card)
    edgetpu = EdgeTpu(**request["edgetpu"]) if request["edgetpu"] else None
    told: dict[str, str | None] = {"error": None}
    try:
        TfliteClassifier.load(model, request["threads"], edgetpu=edgetpu, runtimes=(request["runtime"],))
    except AffectdError as error:
        known = next((kind for kind in (AcceleratorError, UnavailableError) if isinstance(error, kind)), None)
        told = {
            "error": known.__name__ if known else "ModelError",
            "reason": error.reason,
            "remedy": error.remedy,
        }
    print(json.dumps(told), flush=True)
    # Past whatever native code does at exit.
    os._exit(0)


if __name__ == "__main__":
    main()
