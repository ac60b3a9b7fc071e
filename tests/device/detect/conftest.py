import pytest

from device.detect import DetectorSettings, HaarDetector
from device.errors import UnavailableError


@pytest.fixture(scope="package")
def detector():
    try:
        return HaarDetector(DetectorSettings())
    except UnavailableError as error:
        pytest.skip(str(error))
