"""What a process holds, as the kernel tells it."""

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Usage:
    """Memory of its own that is resident, in MB of 2**20 bytes; open descriptors; threads."""

    memory_mb: float
    descriptors: int
    threads: int

    @classmethod
    def of(cls, pid: int) -> "Usage":
        folder = Path(f"/proc/{pid}")
        status = folder.joinpath("status").read_text(encoding="ascii")

        def figure(name: str) -> int:
            found = re.search(rf"^{name}:\s+(\d+)", status, re.MULTILINE)
            assert found, f"the kernel tells no {name}"
            return int(found[1])

        # Pages of files that are mapped come and go with what else the machine does.
        return cls(figure("RssAnon") / 1024, len(list(folder.joinpath("fd").iterdir())), figure("Threads"))
