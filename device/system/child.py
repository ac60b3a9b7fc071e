"""How a further Python process of ours is started, so that it imports what this one does and nothing from elsewhere."""

import json
import sys
from pathlib import Path

_ROOT = str(Path(__file__).parents[2])
_RUN = (
    "import json, runpy, sys; sys.path[:] = json.loads(sys.argv.pop(1)); "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)
# Said before Python starts, which alone takes 10 MB: what it is started for may be more than the memory that is left.
# Linux alone has that (proc(5)), and a sandbox may forbid it. What a shell adds to the environment goes again.
_PREFER_OOM_KILL = (
    "/bin/sh",
    "-c",
    'echo 1000 2>/dev/null >/proc/self/oom_score_adj; unset PWD OLDPWD SHLVL; exec "$@"',
    "sh",
)


def python_command(module: str, *arguments: str, prefer_oom_kill: bool = True) -> list[str]:
    """The command that runs ``module`` of ours with ``arguments``, isolated (``-I``).

    Where memory runs out the kernel ends it before this process, unless ``prefer_oom_kill`` is false.

    Python looks for imports in the working directory first, and in what the environment names: a ``json.py`` there
    would run in the child, as root under ``sudo``.
    """
    first = _PREFER_OOM_KILL if prefer_oom_kill and sys.platform == "linux" else ()
    return [*first, sys.executable, "-I", "-c", _RUN, json.dumps(_import_path()), module, *arguments]


def _import_path() -> list[str]:
    """This process's own, without the working directory."""
    here = str(Path.cwd())
    kept = [entry for entry in sys.path if entry == _ROOT or (Path(entry).is_absolute() and entry != here)]
    return kept if _ROOT in kept else [_ROOT, *kept]
