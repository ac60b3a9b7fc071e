"""Runs a program that an attack may make take all memory, under a limit, and tells what it took."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# A process's peak begins with that of the one that it was forked from: a small one stands between.
_LAUNCHER = """
import resource, signal, subprocess, sys
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    code = subprocess.run(sys.argv[3:], timeout=float(sys.argv[2]), check=False).returncode
except subprocess.TimeoutExpired:
    code = -signal.SIGKILL
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program has ended; ``peak_mb`` is the most memory that it or a child of it held, megabytes."""

    returncode: int
    stdout: str
    stderr: str
    peak_mb: float


def run_limited(command: Sequence[str], *, memory_mb: int, timeout_s: float = 120.0, **options: Any) -> Ended:
    """Run ``command`` with an address space of ``memory_mb``; one that takes longer than ``timeout_s`` is killed."""
    launched = [sys.executable, "-I", "-c", _LAUNCHER, str(memory_mb * 2**20), str(timeout_s), *command]
    answer = subprocess.run(launched, capture_output=True, text=True, check=True, **options)
    *stderr, last = answer.stderr.splitlines(keepends=True)
    code, peak_kb = last.split()
    return Ended(int(code), answer.stdout, "".join(stderr), int(peak_kb) / 1024)
