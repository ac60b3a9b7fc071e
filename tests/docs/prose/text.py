"""The prose of a page or of a configuration's comments, without its code, block by block."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

CODE = "Code"  # a span of code becomes this with a number: one word, and never the one before again


@dataclass(frozen=True)
class Block:
    """A paragraph, a point of a list, a cell of a table or a heading.

    Attributes:
        kind: ``text``, ``cell`` or ``heading``.
        lines: Number in the file, from 1, and prose of each line.
    """

    kind: str
    lines: tuple[tuple[int, str], ...]

    @property
    def text(self) -> str:
        """All of it in one line."""
        return " ".join(said for _, said in self.lines)

    def line_at(self, position: int) -> int:
        """The file's line that holds this character of `text`."""
        passed = 0
        for number, said in self.lines:
            passed += len(said) + 1
            if position < passed:
                return number
        return self.lines[-1][0]


def blocks_of(path: Path) -> list[Block]:
    """The blocks of a Markdown or YAML file; of a changelog, only what is not released yet."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".yaml":
        return list(_comments(text))
    if path.name == "CHANGELOG.md":
        text = re.split(r"^## \[(?!Unreleased)", text, maxsplit=1, flags=re.MULTILINE)[0]
    return list(_markdown(text))


def _comments(text: str) -> Iterator[Block]:
    gathered: list[tuple[int, str]] = []
    for number, line in enumerate([*text.splitlines(), ""], 1):
        said = re.fullmatch(r"\s*# (.*)", line)
        if said:
            gathered.append((number, _plain(said[1])))
        elif gathered:
            yield Block("text", tuple(gathered))
            gathered = []


def _markdown(text: str) -> Iterator[Block]:
    text = re.sub(r"```.*?```|<!--.*?-->", lambda found: "\n" * found[0].count("\n"), text, flags=re.DOTALL)
    lines = text.splitlines()
    gathered: list[tuple[int, str]] = []
    in_code = False
    for number, (before, line) in enumerate(pairwise(["", *lines, ""]), 1):
        in_code = line.startswith("    ") and (in_code or (not before.strip() and not _in_list(lines, number)))
        starts_anew = not line.strip() or in_code or re.match(r"\s*([-*]|\d+\.) |[#|]", line)
        if starts_anew and gathered:
            yield Block("text", tuple(gathered))
            gathered = []
        if in_code or not line.strip() or re.fullmatch(r"[|\s:-]+", line):
            continue
        if line.startswith("|"):
            cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
            yield from (Block("cell", ((number, _plain(cell)),)) for cell in cells if cell.strip())
        elif line.startswith("#"):
            yield Block("heading", ((number, _plain(line.lstrip("# "))),))
        else:
            gathered.append((number, _plain(re.sub(r"^\s*([-*]|\d+\.) ", "", line))))


def _in_list(lines: list[str], number: int) -> bool:
    """Whether the last line that begins at the margin is a point of a list."""
    for line in reversed(lines[: number - 1]):
        if line.strip() and not line.startswith(" "):
            return bool(re.match(r"([-*]|\d+\.) ", line))
    return False


def _plain(line: str) -> str:
    counted = itertools.count()
    line = re.sub(r"``.+?``|`[^`]*`", lambda _: f"{CODE}{next(counted)}", line)
    line = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", line)
    line = re.sub(r"<https?://[^>]*>|https?://\S+", CODE, line)
    return re.sub(r"\*\*|<br>", "", line).strip()
