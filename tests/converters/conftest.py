import shutil

import pytest

from tests.converters import tiny


@pytest.fixture(scope="session")
def training_folder():
    """A training as affectd-train leaves it, not to be changed."""
    return tiny.training_folder()


@pytest.fixture(scope="session")
def trained(training_folder):
    """The same, read."""
    from converters.trained import load_trained

    return load_trained(training_folder / "model.keras")


@pytest.fixture(scope="session")
def model_file():
    """The model file of that training."""
    return tiny.model_file()


@pytest.fixture
def own_training(training_folder, tmp_path):
    """A copy of the training's files that a test may change."""
    for name in ("model.keras", "calibration.npz", "check.npz", "training.json"):
        shutil.copy(training_folder / name, tmp_path / name)
    return tmp_path
