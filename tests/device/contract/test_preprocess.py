import numpy as np
import pytest

from device.contract.preprocess import InputSpec, crop_face, resize, to_real
from device.errors import RecordError
from device.records import Box
from tests.device.detect.pictures import ONE, shot, tilted

NO_MARGIN = InputSpec(height=10, width=10, crop_margin=0.0)


def _coordinates(height=60, width=80):
    """A frame in which every pixel tells its own place: 3 times its row plus its column."""
    rows, columns = np.mgrid[:height, :width]
    return (rows * 3 + columns).astype(np.uint8)


def test_a_crop_of_the_models_own_size_is_the_frames_pixels():
    frame = _coordinates()
    crop = crop_face(frame, Box(20, 15, 10, 10), NO_MARGIN)
    assert crop.shape == (10, 10, 1)
    assert crop.dtype == np.uint8
    assert np.array_equal(crop[..., 0], frame[15:25, 20:30])


def test_the_margin_widens_the_box_about_its_centre():
    frame = _coordinates()
    crop = crop_face(frame, Box(20, 15, 10, 10), InputSpec(12, 12, crop_margin=0.2))
    assert np.array_equal(crop[..., 0], frame[14:26, 19:31])


def test_a_box_that_is_not_square_gives_a_square_of_its_longer_side():
    frame = _coordinates()
    crop = crop_face(frame, Box(20, 18, 10, 4), NO_MARGIN)
    assert np.array_equal(crop[..., 0], frame[15:25, 20:30])


@pytest.mark.parametrize(
    ("box", "rows", "columns"),
    [
        (Box(-4, 15, 10, 10), range(15, 25), [0, 0, 0, 0, 0, 1, 2, 3, 4, 5]),
        (Box(74, 15, 10, 10), range(15, 25), [74, 75, 76, 77, 78, 79, 79, 79, 79, 79]),
        (Box(20, -3, 10, 10), [0, 0, 0, 0, 1, 2, 3, 4, 5, 6], range(20, 30)),
        (Box(20, 52, 10, 10), [52, 53, 54, 55, 56, 57, 58, 59, 59, 59], range(20, 30)),
        (Box(-5, -5, 10, 10), [0] * 5 + list(range(5)), [0] * 5 + list(range(5))),
    ],
    ids=["left", "right", "top", "bottom", "corner"],
)
def test_beyond_the_frame_its_edge_is_repeated(box, rows, columns):
    frame = _coordinates()
    crop = crop_face(frame, box, NO_MARGIN)
    assert np.array_equal(crop[..., 0], frame[np.ix_(list(rows), list(columns))])


def test_a_box_larger_than_the_frame_holds_all_of_it():
    frame = np.full((20, 30), 100, np.uint8)
    crop = crop_face(frame, Box(-10, -20, 60, 60), NO_MARGIN)
    assert crop.shape == (10, 10, 1)
    assert np.all(crop == 100)


def test_without_a_tilt_a_crop_is_what_it_always_was():
    frame = np.random.default_rng(5).integers(0, 256, (60, 80), dtype=np.uint8)
    box = Box(22.3, 14.8, 21, 19)
    assert np.array_equal(crop_face(frame, box, InputSpec(), 0.0), crop_face(frame, box, InputSpec()))


@pytest.mark.parametrize("input_px", [48, 96, 50])
@pytest.mark.parametrize("roll_deg", [22.0, -22.0, 44.0, -44.0])
def test_what_is_above_the_middle_of_a_tilted_head_is_above_the_middle_of_the_crop(roll_deg, input_px):
    rows, columns = np.mgrid[:240, :320] + 0.5
    radians = np.radians(roll_deg)
    top_x, top_y = 160 + 30 * np.sin(radians), 120 - 30 * np.cos(radians)
    spot = 220 * np.exp(-((columns - top_x) ** 2 + (rows - top_y) ** 2) / (2 * 5.0**2))
    spec = InputSpec(input_px, input_px, crop_margin=0.0)
    crop = crop_face(spot.astype(np.uint8), Box(110, 70, 100, 100), spec, roll_deg)[..., 0].astype(float)
    rows, columns = np.mgrid[: spec.height, : spec.width] + 0.5
    middle = (crop * columns).sum() / crop.sum() / spec.width, (crop * rows).sum() / crop.sum() / spec.height
    assert middle == pytest.approx((0.5, 0.2), abs=0.015)


