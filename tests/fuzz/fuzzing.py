"""What all fuzz tests share: inputs for a minute, what may come of them, and where those that failed are kept.

``FUZZ_S`` in the environment says for how many seconds each kind is tried. What fails is written to ``build/fuzz``; a
copy in ``tests/fuzz/seeds`` is tried with every ``make test`` from then on.
"""

import hashlib
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from device.errors import EXIT_SOFTWARE, AffectdError
from device.redact import redact

BUDGET_S = float(os.environ.get("FUZZ_S", "60"))
SEEDS = Path(__file__).parent / "seeds"
FAILED = Path(__file__).parents[2] / "build" / "fuzz"

_AT_ONCE = 200
_LONGEST_SECONDS = 30.0


def hammer(kind: str, inputs: st.SearchStrategy[Any], check: Callable[[Any], str]) -> Counter[str]:
    """Try inputs until the time is up; returns how often each outcome, which ``check`` names, came.

    Raises:
        Exception: what ``check`` raised for the smallest input that was found; that one is kept.
    """
    outcomes: Counter[str] = Counter()
    until_s = time.monotonic() + BUDGET_S
    while time.monotonic() < until_s:
        _try_some(kind, inputs, check, outcomes, until_s)
    told = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    print(f"\n{kind}: {outcomes.total()} inputs tried: {told}", file=sys.stderr)
    return outcomes


def _try_some(
    kind: str, inputs: st.SearchStrategy[Any], check: Callable[[Any], str], outcomes: Counter[str], until_s: float
) -> None:
    failed: list[Any] = []

    @seed(random.getrandbits(64))
    @settings(
        max_examples=_AT_ONCE,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs)
    def try_one(value: Any) -> None:
        if time.monotonic() > until_s and not failed:
            return
        try:
            outcome = check(value)
        except BaseException:
            failed.append(value)
            raise
        outcomes[outcome] += 1

    try:
        try_one()
    except BaseException:
        if failed:
            print(f"\n{kind}: kept as {_keep(kind, failed[-1])}", file=sys.stderr)
        raise


def _keep(kind: str, value: Any) -> Path:
    data = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
    path = FAILED / kind / hashlib.sha256(data).hexdigest()[:16]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def seeds(kind: str) -> list[Any]:
    """What once failed, as parameters of a test."""
    return [pytest.param(path.read_bytes(), id=path.name) for path in sorted((SEEDS / kind).glob("*"))]


def outcome_of(action: Callable[[], object]) -> str:
    """What comes of ``action``: taken, or refused in one line with an exit code that is documented; else it raises."""
    begun_s = time.monotonic()
    try:
        action()
    except AffectdError as error:
        if error.exit_code == EXIT_SOFTWARE or not redact(str(error)).isprintable():
            raise
        return f"refused with {error.exit_code}"
    finally:
        assert time.monotonic() - begun_s < _LONGEST_SECONDS, "one small input takes half a minute"
    return "taken"


@st.composite
def mutated(draw: st.DrawFn, *originals: bytes) -> bytes:
    """One of ``originals`` with a few damages of the usual kinds."""
    data = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, len(data)))
        size = draw(st.sampled_from([1, 1, 2, 4, 16, 256, 4096]))
        match draw(st.sampled_from(["flip", "overwrite", "insert", "remove", "repeat", "cut", "zero", "extreme"])):
            case "flip" if place < len(data):
                data[place] ^= 1 << draw(st.integers(0, 7))
            case "overwrite":
                data[place : place + size] = draw(st.binary(min_size=1, max_size=min(size, 64)))
            case "insert":
                data[place:place] = draw(st.binary(min_size=1, max_size=min(size, 64)))
            case "remove":
                del data[place : place + size]
            case "repeat":
                data[place:place] = data[place : place + size] * draw(st.integers(1, 3))
            case "cut":
                del data[place:]
            case "zero":
                data[place : place + size] = bytes(len(data[place : place + size]))
            case "extreme" if place < len(data):
                data[place : place + 2] = draw(st.sampled_from([b"\xff\xff", b"\x7f\xff", b"\x00\x00", b"\xff\xd9"]))
            case _:
                pass
    return bytes(data)
