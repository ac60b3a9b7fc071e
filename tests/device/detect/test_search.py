import itertools
from dataclasses import replace

import pytest

from device.detect.search import Search, between_sizes, octaves, programme, surroundings, whole_picture
from device.errors import RecordError
from device.records import Box

WINDOW_PX = 24
FACE_PX = 48  # of the smallest face of a slice, where it is searched
FACTOR = 1.2
OFTEN = 4
PICTURES = [(640, 480), (480, 640), (320, 240), (1280, 720), (1920, 1080), (641, 479), (160, 120), (500, 500)]
SHARES = (0.05, 0.08, 0.15, 0.4)


def _parts(width: int, height: int, *, share: float = 0.08, factor: float = FACTOR, tilt_deg: float = 0.0):
    smallest_px = max(share * height, WINDOW_PX)
    return whole_picture(width, height, smallest_px=smallest_px, factor=factor, face_px=FACE_PX, tilt_deg=tilt_deg)


def _searched_sizes(width: int, height: int, share: float, factor: float):
    """The sides that a single search of the whole picture would look for."""
    side = max(share * height, WINDOW_PX)
    while side <= min(width, height):
        yield side
        side *= factor


def _places(width: int, height: int, side: float):
    """Faces of that side all over the picture, its edges included; more along its longer side, which is cut."""
    along, across = [number / 24 for number in range(25)], [0.0, 0.4, 1.0]
    shares = (along, across) if width >= height else (across, along)
    for share_x, share_y in itertools.product(*shares):
        yield Box(share_x * (width - side), share_y * (height - side), side, side)


def _sees(search: Search, face: Box) -> bool:
    region = search.region
    inside_x = region.x - 1e-6 <= face.x and face.x + face.w <= region.x + region.w + 1e-6
    inside_y = region.y - 1e-6 <= face.y and face.y + face.h <= region.y + region.h + 1e-6
    return inside_x and inside_y and search.smallest_px - 1e-6 <= face.w <= search.largest_px + 1e-6


def _patch_px(search: Search) -> float:
    """Pixels of the picture that the cascade sees."""
    return search.region.w * search.region.h * min(1.0, FACE_PX / search.smallest_px) ** 2


@pytest.mark.parametrize("factor", [1.05, 1.2, 1.5])
@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("size", PICTURES)
def test_every_face_of_a_searched_size_lies_wholly_in_a_search_for_its_size(size, share, factor):
    width, height = size
    parts = _parts(width, height, share=share, factor=factor)
    sides = list(_searched_sizes(width, height, share, factor))
    assert sides
    faces = [face for side in sides for face in _places(width, height, side)]
    unseen = [face for face in faces if not any(_sees(search, face) for search in parts)]
    assert unseen == []


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (1280, 720), (1920, 1080)])
def test_no_search_costs_much_more_than_another_so_that_no_frame_is_late(size):
    costs = [_patch_px(search) for search in _parts(size[0], size[1])]
    assert max(costs) < 1.5 * 90_000
    assert max(costs) < 5 * sum(costs) / len(costs)


def test_rounding_does_not_lose_the_largest_size_of_a_search():
    for search in _parts(1280, 720):
        assert search.largest_px > 1.05 * search.smallest_px * FACTOR**2


def test_every_search_lies_inside_the_picture():
    for size in PICTURES:
        for search in _parts(size[0], size[1], tilt_deg=22.0):
            region = search.region
            assert region.x >= 0
            assert region.y >= 0
            assert region.x + region.w <= size[0] + 1e-6
            assert region.y + region.h <= size[1] + 1e-6


def test_a_picture_smaller_than_the_smallest_face_needs_no_search():
    assert whole_picture(20, 20, smallest_px=24, factor=FACTOR, face_px=48, tilt_deg=22.0) == ()
    assert programme((), OFTEN) == ()


