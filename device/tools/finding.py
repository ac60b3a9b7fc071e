"""What one look of the doctor has found."""

from dataclasses import dataclass
from typing import Literal

Grade = Literal["ok", "warning", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look has found.

    Attributes:
        grade: ``wrong`` keeps the daemon from its work, a ``warning`` may later.
        subject: what was looked at.
        message: what there is, in one line.
        command: what mends it, or shows more of it; empty where nothing is to be done.
    """

    grade: Grade
    subject: str
    message: str
    command: str = ""
