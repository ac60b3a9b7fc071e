"""Where the faces are: a Haar cascade in the whole picture now and then, and around known faces in between."""

from device.detect.finder import ScanningFinder
from device.detect.haar import HaarDetector
from device.detect.settings import DetectorSettings

__all__ = ["DetectorSettings", "HaarDetector", "ScanningFinder"]
