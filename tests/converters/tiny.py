"""A training of a network so small that tests can train and convert it: stripes for faces, three labels, 24 by 32.

``training_folder`` and ``model_file`` do their work once per process, however many tests ask.
"""

import functools
import json
import tempfile
from pathlib import Path

import numpy as np
import pytest

LABELS = ("lying", "standing", "noisy")
HEIGHT, WIDTH = 24, 32
NEEDS = "needs TensorFlow and Keras to make a model file: pip install 'affectd[convert]'"

_KEPT: list[tempfile.TemporaryDirectory[str]] = []  # folders that live as long as the process


def pictures(count, seed):
    """Stripes that lie, stripes that stand, and noise, by turns: uint8 (count, 24, 32, 1) and labels int64 (count,)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    faces, labels = [], np.arange(count) % 3
    for label in labels:
        phase, frequency = rng.uniform(0, 6.28), rng.uniform(0.6, 1.2)
        stripes = (np.sin(y * frequency + phase), np.sin(x * frequency + phase), rng.uniform(-1, 1, y.shape))[label]
        faces.append(128 + 100 * stripes + rng.normal(0, 8, y.shape))
    return np.clip(np.rint(faces), 0, 255).astype(np.uint8)[..., np.newaxis], labels


def record(**changes):
    """What training.json of such a training says, but for ``changes``."""
    whole = {
        "schema": 1,
        "name": "tiny",
        "labels": list(LABELS),
        "input": {"height": HEIGHT, "width": WIDTH, "real_range": [0.0, 1.0], "crop_margin": 0.05},
        "recipe": {"name": "tiny"},
        "data": {"train": {"faces": 240}},
        "seed": 3,
        "epochs": 4,
        "kept_epoch": 4,
        "precision": "float32",
        "git_revision": "0123abc",
        "versions": {"keras": "3"},
        "measured": [
            {"metric": "label_accuracy", "split": "test", "value": 0.9, "count": 10, "recall": {"noisy": 1.0}}
        ],
    }
    return whole | changes


def residual_network(keras):
    """One residual block of Conv2D, BatchNormalization and ReLU, then what every network here ends in."""
    layers = keras.layers

    def convolution(x, filters, size=3, stride=1):
        x = layers.Conv2D(filters, size, strides=stride, padding="same", use_bias=False)(x)
        return layers.BatchNormalization(momentum=0.8)(x)

    faces = keras.Input((HEIGHT, WIDTH, 1))
    x = layers.ReLU()(convolution(faces, 8, stride=2))
    y = layers.ReLU()(convolution(x, 16, stride=2))
    y = layers.Add()([convolution(y, 16), convolution(x, 16, size=1, stride=2)])
    x = layers.GlobalAveragePooling2D()(layers.ReLU()(y))
    return keras.Model(faces, layers.Softmax()(layers.Dense(len(LABELS))(x)))


def write_record(folder, **changes):
    """Write training.json into ``folder``."""
    (folder / "training.json").write_text(json.dumps(record(**changes)))


@functools.cache
def training_folder() -> Path:
    """A folder as a training leaves it: model.keras, calibration.npz, check.npz, training.json."""
    pytest.importorskip("keras", reason=NEEDS)
    pytest.importorskip("tensorflow", reason=NEEDS)
    from converters.framework import load_keras

    keras = load_keras()
    _KEPT.append(tempfile.TemporaryDirectory(prefix="affectd-tiny-"))
    folder = Path(_KEPT[-1].name)
    keras.utils.set_random_seed(3)
    network = residual_network(keras)
    faces, labels = pictures(240, seed=1)
    network.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    network.fit(faces.astype(np.float32) / 255, labels, batch_size=24, epochs=4, verbose=0)
    network.save(folder / "model.keras")
    np.savez_compressed(folder / "calibration.npz", faces=faces[:120], labels=labels[:120])
    faces, labels = pictures(150, seed=2)
    labels[::10] = -1
    np.savez_compressed(folder / "check.npz", faces=faces, labels=labels)
    write_record(folder)
    return folder


@functools.cache
def model_file() -> Path:
    """The model file that ``affectd-convert tflite`` makes of ``training_folder``."""
    from converters.commands import main

    folder = training_folder()
    assert main(["tflite", str(folder / "model.keras")]) == 0
    return folder / "model.tflite"
