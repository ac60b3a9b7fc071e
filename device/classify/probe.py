"""Tries a model file in a process of its own, so that native code which crashes takes only that one with it.

A digest shows damage, not forgery: a network that was made to, or an Edge TPU's library that does not fit the runtime,
ends a process without a word. The child does all that the daemon is about to do: it opens the network and holds its
answers against the golden ones.
"""

import importlib.util
import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from device.classify.interpreter import INSTALL_RUNTIME, RUNTIMES, module_name
from device.classify.interpreter.edgetpu import EdgeTpu
from device.errors import AcceleratorError, AffectdError, ModelError, UnavailableError

TIMEOUT_S = 60.0
"""An accelerator on USB takes seconds for its firmware."""

_ERRORS: dict[str, type[AffectdError]] = {
    error.__name__: error for error in (AcceleratorError, ModelError, UnavailableError)
}


def find_runtime(
    model_file: bytes, name: str, threads: int, edgetpu: EdgeTpu | None, timeout_s: float = TIMEOUT_S
) -> str:
    """The first installed runtime that runs a model file and gives its golden answers, in a process of its own.

    Args:
        model_file: all of it, verified.
        name: what errors call it.
        threads: how many the interpreter may use.
        edgetpu: the accelerator; None for a network that runs on any CPU.
        timeout_s: how long one runtime may take, seconds.

    Raises:
        AffectdError: what the first of the installed runtimes died of, or said.
    """
    failures: list[AffectdError] = []
    for runtime in RUNTIMES:
        if importlib.util.find_spec(module_name(runtime)) is None:
            continue
        request = {"name": name, "runtime": runtime, "threads": threads}
        request["edgetpu"] = None if edgetpu is None else asdict(edgetpu)
        failure = _ask_child(request, model_file, timeout_s)
        if failure is None:
            return runtime
        failures.append(failure)
    raise failures[0] if failures else UnavailableError("no TFLite runtime is installed", INSTALL_RUNTIME)


def _ask_child(request: dict[str, Any], model_file: bytes, timeout_s: float) -> AffectdError | None:
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    try:
        answer = subprocess.run(
            [sys.executable, "-m", "device.classify.probe"],
            input=json.dumps(request).encode("utf-8") + b"\n" + model_file,
            capture_output=True,
            timeout=timeout_s,
            check=False,
            env=os.environ | {"PYTHONPATH": path},
        )
    except subprocess.TimeoutExpired:
        return _fault(request, f"does not answer within {timeout_s:.0f} s")
    if answer.returncode < 0:
        return _fault(request, f"crashed ({signal.Signals(-answer.returncode).name})")
    try:
        told = json.loads(answer.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        last = answer.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        return _fault(request, f"ended with code {answer.returncode} ({' '.join(last) or 'without a word'})")
    return None if told["error"] is None else _ERRORS[told["error"]](told["reason"], told["remedy"])


def _fault(request: dict[str, Any], what: str) -> AffectdError:
    """A child that did not come to an answer of its own."""
    name, runtime = request["name"], request["runtime"]
    if request["edgetpu"]:
        return AcceleratorError(
            f"{runtime} with the Edge TPU's library {what} over {name}, in a process that was there to try it",
            "install a library and a runtime that were made for each other",
        )
    return ModelError(
        f"{runtime} {what} over {name}, in a process that was there to try it",
        "the network is damaged or forged: get the file again from where it was converted",
    )


def main() -> None:
    """The child: a request as a line of JSON and a model file on stdin, the answer as JSON on stdout."""
    from device.classify.classifier import TfliteClassifier

    request = json.loads(sys.stdin.buffer.readline())
    model_file = sys.stdin.buffer.read()
    edgetpu = EdgeTpu(**request["edgetpu"]) if request["edgetpu"] else None
    told: dict[str, str | None] = {"error": None}
    try:
        TfliteClassifier.of_bytes(
            model_file, request["name"], request["threads"], edgetpu=edgetpu, runtimes=(request["runtime"],)
        )
    except AffectdError as error:
        kind = next((name for name, known in _ERRORS.items() if isinstance(error, known)), "ModelError")
        told = {"error": kind, "reason": error.reason, "remedy": error.remedy}
    print(json.dumps(told), flush=True)
    # Past whatever native code does at exit.
    os._exit(0)


if __name__ == "__main__":
    main()
