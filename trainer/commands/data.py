"""``affectd-train data``: look into a data set, learn where one is had, write a data set in another form."""

import argparse
import json
import sys
import textwrap
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

from device.cli import seed
from device.contract.preprocess import InputSpec
from device.errors import EXIT_DATA, EXIT_OK, EXIT_USAGE, DataError, UsageError
from trainer.commands.options import add_changes, add_person, add_reading, codes_of
from trainer.datasets.faces import Split
from trainer.datasets.listing import Listing
from trainer.datasets.settings import DataSettings
from trainer.datasets.sources import SOURCES, Source, source_named
from trainer.terminal import ProgressLine

_FEW_BYTES = 20_000_000


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("data", help="look into data sets, find them, convert them")
    parser.set_defaults(run=lambda _: _help(parser))
    parts = parser.add_subparsers(metavar="WHAT")
    stats = parts.add_parser(
        "stats",
        help="count faces; find blank, copied and unreadable pictures",
        description="Count faces per class and split. Find blank pictures, copies and "
        "unreadable files. Say what a training would leave out.",
    )
    stats.add_argument("path", type=Path, metavar="PATH", help="a CSV or a folder, see docs/data.md")
    add_reading(stats)
    add_person(stats)
    stats.add_argument("--recipe", help="say what this recipe (a name or a YAML file) takes of it")
    add_changes(stats)
    stats.add_argument("--json", action="store_true", help="print one JSON object")
    stats.set_defaults(run=_stats)
    get = parts.add_parser(
        "get",
        help="say where to get a data set, and on which terms",
        description="Say where to get a data set, and on which terms, or check a "
        "download. This command downloads nothing.",
    )
    get.add_argument("name", nargs="?", help=f"one of {', '.join(source.name for source in SOURCES)}")
    get.add_argument(
        "--check", type=Path, metavar="PATH", help="check a file or folder against what is known of the data set"
    )
    get.set_defaults(run=_get)
    _register_convert(parts)


def _register_convert(parts: Any) -> None:
    convert = parts.add_parser(
        "convert",
        help="write a data set in another form",
        description="Write a data set in another form. TO.csv becomes a CSV like "
        "Kaggle's fer2013.csv. TO.npz holds arrays for affectd-convert. Any other TO becomes a "
        "folder of class folders.",
    )
    convert.add_argument("source", type=Path, metavar="FROM", help="a CSV or a folder, see docs/data.md")
    convert.add_argument("target", type=Path, metavar="TO", help="must not exist, or must be an empty folder")
    convert.add_argument(
        "--layout",
        choices=("folders", "two", "paths"),
        default="folders",
        help="of a folder; folders: train/, validation/ and test/ (the default), two: "
        "train/ and test/, paths: pictures with a CSV of paths and labels",
    )
    convert.add_argument("--size", type=int, default=48, metavar="PIXELS", help="side of the pictures (default: 48)")
    convert.add_argument("--seed", type=seed, default=1, help="of the splits, if the data has none (default: 1)")
    convert.add_argument(
        "--split",
        choices=get_args(Split),
        help="only this split's faces; if the data has no such split, those that `affectd-train fit` sets aside",
    )
    add_reading(convert)
    add_person(convert)
    convert.add_argument("--recipe", help="set faces aside as a training of this recipe does (a name or a YAML file)")
    add_changes(convert)
    convert.set_defaults(run=_convert)


def _help(parser: argparse.ArgumentParser) -> int:
    parser.print_help(sys.stderr)
    return EXIT_USAGE


def _stats(options: argparse.Namespace) -> int:
    from trainer.datasets.load import arrange
    from trainer.datasets.stats import measure_data
    from trainer.datasets.tables import recipe_lines, stats_lines

    settings = _settings(options)
    listing, unreadable = _read(_list(options.path, settings, options.ferplus), 48, settings)
    stats = measure_data(listing, unreadable)
    if not options.json:
        print("\n".join(stats_lines(stats)))
    if options.recipe is None:
        if options.json:
            print(json.dumps(stats.as_dict(), indent=2, ensure_ascii=False))
        return EXIT_OK
    limit = settings.unreadable_limit
    if len(unreadable) > limit * (len(listing) + len(unreadable)):
        raise DataError(f"{len(unreadable)} pictures cannot be read; the recipe allows {limit:.1%}")
    data = arrange(listing, settings)
    if options.json:
        splits = {split: {"name": name, "faces": len(data.faces_of(split))} for split, name in data.splits.items()}
        taken = {"labels": list(settings.label_names), "splits": splits, "notes": list(data.notes)}
        print(json.dumps({**stats.as_dict(), "recipe": taken}, indent=2, ensure_ascii=False))
    else:
        print("\n".join(recipe_lines(options.recipe, data)))
    return EXIT_OK


