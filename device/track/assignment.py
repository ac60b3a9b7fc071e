"""Who belongs to whom, at the least total cost."""

import numpy as np
from numpy.typing import NDArray

from device.errors import RecordError


def assign(costs: NDArray[np.float64], limit: float) -> list[tuple[int, int]]:
    """Pair rows with columns so that the total cost is least, a row without a column costing ``limit``.

    Exact, by shortest augmenting paths, in cubic time (R. Jonker and A. Volgenant, "A shortest augmenting path
    algorithm for dense and sparse linear assignment problems", Computing 38, 1987).

    Args:
        costs: float64 (rows, columns), not NaN; infinite where a pair is impossible.
        limit: pairs that cost as much or more are never made; finite.

    Returns:
        (row, column) of each pair, by row.
    """
    if costs.ndim != 2 or np.isnan(costs).any() or not np.isfinite(limit):
        raise RecordError(f"an assignment wants costs (rows, columns) that are numbers, not {costs!r} below {limit}")
    if costs.shape[0] > costs.shape[1]:
        return sorted((row, column) for column, row in assign(costs.T, limit))
    if not costs.size:
        return []
    if costs.shape[0] == 1:
        column = int(costs[0].argmin())
        return [(0, column)] if costs[0, column] < limit else []
    # Costs above the limit are all the same: such a pair means that the row stays alone.
    columns = _columns_of_rows(np.minimum(costs, limit))
    return [(row, column) for row, column in enumerate(columns) if costs[row, column] < limit]


def _columns_of_rows(costs: NDArray[np.float64]) -> list[int]:
    """The column of each row at the least total of finite ``costs`` (rows, columns), with rows <= columns."""
    rows, columns = costs.shape
    row_price, column_price = np.zeros(rows), np.zeros(columns)
    row_of = np.full(columns, -1)
    for start in range(rows):
        distance = np.full(columns, np.inf)
        previous_row = np.full(columns, start)
        done = np.zeros(columns, np.bool_)
        row, reached = start, 0.0
        while True:
            through = reached + costs[row] - row_price[row] - column_price
            nearer = ~done & (through < distance)
            distance[nearer], previous_row[nearer] = through[nearer], row
            column = int(np.where(done, np.inf, distance).argmin())
            reached = float(distance[column])
            if row_of[column] < 0:
                break
            done[column] = True
            row = int(row_of[column])
        # The prices keep every reduced cost at or above zero, and at zero along the path.
        row_price[row_of[done]] += reached - distance[done]
        row_price[start] += reached
        column_price[done] -= reached - distance[done]
        _flip_path(row_of, previous_row, column, start)
    return [int(np.flatnonzero(row_of == row)[0]) for row in range(rows)]


def _flip_path(row_of: NDArray[np.int_], previous_row: NDArray[np.int_], column: int, start: int) -> None:
    """Give each column of the path that ends in ``column`` to the row before it."""
    while True:
        row = int(previous_row[column])
        held = np.flatnonzero(row_of == row)
        row_of[column] = row
        if row == start:
            return
        column = int(held[0])
