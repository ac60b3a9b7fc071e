"""Classes that a data set calls by numbers, and what these mean."""

from collections.abc import Sequence

from device.contract.labels import EMOTIONS

CODES = (*EMOTIONS, "contempt")
"""What the codes mean where nobody says otherwise: FER-2013's seven, and the eighth that CK+ in this form adds."""


def decoded(classes: list[str], codes: Sequence[str] | None, where: str) -> tuple[list[str], list[str]]:
    """The classes' names, where all are called by codes, and what to say of that.

    Without ``codes`` they are taken for FER-2013's, if all seven are there: fewer may be anything.

    Args:
        classes: each face's class, as the data writes it: 3 or 03.
        codes: what 0, 1, … mean, where somebody says so.
        where: what the codes are written on, in the plural.
    """
    known = tuple(codes or CODES)
    numbers = {int(name) if name.isdecimal() else -1 for name in classes}
    if -1 in numbers or max(numbers) >= len(known) or (codes is None and not set(range(len(EMOTIONS))) <= numbers):
        return classes, []
    meanings = ", ".join(f"{number} {known[number]}" for number in sorted(numbers))
    return [known[int(name)] for name in classes], [f"{where} are taken for codes: {meanings}; --codes says otherwise"]
