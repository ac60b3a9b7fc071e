"""The model that somebody has installed on a device, in its state directory; it goes before the one that ships."""

import os
from pathlib import Path

from device.classify.classifier import BUNDLED_MODEL, TfliteClassifier, load_classifier
from device.config import Config
from device.contract import container
from device.contract.files import write_atomically
from device.contract.model_card import ModelCard
from device.errors import ModelError, StorageError

INSTALLED_NAME = "model.tflite"
"""The file in the state directory."""


def installed_model(state_dir: Path) -> Path | None:
    """The installed model; None where there is none."""
    path = state_dir / INSTALLED_NAME
    return path if path.exists() else None


def model_in_use(named: Path | None, state_dir: Path) -> Path:
    """The one that the configuration names, else the installed one, else the one that ships."""
    return named or installed_model(state_dir) or BUNDLED_MODEL


def open_model(config: Config) -> TfliteClassifier:
    """The classifier of a device, on the model in use or its fallback. Raises AffectdError."""
    path = model_in_use(config.classifier.model, config.device.resolved_state_dir)
    return load_classifier(config.classifier, path)


def install_model(file: Path, state_dir: Path) -> ModelCard:
    """Verify ``file``, digest and golden answers, and put it in the installed one's place, all at once.

    Whatever fails, the installed model is as it was. The daemon takes the new one with its next start.

    Raises:
        ModelError: the file is missing, damaged, or answers other than its card says on this machine.
        UnavailableError: no interpreter is installed that works.
        StorageError: the state directory is not there, or this user may not write there.
    """
    # What is checked are the very bytes that are installed, whatever becomes of the file meanwhile.
    try:
        model = container.read(file)
        TfliteClassifier.load(model)
    except ModelError as error:
        raise ModelError(f"{file} is not installed: {error.reason}", error.remedy) from error
    target = state_dir / INSTALLED_NAME
    _require_writable(state_dir)
    # Root installs for the service's user, who could not replace it otherwise.
    write_atomically(target, model.data, as_folder_s_owner=True)
    return model.model_card


def remove_model(state_dir: Path) -> bool:
    """Go back to the model that ships; whether one was installed. Raises StorageError."""
    path = installed_model(state_dir)
    if path is None:
        return False
    _require_writable(state_dir)
    path.unlink()
    return True


def _require_writable(state_dir: Path) -> None:
    if not state_dir.is_dir():
        raise StorageError(
            f"the state directory {state_dir} is not there", "start the daemon once, or name another with --state-dir"
        )
    if not os.access(state_dir, os.W_OK | os.X_OK):
        raise StorageError(f"the state directory {state_dir} cannot be written", "run this as root, with sudo")