@pytest.mark.parametrize("roll_deg", [10.0, 22.0, -35.0, 44.0])
def test_the_crop_of_a_tilted_portrait_is_that_of_the_upright_one(roll_deg):
    portrait, (box,) = shot(ONE)
    upright = crop_face(portrait, box, InputSpec())[4:-4, 4:-4].astype(float)
    picture = tilted(portrait, box, roll_deg)
    turned = crop_face(picture, box, InputSpec(), roll_deg)[4:-4, 4:-4].astype(float)
    as_it_is = crop_face(picture, box, InputSpec())[4:-4, 4:-4].astype(float)
    assert np.abs(turned - upright).mean() < 6.0
    assert np.abs(as_it_is - upright).mean() > 2 * np.abs(turned - upright).mean()


def test_a_tilted_crop_at_the_edge_repeats_the_edge():
    frame = np.full((60, 80), 90, np.uint8)
    for box in (Box(-15, -15, 40, 40), Box(55, 35, 40, 40)):
        assert np.all(crop_face(frame, box, InputSpec(), 22.0) == 90)


@pytest.mark.parametrize("box", [Box(100, 10, 10, 10), Box(-30, 10, 10, 10), Box(10, 90, 10, 10), Box(10, -30, 10, 10)])
def test_a_box_outside_the_frame_is_refused(box):
    with pytest.raises(RecordError, match="outside a frame of 80 by 60"):
        crop_face(_coordinates(), box, NO_MARGIN)


def test_the_smallest_box_still_gives_a_crop():
    assert crop_face(_coordinates(), Box(20, 20, 0.1, 0.1), InputSpec()).shape == (48, 48, 1)


def test_another_input_size_needs_no_other_code():
    for roll_deg in (0.0, 22.0):
        crop = crop_face(_coordinates(), Box(10, 10, 30, 30), InputSpec(height=24, width=32), roll_deg)
        assert crop.shape == (24, 32, 1)


def test_shrinking_averages_and_growing_interpolates():
    checkerboard = ((np.indices((96, 96)).sum(axis=0) % 2) * 255).astype(np.uint8)
    assert np.all(np.abs(resize(checkerboard, InputSpec())[..., 0].astype(int) - 128) <= 1)
    ramp = np.tile(np.linspace(0, 230, 24, dtype=np.uint8), (24, 1))
    assert np.all(np.diff(resize(ramp, InputSpec())[24, :, 0].astype(int)) >= 0)


def test_resizing_leaves_the_models_own_size_untouched():
    crop = np.random.default_rng(1).integers(0, 256, (48, 48), dtype=np.uint8)
    assert np.array_equal(resize(crop, InputSpec())[..., 0], crop)


@pytest.mark.parametrize("real_range", [(0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)])
def test_pixels_span_the_real_range(real_range):
    real = to_real(np.array([0, 255], np.uint8), InputSpec(real_range=real_range))
    assert real.dtype == np.float32
    assert real == pytest.approx(real_range, abs=1e-5)


@pytest.mark.parametrize(
    "wrong",
    [{"height": 4}, {"width": 7}, {"real_range": (1.0, 1.0)}, {"crop_margin": -0.1}, {"crop_margin": 1.5}],
    ids=str,
)
def test_an_input_that_cannot_be_is_refused(wrong):
    with pytest.raises(RecordError):
        InputSpec(**wrong)


@pytest.mark.parametrize("margin", [0.0, 1.0])
def test_a_crop_margin_may_be_none_or_the_whole_face(margin):
    assert InputSpec(crop_margin=margin).crop_margin == margin
