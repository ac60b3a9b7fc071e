from itertools import combinations, permutations

import numpy as np
import pytest

from device.errors import RecordError
from device.track.assignment import assign


def least_total(costs: np.ndarray, limit: float) -> float:
    """The least total over all ways to pair some rows with some columns, by trying every one."""
    rows, columns = costs.shape
    totals = [limit * rows]
    for size in range(1, min(rows, columns) + 1):
        for chosen in combinations(range(rows), size):
            alone = limit * (rows - size)
            totals += [
                sum(costs[pair] for pair in zip(chosen, order, strict=True)) + alone
                for order in permutations(range(columns), size)
            ]
    return min(totals)


@pytest.mark.parametrize(
    "shape", [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (2, 4), (4, 2), (1, 5), (5, 1), (3, 5), (5, 3)]
)
@pytest.mark.parametrize("kind", ["spread", "tied", "partly impossible"])
def test_the_total_is_the_least_there_is(shape, kind):
    random = np.random.default_rng([*shape, len(kind)])
    for _ in range(8):
        costs = random.uniform(0, 2, shape) if kind != "tied" else random.integers(0, 3, shape).astype(float)
        if kind == "partly impossible":
            costs[random.random(shape) < 0.4] = np.inf
        pairs = assign(costs, 1.2)
        total = sum(costs[pair] for pair in pairs) + 1.2 * (shape[0] - len(pairs))
        assert total == pytest.approx(least_total(costs, 1.2))


def test_no_row_and_no_column_is_used_twice():
    costs = np.random.default_rng(3).uniform(0, 1, (20, 30))
    pairs = assign(costs, 1.0)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs) == 20


def test_a_pair_at_the_limit_is_not_made():
    assert assign(np.array([[1.0]]), 1.0) == []
    assert assign(np.array([[0.999]]), 1.0) == [(0, 0)]


def test_one_good_pair_is_better_than_two_poor_ones():
    assert assign(np.array([[0.0, 0.7], [0.7, np.inf]]), 0.8) == [(0, 0)]


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_nobody_is_paired_with_nobody(shape):
    assert assign(np.zeros(shape), 1.0) == []


@pytest.mark.parametrize(("costs", "limit"), [([[np.nan]], 1.0), ([[1.0]], np.inf), ([1.0], 1.0)])
def test_costs_that_are_no_numbers_are_refused(costs, limit):
    with pytest.raises(RecordError, match="an assignment wants"):
        assign(np.array(costs), limit)
