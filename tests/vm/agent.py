"""Inside the machine: runs the scripts that come in over the port, one after the other, and answers what they gave."""

import io
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

PORT = Path("/dev/virtio-ports/agent")


def main() -> None:
    """Serve the port until the machine ends."""
    while not PORT.exists():
        time.sleep(0.1)
    with PORT.open("r+b", buffering=0) as raw:
        port = io.BufferedRWPair(raw, raw)  # the port takes only so much at a time
        answer(port, {"ready": True})
        while line := port.readline():
            answer(port, run(**json.loads(line)))


def answer(port: "io.BufferedRWPair[Any, Any]", message: dict[str, Any]) -> None:
    """Send one line."""
    port.write(json.dumps(message).encode() + b"\n")
    port.flush()


def run(script: str, timeout_s: float) -> dict[str, Any]:
    """What a shell makes of the script: its exit status (124 where it took too long), stdout and stderr."""
    process = subprocess.Popen(
        ["/bin/bash", "-c", script],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        stdout, stderr = process.communicate(timeout=timeout_s)
        status = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        stdout, stderr = process.communicate()
        status = 124
    return {"status": status, "stdout": stdout, "stderr": stderr}


if __name__ == "__main__":
    main()
