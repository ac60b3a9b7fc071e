"""TensorFlow.js's weight manifest: a JSON file that names arrays, and the binary files that hold them end to end.

It is a file of its own or a part of a model's, ``model.json``.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from device.errors import DataError, UnavailableError

_MOST_BYTES = 1 << 30
_SIZE = {"uint8": 1, "uint16": 2, "int32": 4, "float32": 4}


class _Quantization(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    dtype: Literal["uint8", "uint16"]
    scale: float
    min: float


class _Array(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    shape: tuple[int, ...] = Field(max_length=8)
    dtype: Literal["float32", "int32"]
    quantization: _Quantization | None = None

    @property
    def stored(self) -> str:
        return self.quantization.dtype if self.quantization else self.dtype

    @property
    def bytes(self) -> int:
        return _SIZE[self.stored] * math.prod(self.shape)


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    paths: tuple[str, ...]
    weights: tuple[_Array, ...]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    weightsManifest: tuple[_Group, ...]  # noqa: N815 (TensorFlow.js names it so)


_MANIFEST = TypeAdapter(tuple[_Group, ...] | _Model)


def require_named(weights: str | None, network: str, how: str) -> str:
    """What a person says of the weights that ``network`` starts from: their file, or ``none``.

    Raises:
        UnavailableError: they say nothing; ``how`` says where such weights are to be had.
    """
    if weights is None:
        raise UnavailableError(f"{network} starts from weights that know faces, and no file of them is named", how)
    return weights


def read_manifest(path: Path) -> Mapping[str, NDArray[np.float32]]:
    """The arrays of the manifest or model at ``path`` by name, float32; those of 8 or 16 bit times scale plus min.

    Raises:
        DataError: it is no such manifest, a file of it is missing, or has another size than its arrays need.
    """
    try:
        found = _MANIFEST.validate_json(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise DataError(f"{path} is no weight manifest of TensorFlow.js: {error.errors()[0]['msg']}") from error
    groups = found.weightsManifest if isinstance(found, _Model) else found
    return {name: array for group in groups for name, array in _arrays(path, group).items()}


def _arrays(path: Path, group: _Group) -> dict[str, NDArray[np.float32]]:
    files = [path.with_name(Path(name).name) for name in group.paths]
    needed = sum(array.bytes for array in group.weights)
    try:
        found = sum(file.stat().st_size for file in files)
        if found != needed or needed > _MOST_BYTES:
            raise DataError(f"the weights that {path} names need {needed} bytes, and their files have {found}")
        held = b"".join(file.read_bytes() for file in files)
    except OSError as error:
        raise DataError(f"{error.filename} cannot be read: {error.strerror}", f"keep it beside {path}") from error
    arrays, offset = {}, 0
    for array in group.weights:
        dtype = np.dtype(array.stored).newbyteorder("<")
        values = np.frombuffer(held, dtype, math.prod(array.shape), offset).reshape(array.shape).astype(np.float32)
        if array.quantization:
            values = values * np.float32(array.quantization.scale) + np.float32(array.quantization.min)
        arrays[array.name] = values
        offset += array.bytes
    return arrays
