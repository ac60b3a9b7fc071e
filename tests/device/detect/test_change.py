import numpy as np
import pytest

from device.detect.change import ChangeMap
from device.detect.pyramid import Pyramid
from device.records import Box

WIDTH, HEIGHT = 640, 480
ALL = Box(0, 0, WIDTH, HEIGHT)
LEFT, RIGHT = Box(0, 0, 340, HEIGHT), Box(300, 0, 340, HEIGHT)
THING = Box(400, 160, 80, 80)


def _room(level: float = 0.0):
    """A picture with slow shades, ``level`` lighter."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return (100 + level + 40 * np.sin(columns / 60) * np.cos(rows / 45)).astype(np.uint8)


def _with(picture, *boxes: Box, grey: int = 230):
    picture = picture.copy()
    for box in boxes:
        picture[round(box.y) : round(box.y + box.h), round(box.x) : round(box.x + box.w)] = grey
    return picture


def _look(changes: ChangeMap, picture, *faces: Box) -> ChangeMap:
    changes.look(Pyramid(picture), faces)
    return changes


def _seen(picture, *regions: Box) -> ChangeMap:
    """A map of parts that were all searched in ``picture``."""
    changes = _look(ChangeMap(regions or (ALL,)), picture)
    for number, region in enumerate(regions or (ALL,)):
        changes.searched(number, region)
    return changes


def _search(changes: ChangeMap) -> None:
    """Search the first part where it has changed."""
    for where in changes.changed(0):
        changes.searched(0, where)


def _holds(places: list[Box], inner: Box) -> bool:
    """Whether ``inner`` lies in one of the places."""
    return any(_is_around(place, inner) for place in places)


def _is_around(outer: Box, inner: Box) -> bool:
    return inner.overlap(outer) == 1.0 and inner.w * inner.h <= outer.w * outer.h


def test_what_was_never_searched_has_changed_all_over():
    changes = _look(ChangeMap((LEFT, RIGHT)), _room())
    assert [changes.changed(0), changes.changed(1)] == [[LEFT], [RIGHT]]


def test_where_nothing_changes_there_is_nothing_to_search():
    assert _look(_seen(_room()), _room()).changed(0) == []


@pytest.mark.parametrize("level", [-60.0, 25.0, 90.0])
def test_light_that_changes_everywhere_is_no_change(level):
    assert _look(_seen(_room()), _room(level)).changed(0) == []


def test_a_cameras_noise_is_no_change():
    noise = np.random.default_rng(3)
    changes = _seen(_room())
    for _ in range(20):
        noisy = np.clip(_room() + noise.normal(0, 10, (HEIGHT, WIDTH)), 0, 255).astype(np.uint8)
        assert _look(changes, noisy).changed(0) == []


def _shelves(shift_x: int, shift_y: int):
    """A room full of things with hard edges, seen by a camera that has turned by some pixels."""
    things = np.random.default_rng(5).integers(40, 200, (20, 26), dtype=np.uint8).repeat(28, axis=0).repeat(28, axis=1)
    return np.ascontiguousarray(things[10 + shift_y :, 10 + shift_x :][:HEIGHT, :WIDTH])


@pytest.mark.parametrize(("shift_x", "shift_y"), [(3, 0), (-3, 2), (2, -4), (4, 1)])
def test_a_camera_that_is_not_quite_still_changes_nothing_that_is_as_large_as_a_face(shift_x, shift_y):
    changes = _seen(_shelves(0, 0))
    assert _look(changes, _shelves(shift_x, shift_y)).changed(0, 40.0) == []


@pytest.mark.parametrize(("shift_x", "shift_y"), [(3, 0), (2, -4)])
def test_who_comes_before_a_camera_that_is_not_quite_still_has_changed_it(shift_x, shift_y):
    changes = _seen(_shelves(0, 0))
    assert _holds(_look(changes, _with(_shelves(shift_x, shift_y), THING)).changed(0, 40.0), THING)


def test_something_new_is_where_it_is():
    where = _look(_seen(_room()), _with(_room(), THING)).changed(0)
    assert _holds(where, THING)
    assert where[0].w * where[0].h < 1.6 * THING.w * THING.h


def test_something_that_went_has_changed_the_picture_as_well():
    assert _holds(_look(_seen(_with(_room(), THING)), _room()).changed(0), THING)


def test_something_new_is_seen_though_the_light_changes_with_it():
    where = _look(_seen(_room()), _with(_room(25.0), THING)).changed(0)
    assert _holds(where, THING)
    assert where[0].w * where[0].h < 1.6 * THING.w * THING.h


def test_a_speck_is_no_change():
    assert _look(_seen(_room()), _with(_room(), Box(300, 200, 6, 6))).changed(0) == []


def test_what_happens_slowly_is_a_change_in_the_end():
    """It is held against how the picture looked when it was searched, not against the frame before."""
    changes = _seen(_room())
    where = [_look(changes, _with(_room(), THING, grey=round(grey))).changed(0) for grey in np.linspace(110, 230, 41)]
    assert _holds(where[-1], THING)


def test_only_the_part_that_something_is_in_has_changed():
    changes = _look(_seen(_room(), LEFT, RIGHT), _with(_room(), THING))
    assert changes.changed(0) == []
    assert _holds(changes.changed(1), THING)


def test_what_was_searched_is_known():
    changes = _look(_seen(_room()), _with(_room(), THING))
    _search(changes)
    assert _look(changes, _with(_room(), THING)).changed(0) == []


def test_searching_one_part_does_not_make_the_other_known():
    both = Box(305, 160, 30, 80)
    changes = _look(_seen(_room(), LEFT, RIGHT), _with(_room(), both))
    _search(changes)
    assert changes.changed(0) == []
    assert _holds(changes.changed(1), both)


def test_what_was_searched_in_a_part_that_begins_further_right_is_known_too():
    changes = _look(_seen(_room(), LEFT, RIGHT), _with(_room(), THING))
    for where in changes.changed(1):
        changes.searched(1, where)
    assert changes.changed(1) == []


def test_what_was_not_searched_stays_new():
    other, around = Box(80, 300, 60, 60), Box(THING.x - 16, THING.y - 16, THING.w + 32, THING.h + 32)
    changes = _look(_seen(_room()), _with(_room(), THING, other))
    changes.searched(0, around)
    where = changes.changed(0)
    assert _holds(where, other)
    assert where[0].overlap(THING) < 0.2


def test_what_was_searched_before_the_light_changed_and_after_it_is_known_alike():
    changes = _look(_seen(_room()), _with(_room(25.0), THING))
    _search(changes)
    assert _look(changes, _with(_room(25.0), THING)).changed(0) == []
    assert _look(changes, _with(_room(), THING, grey=205)).changed(0) == []


def test_something_else_is_new_again():
    changes = _look(_seen(_room()), _with(_room(), THING))
    _search(changes)
    other = Box(80, 300, 60, 60)
    where = _look(changes, _with(_room(), THING, other)).changed(0)
    assert _holds(where, other)
    assert where[0].overlap(THING) == 0.0


def test_a_followed_face_may_move_as_it_likes():
    changes = _seen(_with(_room(), THING))
    moved = Box(THING.x + 20, THING.y + 10, THING.w, THING.h)
    assert _look(changes, _with(_room(), moved)).changed(0) != []
    assert _look(changes, _with(_room(), moved), moved).changed(0) == []


def test_beside_a_followed_face_something_new_is_seen():
    moved, other = Box(THING.x + 20, THING.y, THING.w, THING.h), Box(100, 160, 80, 80)
    where = _look(_seen(_with(_room(), THING)), _with(_room(), moved, other), moved).changed(0)
    assert _holds(where, other)
    assert where[0].overlap(moved) == 0.0


@pytest.mark.parametrize(
    "face", [Box(-40, -40, 60, 60), Box(600, 440, 90, 90), Box(-500, 0, 60, 60), Box(900, 900, 60, 60)]
)
def test_a_followed_face_at_the_edge_or_beyond_hides_nothing_elsewhere(face):
    changes = _look(_seen(_room(), LEFT, RIGHT), _with(_room(), THING), face)
    assert changes.changed(0) == []
    assert _holds(changes.changed(1), THING)


def test_in_a_picture_of_another_size_all_is_new():
    changes = _seen(_room())
    assert _look(changes, np.ascontiguousarray(_room()[:360, :600])).changed(0) == [ALL]


def test_the_reduced_picture_is_known_by_its_place_in_the_frame_whatever_its_size():
    for width, height in ((1920, 1080), (320, 240), (100, 80)):
        rows, columns = np.mgrid[:height, :width]
        room = (100 + rows * 40 // height + columns * 40 // width).astype(np.uint8)
        thing = Box(width * 0.5, height * 0.5, height * 0.2, height * 0.2)
        changes = _seen(room, Box(0, 0, width, height))
        where = _look(changes, _with(room, thing)).changed(0)
        assert _holds(where, Box(thing.x + 1, thing.y + 1, thing.w - 2, thing.h - 2))
        assert where[0].w * where[0].h < 2.5 * thing.w * thing.h


def test_what_always_moves_counts_no_more_once_it_is_usual_and_a_newcomer_there_does():
    changes = _seen(_room())
    for number in range(6):
        _look(changes, _with(_room(), THING, grey=110 + 30 * (number % 2)))
        if changes.changed(0):
            changes.searched(0, ALL)
    assert _look(changes, _with(_room(), THING, grey=110)).changed(0) == []
    assert _look(changes, _with(_room(), THING, grey=240)).changed(0) != []


def test_who_comes_counts_as_a_change_and_edges_that_move_a_little_do_not():
    room = _room()
    changes = _seen(_with(room, THING))
    _look(changes, _with(room, Box(THING.x + 4, THING.y + 4, THING.w, THING.h)))
    assert changes.changed(0) != []
    assert changes.changed(0, 60.0) == []
    _look(changes, _with(room, THING, Box(100, 160, 80, 80)))
    assert changes.changed(0, 60.0) != []


def test_two_who_come_at_once_are_in_two_places():
    other = Box(100, 160, 80, 80)
    places = _look(_seen(_room()), _with(_room(), THING, other)).changed(0)
    assert len(places) == 2
    assert all(_holds(places, thing) for thing in (THING, other))


def test_beside_edges_that_move_a_little_only_who_comes_is_a_place_to_search():
    other = Box(100, 160, 80, 80)
    changes = _seen(_with(_room(), THING))
    _look(changes, _with(_room(), Box(THING.x + 4, THING.y + 4, THING.w, THING.h), other))
    assert len(changes.changed(0, 60.0)) == 1
    assert _holds(changes.changed(0, 60.0), other)


def test_specks_that_are_no_place_by_themselves_are_a_change_where_all_are_taken_together():
    specks = [Box(164 + 64 * number, 244, 5, 5) for number in range(6)]
    changes = _look(_seen(_room()), _with(_room(), *specks))
    assert changes.changed(0) == []
    (together,) = changes.changed(0, together=True)
    assert together.w > 5 * 64 - 16
    assert together.y < 244 < together.y + together.h
