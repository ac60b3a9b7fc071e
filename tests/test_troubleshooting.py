"""The page on trouble has the errors' own words, and has them all."""

import functools
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.messages import errors, strings, warnings

ROOT = Path(__file__).parents[1]
DEVICE = ROOT / "device"
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
KEYS = re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE)
SCRIPTS = "\n".join(path.read_text(encoding="utf-8") for path in sorted(DEVICE.rglob("*.sh")))
SYSTEMDS_OWN = PAGE[PAGE.index("## systemd") :]

# Sentences that are put together from others.
MADE_OF_OTHERS = re.compile(r"[… :()1;,`]*|… within … s|…; trying again in … s")


@functools.cache
def loose(text: str) -> str:
    """As it is compared: what differs may be any number of variables."""
    return re.sub(r"[`\s]*…[…`\s]*", "…", " ".join(text.split()))


def is_in(key: str, text: str) -> bool:
    return loose(key).strip("…") in loose(text)


@functools.cache
def said_by_the_code() -> Iterable[str]:
    return strings(DEVICE) | {SCRIPTS}


@pytest.mark.parametrize("key", [key for key in KEYS if f"`{key}`" not in SYSTEMDS_OWN])
def test_every_text_on_the_page_is_one_that_the_code_has(key):
    assert any(is_in(key, text) for text in said_by_the_code()), f"no code says {key!r} any more"


def test_every_error_of_the_daemon_is_on_the_page():
    said = errors(DEVICE) | warnings(DEVICE)
    usage = {text for text in said if text.startswith("--") or "--" in text.split(" ")[0]}
    missing = [
        text
        for text in sorted(said - usage)
        if not MADE_OF_OTHERS.fullmatch(text) and not any(is_in(key, text) for key in KEYS)
    ]
    assert missing == []


def test_every_reason_why_a_flashed_card_is_not_installed_is_on_the_page():
    said = re.findall(r'\bfail "(.*)"', SCRIPTS)
    # What apt says is apt's own.
    missing = [text for text in said if not text.startswith("$(why") and not any(is_in(key, text) for key in KEYS)]
    assert len(said) == 10
    assert missing == []
