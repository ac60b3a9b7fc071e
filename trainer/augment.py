"""Changes to faces that leave the emotion as it is: drawn anew for each batch, in the backend."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from trainer.recipe.whole import Augmentation

_PATCHES = 6
"""Patches of light and dark along a side."""
_PATCHES_DEPTH = 0.25
"""The largest standard deviation of their light, share of the full range."""


class Augment(keras.layers.Layer):
    """Random warp, light and erasing in training; nothing otherwise.

    Takes and gives float (n, height, width, 1) in 0 to 1. One affine map does rotation, shift, zoom and flip together,
    so that a face is interpolated once.
    """

    def __init__(self, amounts: Augmentation, seed: int) -> None:
        # float32 whatever the policy: positions in a picture need more digits than bfloat16 has.
        super().__init__(name="augment", dtype="float32")
        self.amounts = amounts
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, images: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002 (Keras passes it by name)
        """Changed images in training, the same images otherwise."""
        if not training:
            return images
        return self._erase(self._corrupt(self._light(self._warp(images))))

    def _uniform(self, shape: tuple[Any, ...], amount: float) -> Any:
        return keras.random.uniform(shape, -amount, amount, seed=self.seed_generator)

    def _warp(self, images: Any) -> Any:
        if not self.amounts.warps:
            return images
        count, height, width = ops.shape(images)[0], images.shape[1], images.shape[2]
        amounts = self.amounts
        angle = self._uniform((count,), math.radians(amounts.rotation_deg))
        scale = 1.0 / (1.0 + self._uniform((count,), amounts.zoom))
        mirror = ops.sign(self._uniform((count,), 1.0)) if amounts.flip else ops.ones((count,))
        cos, sin = ops.cos(angle) * scale, ops.sin(angle) * scale
        to_left, to_top = (
            self._uniform((count,), amounts.shift * width),
            self._uniform((count,), amounts.shift * height),
        )
        middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
        xx, xy, yx, yy = cos * mirror, -sin, sin * mirror, cos
        x0 = middle_x + to_left - xx * middle_x - xy * middle_y
        y0 = middle_y + to_top - yx * middle_x - yy * middle_y
        zero = ops.zeros((count,))
        transform = ops.stack([xx, xy, x0, yx, yy, y0, zero, zero], axis=1)
        warped = ops.image.affine_transform(images, transform, interpolation="bilinear", fill_mode="nearest")
        if not amounts.surroundings_probability:
            return warped
        # One where the picture is and zero beyond its edge, with the shares that interpolation gives in between.
        inside = ops.image.affine_transform(
            ops.ones_like(images), transform, interpolation="bilinear", fill_mode="constant", fill_value=0.0
        )
        chosen = keras.random.uniform((count, 1, 1, 1), seed=self.seed_generator) < amounts.surroundings_probability
        return ops.where(chosen, inside * warped + (1.0 - inside) * self._surroundings(images), warped)

    def _surroundings(self, images: Any) -> Any:
        """Patches of light and dark, another grey for each face, as of walls and shelves behind a head."""
        count, height, width = ops.shape(images)[0], images.shape[1], images.shape[2]
        base = keras.random.uniform((count, 1, 1, 1), 0.1, 0.9, seed=self.seed_generator)
        depth = keras.random.uniform((count, 1, 1, 1), 0.0, _PATCHES_DEPTH, seed=self.seed_generator)
        patches = keras.random.normal((count, _PATCHES, _PATCHES, 1), seed=self.seed_generator)
        patches = ops.image.resize(patches, (height, width), interpolation="bilinear")
        return ops.clip(base + depth * patches, 0.0, 1.0)

    def _light(self, images: Any) -> Any:
        if not self.amounts.brightness and not self.amounts.contrast:
            return images
        shape = (ops.shape(images)[0], 1, 1, 1)
        mean = ops.mean(images, axis=(1, 2, 3), keepdims=True)
        contrast = 1.0 + self._uniform(shape, self.amounts.contrast)
        return ops.clip(mean + (images - mean) * contrast + self._uniform(shape, self.amounts.brightness), 0.0, 1.0)

    def _corrupt(self, images: Any) -> Any:
        """What a camera does to a face, in the order in which it does it: lens, light, sensor."""
        amounts = self.amounts
        if not amounts.corrupts:
            return images
        if amounts.blur_px:
            # This blend of none and all looks like a blur in between, and costs one convolution.
            images = images + self._some(images, 0.0, 1.0) * (_blurred(images, amounts.blur_px) - images)
        if amounts.lowest_light < 1:
            images = images * (1.0 - self._some(images, 0.0, 1.0 - amounts.lowest_light))
        if amounts.noise:
            noise = keras.random.normal(ops.shape(images), seed=self.seed_generator)
            images = ops.clip(images + self._some(images, 0.0, amounts.noise) * noise, 0.0, 1.0)
        return images

    def _some(self, images: Any, low: float, high: float) -> Any:
        """An amount for each face, (n, 1, 1, 1), drawn uniformly; none for those that are spared."""
        shape = (ops.shape(images)[0], 1, 1, 1)
        amount = keras.random.uniform(shape, low, high, seed=self.seed_generator)
        chosen = keras.random.uniform(shape, seed=self.seed_generator) < self.amounts.corrupt_probability
        return ops.where(chosen, amount, 0.0)

    def _erase(self, images: Any) -> Any:
        """Blot out a rectangle with one grey (Zhong et al., "Random Erasing Data Augmentation", 2017)."""
        if self.amounts.erase_probability == 0:
            return images
        count, height, width = ops.shape(images)[0], images.shape[1], images.shape[2]
        shape = (count, 1, 1, 1)

        def share(low: float, high: float) -> Any:
            return keras.random.uniform(shape, low, high, seed=self.seed_generator)

        area, log_aspect = share(0.02, max(0.02, self.amounts.erase_area)), share(math.log(0.4), math.log(2.5))
        half_h, half_w = ops.sqrt(area * ops.exp(log_aspect)) / 2, ops.sqrt(area / ops.exp(log_aspect)) / 2
        rows = (ops.reshape(ops.arange(height, dtype="float32"), (1, height, 1, 1)) + 0.5) / height
        columns = (ops.reshape(ops.arange(width, dtype="float32"), (1, 1, width, 1)) + 0.5) / width
        inside = ops.logical_and(ops.abs(rows - share(0, 1)) < half_h, ops.abs(columns - share(0, 1)) < half_w)
        chosen = ops.logical_and(inside, share(0, 1) < self.amounts.erase_probability)
        return ops.where(chosen, share(0, 1), images)


def _blurred(images: Any, sigma_px: float) -> Any:
    """``images`` (n, h, w, 1) under a Gaussian, mirrored beyond its edge."""
    reach = math.ceil(2.5 * sigma_px)
    row = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma_px) ** 2)
    row = (row / row.sum()).astype(np.float32)
    padded = ops.pad(images, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="reflect")
    across = ops.conv(padded, row.reshape(1, -1, 1, 1), padding="valid")
    return ops.conv(across, row.reshape(-1, 1, 1, 1), padding="valid")
