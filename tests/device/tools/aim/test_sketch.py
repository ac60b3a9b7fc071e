"""The sketch keeps the picture's shape and shows boxes where the faces are."""

import pytest

from device.records import Box
from device.tools.aim.sketch import fit, sketch
from tests.device.tools.aim.looks import face, look


@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (480, 640), (1920, 1080)])
@pytest.mark.parametrize("room", [(80, 24), (200, 60), (60, 100)])
def test_the_picture_keeps_its_shape_where_characters_are_twice_as_high_as_wide(size, room):
    inside = fit(size, *room)
    assert inside is not None
    columns, rows = inside
    assert columns + 2 <= room[0]
    assert rows + 2 <= room[1]
    assert columns / (2 * rows) == pytest.approx(size[0] / size[1], rel=0.1)


@pytest.mark.parametrize("room", [(1, 1), (80, 4), (5, 40), (-3, 10), (10, -3)])
def test_where_there_is_no_room_there_is_no_sketch(room):
    assert sketch(look(face()), *room) == []


def test_a_face_is_a_box_with_its_number_and_verdict_where_it_is_in_the_picture():
    lines = sketch(look(face(7, Box(320, 120, 160, 240))), 42, 17)
    assert lines == [
        "+----------------------------------------+",
        *["|                                        |"] * 4,
        "|                    +--------+          |",
        *["|                    |        |          |"] * 2,
        "|                    |   7    |          |",
        "|                    |  good  |          |",
        *["|                    |        |          |"] * 1,
        "|                    +--------+          |",
        *["|                                        |"] * 4,
        "+----------------------------------------+",
    ]


def test_a_lost_face_is_drawn_in_dots():
    drawn = "\n".join(sketch(look(face(7, Box(320, 120, 160, 240), held=False)), 42, 17))
    assert ".........." in drawn
    assert "lost" in drawn
    assert drawn.count("+") == 4  # the picture's own corners


def test_a_face_too_small_for_a_box_is_its_number_alone():
    drawn = "\n".join(sketch(look(face(12, Box(320, 240, 30, 30)), face(13, Box(100, 99, 30, 30), held=False)), 42, 17))
    assert "[12]" in drawn
    assert ":13:" in drawn


def test_a_face_that_reaches_over_the_edge_stays_within_the_frame():
    for box in (Box(-60, -60, 200, 200), Box(560, 400, 200, 200), Box(-100, -100, 1000, 1000), Box(635, 475, 20, 20)):
        lines = sketch(look(face(5, box)), 42, 17)
        assert {len(line) for line in lines} == {42}
        assert lines[0] == lines[-1] == f"+{'-' * 40}+"
        assert all(line[0] == line[-1] == "|" for line in lines[1:-1])


def test_of_faces_that_overlap_the_held_one_lies_on_top():
    box, behind = Box(300, 200, 160, 160), Box(320, 210, 160, 160)
    drawn = "\n".join(sketch(look(face(1, behind, held=False), face(2, box)), 42, 17))
    assert "good" in drawn
