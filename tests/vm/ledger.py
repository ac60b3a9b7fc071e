"""Inside the machine: tells, over a port that ends outside, of each event soon after the daemon has kept it.

A line is ``{"seq": 4711, "id": "…", "kept_s": 1790000000.1}``, with the machine's time in seconds since 1970.
"""

import json
import sqlite3
import time
from pathlib import Path

PORT = Path("/dev/virtio-ports/ledger")
MEMORY = Path("/run/affectd")
CARD = Path("/var/lib/affectd/events.sqlite3")
PAUSE_S = 0.05


def main() -> None:
    """Tell until the machine ends."""
    # Memory first: what moves to the card in between is found there.
    stores = [sqlite3.connect(path) for path in (*MEMORY.glob("events-*.sqlite3"), CARD)]
    last = 0
    with PORT.open("wb", buffering=0) as port:
        while True:
            events = {}
            for store in stores:
                events.update(store.execute("SELECT seq, description FROM events WHERE seq > ?", (last,)).fetchall())
            now_s = time.time()
            for seq, description in sorted(events.items()):
                line = {"seq": seq, "id": json.loads(description)["id"], "kept_s": now_s}
                port.write(json.dumps(line).encode() + b"\n")
                last = seq
            time.sleep(PAUSE_S)


if __name__ == "__main__":
    main()
