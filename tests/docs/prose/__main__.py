"""Names each fault in the prose of the pages; ends with 1 if there is one.

``python -m tests.docs.prose [FILE …]``
"""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from proselint.checks import __register__
from proselint.config import DEFAULT, Config
from proselint.registry import CheckRegistry
from proselint.tools import LintFile

from tests.docs.prose.style import faults
from tests.docs.prose.text import Block, blocks_of

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "config.yaml")]
PAGES += sorted((ROOT / "docs").glob("*.md"))
# Straight quotes and 48 x 48 are what keyboards type and terminals show. The others
# take numbers and multiply-adds for something else.
OFF = (
    "typography.symbols",
    "psychology.p_equals_zero",
    "dates_times.dates.dash_and_from",
    "misc.phrasal_adjectives.ly",
)
CONFIG = Config(max_errors=1000, checks=dict.fromkeys(OFF, False) | DEFAULT["checks"])  # the special key goes first

CheckRegistry().register_many(__register__)


def main(names: Sequence[str]) -> int:
    """Lint the named files, or all pages."""
    found = Counter[str]()
    for path in [Path(name) for name in names] or PAGES:
        for line, rule, what in sorted(faults_of(blocks_of(path))):
            found[rule] += 1
            shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
            sys.stdout.write(f"{shown}:{line}: {rule}: {what}\n")
    told = ", ".join(f"{rule} {count}" for rule, count in found.most_common())
    sys.stdout.write(f"{found.total()} faults in the prose{told and f': {told}'}\n")
    return 1 if found else 0


def faults_of(blocks: Sequence[Block]) -> Iterator[tuple[int, str, str]]:
    """What proselint and our own style find: line, rule, what."""
    for block in blocks:
        yield from faults(block)
    # One text for proselint; a mark between blocks keeps its rules from reaching over their ends.
    starts, text = [], ""
    for block in blocks:
        starts.append(len(text))
        text += f"{block.text}\n§\n"
    for result in LintFile("pages", text).lint(CONFIG):
        check = result.check_result
        at = check.span[0] - 1  # it puts a line feed before the text
        index = max(index for index, start in enumerate(starts) if start <= max(at, 0))
        yield blocks[index].line_at(at - starts[index]), check.check_path, check.message


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
