"""Sources in processes of their own."""

from pathlib import Path

import pytest

from device.capture.sources.isolated import IsolatedSource
from device.capture.sources.settings import SourceSettings
from device.system.clock import SystemClock

PATIENCE_S = 30.0


@pytest.fixture
def make():
    """Makes sources that are closed in the end."""
    made = []

    def source(uri, *, colour="none", **settings):
        made.append(IsolatedSource(SourceSettings(uri=str(uri), **settings), SystemClock(), colour=colour))
        return made[-1]

    yield source
    for each in made:
        each.close()


def process_of(source):
    return Path(f"/proc/{source._process.pid}")
