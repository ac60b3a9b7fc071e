"""What is seen is told in words that fit the terminal, and to scripts as JSON."""

import json

import pytest

from device.records import Box
from device.tools.aim.words import as_json, one_line, screen, verdict
from tests.device.tools.aim.looks import face, look


def draw(seen, *, width=79, height=24, fps_asked=None):
    return screen(seen, "demo", fps_asked=fps_asked, width=width, height=height)


def test_each_face_has_a_line_with_its_measures_and_verdict():
    lines = draw(look(face(3, roll_deg=-22.0), face(4, faults=("too dark", "too small"))))
    assert lines[-2].split() == ["3", "held", "128", "120", "350", "-22", "good"]
    assert lines[-1].endswith("too dark, too small: more light")


def test_a_lost_face_says_for_how_long_and_what_it_was_before():
    line = draw(look(face(3, held=False, unseen_s=0.84, faults=("too oblique",))))[-1]
    assert line.split() == ["3", "lost", "0.8s", "128", "120", "350", "0", "was", "too", "oblique"]
    assert verdict(face(held=False)) == "was good"


@pytest.mark.parametrize(("width", "height"), [(1, 1), (10, 3), (40, 5), (60, 12), (79, 24), (200, 100)])
def test_it_never_is_larger_than_the_terminal(width, height):
    lines = draw(
        look(*(face(number, Box(number * 9, 100, 80, 80)) for number in range(1, 30))), width=width, height=height
    )
    assert len(lines) <= height
    assert max(map(len, lines)) <= width


def test_more_faces_than_fit_are_counted():
    lines = draw(look(*(face(number) for number in range(1, 10))), height=24)
    assert len(lines) == 24
    assert lines[-1] == "and 7 more"


def test_the_picture_has_the_same_place_whoever_comes_and_goes():
    none, three = draw(look()), draw(look(*(face(number) for number in range(1, 4))))
    assert [line.startswith("picture:") for line in none].index(True) == [
        line.startswith("picture:") for line in three
    ].index(True)


def test_the_picture_s_line_tells_of_the_rate_the_light_and_that_nobody_is_there():
    told = one_line(look(brightness=20.0, no_face_s=12.4, fps=14.8), 15.0)
    assert told == "640 x 480, 14.8 of 15 frames a second, brightness 20, no face for 12 s, DARK"
    assert "TOO BRIGHT" in one_line(look(brightness=220.0), None)


def test_a_slow_camera_and_a_slow_device_are_told_apart():
    assert "CAMERA IS SLOW" in one_line(look(fps=7.5, fps_given=7.5), 15.0)
    assert "DEVICE KEEPS UP WITH 60% OF THE FRAMES" in one_line(look(fps=9.0, fps_given=15.0), 15.0)
    assert "SLOW" not in one_line(look(fps=7.5, fps_given=7.5), None)


def test_a_script_gets_figures_and_words_and_boxes_as_a_share_of_the_picture():
    told = json.loads(json.dumps(as_json(look(face(3), face(4, held=False, unseen_s=0.5), fps=None), 15.0)))
    assert told["good"] is True
    assert told["picture"] == {
        "width": 640,
        "height": 480,
        "brightness": 120.0,
        "fps": None,
        "fps_given": 15.0,
        "fps_asked": 15.0,
        "no_face_s": 0.0,
        "faults": [],
    }
    assert told["faces"][0]["box"] == {"x": 0.4, "y": 0.375, "w": 0.2, "h": 0.25}
    assert [(one["face"], one["state"], one["good"]) for one in told["faces"]] == [
        (3, "held", True),
        (4, "lost", False),
    ]


def test_nothing_but_plain_characters_is_written():
    lines = draw(look(face(3), face(4, held=False, unseen_s=0.84), brightness=20.0), fps_asked=15.0)
    assert all(line.isascii() and line.isprintable() for line in lines if line)
