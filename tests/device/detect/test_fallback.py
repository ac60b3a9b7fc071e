import logging
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from device.app import _describe
from device.config import Config
from device.detect import DetectorSettings, open_detector
from device.detect.fallback import Fallback, FallibleFinder
from device.errors import UnavailableError
from device.records import Box, Face, Frame
from tests.device.detect.network import NETWORK, needs_cascades, needs_network
from tests.device.detect.pictures import ONE, shot
from tests.fakes import START

FOUND = [Face(Box(10, 10, 40, 40), 5.0)]


class Failing:
    """A finder that fails from a frame on."""

    def __init__(self, from_frame: int) -> None:
        self._from = from_frame

    def find(self, frame, _expected):
        if frame.index >= self._from:
            raise UnavailableError("the network answers with (3,)", "install another")
        return []


class Finding:
    def find(self, _frame, _expected):
        return FOUND


def _frame(index: int) -> Frame:
    return Frame(shot(ONE)[0], 1.0 + index / 15, START, index)


def test_the_other_detector_goes_on_in_the_very_frame_in_which_the_first_one_fails_and_a_line_says_why(caplog):
    finder = FallibleFinder(Failing(2), Fallback(Finding, "Haar cascades"))
    with caplog.at_level(logging.WARNING):
        assert [finder.find(_frame(index), ()) for index in range(4)] == [[], [], FOUND, FOUND]
    assert caplog.messages == ["the network answers with (3,); install another; faces are found by Haar cascades"]


def test_a_detector_that_fails_as_well_is_an_error():
    finder = FallibleFinder(Failing(0), Fallback(lambda: Failing(0), "Haar cascades"))
    with pytest.raises(UnavailableError):
        finder.find(_frame(0), ())


@needs_network
@needs_cascades
@pytest.mark.parametrize("kind", ["auto", "yunet"])
def test_a_network_that_fails_in_the_middle_ends_only_a_device_that_wants_no_other(kind, monkeypatch, caplog):
    detector = open_detector(DetectorSettings(kind=kind, network=NETWORK), None)
    finder = detector.finder()
    finder.find(_frame(0), ())
    monkeypatch.setattr(
        "device.detect.yunet.YuNet.look", lambda *_: (_ for _ in ()).throw(UnavailableError("it is gone"))
    )
    frames = [_frame(index) for index in range(5, 30)]
    if kind == "yunet":
        with pytest.raises(UnavailableError):
            [finder.find(frame, ()) for frame in frames]
        return
    assert detector.in_use == "YuNet 2026may"
    assert any(finder.find(frame, ()) for frame in frames)
    assert detector.in_use == "Haar cascades"
    next_source = detector.finder()
    assert any(next_source.find(frame, ()) for frame in frames)
    assert len([line for line in caplog.messages if "faces are found by Haar cascades" in line]) == 1


@needs_cascades
def test_the_topic_info_names_the_detector_that_goes_on():
    fallback = Fallback(Finding, "Haar cascades")
    detector = replace(open_detector(DetectorSettings(kind="haar"), None), description="YuNet", fallback=fallback)
    classifier: Any = SimpleNamespace(model_card=SimpleNamespace(name="m", version="1", labels=("a", "b")), digest="")
    source: Any = SimpleNamespace(name="demo")
    info = _describe(Config(), classifier, detector, source)
    assert info.detector() == "YuNet"
    fallback.use()
    assert info.detector() == "Haar cascades"
