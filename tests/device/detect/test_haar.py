import math

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from device.detect import DetectorSettings, HaarDetector
from device.detect.cascade import Find
from device.detect.picture import Picture
from device.detect.pyramid import Pyramid
from device.detect.reader import UNREAD, FaceReader
from device.detect.search import surroundings
from device.errors import UnavailableError
from device.records import Box, Face
from tests.device.detect.pictures import NOBODY, ONE, TWO, clip, shot, tilted


@pytest.fixture(scope="module")
def found_in_clip(detector):
    """What is found in each picture of the clip, and the true faces."""
    return [(detector.detect(grey), boxes) for grey, boxes in clip()]


def _textures():
    """Pictures of soft spots without any face; in some the first cascade sees one."""
    spots = np.random.default_rng(0)
    for _ in range(10):
        yield cv2.resize(spots.integers(0, 256, (24, 32), dtype=np.uint8), (640, 480), interpolation=cv2.INTER_CUBIC)


def test_the_faces_of_the_clip_are_found_where_they_are_and_nowhere_else(found_in_clip):
    missed = false = faces = 0
    for found_faces, boxes in found_in_clip:
        found = [face.box for face in found_faces]
        faces += len(boxes)
        missed += sum(all(box.iou(other) < 0.5 for other in found) for box in boxes)
        false += sum(all(box.iou(other) < 0.2 for other in boxes) for box in found)
    assert faces > 15
    assert missed <= 0.1 * faces
    assert false <= 0.05 * faces


