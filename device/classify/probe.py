"""Tries a model file in a process of its own, so that native code which crashes takes only that one with it.

A digest shows damage, not forgery: a network that was made to, or an Edge TPU's library that does not fit the runtime,
ends a process without a word. The child does all that the daemon is about to do: it opens the network and holds its
answers against the golden ones. It has neither root nor the environment, and little memory and time.
"""

import importlib.util
import json
import signal
from dataclasses import asdict
from typing import Any

from device.classify.interpreter import INSTALL_RUNTIME, RUNTIMES, module_name
from device.classify.interpreter.edgetpu import EdgeTpu
from device.contract.container import ModelFile
from device.errors import AcceleratorError, AffectdError, ModelError, UnavailableError
from device.system.trial import run_trial

TIMEOUT_S = 60.0
"""An accelerator on USB takes seconds for its firmware."""

CPU_S = 50
"""The same in computing alone, of all its threads together."""
MEMORY_MB = 256
"""For the network, beyond the libraries; the service may not use much more in all."""

_ERRORS: dict[str, type[AffectdError]] = {
    error.__name__: error for error in (AcceleratorError, ModelError, UnavailableError)
}


def find_runtime(model: ModelFile, threads: int, edgetpu: EdgeTpu | None, timeout_s: float = TIMEOUT_S) -> str:
    """The first installed runtime that runs a model file and gives its golden answers, in a process of its own.

    Args:
        model: verified.
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
        request = {
            "name": model.name,
            "runtime": runtime,
            "threads": threads,
            "edgetpu": None if edgetpu is None else asdict(edgetpu),
            "card": model.model_card.model_dump(mode="json", by_alias=True),
        }
        failure = _ask_child(request, model.flatbuffer, timeout_s)
        if failure is None:
            return runtime
        failures.append(failure)
    raise failures[0] if failures else UnavailableError("no TFLite runtime is installed", INSTALL_RUNTIME)


def _ask_child(request: dict[str, Any], flatbuffer: bytes, timeout_s: float) -> AffectdError | None:
    given = json.dumps(request).encode("utf-8") + b"\n" + flatbuffer
    outcome = run_trial("device.classify.probe_child", [request["runtime"]], given, timeout_s)
    if outcome is None:
        return _fault(request, f"does not answer within {timeout_s:.0f} s")
    if outcome.returncode == -signal.SIGXCPU:
        return _fault(request, f"does not come to an end within {CPU_S} s of computing")
    if outcome.returncode < 0:
        return _fault(request, f"crashed ({signal.Signals(-outcome.returncode).name})")
    try:
        told = json.loads(outcome.last_line)
        return None if told["error"] is None else _ERRORS[told["error"]](told["reason"], told["remedy"])
    except (KeyError, TypeError, ValueError):
        words = outcome.last_words or "without a word"
        return _fault(request, f"ended with code {outcome.returncode} ({words})")


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
