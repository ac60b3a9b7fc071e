"""Figures of a data set as lines of text."""

from collections.abc import Mapping

from trainer.datasets.faces import SPLITS, DataSet
from trainer.datasets.stats import Overlap, Stats
from trainer.terminal import text_table

_NAMED = 3
_WIDEST_TITLE = 16


def stats_lines(stats: Stats) -> list[str]:
    """Everything that was found, for reading."""
    lines = [f"{stats.form}: {stats.faces:,} faces", "", *count_table(stats.counts), ""]
    if stats.votes:
        lines += ["by the majority of FER+'s votes:", "", *count_table(stats.votes), ""]
    for split, names in stats.blank.items():
        if names:
            lines.append(f"blank (one grey level): {len(names):,} in {split} ({_some(names)})")
    for split, count in stats.copies_within.items():
        if count:
            lines.append(f"exact copies: {count:,} faces of {split} equal an earlier one there")
    lines += [_overlapping("exact copies", overlap) for overlap in stats.copies_across if overlap.first_faces]
    lines += [
        _overlapping("one photograph in both splits", overlap) for overlap in stats.near_across if overlap.first_faces
    ]
    if stats.contradictions:
        lines.append(f"contradictions: {stats.contradictions:,} of the copied pictures have several classes")
    if stats.unreadable:
        lines.append(f"unreadable: {len(stats.unreadable):,} ({_some(stats.unreadable)})")
    lines += [f"empty: {name}" for name in stats.empty]
    lines += [f"note: {note}" for note in stats.notes]
    lines.append(
        f"a training leaves out {stats.dropped_always:,} blank faces"
        f" and, with `duplicates: drop`, {stats.dropped_on_request:,} exact copies"
    )
    return lines


def count_table(counts: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Rows and columns of counts with their sums."""
    columns = list(next(iter(counts.values()), {}))
    rows = [(name, *map(_count, row.values()), _count(sum(row.values()))) for name, row in counts.items()]
    sums = [sum(row[column] for row in counts.values()) for column in columns]
    return text_table(("class", *columns, "all"), [*rows, ("all", *map(_count, sums), _count(sum(sums)))])


def recipe_lines(name: str, data: DataSet) -> list[str]:
    """What a recipe takes of a data set."""
    splits = [split for split in SPLITS if split in data.splits]
    # A sentence on how a split came about would leave the table no room for the labels.
    long = any(len(data.splits[split]) > _WIDEST_TITLE for split in splits)
    counts = {
        label: {
            split if long else data.splits[split]: int((data.faces_of(split).labels == index).sum()) for split in splits
        }
        for index, label in enumerate(data.train.label_names)
    }
    sentences = [*(f"{split}: {data.splits[split]}" for split in splits), ""] if long else []
    notes = [f"note: {note}" for note in data.notes]
    return ["", f"with the recipe {name}:", "", *count_table(counts), "", *sentences, *notes]


def _overlapping(what: str, overlap: Overlap) -> str:
    pairs = ", ".join(f"{first} = {second}" for first, second in overlap.names[:_NAMED])
    return (
        f"{what}: {overlap.first_faces:,} faces of {overlap.first} and {overlap.second_faces:,} of {overlap.second} "
        f"({pairs}{', …' if overlap.first_faces > _NAMED else ''})"
    )


def _count(number: int) -> str:
    return f"{number:,}"


def _some(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