def _list(path: Path, settings: DataSettings, ferplus: Path | None) -> Listing:
    from trainer.datasets.forms import list_faces
    from trainer.datasets.load import reading

    return list_faces(path, reading(settings, ferplus), ProgressLine(f"reading {path}", _FEW_BYTES))


def _read(listing: Listing, size: int, settings: DataSettings) -> tuple[Listing, list[str]]:
    """The listing with its pictures in it, and those that cannot be read."""
    from trainer.datasets.stats import read_all

    if listing.pixels is not None:
        return listing, []
    progress = ProgressLine(f"reading {len(listing):,} pictures")
    return read_all(listing, InputSpec(size, size), settings, progress)


def _settings(options: argparse.Namespace) -> DataSettings:
    """The recipe's ``data:`` section, with what the command line says of the data."""
    from trainer.recipe import load_recipe

    if options.changes and not options.recipe:
        raise UsageError("--set changes a recipe, and none is named", "name one with --recipe")
    own = load_recipe(options.recipe, options.changes).data if options.recipe else DataSettings()
    said = {"codes": codes_of(options), "person": options.person, "find_faces": options.find_faces or None}
    return own.model_copy(update={key: value for key, value in said.items() if value is not None})


def _get(options: argparse.Namespace) -> int:
    if options.name is None:
        if options.check is not None:
            raise UsageError("--check wants to know which data set it is", "affectd-train data get NAME --check PATH")
        print("\n\n".join(map(_describe, SOURCES)))
        return EXIT_OK
    source = source_named(options.name)
    if source is None:
        raise UsageError(
            f"no data set is called {options.name!r} here; known are {', '.join(one.name for one in SOURCES)}"
        )
    if options.check is None:
        print(_describe(source))
        return EXIT_OK
    from trainer.datasets.verify import check

    title = source.title.partition(":")[0]
    found = check(
        source.name,
        options.check,
        ProgressLine(f"reading {options.check}", 1000 if options.check.is_dir() else _FEW_BYTES),
    )
    print("\n".join(found.lines))
    print(f"this is {title}" if found.genuine else f"this is not {title}, or not all of it")
    return EXIT_OK if found.genuine else EXIT_DATA


def _describe(source: Source) -> str:
    lines = [f"{source.name}: {source.title}"]
    for what, text in asdict(source).items():
        if what not in {"name", "title"}:
            lines += textwrap.wrap(
                f"{what}: {text}", 118, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False
            )
    return "\n".join(lines)


def _convert(options: argparse.Namespace) -> int:
    from trainer.datasets.convert import Form, convert, refuse_taken, take_split

    refuse_taken(options.target)
    forms: dict[str, Form] = {".csv": "fer2013", ".npz": "npz"}
    form: Form = forms.get(options.target.suffix.lower(), options.layout)
    if not 8 <= options.size <= 1024:
        raise UsageError(f"pictures are 8 to 1024 pixels wide, not {options.size}")
    if form == "fer2013" and options.size != 48:
        raise UsageError("a CSV as Kaggle's holds pictures of 48 x 48", "leave --size out, or name a folder")
    settings = _settings(options)
    listing = _list(options.source, settings, options.ferplus)
    notes: list[str] = []
    if options.split:
        listing, notes = take_split(listing, options.split, settings, options.seed)
    listing, unreadable = _read(listing, options.size, settings)
    progress = ProgressLine(f"writing {options.target}")
    count = convert(listing, options.target, form, seed=options.seed, progress=progress)
    for note in (*notes, *listing.notes, *(f"left out {one}" for one in unreadable[:5])):
        print(f"note: {note}")
    left = f"; {len(unreadable):,} unreadable pictures were left out" if unreadable else ""
    print(f"wrote {count:,} faces to {options.target}{left}")
    return EXIT_OK
