"""Several devices in one go: a table with a row a device."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from device.errors import UsageError

COLUMNS = ("id", "name", "wifi", "source")
_YES, _NO = {"yes", "true", "1"}, {"no", "false", "0"}
_MOST_ROWS = 1000


@dataclass(frozen=True, slots=True)
class FleetDevice:
    """One row.

    Attributes:
        id: as --device-id.
        name: what people call it, in any script; empty for the id.
        wifi: whether it is on the wireless network that the command names; None as the command says.
        source: as --source; empty as the command says.
    """

    id: str
    name: str = ""
    wifi: bool | None = None
    source: str = ""


def read_fleet(path: Path) -> list[FleetDevice]:
    """The devices of a CSV file with a head: ``id``, and where they differ ``name``, ``wifi`` (yes or no), ``source``.

    Raises:
        UsageError: it cannot be read, has other columns, or an id twice.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            unknown = set(table.fieldnames or ()) - set(COLUMNS)
            if unknown or "id" not in (table.fieldnames or ()):
                named = f"there is no column {min(unknown)!r}" if unknown else "the column id is missing"
                raise UsageError(f"--fleet {path}: {named}", f"the columns are {', '.join(COLUMNS)}")
            devices = [_device(row, f"--fleet {path}:{table.line_num}") for row in table]
    except OSError as error:
        raise UsageError(f"--fleet {path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"--fleet {path} is no CSV file in UTF-8: {error}") from error
    ids = [device.id for device in devices]
    twice = next((one for one in ids if ids.count(one) > 1), None)
    if twice or not 0 < len(devices) <= _MOST_ROWS:
        fault = f"the id {twice!r} stands twice" if twice else f"{len(devices)} devices"
        raise UsageError(f"--fleet {path}: {fault}", f"give each of 1 to {_MOST_ROWS} devices an id of its own")
    return devices


def _device(row: Mapping[str | None, str | list[str] | None], where: str) -> FleetDevice:
    cells = {key: str(value or "").strip() for key, value in row.items() if key}
    if None in row or not cells["id"]:
        raise UsageError(f"{where}: " + ("more cells than columns" if None in row else "the id is missing"))
    wifi = cells.get("wifi", "").lower()
    if wifi and wifi not in _YES | _NO:
        raise UsageError(f"{where}: wifi is {cells['wifi']!r}, expected yes or no")
    return FleetDevice(cells["id"], cells.get("name", ""), wifi in _YES if wifi else None, cells.get("source", ""))
