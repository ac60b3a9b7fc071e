from pathlib import Path

import pytest

from device.errors import UnavailableError
from trainer.predictor import load_predictor


@pytest.fixture(scope="session")
def bundled():
    """The file of the model that ships; skips where nothing can run it."""
    path = Path(__file__).parents[3] / "device" / "models" / "emotion.tflite"
    try:
        load_predictor(path)
    except UnavailableError as error:
        pytest.skip(str(error))
    return path
