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
    groups, peaks_mb, left_out = defaultdict(Counter), defaultdict(list), defaultdict(Counter)
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            if "attack" not in getattr(report, "keywords", {}):
                continue
            group = Path(report.nodeid.partition("::")[0]).stem.removeprefix("test_")
            groups[group][outcome] += 1
            peaks_mb[group] += [value for name, value in report.user_properties if name == "peak_mb"]
            if outcome == "skipped":
                left_out[group][_reason(report)] += 1
    if not groups:
        return
    terminalreporter.section("attacks")
    terminalreporter.write_line(f"{'boundary':<20}{'tried':>8}{'got through':>14}{'left out':>10}{'most memory':>14}")
    for group, found in sorted(groups.items()):
        through = found["failed"] + found["error"]
        peak = f"{max(peaks_mb[group]):.0f} MB" if peaks_mb[group] else "-"
        terminalreporter.write_line(
            f"{group:<20}{found['passed'] + through:>8}{through:>14}{found['skipped']:>10}{peak:>14}"
        )
    for group, reasons in sorted(left_out.items()):
        for reason, count in reasons.items():
            terminalreporter.write_line(f"left out of {group}: {count}, {reason}", yellow=True)


def _reason(report):
    told = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return " ".join(told.removeprefix("Skipped: ").split())
