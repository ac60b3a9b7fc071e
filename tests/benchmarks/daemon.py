"""The daemon as a process: its memory, and how long it takes from start to the first frame's verdict."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class DaemonFigures:
    """Peak resident memory in MB, seconds of wall time from start to "watching", CPU seconds over the clip."""

    peak_mb: float
    ready_s: float
    cpu_s: float


def measure_daemon(**sections: Mapping[str, object]) -> DaemonFigures:
    """Run the daemon once over the bundled clip, without a broker; ``sections`` are more of its settings."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yaml"
        source = {"uri": "demo", "pace": "as-fast-as-possible"}
        values = {"device": {"state_dir": folder}, "source": source, "mqtt": {"enabled": False}}
        values |= {name: dict(section) for name, section in sections.items()}
        config.write_text(yaml.safe_dump(values), encoding="utf-8")
        begun_s = time.monotonic()
        command = [sys.executable, "-m", "device", "run", "--config", str(config)]
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        ready_s = next((time.monotonic() - begun_s for line in process.stderr if "watching" in line), float("nan"))
        peak_mb = _peak_mb_until_end(process)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"the daemon ended with {process.returncode}")
        return DaemonFigures(peak_mb, ready_s, usage.ru_utime + usage.ru_stime)


def _peak_mb_until_end(process: subprocess.Popen[str]) -> float:
    """The high-water mark of its own memory; getrusage would count what the parent had when it forked."""
    peak_kb = 0
    status = Path(f"/proc/{process.pid}/status")
    while (found := re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))) is not None:
        peak_kb = int(found[1])
        time.sleep(0.05)
    return peak_kb / 1024


def import_seconds() -> float:
    """Wall seconds that importing the daemon takes, by ``-X importtime``; its slowest parts are printed."""
    command = [sys.executable, "-X", "importtime", "-c", "import device.app"]
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stderr.splitlines()
    found = [re.match(r"import time:\s+\d+ \|\s+(\d+) \| ( *)(\S+)", line) for line in lines]
    imports = [(int(one[1]) / 1e6, one[3]) for one in found if one]
    for seconds, name in sorted(imports, reverse=True)[:12]:
        print(f"  import {name:<40} {seconds:.3f} s")
    return round(next(seconds for seconds, name in imports if name == "device.app"), 2)
