import cv2
import numpy as np
import pytest

from device.detect.build import open_detector
from device.detect.finder import FinderSettings, ScanningFinder
from device.detect.follower import NetworkFollower
from device.detect.network import NetworkDetector
from device.detect.picture import Picture
from device.detect.search import programme
from device.detect.settings import DetectorSettings
from device.detect.yunet import YuNet
from device.errors import UnavailableError
from device.records import Box, Expected, Frame
from tests.device.detect.network import NETWORK, PlayedNetwork, needs_network, sighting
from tests.device.detect.pictures import NOBODY, ONE, TWO, shot, tilted
from tests.fakes import START

GREY = np.full((480, 640), 127, np.uint8)


def _grey_in_colours(grey, size):
    return np.ascontiguousarray(np.repeat(cv2.resize(grey, size)[..., np.newaxis], 3, axis=2), np.uint8)


@pytest.fixture(scope="module")
def detector():
    return open_detector(DetectorSettings(kind="yunet", network=NETWORK), None)


@pytest.mark.parametrize("roll_deg", [0.0, 30.0, -60.0, 120.0])
def test_eyes_and_mouth_give_the_roll_at_any_angle(roll_deg):
    assert sighting(100, 100, 40, roll_deg=roll_deg).roll_deg == pytest.approx(roll_deg)


def test_a_sighting_lies_in_the_frames_pixels_and_its_box_is_a_square_of_the_same_size():
    to_frame = np.array([[2.0, 0.0, 10.0], [0.0, 2.0, 20.0]])
    face = sighting(100, 50, 40).in_frame(to_frame, 7.0, verified=True)
    box = face.box
    assert [*box.centre, box.w, box.h] == pytest.approx([210, 120, 80, 80])
    assert (face.roll_deg, face.verified) == (7.0, True)


def test_a_face_whose_nose_is_off_the_middle_looks_less_at_the_camera():
    shares = [sighting(0, 0, 40, nose=off).frontalness for off in (0, 0.3, 0.8, 2)]
    assert shares[:2] == [1.0, 1.0]
    assert 0.2 < shares[2] < 0.8
    assert shares[3] == 0.0


def test_a_find_counts_only_once_a_closer_look_is_sure_of_it():
    picture = Picture(GREY)
    look = {(320, 240): [sighting(100, 100, 20, 0.5)]}
    for closer, counts in (([], False), ([sighting(48, 48, 48, 0.6)], False), ([sighting(48, 48, 48, 0.9)], True)):
        detector = NetworkDetector(PlayedNetwork(look | {(96, 96): closer}), 320)
        part = detector.parts(640, 480)[0]
        (found,) = detector.propose(picture, part, part.region, 0, ())
        assert found.box == Box(180, 180, 40, 40)
        assert not found.verified
        vouched = detector.vouch(picture, found)
        assert (vouched is not None and vouched.verified) == counts


def test_every_third_look_is_at_a_larger_picture_which_shows_smaller_faces():
    network = PlayedNetwork()
    detector = NetworkDetector(network, 320)
    parts = detector.parts(640, 480)
    for number in programme(parts, 2):
        detector.propose(Picture(GREY), parts[number], parts[number].region, 0, ())
    assert network.looks == [(320, 240), (448, 336), (320, 240)]


def test_a_known_face_is_looked_for_in_a_small_patch_and_once_missed_in_a_wider_one_and_as_closely_as_a_new_one():
    network = PlayedNetwork()
    follower = NetworkFollower(network)
    expected = Expected(Box(300, 200, 64, 64))
    assert follower.follow(Picture(GREY), expected, missed=False) is None
    assert follower.follow(Picture(GREY), expected, missed=True) is None
    assert network.looks == [(64, 64), (64, 64), (96, 96), *[(96, 96)] * 3]


class CloselyAlone:
    """Sees a face only in the closer look, which is the second one of 96 pixels: in the wider one it is smaller."""

    looks = 0

    def look(self, bgr):
        self.looks += bgr.shape[0] == 96
        # The first of that size is the wider one.
        return [sighting(48, 48, 48)] if self.looks == 2 and bgr.shape[0] == 96 else []


def test_a_face_that_only_a_closer_look_sees_is_followed_by_that_and_is_not_verified_by_the_way():
    network = CloselyAlone()
    follower = NetworkFollower(network)
    box = Box(300, 200, 64, 64)
    assert follower.follow(Picture(GREY), Expected(box), missed=False) is None
    found = follower.follow(Picture(GREY), Expected(box), missed=True)
    assert (found.box.centre, found.verified) == (box.centre, False)


def test_a_followed_face_is_verified_where_that_is_asked_for_and_only_then():
    seen = {(64, 64): [sighting(34, 32, 32)], (96, 96): [sighting(48, 48, 48)]}
    follower = NetworkFollower(PlayedNetwork(seen))
    box = Box(300, 200, 64, 64)
    plain = follower.follow(Picture(GREY), Expected(box), missed=False)
    verified = follower.follow(Picture(GREY), Expected(box, verify=True), missed=False)
    assert (plain.verified, verified.verified) == (False, True)
    assert plain.box == Box(304, 200, 64, 64)


def test_somebody_at_the_edge_of_the_patch_is_not_the_one_who_is_looked_for():
    follower = NetworkFollower(PlayedNetwork({(64, 64): [sighting(4, 4, 32)]}))
    assert follower.follow(Picture(GREY), Expected(Box(300, 200, 64, 64)), missed=False) is None


