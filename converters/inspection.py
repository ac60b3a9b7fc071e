"""All that can be said of a ``.tflite`` without running it."""

import hashlib
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from converters.arena import METHOD, peak_arena_bytes
from converters.edgetpu.limits import Mapping, map_operators
from converters.graph import Graph, Tensor, graph_multiply_adds, read_graph
from converters.networks import has_card, read_flatbuffer
from device.contract import container
from device.contract.model_card import ModelCard


@dataclass(frozen=True, slots=True)
class End:
    """An input or output; ``scale`` and ``zero_point`` are None where it is not quantised."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    scale: float | None
    zero_point: int | None


@dataclass(frozen=True, slots=True)
class OperatorCount:
    """How many operators are alike in name, version and fate on the Edge TPU; ``reason`` is empty where they map."""

    name: str
    version: int
    count: int
    edgetpu: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """A file's network and model card; ``model_card`` is None for a bare flatbuffer."""

    path: Path
    size_bytes: int
    sha256: str
    flatbuffer_bytes: int
    inputs: tuple[End, ...]
    outputs: tuple[End, ...]
    operators: tuple[OperatorCount, ...]
    multiply_adds: int
    weight_bytes: int
    peak_arena_bytes: int
    model_card: ModelCard | None

    def to_json(self) -> dict[str, Any]:
        """What ``json.dumps`` takes."""
        measured = {name: value for name, value in asdict(self).items() if name not in {"path", "model_card"}}
        card = None if self.model_card is None else self.model_card.model_dump(mode="json", by_alias=True)
        return {"path": str(self.path), **measured, "peak_arena_method": METHOD, "card": card}


def inspect_file(path: Path) -> Inspection:
    """Look at the ``.tflite`` at ``path``, a model file or a bare flatbuffer.

    Raises:
        ModelError: it is missing or damaged.
        DataError: it is no flatbuffer of TFLite.
    """
    data = container.read_bytes(path)
    flatbuffer = read_flatbuffer(path)
    graph = read_graph(flatbuffer)
    return Inspection(
        path=path,
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        flatbuffer_bytes=len(flatbuffer),
        inputs=tuple(_end(graph.tensors[index]) for index in graph.inputs),
        outputs=tuple(_end(graph.tensors[index]) for index in graph.outputs),
        operators=_count(map_operators(graph)),
        multiply_adds=graph_multiply_adds(graph),
        weight_bytes=_weight_bytes(graph),
        peak_arena_bytes=peak_arena_bytes(graph),
        model_card=container.read(path).model_card if has_card(path) else None,
    )


def _end(tensor: Tensor) -> End:
    scale, zero_point = (tensor.scales[0], tensor.zero_points[0]) if tensor.scales else (None, None)
    return End(tensor.name, tensor.dtype.lower(), tensor.shape, scale, zero_point)


def _count(mappings: list[Mapping]) -> tuple[OperatorCount, ...]:
    counts = Counter((one.operator.name, one.operator.version, one.reason) for one in mappings)
    return tuple(
        OperatorCount(name, version, count, not reason, reason) for (name, version, reason), count in counts.items()
    )


def _weight_bytes(graph: Graph) -> int:
    return sum(len(tensor.data) for tensor in graph.tensors)
