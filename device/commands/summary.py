"""``affectd summary``: what the days were like, and how to delete that."""

import argparse
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device.commands.options import add_state_dir_options, optional_config, state_dir_of
from device.errors import EXIT_OK, UsageError

if TYPE_CHECKING:
    from device.summary.counts import HourSummary
    from device.summary.store import SummaryStore

_DAYS_SHOWN = 14


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "summary",
        help="how many came, how long they stayed and what their faces showed, by day and by hour",
        description="Prints what the daemon has counted: each of the last days, or each hour of one day, in a line. "
        "The daemon writes every ten minutes.",
    )
    parser.add_argument("action", nargs="?", choices=["clear"], help="delete all that was counted")
    parser.add_argument("--day", type=_day, metavar="DATE", help="one day by its hours: 2026-11-29, today or yesterday")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="every hour as a line for a spreadsheet")
    form.add_argument("--json", action="store_true", help="every hour as JSON")
    form.add_argument("--plot", type=Path, metavar="FILE.png", help="draw it instead; needs matplotlib")
    add_state_dir_options(parser)
    parser.set_defaults(run=_run)


def _day(text: str) -> date:
    today = datetime.now().astimezone().date()
    if text in {"today", "yesterday"}:
        return today - timedelta(days=text == "yesterday")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a day such as {today}, found {text!r}") from None


def _run(options: argparse.Namespace) -> int:
    from device.summary.database import SUMMARY_NAME
    from device.summary.store import SummaryStore

    config = optional_config(options)
    path = state_dir_of(options, config) / SUMMARY_NAME
    if options.action == "clear":
        return _clear(options, path)
    store = SummaryStore(path)
    if options.csv or options.json:
        _export(options, store)
    elif options.plot:
        _plot(options, store)
    else:
        _print(options, store, path)
        if not config.summary.enabled:
            print("nothing new is counted: summary.enabled is false")
    return EXIT_OK


def _clear(options: argparse.Namespace, path: Path) -> int:
    from device.summary.writer import clear

    if options.day or options.csv or options.json or options.plot:
        raise UsageError("--day, --csv, --json and --plot do not go with clear, which deletes all that was counted")
    count = clear(path)
    hours = "1 hour is" if count == 1 else f"{count} hours are"
    print(f"{path}: {hours} deleted; a running daemon goes on from here")
    return EXIT_OK


def _hours(options: argparse.Namespace, store: "SummaryStore") -> "tuple[HourSummary, ...]":
    return store.hours(options.day) if options.day else store.all_hours()


def _export(options: argparse.Namespace, store: "SummaryStore") -> None:
    from device.tools.summary.export import to_csv, to_json

    hours = _hours(options, store)
    sys.stdout.write(to_csv(hours) if options.csv else f"{to_json(hours)}\n")


def _plot(options: argparse.Namespace, store: "SummaryStore") -> None:
    from device.contract.files import check_folder, write_atomically
    from device.tools.summary.plot import plot_days, plot_hours

    check_folder(options.plot)
    if options.day:
        picture = plot_hours(_whole_day(store, options.day), f"Visits on {options.day}")
    else:
        days = store.days()
        picture = plot_days(days, f"Visits from {days[0].day} to {days[-1].day}" if days else "Visits")
    write_atomically(options.plot, picture)
    print(f"{options.plot}: drawn")


def _print(options: argparse.Namespace, store: "SummaryStore", path: Path) -> None:
    from device.tools.summary.table import day_lines, hour_lines

    lines = hour_lines(_whole_day(store, options.day)) if options.day else day_lines(store.days()[-_DAYS_SHOWN:])
    if not _hours(options, store):
        lines = iter([f"nothing was counted {f'on {options.day}' if options.day else f'yet ({path})'}"])
    for line in lines:
        print(line)


def _whole_day(store: "SummaryStore", day: date) -> "tuple[HourSummary, ...]":
    """Its hours up to now, also those in which no daemon ran."""
    from device.summary.counts import Counts, HourSummary
    from device.summary.hours import hours_of_day

    known = {one.hour: one for one in store.hours(day)}
    now_s = datetime.now().astimezone().timestamp()
    empty = (HourSummary(hour, Counts()) for hour in hours_of_day(day) if hour.start_s <= now_s)
    return tuple(one for _, one in sorted(({one.hour: one for one in empty} | known).items()))
