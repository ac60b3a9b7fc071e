"""Python reads this file at its start where its folder is on the path: a process of a test runs the broken module too.

``AFFECTD_MUTANT`` is a module's name, ``=``, and the file that stands in for it.
"""

import os
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder, SourceFileLoader
from pathlib import Path


class _BrokenLoader(SourceFileLoader):
    def __init__(self, fullname: str, path: str, source: Path) -> None:
        super().__init__(fullname, path)
        self._source = source

    def get_code(self, _):
        """The module's code, under the name of the file that it stands in for."""
        return compile(self._source.read_bytes(), self.path, "exec", dont_inherit=True)


class _StandIn(MetaPathFinder):
    def find_spec(self, fullname, path=None, target=None):
        module, _, file = os.environ.get("AFFECTD_MUTANT", "").partition("=")
        spec = PathFinder.find_spec(fullname, path, target) if fullname == module else None
        if spec is not None:
            spec.loader = _BrokenLoader(fullname, str(spec.origin), Path(file))
        return spec


def install() -> None:
    """Let the broken module go before the one in the tree."""
    sys.meta_path.insert(0, _StandIn())


if "AFFECTD_MUTANT" in os.environ:
    install()
