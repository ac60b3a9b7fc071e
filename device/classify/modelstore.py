"""The model in use on a device: the one that is named, else the one that is installed, else the one that ships.

An installed model lies in the state directory.
"""

import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path

from device.classify.classifier import BUNDLED_MODEL, ClassifierSettings, TfliteClassifier, load_classifier, ships
from device.classify.trust import ModelsSettings
from device.contract import container
from device.contract.container import ModelFile
from device.contract.files import read_limited, write_atomically
from device.contract.minisign import MOST_SIGNATURE_BYTES, SUFFIX, PublicKey, verify_signature
from device.contract.model_card import ModelCard
from device.errors import AffectdError, ModelError, StorageError, UnavailableError

INSTALLED_NAME = "model.tflite"
"""The file in the state directory."""
GIVEN_UP_NAME = "model-given-up.json"
"""The file there that names the model which took too long over faces, by its digest."""

_MOST_GIVEN_UP_BYTES = 4096
_log = logging.getLogger(__name__)


def installed_model(state_dir: Path) -> Path | None:
    """The installed model; None where there is none."""
    path = state_dir / INSTALLED_NAME
    return path if path.exists() else None


def model_in_use(named: Path | None, state_dir: Path) -> Path:
    """The one that the configuration names, else the installed one, else the one that ships."""
    return named or installed_model(state_dir) or BUNDLED_MODEL


def open_model(settings: ClassifierSettings, models: ModelsSettings, state_dir: Path) -> TfliteClassifier:
    """The classifier of a device, on the model in use or on what stands in for it.

    An installed model that cannot be used is replaced by the one that ships, and so is one that was given up; the
    log says so, and ``TfliteClassifier.instead_of``. One that the configuration names is not: its labels are wanted.

    Raises:
        AffectdError: there is none that can be used.
    """

    def read(path: Path) -> ModelFile:
        return read_trusted(path, models.keys)

    path = model_in_use(settings.model, state_dir)
    if ships(path):
        return load_classifier(settings, path, read)
    try:
        model = read(path)
        reason = given_up(model, state_dir)
        if reason is None:
            return load_classifier(settings, model, read)
    except (ModelError, UnavailableError) as error:
        if settings.model:
            raise
        reason = str(error)
    _log.error("%s; the model that ships is used instead of %s", reason, path)
    classifier = load_classifier(settings, BUNDLED_MODEL, read)
    classifier.instead_of = reason
    return classifier


def read_trusted(path: Path, keys: Sequence[PublicKey], signature: Path | None = None) -> ModelFile:
    """Read a model file whose digest is right, and that one of ``keys``, where there are any, has signed.

    Args:
        path: the model file, none that ships.
        keys: those that are trusted.
        signature: the file with the signature; the one beside ``path`` when left out.

    Raises:
        ModelError: it is missing or damaged, or nobody has signed it who is trusted.
        UnavailableError: the package that checks signatures is not installed.
    """
    # What is checked are the very bytes that are used, whatever becomes of the file meanwhile.
    model = container.read(path)
    if keys:
        verify_signature(model.data, _read_signature(signature or signature_of(path)), keys, model.name)
    return model


def signature_of(path: Path) -> Path:
    """Where the signature of a model file lies: beside it."""
    return path.with_name(path.name + SUFFIX)


def give_up(classifier: TfliteClassifier, reason: str, state_dir: Path) -> None:
    """Keep the model of ``classifier`` from being used again on this device, for ``reason``."""
    card = classifier.model_card
    told = f"the model {card.name} ({card.version}) was given up: {reason}"
    try:
        data = json.dumps({"sha256": classifier.digest, "reason": told}).encode("utf-8")
        write_atomically(state_dir / GIVEN_UP_NAME, data)
    except (OSError, AffectdError) as error:
        _log.warning("that a model was given up cannot be kept: %s", error)


def given_up(model: ModelFile, state_dir: Path) -> str | None:
    """Why this very model was given up on this device; None where it was not."""
    try:
        told = json.loads(read_limited(state_dir / GIVEN_UP_NAME, _MOST_GIVEN_UP_BYTES))
        return str(told["reason"]) if told["sha256"] == model.digest else None
    except FileNotFoundError:
        return None
    except (OSError, AffectdError, ValueError, KeyError, TypeError, RecursionError) as error:
        _log.warning("which model was given up cannot be read: %s", error)
        return None


def install_model(
    file: Path, state_dir: Path, keys: Sequence[PublicKey] = (), signature: Path | None = None
) -> ModelCard:
    """Verify ``file``, digest, golden answers and time, and put it in the installed one's place, all at once.

    Whatever fails, the installed model is as it was. The daemon takes the new one with its next start.

    Args:
        file: the model file.
        state_dir: the daemon's.
        keys: where there are any, one of them must have signed the file.
        signature: the file with that signature; the one beside ``file`` when left out.

    Raises:
        ModelError: the file is missing, damaged, too slow, or answers other than its card says on this machine.
        UnavailableError: no interpreter is installed that works.
        StorageError: the state directory is not there, or this user may not write there.
    """
    signature = signature or signature_of(file)
    try:
        model = read_trusted(file, keys, signature)
        TfliteClassifier.load(model)
    except ModelError as error:
        raise ModelError(f"{file} is not installed: {error.reason}", error.remedy) from error
    _require_writable(state_dir)
    reason = given_up(model, state_dir)
    if reason is not None:
        raise ModelError(f"{file} is not installed: {reason}", "to try it once more: affectd model remove")
    installed = state_dir / INSTALLED_NAME
    # Root installs for the service's user, who could not replace it otherwise. That one may write there, so the
    # signature is kept, and verified again whenever the model is opened.
    if keys:
        write_atomically(signature_of(installed), _read_signature(signature), as_folder_s_owner=True)
    else:
        signature_of(installed).unlink(missing_ok=True)
    write_atomically(installed, model.data, as_folder_s_owner=True)
    return model.model_card


def remove_model(state_dir: Path) -> bool:
    """Go back to the model that ships, and forget one that was given up; whether there was any. Raises StorageError."""
    installed = state_dir / INSTALLED_NAME
    found = [path for path in (installed, signature_of(installed), state_dir / GIVEN_UP_NAME) if path.exists()]
    if found:
        _require_writable(state_dir)
    for path in found:
        path.unlink()
    return bool(found)


def _read_signature(path: Path) -> bytes:
    try:
        return read_limited(path, MOST_SIGNATURE_BYTES)
    except OSError as error:
        raise ModelError(
            f"models.trusted_keys wants a signature, and {path} cannot be read: {error.strerror}",
            "put the .minisig of its maker there, or name it with affectd model install --signature",
        ) from error
    except StorageError as error:
        raise ModelError(error.reason, error.remedy) from error


def _require_writable(state_dir: Path) -> None:
    if not state_dir.is_dir():
        raise StorageError(
            f"the state directory {state_dir} is not there", "start the daemon once, or name another with --state-dir"
        )
    if not os.access(state_dir, os.W_OK | os.X_OK):
        raise StorageError(f"the state directory {state_dir} cannot be written", "run this as root, with sudo")