@needs_network
@pytest.mark.parametrize("roll_deg", [0, 30, -45, 60])
def test_the_network_finds_a_face_and_its_tilt(detector, roll_deg):
    grey, (box,) = shot(ONE)
    found = detector.proposer.detect(tilted(grey, box, roll_deg))
    best = max(found, key=lambda face: face.box.iou(box))
    assert best.box.iou(box) > 0.5
    assert best.roll_deg == pytest.approx(roll_deg, abs=12)


@needs_network
def test_the_network_finds_two_faces_and_nobody_in_an_empty_room(detector):
    grey, boxes = shot(TWO)
    found = detector.proposer.detect(grey, _grey_in_colours(grey, (640, 480)))
    assert all(max(face.box.iou(box) for face in found) > 0.5 for box in boxes)
    assert detector.proposer.detect(shot(NOBODY)[0]) == []


@needs_network
@pytest.mark.parametrize("colour_size", [None, (640, 480), (320, 240), (160, 120), (1280, 960)])
def test_a_face_is_found_at_once_and_followed_whatever_the_colours_are(detector, colour_size):
    grey, (box,) = shot(ONE)
    bgr = None if colour_size is None else _grey_in_colours(grey, colour_size)
    finder = detector.finder()
    (found,) = finder.find(Frame(grey, 1.0, START, 0, bgr), ())
    (again,) = finder.find(Frame(grey, 1.1, START, 1, bgr), (Expected(found.box, found.roll_deg, 0.1, verify=True),))
    assert found.box.iou(box) > 0.5
    assert again.box.iou(found.box) > 0.8
    assert again.verified


class Colours:
    """Counts how often they are made."""

    def __init__(self, bgr=None):
        self.bgr = bgr
        self.made = 0

    def __call__(self):
        self.made += 1
        return self.bgr


def test_colours_are_made_once_for_a_closer_look_and_not_for_following():
    colours = Colours(np.full((240, 320, 3), 90, np.uint8))
    follower = NetworkFollower(PlayedNetwork())
    picture = Picture(GREY, colours)
    box = Box(300, 200, 64, 64)
    follower.follow(picture, Expected(box), missed=False)
    assert colours.made == 0
    follower.follow(picture, Expected(box, verify=True), missed=False)
    assert colours.made == 1


def test_while_a_face_is_followed_colours_are_made_only_for_looks_at_the_whole_picture():
    network = PlayedNetwork({(64, 64): [sighting(32, 32, 32)]})
    detector = NetworkDetector(network, 320)
    finder = ScanningFinder(detector, NetworkFollower(network), FinderSettings(0.9, 5.0, 1.0, 4, often=2))
    colours = Colours()
    for number in range(30):
        moved = np.roll(shot(NOBODY)[0], 8 * number, axis=1)
        frame = Frame(moved, 1.0 + number / 15, START, number, small_bgr=colours)
        finder.find(frame, (Expected(Box(300, 200, 64, 64)),))
    looks = len([size for size in network.looks if size[0] > 300])
    assert 5 <= looks == colours.made <= 8


def test_specks_here_and_there_are_worth_another_look_at_the_whole_picture():
    network = PlayedNetwork()
    detector = NetworkDetector(network, 320)
    finder = ScanningFinder(detector, NetworkFollower(network), FinderSettings(0.9, 60.0, 1.0, 4, often=2))
    still = np.full((480, 640), 120, np.uint8)
    specks = still.copy()
    for number in range(6):
        specks[244:249, 164 + 64 * number : 169 + 64 * number] = 230
    looks = []
    for begin, grey in ((0, still), (60, still), (120, specks)):
        for number in range(begin, begin + 60):
            finder.find(Frame(grey, 1.0 + number / 15, START, number), ())
        looks.append(len(network.looks))
        network.looks.clear()
    assert looks[1] == 0
    assert looks[2] >= 2


@pytest.mark.parametrize("size", [(320, 240), (640, 480), (1280, 960)])
def test_the_light_is_always_the_greys_and_the_colours_only_tint_it(size):
    grey = shot(ONE)[0]
    colours = np.zeros((size[1], size[0], 3), np.uint8)
    colours[..., 2] = 200
    bgr, _ = Picture(grey, lambda: colours).reduced(320)
    without, _ = Picture(grey).reduced(320)
    light = cv2.cvtColor(bgr, cv2.COLOR_BGR2YCrCb)[..., 0].astype(int)
    inside = (without[..., 0] > 60) & (without[..., 0] < 180)
    assert np.abs(light - without[..., 0])[inside].mean() < 12
    assert bgr[..., 2].mean() > bgr[..., 0].mean() + 40


@needs_network
@pytest.mark.parametrize("size", [(16, 16), (1, 640), (640, 1), (1, 1), (33, 2000)])
def test_a_picture_of_any_shape_is_looked_at(detector, size):
    finder = detector.finder()
    grey = np.full(size, 127, np.uint8)
    for number in range(3):
        expected = (Expected(Box(500, 380, 90, 90), 22.0, verify=True),)
        assert finder.find(Frame(grey, 1.0 + number, START, number), expected) == []


@pytest.mark.parametrize("content", [b"", b"no network", bytes(4096)])
def test_what_is_no_network_is_refused_with_a_line(content):
    with pytest.raises(UnavailableError, match=r"cannot find faces with some\.onnx"):
        YuNet(content, "some.onnx").look(np.zeros((64, 64, 3), np.uint8))


@needs_network
def test_the_memory_that_the_trial_at_the_start_took_is_given_back():
    opened = open_detector(DetectorSettings(kind="yunet", network=NETWORK), None)
    assert vars(vars(opened.proposer)["_network"])["_networks"] == {}