def test_small_faces_are_searched_for_in_bands_and_the_smallest_rarely_large_ones_at_once_and_often():
    parts = _parts(640, 480, share=0.055)
    banded = [search for search in parts if search.region.w < 640]
    whole = [search for search in parts if search.region.w == 640]
    assert whole
    assert {search.rare for search in banded} == {True, False}
    assert not any(search.rare for search in whole)
    assert all(search.smallest_px == parts[0].smallest_px for search in banded if search.rare)
    assert max(search.largest_px for search in banded) < min(search.smallest_px for search in whole)


def test_tilted_faces_are_searched_for_on_both_sides_rarely_and_not_when_small():
    upright, all_parts = _parts(640, 480), _parts(640, 480, tilt_deg=22.0)
    turned = [search for search in all_parts if search.roll_deg]
    assert [search for search in all_parts if not search.roll_deg] == list(upright)
    assert {search.roll_deg for search in turned} == {-22.0, 22.0}
    assert all(search.rare for search in turned)
    sizes = {(search.smallest_px, search.largest_px) for search in upright if search.region.w == 640}
    assert {(search.smallest_px, search.largest_px) for search in turned} == sizes


def test_in_a_round_tilted_faces_come_before_small_ones():
    picture = Box(0, 0, 640, 480)
    small, large = Search(picture, 26, 40, rare=True), Search(picture, 46, 480)
    assert programme((small, large, replace(large, roll_deg=22.0, rare=True)), 2) == (1, 2, 1, 0)


def test_a_round_has_every_rare_search_once_and_every_other_often():
    parts = _parts(640, 480, tilt_deg=22.0)
    order = programme(parts, OFTEN)
    assert {number: order.count(number) for number in order} == {
        number: 1 if part.rare else OFTEN for number, part in enumerate(parts)
    }


def test_the_turns_of_a_search_lie_evenly_in_a_round():
    parts = _parts(640, 480, tilt_deg=22.0)
    order = programme(parts, OFTEN)
    for number, part in enumerate(parts):
        if not part.rare:
            at = [place for place, other in enumerate(order) if other == number]
            waits = [after - before for before, after in itertools.pairwise([*at, at[0] + len(order)])]
            assert max(waits) - min(waits) <= 1


def test_between_sizes_lie_half_a_step_from_both_neighbours():
    search = Search(Box(0, 0, 640, 480), 60, 60 * FACTOR**2)
    between = between_sizes(search, FACTOR)
    assert between.smallest_px == pytest.approx(60 / FACTOR**0.5)
    assert between.largest_px == pytest.approx(60 * FACTOR**1.5)
    assert between.region == search.region


def test_the_surroundings_of_a_face_are_a_square_around_it():
    search = surroundings(Box(100, 50, 40, 30), reach=2.0, growth=1.25, roll_deg=22.0)
    assert search.region.centre == (120, 65)
    assert (search.region.w, search.region.h) == (80, 80)
    assert (search.smallest_px, search.largest_px) == (32, 50)
    assert search.roll_deg == 22.0


@pytest.mark.parametrize("sizes_px", [(0, 50), (-1, 50), (60, 50)])
def test_a_search_for_faces_of_no_size_is_refused(sizes_px):
    with pytest.raises(RecordError, match="from a small face to a large one"):
        Search(Box(0, 0, 640, 480), *sizes_px)


@pytest.mark.parametrize("factor", [1.1, 1.2, 1.3])
def test_octaves_have_every_size_of_the_search_once_and_none_has_one_twice_as_large_as_its_smallest(factor):
    search = Search(Box(0, 0, 640, 480), 20.0, 480.0, roll_deg=22.0)
    sizes = []
    for octave in octaves(search, factor):
        assert (octave.region, octave.roll_deg) == (search.region, search.roll_deg)
        assert octave.largest_px < 2.0 * octave.smallest_px * factor**0.5
        side = octave.smallest_px
        while side <= octave.largest_px:
            sizes.append(side)
            side *= factor
    assert sizes == pytest.approx([20.0 * factor**step for step in range(len(sizes))])
    assert sizes[-1] <= 480.0 < sizes[-1] * factor
