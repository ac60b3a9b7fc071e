"""Whose training a folder holds: so that none goes on as another."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from device.contract.files import write_atomically
from device.errors import DataError, StorageError, UsageError
from trainer.framework import Precision
from trainer.recipe import Recipe
from trainer.recipe.refusal import RENAMED

CLAIM_FILE = "begun.json"
_THREADS = "threads"
LOCK_FILE = ".lock"
_MAY_DIFFER: Mapping[str, bool | set[str]] = {
    "epochs": True,
    "about": True,
    "published": True,
    "keep_epoch": True,
    "logit_adjustment": True,
    "temperature_scaling": True,
    "input": {"crop_margin"},  # of which training sees nothing: it is for the device
}
_OTHER = "name another folder with --out, or remove this one"


@dataclass(frozen=True, slots=True)
class Claim:
    """What is trained in a folder.

    Attributes:
        recipe: what is trained.
        seed: of the training.
        precision: of its arithmetic.
        files: the data, name to digest.
        origins: the models that it starts from and learns from, for JSON.
        threads: that it computes in, written down for ``begun_threads``.
    """

    recipe: Recipe
    seed: int
    precision: str
    files: Mapping[str, str]
    origins: Mapping[str, Any] = field(default_factory=dict)
    threads: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """What tells this training from another."""
        return {
            "recipe": _compared(self.recipe),
            "seed": self.seed,
            "precision": self.precision,
            "files": dict(self.files),
            **self.origins,
        }


@contextmanager
def claimed(folder: Path, claim: Claim) -> Iterator[None]:
    """``lay_claim`` to the folder while the block runs, so that two processes do not write into one training.

    Raises:
        DataError: see ``lay_claim``.
        UsageError: another process trains there, which is named.
        StorageError: nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / LOCK_FILE).open("a+", encoding="ascii")
    except OSError as error:
        raise _unwritable(folder, error) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise UsageError(
                f"process {file.read().strip() or 'of another user'} trains in {folder} already",
                "wait for it, or name another folder with --out",
            ) from None
        try:
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
            lay_claim(folder, claim)
        except OSError as error:
            raise _unwritable(folder, error) from error
        yield


def _unwritable(folder: Path, error: OSError) -> StorageError:
    return StorageError(
        f"nothing can be written in {folder}: {error.strerror}", "make room, or name another folder with --out"
    )


def lay_claim(folder: Path, claim: Claim) -> None:
    """Write down what is trained in ``folder``; a folder that holds this training already goes on.

    A longer or shorter training of the same kind is the same one, and so is one that differs in what is done to the
    trained network in the end, or in how wide the device is to crop; whatever else differs makes another.

    Raises:
        DataError: the folder holds another training, or what is written of it cannot be read.
        OSError: nothing can be written there.
    """
    wanted = claim.as_dict()
    path = folder / CLAIM_FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        begun = wanted if claim.threads is None else {**wanted, _THREADS: claim.threads}
        write_atomically(path, (json.dumps(begun, indent=2) + "\n").encode("utf-8"))
        return
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{path} is not JSON ({error})", _OTHER) from error
    known = _brought_up(found)
    if isinstance(known, dict):
        known.pop(_THREADS, None)
    differing = list(_differences(known, wanted))
    if differing:
        raise DataError(f"{folder} holds another training: {', '.join(differing[:3])}", _OTHER)


def begun_threads(folder: Path) -> int | None:
    """The threads that the training in ``folder`` began with: sums of others are rounded otherwise.

    None where none has begun or it does not say; what is wrong with the file is for ``lay_claim`` to say.
    """
    threads = _begun(folder, _THREADS)
    return threads if isinstance(threads, int) and threads > 0 else None


def begun_precision(folder: Path) -> Precision | None:
    """The precision that the training in ``folder`` began with, as ``begun_threads``."""
    found = _begun(folder, "precision")
    return found if found in get_args(Precision) else None


def _begun(folder: Path, key: str) -> Any:
    try:
        return json.loads((folder / CLAIM_FILE).read_text(encoding="utf-8"))[key]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _brought_up(found: Any) -> Any:
    """``found`` with what recipes could not say yet when it was written; as it is where it is no such record."""
    recipe = found.get("recipe") if isinstance(found, dict) else None
    try:
        read = Recipe.model_validate({**_renamed(recipe or {}), "about": "", "epochs": 1})
    except (TypeError, ValidationError):
        return found
    return {**found, "recipe": _compared(read)}


def _renamed(found: Any) -> Any:
    """``found`` with today's names of keys."""
    if not isinstance(found, dict):
        return found
    return {RENAMED.get(key, key): _renamed(value) for key, value in found.items()}


def _compared(recipe: Recipe) -> dict[str, Any]:
    return recipe.model_dump(mode="json", exclude=_MAY_DIFFER)


def _differences(found: Any, wanted: Any, name: str = "") -> list[str]:
    """Each key that differs, dotted, with both values."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        return [
            difference
            for key in sorted({*found, *wanted})
            for difference in _differences(found.get(key), wanted.get(key), f"{name}.{key}" if name else key)
        ]
    if found == wanted:
        return []
    return [f"{name} is {json.dumps(found)} there, and {json.dumps(wanted)} now"]
