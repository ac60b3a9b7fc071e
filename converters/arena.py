"""How much memory a network's intermediate results need at once."""

from dataclasses import dataclass

from converters.graph import Graph

METHOD = "planned here as TFLite's arena does: the largest tensor first, 64-byte steps; without kernels' own scratch"

_ALIGNMENT = 64


@dataclass(frozen=True, slots=True)
class _Life:
    """A tensor from the operator that writes it to the last that reads it."""

    size: int
    first: int
    last: int

    def overlaps(self, other: "_Life") -> bool:
        return self.first <= other.last and other.first <= self.last


def peak_arena_bytes(graph: Graph) -> int:
    """The arena's size, bytes.

    The method is TFLite's ``ArenaPlanner``: tensors by falling size, each at the lowest place where no tensor lies that
    lives at the same time. Constants stay in the file and take none.
    """
    placed: list[tuple[int, _Life]] = []
    for life in sorted(_lives(graph), key=lambda life: (-life.size, life.first)):
        place = 0
        for start, other in sorted(placed, key=lambda one: one[0]):
            if life.overlaps(other):
                if start >= place + life.size:
                    break
                place = max(place, _aligned(start + other.size))
        placed.append((place, life))
    return max((place + life.size for place, life in placed), default=0)


def _lives(graph: Graph) -> list[_Life]:
    first = dict.fromkeys(graph.inputs, 0)
    last = dict.fromkeys(graph.inputs, 0) | dict.fromkeys(graph.outputs, len(graph.operators))
    for step, operator in enumerate(graph.operators):
        for index in operator.outputs:
            first.setdefault(index, step)
            last[index] = max(last.get(index, 0), step)
        for index in operator.inputs:
            if index >= 0 and not graph.tensors[index].constant:
                last[index] = max(last.get(index, 0), step)
    return [_Life(graph.tensors[index].size_bytes, start, last[index]) for index, start in first.items()]


def _aligned(place: int) -> int:
    return -(-place // _ALIGNMENT) * _ALIGNMENT
