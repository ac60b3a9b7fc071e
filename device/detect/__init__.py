"""Where the faces are: the whole picture is searched now and then, and known faces are followed in between.

A proposer searches (`haar`, `network`), a follower finds a known face again (`follower`), a finder says when and where
(`finder`, `schedule`, `change`), and `build` puts together what the configuration asks for.
"""

from device.detect.build import Detector, open_detector
from device.detect.haar import HaarDetector
from device.detect.picture import Picture
from device.detect.settings import DetectorSettings

__all__ = ["Detector", "DetectorSettings", "HaarDetector", "Picture", "open_detector"]
