"""What hostile surroundings try: one file for each boundary, every test one attack that must fail.

All that stands in this folder carries the mark ``attack``, and a test elsewhere may carry it too; what takes more than
a few seconds is marked ``slow`` as well. ``make test-attacks`` runs them all and prints a table. A test tells what
memory an attack has cost with ``record_property("peak_mb", ...)``.
"""

from collections import Counter, defaultdict
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.attack)


def pytest_terminal_summary(terminalreporter):
    groups, peaks_mb = defaultdict(Counter), defaultdict(list)
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            path = report.nodeid.partition("::")[0]
            if path.startswith("tests/attacks/"):
                group = Path(path).stem.removeprefix("test_")
                groups[group][outcome] += 1
                peaks_mb[group] += [
                    value for name, value in getattr(report, "user_properties", []) if name == "peak_mb"
                ]
    if not groups:
        return
    terminalreporter.section("attacks")
    terminalreporter.write_line(f"{'boundary':<20}{'tried':>8}{'got through':>14}{'skipped':>10}{'most memory':>14}")
    for group, found in sorted(groups.items()):
        through = found["failed"] + found["error"]
        peak = f"{max(peaks_mb[group]):.0f} MB" if peaks_mb[group] else "-"
        terminalreporter.write_line(
            f"{group:<20}{found['passed'] + through:>8}{through:>14}{found['skipped']:>10}{peak:>14}"
        )