def test_a_face_is_found_at_the_same_place_in_a_picture_twice_as_large(detector):
    grey, (box,) = shot(ONE)
    large = cv2.resize(grey, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    twice = Box(*(2 * value for value in (box.x, box.y, box.w, box.h)))
    assert max(face.box.iou(twice) for face in detector.detect(large)) > 0.7


@pytest.mark.usefixtures("detector")
def test_a_face_below_the_smallest_size_is_not_found():
    grey, (box,) = shot(ONE)
    share = box.h / grey.shape[0]
    assert HaarDetector(DetectorSettings(min_face=share * 0.6)).detect(grey)
    assert not HaarDetector(DetectorSettings(min_face=share * 1.6)).detect(grey)


def test_the_surest_face_comes_first(found_in_clip):
    scores = [[face.score for face in found] for found, _ in found_in_clip]
    assert any(len(of_one) > 1 for of_one in scores)
    assert all(of_one == sorted(of_one, reverse=True) for of_one in scores)


@pytest.mark.parametrize("size", [(480, 640), (1, 1), (10, 2000), (2000, 10), (23, 23)])
def test_a_picture_of_nothing_has_no_face_whatever_its_size(detector, size):
    assert detector.detect(np.full(size, 128, np.uint8)) == []


@pytest.mark.usefixtures("detector")
def test_the_picture_is_left_as_it_was():
    grey, _ = shot(ONE)
    HaarDetector(DetectorSettings(equalise=True, min_face=0.05)).detect(grey)
    assert np.array_equal(grey, shot(ONE)[0])


@pytest.mark.usefixtures("detector")
def test_equalising_finds_a_face_whose_picture_is_nearly_of_one_grey():
    grey, (box,) = shot(ONE)
    pale = (120 + grey // 24).astype(np.uint8)
    assert HaarDetector(DetectorSettings(equalise=False)).detect(pale) == []
    found = HaarDetector(DetectorSettings(equalise=True)).detect(pale)
    assert max(face.box.iou(box) for face in found) > 0.6


@pytest.mark.parametrize(("number", "roll_deg"), [(60, 22), (60, -22), (60, -35), (75, 22), (75, -35), (315, 22)])
def test_a_tilted_face_is_found_with_its_tilt(detector, number, roll_deg):
    grey, boxes = shot(number)
    found = detector.detect(tilted(grey, boxes[0], roll_deg))
    best = max(found, key=lambda face: face.box.iou(boxes[0]))
    assert best.box.iou(boxes[0]) > 0.6
    assert best.roll_deg == pytest.approx(roll_deg, abs=22)
    assert abs(roll_deg) < 30 or best.roll_deg == pytest.approx(roll_deg, abs=14)


@pytest.mark.usefixtures("detector")
@pytest.mark.parametrize("roll_deg", [35, -35])
def test_where_upright_faces_alone_are_wanted_a_tilted_one_is_not_found(roll_deg):
    grey, (box,) = shot(ONE)
    upright = HaarDetector(DetectorSettings(max_roll_deg=0))
    assert upright.detect(grey)
    assert upright.detect(tilted(grey, box, roll_deg)) == []


@pytest.mark.parametrize("roll_deg", [0.0, 44.0, -44.0])
def test_a_known_face_is_found_in_its_surroundings_at_its_tilt(detector, roll_deg):
    grey, (box,) = shot(ONE)
    search = surroundings(box, reach=1.6, growth=1.25, roll_deg=roll_deg)
    found = detector.look_for(Pyramid(tilted(grey, box, roll_deg)), search)
    assert found.box.iou(box) > 0.6
    assert found.roll_deg == roll_deg


def test_where_there_is_no_face_there_is_no_evidence_of_one_whatever_is_proposed(detector):
    places = [Box(x, y, 90, 90) for x in range(20, 540, 120) for y in range(20, 380, 90)]
    for grey in (shot(NOBODY)[0], *_textures()):
        pyramid = Pyramid(grey)
        assert not any(detector.agrees(pyramid, Face(place, 5.0)) for place in places)


def test_there_is_more_evidence_of_a_face_than_of_the_wall_beside_it(detector):
    grey, (box,) = shot(ONE)
    beside = Box(box.x + 1.5 * box.w, box.y, box.w, box.h)
    odds = [detector.evidence(Pyramid(grey), Face(one, 5.0), 0.0, 8.0) for one in (box, beside)]
    assert odds[0] > 1.0
    assert odds[1] < -3.0


def test_a_face_without_enough_evidence_is_none(detector, monkeypatch):
    grey, _ = shot(ONE)
    assert detector.detect(grey)
    monkeypatch.setattr(detector, "evidence", lambda *_: -9.0)
    assert detector.detect(grey) == []


def test_no_witness_is_asked_any_more_once_the_others_cannot_make_up_for_it(detector, monkeypatch):
    asked = []

    def see_nothing(name):
        def ask(*_):
            asked.append(name)
            return 0

        return ask

    for name in detector._evidence.witnesses:
        monkeypatch.setitem(detector._evidence.witnesses, name, see_nothing(name))
    assert detector.evidence(Pyramid(shot(NOBODY)[0]), Face(Box(100, 100, 80, 80), 1.0), 0.0, 4.0) < 4.0
    assert asked == ["frontal", "clarity"]


def test_a_face_that_lacks_a_little_evidence_is_kept_in_doubt_and_one_that_lacks_much_is_not(detector, monkeypatch):
    grey, (box,) = shot(ONE)
    face = Face(box, 5.0)
    for lacks, verified in ((-0.5, True), (1.0, False)):
        monkeypatch.setattr(detector, "evidence", lambda *args, lacks=lacks: args[-1] - lacks)
        vouched = detector.vouch(Picture(grey), face)
        assert (vouched.verified, vouched.surplus) == (verified, -lacks)
    monkeypatch.setattr(detector, "evidence", lambda *_: -5.0)
    assert detector.vouch(Picture(grey), face) is None


def test_the_network_that_ships_reads_a_face_more_clearly_than_the_wall_beside_it():
    grey, (box,) = shot(ONE)
    reader = FaceReader()
    beside = Box(box.x + 1.5 * box.w, box.y, box.w, box.h)
    for mirrored in (False, True):
        assert reader.clarity(grey, box, 0.0, mirrored=mirrored) > reader.clarity(grey, beside, 0.0, mirrored=mirrored)
    assert reader.clarity(grey, Box(-300, 0, 90, 90), 0.0) == 0.0


@pytest.mark.usefixtures("detector")
def test_the_network_is_read_before_the_first_frame(monkeypatch):
    read = []
    monkeypatch.setattr(FaceReader, "open", lambda _: read.append("network"))
    HaarDetector(DetectorSettings(evidence=None))
    assert read == []
    HaarDetector(DetectorSettings())
    assert read == ["network"]


def test_where_no_network_can_be_read_the_cascades_tell_faces_alone(monkeypatch, caplog):
    def fail(*_):
        raise UnavailableError("no interpreter")

    monkeypatch.setattr("device.detect.reader.TfliteClassifier.load", fail)
    grey, (box,) = shot(ONE)
    reader = FaceReader()
    assert [reader.clarity(grey, box, 0.0) for _ in range(2)] == [UNREAD, UNREAD]
    assert len(caplog.records) == 1


@pytest.mark.usefixtures("detector")
def test_a_named_cascade_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UnavailableError, match="no cascade at"):
        HaarDetector(DetectorSettings(second_cascade=tmp_path / "gone.xml"))


class _BrightSpot:
    """In the place of a cascade: sees a face where a picture is brightest."""

    window_px = 20

    def __init__(self):
        self.shown = []

    def find(self, grey, **_):
        self.shown.append(grey)
        rows, columns = np.nonzero(grey == grey.max())
        return [Find(columns.mean() - 12 + 0.5, rows.mean() - 12 + 0.5, 24, 5)]


def test_half_turned_heads_are_looked_for_from_both_sides_and_lie_where_they_are(detector, monkeypatch):
    spot, part = _BrightSpot(), _whole(detector)
    monkeypatch.setattr(detector, "_profile", spot)
    grey = np.full((480, 640), 90, np.uint8)
    cv2.circle(grey, (200, 240), 30, 250, -1)
    found = [detector.propose(Picture(grey), part, part.region, turn, ()) for turn in (4, 5)]
    half = len(spot.shown) // 2
    assert half >= 1
    assert all(np.array_equal(one, other[:, ::-1]) for one, other in zip(spot.shown, spot.shown[half:], strict=False))
    # The profile cascade draws its boxes ahead of the face, see `_as_frontal`: to either side.
    ahead = 0.14 * 24 * part.smallest_px / spot.window_px
    left, right = (faces[0].box.centre[0] for faces in found)
    assert (left, right) == (pytest.approx(200 - ahead, abs=3), pytest.approx(200 + ahead, abs=3))


def _whole(detector, roll_deg: float = 0.0):
    """The search of a whole picture of 640 by 480 pixels at a tilt."""
    parts = detector.parts(640, 480)
    return next(part for part in parts if part.roll_deg == roll_deg and part.region.w == 640)


@pytest.mark.parametrize("turn", [1, 2])
def test_one_cascade_glances_and_another_looks_closely_as_well(detector, turn):
    grey, (box,) = shot(ONE)
    part = _whole(detector)
    found = detector.propose(Picture(grey), part, part.region, turn, ())
    on_the_face = [face for face in found if face.box.iou(box) > 0.5]
    assert len(on_the_face) >= 2
    assert max(face.score for face in on_the_face) > 8  # steps of a pixel, so that many windows see it


@pytest.mark.parametrize(("turn", "contrast", "evened"), [(0, 1, True), (1, 1, False), (2, 1, False), (2, 24, True)])
def test_the_first_glance_is_in_evened_light_and_in_a_dull_picture_the_third_one_too(
    detector, monkeypatch, turn, contrast, evened
):
    pictures, even = [], detector._evener.even

    def count(pixels):
        pictures.append(pixels)
        return even(pixels)

    monkeypatch.setattr(detector._evener, "even", count)
    grey, part = (shot(ONE)[0] // contrast + 120 * (contrast > 1)).astype(np.uint8), _whole(detector)
    monkeypatch.setattr(detector, "search", lambda *_, **__: [])
    detector.propose(Picture(grey), part, part.region, turn, ())
    assert bool(pictures) == evened


def test_in_a_dull_picture_a_face_is_found(detector):
    grey, (box,) = shot(ONE)
    pale, part = (120 + grey // 24).astype(np.uint8), _whole(detector)
    found = detector.propose(Picture(pale), part, part.region, 0, ())
    assert max(face.box.iou(box) for face in found) > 0.5


def test_a_tilted_face_needs_more_evidence_than_an_upright_one(detector, monkeypatch):
    grey, (box,) = shot(ONE)
    monkeypatch.setattr(detector, "evidence", lambda *_: detector._settings.evidence + 0.5)
    assert detector.weighed(Pyramid(grey), Face(box, 5.0)).verified
    assert not detector.weighed(Pyramid(grey), Face(box, 5.0, 22.0)).verified


def test_where_a_glance_sees_nothing_no_close_look_follows(detector, monkeypatch):
    looks = []

    def look(*args, **_):
        looks.append(args)
        return []

    monkeypatch.setattr(detector, "search", look)
    part = _whole(detector)
    for turn in range(3):
        assert detector.propose(Picture(np.full((480, 640), 120, np.uint8)), part, part.region, turn, ()) == []
    assert looks == []


def test_a_known_face_is_not_proposed_again_and_its_neighbour_is(detector):
    grey, (one, other) = shot(TWO)
    part = _whole(detector)
    found = detector.propose(Picture(grey), part, part.region, 0, (one,))
    assert max(face.box.iou(other) for face in found) > 0.5
    assert all(face.box.iou(one) < 0.3 for face in found)


def test_faces_are_proposed_only_where_they_are_looked_for(detector):
    grey, (one, other) = shot(TWO)
    where = Box(one.x - 20, one.y - 20, one.w + 40, one.h + 40)
    found = detector.propose(Picture(grey), _whole(detector), where, 0, ())
    assert max(face.box.iou(one) for face in found) > 0.5
    assert all(face.box.iou(other) < 0.1 for face in found)


@pytest.mark.parametrize("roll_deg", [18, 27, 33, 40, -20, -33])
def test_a_tilted_head_is_proposed_by_the_search_for_tilted_ones(detector, roll_deg):
    grey, (box,) = shot(ONE)
    part = _whole(detector, math.copysign(22.0, roll_deg))
    picture = Picture(tilted(grey, box, roll_deg))
    found = [face for turn in (0, 1) for face in detector.propose(picture, part, part.region, turn, ())]
    assert max(face.box.iou(box) for face in found) > 0.5


@pytest.mark.parametrize("roll_deg", [0.0, 22.0, -22.0, 44.0])
@pytest.mark.parametrize("more_deg", [0.0, 11.0, -11.0])
def test_there_is_evidence_of_a_face_that_is_a_little_more_or_less_tilted(detector, roll_deg, more_deg):
    grey, (box,) = shot(ONE)
    pyramid = Pyramid(tilted(grey, box, roll_deg + more_deg))
    assert detector.agrees(pyramid, Face(box, 5.0, roll_deg))


@pytest.mark.parametrize("box", [Box(20, 20, 90, 90), Box(500, 350, 120, 120), Box(-30, 200, 80, 80)])
def test_there_is_no_evidence_where_there_is_no_face(detector, box):
    assert not detector.agrees(Pyramid(shot(NOBODY)[0]), Face(box, 5.0))


def test_the_searches_of_a_picture_begin_at_the_smallest_face_and_never_below_the_window(detector):
    assert min(search.smallest_px for search in detector.parts(1280, 720)) == pytest.approx(0.055 * 720)
    assert min(search.smallest_px for search in detector.parts(160, 120)) == 20


@pytest.mark.usefixtures("detector")
@pytest.mark.parametrize(("max_roll_deg", "tilts_deg"), [(0, {0}), (10, {0, 10, -10}), (45, {0, 22, -22})])
def test_the_whole_picture_is_searched_for_tilts_up_to_the_one_configured(max_roll_deg, tilts_deg):
    parts = HaarDetector(DetectorSettings(max_roll_deg=max_roll_deg)).parts(640, 480)
    assert {search.roll_deg for search in parts} == tilts_deg


def test_two_faces_are_two(detector):
    grey, boxes = shot(TWO)
    found = detector.detect(grey)
    assert all(max(face.box.iou(box) for face in found) > 0.5 for box in boxes)


@pytest.mark.parametrize(
    "setting", [{"scale_factor": 1.0}, {"min_face": 0.0}, {"min_neighbors": 0}, {"evidence": 99.0}, {"speed": 1}]
)
def test_settings_that_cannot_work_are_refused(setting):
    with pytest.raises(ValidationError):
        DetectorSettings.model_validate(setting)
