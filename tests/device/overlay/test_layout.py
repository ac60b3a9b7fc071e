from itertools import combinations

import pytest

from device.overlay.canvas import Rect
from device.overlay.labels import Label, LabelPainter
from device.overlay.layout import Rules, Wish, arrange, nearest_free
from device.overlay.marks import RICHER_AFTER_S, Arranger, Mark
from device.overlay.picture import to_screen
from device.overlay.scale import Scale
from device.overlay.settings import OverlaySettings
from device.overlay.text import typeface
from tests.device.overlay.scenes import crowd, face

FACE = typeface(None)
LABEL = (120, 60)


def _area(size: tuple[int, int]) -> Rect:
    return Rect(0, 0, *size)


def _painter(size: tuple[int, int]) -> LabelPainter:
    return LabelPainter(FACE, Scale.of(size, 1.0, FACE), size[0])


def _marks(faces, size: tuple[int, int]) -> list[Mark]:
    settings = OverlaySettings()
    return [
        Mark(one.track_id, to_screen(one.box, _area(size), mirrored=False), Label.of(one, settings), one.visible)
        for one in faces
    ]


def _detail(arranger: Arranger, faces, now_s: float, size=(1280, 720)) -> str:
    return arranger.arrange(_marks(faces, size), _painter(size), _area(size), now_s).detail


def _apart(faces, size) -> int:
    places = Arranger().arrange(_marks(faces, size), _painter(size), _area(size), 0.0).places
    return sum(place.side == "apart" for place in places)


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (640, 480), (480, 800), (320, 240)])
@pytest.mark.parametrize("count", [1, 2, 5, 8, 24])
def test_labels_stay_on_the_display_and_off_each_other(size, count):
    for seed in range(6):
        marks = _marks(crowd(count, seed), size)
        places = Arranger().arrange(marks, _painter(size), _area(size), 0.0).places
        rects = [place.rect for place in places if place]
        assert all(rect.clipped(_area(size)) == rect for rect in rects)
        assert not any(one.overlap(other) for one, other in combinations(rects, 2))
        assert len(rects) == count or count > 8


@pytest.mark.parametrize("corner", [(0.0, 0.0), (0.88, 0.0), (0.0, 0.8), (0.88, 0.8)])
def test_the_label_of_a_face_in_a_corner_is_whole_and_leaves_the_face_free(corner):
    size = (1280, 720)
    (mark,) = _marks([face(1, (*corner, 0.12, 0.2))], size)
    (place,) = Arranger().arrange([mark], _painter(size), _area(size), 0.0).places
    assert place.rect.clipped(_area(size)) == place.rect
    assert not place.rect.overlap(mark.box)


def test_a_label_lies_beside_its_own_face():
    boxes = [Rect(100, 100, 100, 100), Rect(600, 300, 100, 100)]
    rules = Rules(_area((1000, 600)), 8, 0.1)
    for box, place in zip(boxes, arrange([Wish(box, LABEL) for box in boxes], rules), strict=True):
        assert place.rect.grown(9).overlap(box)
        assert not place.rect.overlap(box)


def test_a_label_stays_on_its_side_although_another_has_become_as_good():
    rules = Rules(_area((1000, 600)), 8, 0.1)
    box = Rect(400, 250, 100, 100)
    (fresh,), (kept,) = (arrange([Wish(box, LABEL, side)], rules) for side in (None, "left"))
    assert (fresh.side, kept.side) == ("right", "left")


def test_a_label_leaves_its_side_when_there_is_no_room_there():
    rules = Rules(_area((1000, 600)), 8, 0.1)
    (place,) = arrange([Wish(Rect(10, 250, 100, 100), LABEL, "left")], rules)
    assert place.side == "right"


def test_where_labels_fill_the_display_there_is_no_place_and_else_the_nearest():
    rules = Rules(_area((300, 200)), 4, 0.0)
    wish = Wish(Rect(0, 0, 50, 50), LABEL)
    assert nearest_free(wish, [Rect(0, 0, 300, 200)], rules) is None
    assert nearest_free(wish, [Rect(0, 0, 300, 60)], rules).y >= 64
    assert nearest_free(Wish(Rect(0, 0, 50, 50), (400, 60)), [], rules) is None


def test_the_more_faces_the_less_is_said_of_each():
    row = [face(n + 1, (0.02 + 0.11 * n, 0.4, 0.06, 0.1)) for n in range(9)]
    details = [_detail(Arranger(), row[::step], 0.0) for step in (8, 3, 1)]
    assert details == ["bars", "strip", "tag"]


def test_of_a_crowd_numbers_alone_leave_the_faces_free_and_stand_beside_them():
    size = (640, 480)
    faces = [face(5 * row + n + 1, (0.02 + 0.2 * n, 0.02 + 0.2 * row, 0.1, 0.14)) for n in range(5) for row in range(5)]
    marks = _marks(faces, size)
    arrangement = Arranger().arrange(marks, _painter(size), _area(size), 0.0)
    assert arrangement.detail == "number"
    for place, mark in zip(arrangement.places, marks, strict=True):
        assert place.rect.grown(_painter(size).gap_px + 1).overlap(mark.box)
        assert not any(place.rect.overlap(other.box) > 0.34 * other.box.w * other.box.h for other in marks)


def test_a_word_that_finds_no_place_beside_its_face_does_not_take_the_others_words():
    size = (640, 480)
    faces = crowd(7, next(seed for seed in range(99) if _apart(crowd(7, seed), size) == 1))
    assert _detail(Arranger(), faces, 0.0, size) == "tag"


def test_labels_say_less_at_once_when_faces_come_and_more_only_after_a_while():
    row = [face(n + 1, (0.02 + 0.11 * n, 0.4, 0.06, 0.1)) for n in range(9)]
    arranger = Arranger()
    assert _detail(arranger, row[:1], 0.0) == "bars"
    assert _detail(arranger, row, 0.1) == "tag"
    assert _detail(arranger, row[:1], 0.2) == "tag"
    assert _detail(arranger, row[:1], 0.2 + 0.9 * RICHER_AFTER_S) == "tag"
    assert _detail(arranger, row[:1], 0.3 + RICHER_AFTER_S) == "bars"


def test_a_face_that_fills_the_picture_still_has_its_label():
    size = (640, 480)
    arrangement = Arranger().arrange(
        _marks([face(1, (0.02, 0.02, 0.96, 0.96))], size), _painter(size), _area(size), 0.0
    )
    assert all(arrangement.places)
