"""Which versions of libraries take part, for the records that a training and a conversion leave."""

import importlib.metadata
from collections.abc import Iterable
from contextlib import suppress


def library_versions(distributions: Iterable[str]) -> dict[str, str]:
    """The version of each of ``distributions`` that is installed, by its name."""
    found = {}
    for name in distributions:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found
