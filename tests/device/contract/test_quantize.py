import numpy as np
import pytest

from device.contract.preprocess import InputSpec, to_real
from device.contract.quantize import Quantization, dequantize, quantize
from device.errors import RecordError

UINT8, INT8 = np.dtype(np.uint8), np.dtype(np.int8)


def test_values_are_rounded_to_the_nearest_step_and_not_cut():
    steps = quantize(np.array([0.24, 0.26, 0.49, 0.51], np.float32), Quantization(0.5, 0, UINT8))
    assert steps.tolist() == [0, 1, 1, 1]
    assert quantize(np.array([-0.26, -0.24], np.float32), Quantization(0.5, 10, UINT8)).tolist() == [9, 10]


@pytest.mark.parametrize(("dtype", "low", "high"), [(UINT8, 0, 255), (INT8, -128, 127)], ids=["uint8", "int8"])
def test_values_beyond_the_type_are_clipped_and_do_not_wrap(dtype, low, high):
    steps = quantize(np.array([-1e6, 1e6], np.float32), Quantization(0.1, 0, dtype))
    assert steps.dtype == dtype
    assert steps.tolist() == [low, high]


def test_a_step_below_the_zero_point_is_negative_and_does_not_wrap():
    real = dequantize(np.array([0, 128, 255], np.uint8), Quantization(0.5, 128, UINT8))
    assert real.dtype == np.float32
    assert real.tolist() == [-64.0, 0.0, 63.5]


@pytest.mark.parametrize("quantization", [Quantization(0.013, 7, UINT8), Quantization(2.5, -100, INT8)], ids=str)
def test_every_step_survives_the_way_there_and_back(quantization):
    limits = np.iinfo(quantization.dtype)
    steps = np.arange(limits.min, limits.max + 1).astype(quantization.dtype)
    assert np.array_equal(quantize(dequantize(steps, quantization), quantization), steps)


def test_a_pixel_is_its_own_quantised_value_where_the_scale_is_one_255th():
    levels = np.arange(256, dtype=np.uint8)
    assert np.array_equal(quantize(to_real(levels, InputSpec()), Quantization(1 / 255, 0, UINT8)), levels)


@pytest.mark.parametrize(
    ("scale", "dtype"),
    [(0.0, UINT8), (-1.0, UINT8), (float("nan"), INT8), (float("inf"), INT8), (1.0, np.dtype(np.int16))],
)
def test_a_quantisation_that_cannot_be_is_refused(scale, dtype):
    with pytest.raises(RecordError):
        Quantization(scale, 0, dtype)
