"""What a process gives up before it touches what a stranger has made."""

import ctypes
import os
import resource
from collections.abc import Iterable
from pathlib import Path

_PR_SET_NO_NEW_PRIVS = 38  # prctl(2)
_NOBODY = 65534


def confine(
    *, memory_mb: int, cpu_s: int | None, written_bytes: int, groups: Iterable[int] = (), open_files: int = 64
) -> None:
    """Give up root for good, and memory, time and files beyond these.

    Args:
        memory_mb: beyond what the process has now; the libraries that are loaded take address space by the processor.
        cpu_s: of all threads together; None for what is to run for ever.
        written_bytes: the largest size of a file.
        groups: what root keeps of its rights, as numbers of groups.
        open_files: at a time.

    Raises:
        OSError: root cannot be given up here.
    """
    page, data_pages = os.sysconf("SC_PAGE_SIZE"), int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
    for what, wanted in (
        (resource.RLIMIT_DATA, data_pages * page + memory_mb * 2**20),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, written_bytes),
        (resource.RLIMIT_NOFILE, open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        if wanted is None:
            continue
        hard = resource.getrlimit(what)[1]
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        # At the hard limit of seconds the kernel kills; a second before, at the soft one, it says why (SIGXCPU).
        least = max(1, most - 1) if what == resource.RLIMIT_CPU else most
        resource.setrlimit(what, (least, most))
    ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.geteuid() == 0:
        os.setgroups(list(groups))
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
