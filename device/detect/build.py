"""Which detector the configuration means, opened: a network where one is wanted and works, else the cascades."""

import logging
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from device.detect.fallback import Fallback, FallibleFinder
from device.detect.finder import FinderSettings, ScanningFinder
from device.detect.follower import Follower, HaarFollower, NetworkFollower
from device.detect.haar import HaarDetector
from device.detect.network import NetworkDetector
from device.detect.networkfile import network_in_use, open_network
from device.detect.proposer import Proposer
from device.detect.search import programme
from device.detect.settings import DetectorSettings
from device.detect.yunet import YuNet
from device.errors import AffectdError, UnavailableError
from device.interfaces import FaceFinder

SLOWEST_LOOK_S = 1.0
"""CPU seconds: every frame would wait so long for one that takes more."""
_CASCADES_DESCRIPTION = "Haar cascades"
_MOST_FOLLOWED = {"haar": 8, "yunet": 4}
_OFTEN = {"haar": 4, "yunet": 2}  # in a round

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Detector:
    """What looks for faces on this device.

    Attributes:
        kind: ``haar`` or ``yunet``.
        description: for a person.
        proposer: finds new faces.
        follower: finds known ones again.
        finder_settings: how often.
        fallback: what goes on once this one fails in the middle of its work; None where that is an error.
    """

    kind: str
    description: str
    proposer: Proposer
    follower: Follower
    finder_settings: FinderSettings
    fallback: Fallback | None = None

    @property
    def wants_colour(self) -> bool:
        """Whether it finds more where frames carry colours."""
        return self.kind == "yunet"

    @property
    def in_use(self) -> str:
        """What finds faces now, for a person: the fallback, once this one has failed."""
        return self.fallback.description if self.fallback is not None and self.fallback.is_used else self.description

    def finder(self) -> FaceFinder:
        """A finder for one source, which has seen no frame yet."""
        if self.fallback is not None and self.fallback.is_used:
            return self.fallback.use()
        finder = ScanningFinder(self.proposer, self.follower, self.finder_settings)
        return finder if self.fallback is None else FallibleFinder(finder, self.fallback)


def open_detector(settings: DetectorSettings, state_dir: Path | None) -> Detector:
    """The detector of a device.

    Args:
        settings: the section ``detector``.
        state_dir: where ``affectd detector install`` puts a network; None to leave an installed one out.

    Raises:
        UnavailableError: what is asked for is missing, damaged, or too slow. ``auto`` goes on with the cascades, and
            says so in the log.
    """
    if settings.kind == "haar":
        return _cascades(settings)
    path = network_in_use(settings.network, state_dir)
    if path is None and settings.kind == "auto":
        return _cascades(settings)
    try:
        network = _network(settings, path)
    except AffectdError as error:
        if settings.kind == "yunet":
            raise
        detector = _cascades(settings)
        _log.warning("%s; faces are found by %s", error, detector.description)
        return detector
    if settings.kind == "yunet":
        return network
    return replace(network, fallback=Fallback(lambda: _cascades(settings).finder(), _CASCADES_DESCRIPTION))


def _cascades(settings: DetectorSettings) -> Detector:
    detector = HaarDetector(settings)
    follower = HaarFollower(detector, settings.max_roll_deg)
    # Small and tilted faces are searched for less often: a round shows every other part several times.
    finder = FinderSettings(
        _OFTEN["haar"] * settings.scan_interval_s,
        settings.still_interval_s,
        settings.cpu_share,
        _MOST_FOLLOWED["haar"],
        often=_OFTEN["haar"],
        by_place=True,
    )
    return Detector("haar", _CASCADES_DESCRIPTION, detector, follower, finder)


def _network(settings: DetectorSettings, path: Path | None) -> Detector:
    if path is None:
        raise UnavailableError(
            "detector.kind is yunet, and no network is installed",
            "sudo affectd detector install FILE, or set detector.kind to auto",
        )
    network, description = open_network(path)
    _require_speed(network, settings.look_px, description)
    detector = NetworkDetector(network, settings.look_px)
    looks = programme(detector.parts(settings.look_px, settings.look_px), _OFTEN["yunet"])
    finder = FinderSettings(
        len(looks) * settings.look_interval_s,
        settings.still_interval_s,
        settings.cpu_share,
        _MOST_FOLLOWED["yunet"],
        often=_OFTEN["yunet"],
    )
    return Detector("yunet", description, detector, NetworkFollower(network), finder)


def _require_speed(network: YuNet, look_px: int, description: str) -> None:
    picture = np.full((look_px, look_px, 3), 127, np.uint8)
    network.look(picture)  # the first one also builds it
    begun_s = time.thread_time()
    network.look(picture)
    took_s = time.thread_time() - begun_s
    network.forget()  # a camera's pictures are of another shape
    if took_s > SLOWEST_LOOK_S:
        raise UnavailableError(
            f"{description} takes {took_s:.1f} s of CPU for a look, expected below {SLOWEST_LOOK_S:g} s",
            "install OpenCV Zoo's face_detection_yunet, or lower detector.look_px",
        )
