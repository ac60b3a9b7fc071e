"""The confusion matrix as a table whose cells are coloured by their share of the row."""

from trainer.judging.confusion import Confusion
from trainer.report.text import percent, text


def matrix(confusion: Confusion) -> str:
    """A row for each label, adding up to 100%; right answers in one colour, wrong ones in another."""
    head = "".join(f'<th scope="col"><span>{text(label)}</span></th>' for label in confusion.columns)
    rows = "".join(
        f'<tr><th scope="row">{text(label)}</th>'
        + "".join(
            _cell(int(count), int(counts.sum()), own=column == label)
            for column, count in zip(confusion.columns, counts, strict=True)
        )
        + f'<td class="sum">{int(counts.sum()):,}</td></tr>'
        for label, counts in zip(confusion.rows, confusion.counts, strict=True)
    )
    return (
        '<div class="scroll"><table class="matrix"><caption>Each row is a label, each column an answer: the share of '
        f'the row, and how many faces.</caption><thead><tr><th scope="col"><span class="corner">label ↓ answer →'
        f'</span></th>{head}<th scope="col"><span>faces</span></th></tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _cell(count: int, total: int, *, own: bool) -> str:
    share = count / total if total else 0.0
    kind = "right" if own else "wrong"
    # From here on the ground is darker than the middle (in a dark page, lighter), and ink changes with it.
    strong = " strong" if share >= 0.8 else " half" if share >= 0.5 else ""
    empty = " none" if not count else ""
    shown = percent(share, 0) if count else "·"
    return (
        f'<td class="{kind}{strong}{empty}" style="--share:{share * 100:.1f}%"><b>{shown}</b>'
        f"<small>{count:,}</small></td>"
    )
