"""How a further Python process of ours is started, so that it imports what this one does and nothing from elsewhere."""

import json
import sys
from pathlib import Path

_ROOT = str(Path(__file__).parents[2])
_RUN = (
    "import json, runpy, sys; sys.path[:] = json.loads(sys.argv.pop(1)); "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)


def python_command(module: str, *arguments: str) -> list[str]:
    """The command that runs ``module`` of ours with ``arguments``, isolated (``-I``).

    Python looks for imports in the working directory first, and in what the environment names: a ``json.py`` there
    would run in the child, as root under ``sudo``.
    """
    return [sys.executable, "-I", "-c", _RUN, json.dumps(_import_path()), module, *arguments]


def _import_path() -> list[str]:
    """This process's own, without the working directory."""
    here = str(Path.cwd())
    kept = [entry for entry in sys.path if entry == _ROOT or (Path(entry).is_absolute() and entry != here)]
    return kept if _ROOT in kept else [_ROOT, *kept]
