import pytest

from device.capture.capture import build_capture
from tests.device.capture.played import SETTINGS, LiveSource
from tests.fakes import FakeClock


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def source():
    return LiveSource()


@pytest.fixture
def capture(source, clock):
    made = build_capture(source, SETTINGS, clock)
    yield made
    source.script.put(None)
    made.close()
